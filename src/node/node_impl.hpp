#pragma once

// What a node consists of. Private to this library: node.cpp makes the common parts and those of a
// sequencer, follow.cpp those of a replica.

#include "leadership/attestation_relay.hpp"
#include "leadership/candidate.hpp"
#include "node/dev_l1.hpp"
#include "node/ephemeral.hpp"
#include "node/l1_options.hpp"
#include "node/node.hpp"
#include "node/setup.hpp"
#include "replica/forwarder.hpp"
#include "replica/replica.hpp"
#include "rpc/accounts.hpp"
#include "rpc/service.hpp"
#include "sequencer/recovery.hpp"
#include "storage/node_store.hpp"

#include <shared_mutex>

namespace mega::node {

inline constexpr size_t mebibyte = 1U << 20;
/// Of the state tree: one block's nodes keep no more of them busy.
inline constexpr uint32_t most_hash_threads = 4;

/// Members in the order in which they come to life; they end in reverse.
struct Node::Impl {
    Config config;
    Setup setup;
    NodeInfo info;
    std::optional<EphemeralDirectory> temporary;

    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::StateStore> states;
    std::unique_ptr<storage::ChainStore> blocks;
    std::unique_ptr<storage::NodeReader> tree_nodes;
    std::unique_ptr<sequencer::Commitment> commitment;
    std::unique_ptr<sequencer::Chain> chain;
    sequencer::Head head;
    attestation::CommitteeBoard committees;  // empty on a chain without staking
    std::unique_ptr<storage::WriteAheadLog> log;
    std::unique_ptr<sequencer::Checkpointer> checkpointer;
    sequencer::Publisher publisher;
    std::unique_ptr<sequencer::ChainReader> reader;
    // Who makes the chain has a sequencer; who follows another node has the three others.
    std::unique_ptr<sequencer::Sequencer> sequencer;
    std::unique_ptr<replica::Mirror> mirror;
    std::unique_ptr<replica::Forwarder> forwarder;
    std::unique_ptr<replica::Replica> replica;
    // Of a sequencer that takes turns with others, which has the forwarder as well.
    std::unique_ptr<leadership::LeaderIntake> leader_intake;
    std::unique_ptr<leadership::Candidate> candidate;  // guarded by l1_mutex
    std::unique_ptr<leadership::AttestationRelay> attestation_relay;
    std::unique_ptr<rpc::Accounts> accounts;
    std::unique_ptr<rpc::Service> service;
    std::unique_ptr<net::Server> server;

    /// Where block 0 stands in L1; nothing on a chain without.
    std::optional<rollup::L1Position> l1_genesis;
    std::optional<SettlementOptions> l1_options;  // of a real chain with L1
    mutable std::shared_mutex l1_mutex;
    std::unique_ptr<Settlement> settlement;  // guarded by l1_mutex
    std::unique_ptr<DevL1> dev_l1;           // guarded by l1_mutex

    explicit Impl(Config c) : config(std::move(c)) {}
    ~Impl() {
        // What talks to L1 waits for the sequencer now and then: it ends while that still runs.
        leave_l1();
        end_candidacy();
        // Then no more requests, then no more blocks: what is under way is answered.
        if (server) {
            server->stop();
        }
        if (sequencer) {
            sequencer->stop();
        }
        if (replica) {
            replica->stop();
        }
        if (forwarder) {
            forwarder->stop();
        }
        if (checkpointer) {
            checkpointer->wait();
        }
        publisher.drain();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] Result<void> prepare_l1();
    [[nodiscard]] Result<void> use_chain_key();
    [[nodiscard]] Result<void> join_l1();
    void leave_l1();
    // Of a sequencer that takes turns with others (candidate.cpp).
    [[nodiscard]] bool is_candidate() const { return !config.l1.peers.empty(); }
    void make_leader_intake();
    [[nodiscard]] Result<void> begin_candidacy();
    void end_candidacy();
    [[nodiscard]] std::string leadership() const;
    [[nodiscard]] Result<DevL1Genesis> dev_l1_genesis() const;
    [[nodiscard]] Result<void> open_directory();
    [[nodiscard]] Result<void> open_database();
    [[nodiscard]] Result<void> identify_chain();
    [[nodiscard]] Result<sequencer::Resumption> recover();
    void start_sequencer(sequencer::Resumption resumption);
    /// The counterparts of these two for a node that follows another one.
    [[nodiscard]] Result<replica::Resumption> recover_replica();
    [[nodiscard]] Result<void> start_replica(replica::Resumption resumption);
    [[nodiscard]] bool follows() const { return !config.follow.empty(); }
    [[nodiscard]] Result<void> run_sequencer();
    [[nodiscard]] Result<void> run_replica();
    /// A directory is either a sequencer's or a replica's: each has a log of its own.
    [[nodiscard]] Result<void> check_role() const;
    [[nodiscard]] Result<sequencer::StoredHead> load_parts();
    void add_service(rpc::Service::Parts parts);
    [[nodiscard]] rpc::ServiceOptions service_options();
    [[nodiscard]] std::optional<net::Response> answer_get(const net::Request& request) const;
    [[nodiscard]] Result<void> serve();
    [[nodiscard]] std::optional<std::string> failure() const;
    [[nodiscard]] int exit_status() const;
};

[[nodiscard]] execution::FeeMarket fee_market(const Config& config);

}  // namespace mega::node
