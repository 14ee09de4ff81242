#pragma once

// What the methods work on: references to the node's parts, and limits. Handed to every
// registration function; everything referred to outlives the dispatcher.

#include "execution/block.hpp"
#include "feed/source.hpp"
#include "sequencer/chain_reader.hpp"
#include "sequencer/intake.hpp"

#include <string>

namespace mega::rpc {

class Accounts;
class Timer;

/// How much one request may cost.
struct MethodLimits {
    /// Gas of one eth_call, estimate or trace; more asked for is cut down to it.
    uint64_t call_gas = 50'000'000;
    size_t max_calls_per_request = 100;  // eth_callMany, eth_simulateV1
    uint64_t max_simulated_blocks = 256;
    sequencer::LogSearchLimits logs;
    size_t max_cursor_logs = 1000;           // one answer of eth_getLogsWithCursor
    size_t max_log_addresses = 1000;         // of one filter
    size_t max_log_topics = 1000;            // alternatives of one position
    size_t max_proof_slots = 1024;           // eth_getProof
    uint64_t max_fee_history = 1024;         // blocks
    uint64_t max_fee_history_rewards = 128;  // blocks, when rewards are asked for
    size_t max_reward_percentiles = 100;
    uint32_t default_sync_timeout_ms = 2000;  // EIP-7966
    uint32_t max_sync_timeout_ms = 60'000;
    size_t max_sync_waiters = 10'000;       // requests that wait for time or events
    size_t max_pool_transactions = 10'000;  // shown by txpool_content and txpool_inspect
    size_t max_subscriptions_per_connection = 128;
    size_t max_filters = 10'000;
    size_t max_filter_entries = 10'000;     // waiting in one filter; beyond, it is dropped
    uint32_t filter_lifetime_ms = 300'000;  // without being asked
    size_t max_trace_steps = 1'000'000;     // struct log entries of one answer
    size_t max_trace_bytes = 64u << 20;     // of one answer
    feed::ExcerptLimits feed;               // one answer of mega_getFeed
    size_t max_known_codes = 4096;          // that a validator names to mega_getBlockWitness
};

struct Backend {
    const sequencer::ChainReader& reader;
    sequencer::Intake& intake;
    Accounts& accounts;
    Timer& timer;
    uint64_t chain_id = 0;
    Fork fork = current_fork;
    execution::FeeMarket fee_market;
    /// What eth_maxPriorityFeePerGas says while blocks have room.
    u256 suggested_tip = 100'000;
    std::string client_version;
    /// State may be changed by hand, and contracts may send.
    bool is_development = false;
    MethodLimits limits;
};

}  // namespace mega::rpc
