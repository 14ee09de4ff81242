#pragma once

// JSON-RPC as a whole: every method, subscriptions and filters behind the handlers that the HTTP
// and WebSocket server calls.
//
//   node makes Service -> publisher.add_listener(each of listeners()) -> sequencer.start
//     -> net::Server::start(…, handlers())
//
// The server and the sequencer are stopped, and the publisher drained, before the service ends.

#include "attestation/committee.hpp"
#include "attestation/mismatch_notice.hpp"
#include "attestation/pool.hpp"
#include "net/server.hpp"
#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/sequencer.hpp"

#include <memory>
#include <vector>

namespace mega::rpc {

struct MismatchReport;

struct ServiceOptions {
    uint64_t chain_id = 0;
    Fork fork = current_fork;
    execution::FeeMarket fee_market;
    u256 suggested_tip = 100'000;  // wei a gas, while blocks have room
    std::string client_version;
    /// Contracts may send, as on a development chain.
    bool is_development = false;
    MethodLimits limits;
    DispatcherLimits dispatcher;
    size_t workers = 2;              // threads for slow methods
    size_t max_queued_calls = 4096;  // slow calls that wait for one
    size_t witness_cache_bytes = 32u << 20;
    /// Told of each report of a block that does not validate; on a worker's thread.
    std::function<void(const MismatchReport&)> on_mismatch;
    /// Told of each validator's signed word that a block does not validate, when it is taken; on
    /// the thread that brought it.
    std::function<void(const attestation::MismatchNotice&)> on_mismatch_notice;
    /// Whose attestations count, and for how much; must outlive the service. Null: nobody's weigh
    /// anything.
    const attestation::CommitteeBoard* committees = nullptr;
    /// Told of each attestation that is taken, not of what was known; on a worker's thread.
    std::function<void(const attestation::Attestation&)> on_attestation;
    /// What mega_getLeadership answers, where several sequencers take turns; at once. Empty: no
    /// such method.
    std::function<std::string()> leadership;
    /// Answers everything but POST, such as GET /metrics. GET /health is answered here when this
    /// gives nothing.
    std::function<std::optional<net::Response>(const net::Request&)> on_get;
};

class Service {
  public:
    struct Parts {
        const sequencer::ChainReader& reader;
        sequencer::Intake& intake;
        Accounts& accounts;
        /// What a development chain's methods drive; null: they do not exist.
        sequencer::Sequencer* development = nullptr;
    };

    Service(ServiceOptions options, const Parts& parts);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// To be told what happens, from before the first block on.
    [[nodiscard]] std::vector<sequencer::Listener*> listeners();
    [[nodiscard]] net::Handlers handlers();
    [[nodiscard]] const Dispatcher& dispatcher() const;

    /// What members have attested of this block, as one signature; any thread.
    [[nodiscard]] std::optional<attestation::Aggregate> attestations(
        uint64_t block_number, const Hash256& block_hash, const attestation::Committee& committee
    ) const;

    /// A validator's word that another node has passed on (attestation/mismatch_notice.hpp), as if
    /// it had been sent here. False when it was known or is refused. Any thread.
    bool take_mismatch_notice(BytesView encoded);

    struct Gauges {
        size_t subscriptions = 0;
        size_t filters = 0;
        size_t queued_calls = 0;
        size_t timers = 0;
        // Of validators, since the start.
        uint64_t attestations_taken = 0;
        uint64_t attestations_refused = 0;
        uint64_t attested_block = 0;  // the newest
        uint64_t equivocations = 0;
        // Of the committee: the newest block with two thirds, and the time from its last mini-block
        // to that, of the last ones.
        uint64_t quorate_block = 0;
        uint64_t attestation_p50_us = 0;
        uint64_t attestation_p99_us = 0;
        uint64_t mismatches_reported = 0;
        uint64_t mismatches_confirmed = 0;
        uint64_t mismatches_refused = 0;
        uint64_t mismatch_notices_taken = 0;
        uint64_t mismatch_notices_refused = 0;
    };
    [[nodiscard]] Gauges gauges() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::rpc
