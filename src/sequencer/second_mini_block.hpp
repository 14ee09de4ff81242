#pragma once

#include "types/mini_block.hpp"

#include <optional>

namespace mega::sequencer {

/// What to sign beside a mini-block that was signed, and to show to whoever is told of mini-blocks,
/// although it is in no block. Nothing: a sequencer signs what it has executed. The test program
/// mega_faulty links another answer, so that those who watch can be seen to notice.
[[nodiscard]] std::optional<MiniBlockHeader> second_mini_block(const MiniBlockHeader& truth);

}  // namespace mega::sequencer
