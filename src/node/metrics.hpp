#pragma once

// /metrics in the Prometheus text format. Names are listed in docs/metrics.md; a test compares the
// two.

#include "leadership/candidate.hpp"
#include "net/server.hpp"
#include "node/dev_l1.hpp"
#include "replica/replica.hpp"
#include "rpc/service.hpp"
#include "sequencer/chain_reader.hpp"
#include "sequencer/checkpointer.hpp"
#include "sequencer/sequencer.hpp"

namespace mega::node {

struct MetricSources {
    const sequencer::Sequencer* sequencer;    // null for a replica
    const replica::ReplicaStatus* following;  // null for a sequencer
    const sequencer::Intake& intake;
    const sequencer::ChainReader& reader;
    const sequencer::Checkpointer& checkpointer;
    const storage::StateStore& states;
    const rpc::Service& service;
    const net::Server* server;               // null before it listens
    const Settlement* settlement;            // null on a chain without L1
    const DevL1* dev_l1;                     // the same on a development chain
    const leadership::Candidate* candidate;  // null for a sequencer that is alone
};

[[nodiscard]] std::string metrics_text(const MetricSources& sources);

}  // namespace mega::node
