#pragma once

// Adds up the diffs of many transactions into one, at a cost proportional to what is added.

#include "state/diff.hpp"

#include <unordered_map>

namespace mega::sequencer {

class DiffAccumulator {
  public:
    /// `later` must start from where the last one ended.
    void add(const state::StateDiff& later);
    [[nodiscard]] bool is_empty() const { return entries_.empty() && codes_.empty(); }
    /// The canonical sum; the accumulator is empty afterwards.
    [[nodiscard]] state::StateDiff take();

  private:
    struct SlotValues {
        u256 before;
        u256 after;
    };
    struct Entry {
        std::optional<state::AccountChange> account;
        std::unordered_map<u256, SlotValues> slots;
    };

    std::unordered_map<Address, Entry> entries_;
    std::unordered_map<Hash256, evm::CodePtr> codes_;
};

}  // namespace mega::sequencer
