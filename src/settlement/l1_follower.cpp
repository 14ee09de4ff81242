#include "settlement/l1_follower.hpp"

#include <algorithm>

namespace mega::settlement {

Result<bool> L1Follower::is_on_chain(const L1BlockId& block) {
    const auto found = client_->block(block.number);
    if (!found) {
        return Err{found.error()};
    }
    return *found && (*found)->hash == block.hash;
}

/// Nearly always the last block still stands: one question. After a reorganisation the fork is
/// found by halving.
Result<bool> L1Follower::drop_orphans() {
    if (told_.empty()) {
        return false;
    }
    const auto stands = is_on_chain(told_.back());
    if (!stands || *stands) {
        return stands ? Result<bool>(false) : stands;
    }
    size_t low = 0;                  // blocks known to stand
    size_t high = told_.size() - 1;  // the first known to be gone
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const auto middle_stands = is_on_chain(told_[middle]);
        if (!middle_stands) {
            return middle_stands;
        }
        (*middle_stands ? low : high) = *middle_stands ? middle + 1 : middle;
    }
    // Nothing that is remembered stands: all of it is read again, from the first block on.
    told_.erase(told_.begin() + static_cast<std::ptrdiff_t>(low), told_.end());
    return true;
}

Result<L1Step> L1Follower::step() {
    L1Step step;
    const auto head = client_->head_number();
    if (!head) {
        return Err{head.error()};
    }
    step.head = *head;
    const auto dropped = drop_orphans();
    if (!dropped) {
        return Err{dropped.error()};
    }
    const uint64_t next = told_.empty() ? options_.first_block : told_.back().number + 1;
    if (*dropped) {
        step.rewound_to = next == 0 ? 0 : next - 1;
    }
    if (*head < options_.depth || *head - options_.depth < next) {
        return step;
    }
    const uint64_t last = std::min(*head - options_.depth, next + options_.max_blocks_a_step - 1);
    auto blocks = read_l1_blocks(*client_, options_.deposit_queue, next, last);
    if (!blocks) {
        // A rewind that is under way must not be lost with the answer after it.
        return step.rewound_to ? Result<L1Step>(step) : Err{blocks.error()};
    }
    if (!blocks->empty() && !told_.empty() && blocks->front().parent_hash != told_.back().hash) {
        return step;  // reorganised since: the next step sees it
    }
    for (const rollup::L1Block& block : *blocks) {
        told_.push_back({block.ref.number, block.ref.hash});
    }
    while (told_.size() > options_.window) {
        told_.pop_front();
    }
    step.is_behind = !blocks->empty() && last < *head - options_.depth;
    step.blocks = *std::move(blocks);
    return step;
}

}  // namespace mega::settlement
