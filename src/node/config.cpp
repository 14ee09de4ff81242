#include "node/config.hpp"

#include "base/hex.hpp"
#include "leadership/peers.hpp"
#include "net/url.hpp"
#include "parallel/executor.hpp"

#include <algorithm>
#include <thread>

namespace mega::node {

uint32_t default_execution_threads() {
    return std::clamp<uint32_t>(
        std::thread::hardware_concurrency(), 1, parallel::ExecutorOptions::max_threads
    );
}

std::optional<std::string> problem_of(const Config& config) {
    if (config.mini_block_interval_ms == 0) {
        return "mini-block-interval-ms must be at least 1";
    }
    if (config.block_interval_ms < 100) {
        return "block-interval-ms must be at least 100";
    }
    if (config.block_interval_ms < config.mini_block_interval_ms) {
        return "block-interval-ms must not be below mini-block-interval-ms";
    }
    if (config.gas_limit < 5'000) {
        return "gas-limit must be at least 5000";
    }
    if (config.rpc_threads == 0 || config.rpc_workers == 0) {
        return "rpc-threads and rpc-workers must be at least 1";
    }
    if (config.execution_threads == 0 ||
        config.execution_threads > parallel::ExecutorOptions::max_threads) {
        return "execution-threads must be from 1 to " +
               std::to_string(parallel::ExecutorOptions::max_threads);
    }
    if (config.checkpoint_interval_blocks == 0) {
        return "checkpoint-interval-blocks must be at least 1";
    }
    if (!config.beneficiary.empty() && !fixed_from_hex<20>(config.beneficiary)) {
        return "beneficiary must be an address: 0x and 40 hex digits";
    }
    for (const std::string& one : config.sequencer_addresses) {
        if (!fixed_from_hex<20>(one)) {
            return "sequencer-address must be an address: 0x and 40 hex digits";
        }
    }
    if (!config.follow.empty() && (!config.l1.url.empty() || config.l1.only_follows)) {
        return "follow and l1 exclude each other: a replica takes from its leader what L1 says";
    }
    for (const std::string& one : config.follow) {
        if (const auto url = net::parse_url(one); !url) {
            return "follow must be the URL of a node: " + url.error().message;
        }
    }
    if (!config.follow.empty()) {
        return std::nullopt;
    }
    if (!config.is_development && config.genesis_file.empty()) {
        return "genesis names no file; `mega dev` runs a development chain without one";
    }
    if (!config.is_development && config.key_file.empty() && !config.l1.only_follows) {
        return "key names no web3 keystore file; `mega account new` writes one";
    }
    if (config.is_development && config.accounts > 1000) {
        return "accounts must not exceed 1000";
    }
    if (config.l1.url.empty() != config.l1.rollup_file.empty()) {
        return "l1 and rollup go together: the URL of an L1 node, and rollup.json of "
               "`mega l1 deploy`";
    }
    if (config.l1.only_follows && config.l1.url.empty()) {
        return "from-l1 wants l1: the URL of an L1 node";
    }
    if (config.l1.only_follows &&
        !(config.l1.batcher_key_file.empty() && config.l1.proposer_key_file.empty())) {
        return "from-l1 makes no blocks: it wants neither batcher-key nor proposer-key";
    }
    if (!config.l1.peers.empty() && (config.l1.url.empty() || config.l1.batcher_key_file.empty())) {
        return "peers wants l1, rollup and batcher-key: the operator's key, whose turn it is to be";
    }
    for (const std::string& peer : config.l1.peers) {
        if (const auto parsed = leadership::parse_peer(peer); !parsed) {
            return parsed.error().message;
        }
    }
    if (config.l1.silent_mini_blocks < 10 || config.l1.silent_mini_blocks > 10'000) {
        return "silent-mini-blocks must be 10 to 10000";
    }
    if (config.l1.batch_target_blobs < 1 || config.l1.batch_target_blobs > 6) {
        return "batch-target-blobs must be 1 to 6";
    }
    if (config.l1.dev_block_time_s < 1) {
        return "l1-block-time-s must be at least 1";
    }
    return std::nullopt;
}

}  // namespace mega::node
