#include "ethereum/difficulty.hpp"

#include <algorithm>

namespace mega::ethereum {

namespace {

constexpr uint64_t min_difficulty = 131072;
constexpr uint64_t bound_divisor = 2048;
constexpr uint64_t bomb_period_blocks = 100'000;
constexpr uint64_t max_steps_down = 99;

/// Frontier: one step up when the block came within 13 seconds, else one down.
u256 adjust_by_limit(const DifficultyInput& input, const u256& step) {
    const bool is_fast = input.timestamp - input.parent_timestamp < 13;
    return is_fast ? input.parent_difficulty + step : input.parent_difficulty - step;
}

/// EIP-2 and EIP-100: steps in proportion to the time that the block took.
u256 adjust_by_time(const DifficultyInput& input, const u256& step) {
    const bool counts_ommers = input.fork >= Fork::byzantium;
    const uint64_t steps_up = counts_ommers && input.parent_has_ommers ? 2 : 1;
    const uint64_t elapsed = input.timestamp - input.parent_timestamp;
    const uint64_t steps_down = elapsed / (counts_ommers ? 9 : 10);
    if (steps_down <= steps_up) {
        return input.parent_difficulty + step * u256{steps_up - steps_down};
    }
    return input.parent_difficulty - step * u256{std::min(steps_down - steps_up, max_steps_down)};
}

u256 bomb(const DifficultyInput& input) {
    const uint64_t counted = input.number - std::min(input.number, input.bomb_delay_blocks);
    const uint64_t period = counted / bomb_period_blocks;
    // No chain lives to see a bomb of 256 bits.
    return period > 1 && period < 258 ? u256{1} << static_cast<unsigned>(period - 2) : u256{};
}

}  // namespace

u256 difficulty_of(const DifficultyInput& input) {
    const u256 step = input.parent_difficulty / u256{bound_divisor};
    const u256 adjusted =
        input.fork >= Fork::homestead ? adjust_by_time(input, step) : adjust_by_limit(input, step);
    return std::max(adjusted, u256{min_difficulty}) + bomb(input);
}

}  // namespace mega::ethereum
