#pragma once

// What the configuration says of L1, as settlement wants it.

#include "node/config.hpp"
#include "node/settlement.hpp"

namespace mega::node {

[[nodiscard]] settlement::BatcherOptions batcher_options(const Config& config);

/// Of a node of a real chain: reads rollup.json and the keys.
[[nodiscard]] Result<SettlementOptions> settlement_options(const Config& config);

/// A web3 keystore, or 64 hex digits with or without 0x.
[[nodiscard]] Result<crypto::SecretKey> read_l1_key(
    const std::filesystem::path& file, const std::filesystem::path& password_file
);

}  // namespace mega::node
