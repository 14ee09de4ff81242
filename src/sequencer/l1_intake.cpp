#include "sequencer/l1_intake.hpp"

#include "base/assert.hpp"
#include "rollup/deposits.hpp"

namespace mega::sequencer {

void L1Intake::feed(std::vector<rollup::L1Block> blocks) {
    if (blocks.empty()) {
        return;
    }
    const uint64_t first = blocks.front().ref.number;
    while (!blocks_.empty() && blocks_.back().ref.number >= first) {
        blocks_.pop_back();
    }
    if (!blocks_.empty() && blocks_.back().ref.number + 1 != first) {
        blocks_.clear();
    }
    for (rollup::L1Block& block : blocks) {
        MEGA_ASSERT(blocks_.empty() || blocks_.back().ref.number + 1 == block.ref.number);
        blocks_.push_back(std::move(block));
        if (blocks_.size() > max_blocks) {
            blocks_.pop_front();
        }
    }
}

void L1Intake::rewind(uint64_t number) {
    while (!blocks_.empty() && blocks_.back().ref.number > number) {
        blocks_.pop_back();
    }
}

L1Intake::Step L1Intake::next(
    const rollup::L1Position& parent, uint64_t timestamp, uint64_t gas_limit
) const {
    if (gas_limit < rollup::l1_attributes_gas) {
        return {parent, {}};
    }
    Step step{parent, {}};
    std::vector<rollup::QueueEntry> waiting;
    uint64_t next_index = parent.cursor;
    for (const rollup::L1Block& block : blocks_) {
        const bool is_newer = block.ref.number > parent.origin.number;
        // Later ones may have earlier timestamps on no L1 that is known; stopping is always right.
        if (is_newer && block.ref.timestamp > timestamp) {
            break;
        }
        for (const rollup::QueueEntry& entry : block.entries) {
            if (entry.index < next_index) {
                continue;
            }
            if (entry.index > next_index) {
                return {parent, {}};  // one is missing: to be fed again from before it
            }
            waiting.push_back(entry);
            ++next_index;
        }
        if (is_newer) {
            step.position.origin = block.ref;
        }
    }
    waiting.resize(rollup::count_fitting(waiting, gas_limit));
    step.position.cursor += waiting.size();
    step.entries = std::move(waiting);
    return step;
}

std::optional<std::vector<rollup::QueueEntry>> L1Intake::entries_between(
    const rollup::L1Position& before, const rollup::L1Position& after
) const {
    std::vector<rollup::QueueEntry> entries;
    bool has_origin = false;
    for (const rollup::L1Block& block : blocks_) {
        if (block.ref.number > after.origin.number) {
            break;
        }
        has_origin = block.ref == after.origin;
        for (const rollup::QueueEntry& entry : block.entries) {
            if (entry.index == before.cursor + entries.size() && entry.index < after.cursor) {
                entries.push_back(entry);
            }
        }
    }
    // No origin or not all of the entries: L1 is not known so far back, or another one is.
    const bool is_known = has_origin && before.cursor + entries.size() == after.cursor;
    return is_known ? std::optional{std::move(entries)} : std::nullopt;
}

}  // namespace mega::sequencer
