#pragma once

// A block as raw JSON-RPC answers: block.json, receipts.json (eth_getBlockReceipts), and
// debug_traceBlock with prestateTracer (prestatetrace.json), with its diffMode (difftrace.json) and
// with callTracer (calltrace.json). The form in which matter-labs/zksync-os keeps its test blocks.

#include "replay/replay_block.hpp"

#include <filesystem>

namespace mega::replay {

[[nodiscard]] Result<std::unique_ptr<BlockSource>> open_traced_block(
    const std::filesystem::path& folder
);

}  // namespace mega::replay
