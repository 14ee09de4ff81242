#pragma once

// What the sequencer has been told of L1 and not used up yet: usable L1 blocks with their queue
// entries. Decides, without a clock, how far the next L2 block can go. One thread.

#include "rollup/l1.hpp"

#include <deque>
#include <span>

namespace mega::sequencer {

class L1Intake {
  public:
    /// Consecutive blocks, ascending. They take the place of what is known from the first of them
    /// on. A gap before them makes everything known forgotten.
    void feed(std::vector<rollup::L1Block> blocks);
    /// Forgets the blocks after `number`.
    void rewind(uint64_t number);

    struct Step {
        rollup::L1Position position;
        std::vector<rollup::QueueEntry> entries;  // from the parent's cursor to the position's
    };
    /// The newest origin that is not later than `timestamp`, with the entries up to it that fit
    /// `gas_limit`. Stays at the parent's position when nothing is known beyond it, and when the
    /// block has no room for the L1 attributes.
    [[nodiscard]] Step next(
        const rollup::L1Position& parent, uint64_t timestamp, uint64_t gas_limit
    ) const;

    /// What a block after one at `before` takes when it stands at `after`; nothing when what is
    /// known of L1 does not say.
    [[nodiscard]] std::optional<std::vector<rollup::QueueEntry>> entries_between(
        const rollup::L1Position& before, const rollup::L1Position& after
    ) const;

    /// Known blocks beyond this are forgotten, oldest first: a reorganisation of L1 that goes
    /// deeper needs them fed again.
    static constexpr size_t max_blocks = 1024;

  private:
    std::deque<rollup::L1Block> blocks_;
};

}  // namespace mega::sequencer
