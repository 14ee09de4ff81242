#include "staking/l1_history.hpp"

#include <algorithm>
#include <chrono>

namespace mega::staking {

std::optional<uint64_t> L1History::add(const settlement::L1Header& header, uint64_t now) {
    if (!blocks_.empty() && blocks_.back().hash == header.hash) {
        return std::nullopt;
    }
    take_back_from(header.number, now);
    if (!blocks_.empty() && blocks_.back().number + 1 != header.number) {
        blocks_.clear();  // too much came at once: what lies between is not known
    }
    if (!blocks_.empty() && blocks_.back().hash != header.parent_hash) {
        const uint64_t again_from = blocks_.back().number;
        take_back_from(again_from, now);
        return again_from;
    }
    blocks_.push_back(header);
    if (blocks_.size() > max_blocks) {
        blocks_.pop_front();
    }
    return std::nullopt;
}

void L1History::take_back_from(uint64_t number, uint64_t now) {
    std::optional<uint64_t> earliest;
    while (!blocks_.empty() && blocks_.back().number >= number) {
        earliest = blocks_.back().timestamp;
        blocks_.pop_back();
    }
    if (!earliest) {
        return;
    }
    // A reorganisation that is found block by block is one.
    if (!returns_.empty() && returns_.back().until == now) {
        returns_.back().from = std::min(returns_.back().from, *earliest);
        return;
    }
    returns_.push_back({*earliest, now});
    if (returns_.size() > max_returns) {
        returns_.pop_front();
    }
}

Result<void> L1History::look(settlement::L1Client& client) {
    const auto head = client.block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    const uint64_t newest = (*head)->number;
    const auto now = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                               std::chrono::system_clock::now().time_since_epoch()
    )
                                               .count());
    if (!blocks_.empty() && newest < blocks_.back().number) {
        return {};  // a node that is behind, most likely; a shorter chain grows
    }
    uint64_t next = blocks_.empty() ? newest : blocks_.back().number + 1;
    next = std::max(next, newest >= max_blocks ? newest - max_blocks + 1 : 0);
    // The newest that is known again as well: it may have been replaced by one of its number.
    next = next > 0 && !blocks_.empty() && next == blocks_.back().number + 1 ? next - 1 : next;
    for (size_t steps = 0; next <= newest && steps < 2 * max_blocks; ++steps) {
        const auto header = next == newest ? head : client.block(next);
        if (!header || !*header) {
            return Err{!header ? header.error() : Error{"L1 is being reorganised"}};
        }
        const auto again_from = add(**header, now);
        next = again_from ? *again_from : next + 1;
    }
    return {};
}

bool L1History::may_be_void(uint64_t block_timestamp, uint64_t timestamp_us) const {
    return std::ranges::any_of(returns_, [&](const Return& each) {
        return each.from <= block_timestamp && timestamp_us / 1'000'000 <= each.until + clock_slack;
    });
}

}  // namespace mega::staking
