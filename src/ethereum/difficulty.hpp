#pragma once

// The difficulty that a block of proof of work must state (Yellow Paper section 4.4.4; EIP-2, 100,
// 649, 1234, 2384, 3554, 4345, 5133).

#include "evm/fork.hpp"
#include "types/block.hpp"

namespace mega::ethereum {

struct DifficultyInput {
    Fork fork = Fork::frontier;      // before Paris
    uint64_t bomb_delay_blocks = 0;  // blocks that the bomb does not count
    uint64_t number = 0;
    uint64_t timestamp = 0;  // seconds, after the parent's
    u256 parent_difficulty;
    uint64_t parent_timestamp = 0;  // seconds
    bool parent_has_ommers = false;
};

[[nodiscard]] u256 difficulty_of(const DifficultyInput& input);

}  // namespace mega::ethereum
