#pragma once

// Which rules the blocks of a chain follow.

#include "ethereum/chain_config.hpp"

#include <string>

namespace mega::replay {

/// mega's own chain: Osaka's rules without its request contracts.
inline constexpr uint64_t own_chain_id = 6342;

struct ChainRules {
    ethereum::ChainConfig config;
    /// The same for every block, instead of the config's schedule.
    std::optional<Fork> fork;
    /// Blocks end with withdrawals and requests, and miners are paid before the merge. mega's own
    /// blocks end with their last transaction.
    bool has_block_end = true;
    /// A missing request contract makes a block invalid; development chains live without them.
    bool needs_request_contracts = true;
};

[[nodiscard]] ChainRules mainnet_rules();
/// One fork for all blocks of a chain that is not Ethereum's own.
[[nodiscard]] ChainRules fixed_rules(uint64_t chain_id, Fork fork);
[[nodiscard]] ChainRules own_rules(uint64_t chain_id);

[[nodiscard]] Fork fork_of(const ChainRules& rules, const BlockHeader& header);

/// "osaka", "Osaka", "EIP158", "spurious_dragon", "merge".
[[nodiscard]] std::optional<Fork> fork_from_word(std::string_view word);
/// "Frontier, Homestead, …": for errors.
[[nodiscard]] std::string known_forks();

/// The newest fork whose header has just these fields; Osaka rather than Prague, which look the
/// same.
[[nodiscard]] std::optional<Fork> fork_by_fields(const BlockHeader& header);

}  // namespace mega::replay
