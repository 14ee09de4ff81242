#pragma once

// One transaction of a replayed block, watched.

#include "replay/replay_block.hpp"

namespace mega::replay {

/// The call trace (callTracer, logs included) of the transaction with this hash, as JSON. Fails
/// when no block of the sources holds it.
[[nodiscard]] Result<std::string> trace_transaction(
    std::span<const std::unique_ptr<BlockSource>> sources, std::string_view hash
);

}  // namespace mega::replay
