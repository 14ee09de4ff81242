#include "node/config.hpp"

#include "base/hex.hpp"
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
    if (!config.sequencer_address.empty() && !fixed_from_hex<20>(config.sequencer_address)) {
        return "sequencer-address must be an address: 0x and 40 hex digits";
    }
    if (!config.follow.empty()) {
        const auto url = net::parse_url(config.follow);
        return url ? std::nullopt
                   : std::optional{"follow must be the URL of a node: " + url.error().message};
    }
    if (!config.is_development && config.genesis_file.empty()) {
        return "genesis names no file; `mega dev` runs a development chain without one";
    }
    if (!config.is_development && config.key_file.empty()) {
        return "key names no web3 keystore file; `mega account new` writes one";
    }
    if (config.is_development && config.accounts > 1000) {
        return "accounts must not exceed 1000";
    }
    return std::nullopt;
}

}  // namespace mega::node
