#pragma once

// rollup.json: what everyone who follows a chain must know of its L1 side, as `mega l1 deploy`
// writes it. The same for all; holds no keys and no URLs.

#include "rollup/config.hpp"
#include "settlement/deployment.hpp"

#include <filesystem>

namespace mega::settlement {

struct RollupFile {
    rollup::RollupConfig config;
    Contracts contracts;
    Address sequencer{};  // who posts batches at the start
    uint64_t forced_inclusion_delay_s = 0;
    uint64_t challenge_window_s = 0;
    uint64_t proof_maturity_s = 0;
    u256 claim_bond{};
    uint64_t min_base_fee = 0;
    uint32_t elasticity = 0;
    uint32_t base_fee_denominator = 0;
};

[[nodiscard]] RollupFile make_rollup_file(
    const DeployConfig& config, const Contracts& contracts, const BlockHeader& genesis
);
[[nodiscard]] std::string to_json(const RollupFile& file);
/// Fails with words that name the field.
[[nodiscard]] Result<RollupFile> parse_rollup_file(std::string_view text);
[[nodiscard]] Result<RollupFile> read_rollup_file(const std::filesystem::path& path);

/// Name -> L1 address.
[[nodiscard]] std::string addresses_json(Contracts contracts);

/// The configuration of `mega l1 deploy`: every key may be absent but l2ChainId and the roles
/// guardian, sequencer and feeVault.
[[nodiscard]] Result<DeployConfig> parse_deploy_config(std::string_view text);

/// Genesis in geth's format, as `mega node --genesis` reads it.
[[nodiscard]] std::string genesis_json(uint64_t chain_id, const execution::GenesisSpec& spec);

/// At most 64 MiB.
[[nodiscard]] Result<std::string> read_text(const std::filesystem::path& path);
/// Whole or not at all.
[[nodiscard]] Result<void> write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace mega::settlement
