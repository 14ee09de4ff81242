#pragma once

// What a replayed block must agree with: itself (hashes, senders, roots over its own lists), its
// header, and whatever was recorded about it. Each check names the first difference in words.

#include "replay/transition.hpp"

namespace mega::replay {

/// The first difference; nothing when all agrees.
using Difference = std::optional<std::string>;

/// Before execution: the block's hash, its transactions' hashes and senders, the roots of its
/// lists.
[[nodiscard]] Difference check_inputs(const ChainRules& rules, const ReplayBlock& block);

/// After it: gas used, each recorded receipt, the receipts root (Byzantium on), the logs bloom,
/// blob gas and the requests hash.
[[nodiscard]] Difference check_outcome(
    const ChainRules& rules, const ReplayBlock& block, const execution::BlockResult& result
);

/// Executes the block watched and compares each transaction's call trace and state diff with the
/// recorded ones.
[[nodiscard]] Difference check_traces(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block
);

enum class RootCheck : uint8_t { matches, differs, not_proven };
/// The state root, where the state before the block came with proofs. Not proven, too, when a
/// deletion needs a node that no proof contained.
[[nodiscard]] RootCheck check_state_root(
    const ReplayBlock& block, const execution::BlockResult& result
);

}  // namespace mega::replay
