#pragma once

// Blocks and receipts as eth_getBlockBy* (with whole transactions) and eth_getBlockReceipts give
// them.

#include "replay/json_fields.hpp"
#include "replay/replay_block.hpp"

namespace mega::replay {

/// What an attacker's block may hold; mainnet's largest have some thousand transactions.
inline constexpr size_t max_transactions = 1 << 20;

/// The header alone; its `hash` field is not looked at.
[[nodiscard]] BlockHeader read_header(const Fields& fields);
/// Everything but receipts, traces and state. Senders are recovered.
[[nodiscard]] Result<ReplayBlock> read_block(const json& block);
[[nodiscard]] Result<std::vector<RecordedReceipt>> read_receipts(const json& receipts);

/// {"jsonrpc": ..., "result": X} or X itself.
[[nodiscard]] const json& unwrapped(const json& answer);

}  // namespace mega::replay
