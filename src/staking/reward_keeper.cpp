#include "staking/reward_keeper.hpp"

#include "settlement/ask.hpp"
#include "settlement/governance.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mega::staking {
namespace {

using settlement::abi::Decoder;
using settlement::abi::Encoder;

constexpr uint64_t closing_epochs = 3;   // Rewards.CLOSING
constexpr uint64_t roots_looked_at = 8;  // the newest
constexpr uint32_t standby_ranks = 8;

}  // namespace

void RewardKeeper::say(const std::string& words) {
    if (words != last_words_ && !parts_.stop.is_stopped()) {
        parts_.log("rewards: " + words);
    }
    last_words_ = words;
}

void RewardKeeper::tick() {
    if (Clock::now() < paused_until_) {
        return;
    }
    const auto stepped = step();
    if (!stepped) {
        ++counters_.failures;
        paused_until_ = Clock::now() + options_.pause;
        say(stepped.error().message);
    }
}

Result<std::optional<uint32_t>> RewardKeeper::own_id() {
    using Id = std::optional<uint32_t>;
    const auto id = staking_->id_of_operator(parts_.sender.address());
    if (!id || *id == 0) {
        return id ? Result<Id>(Id{}) : Result<Id>(Err{id.error()});
    }
    const auto barred = staking_->is_barred(*id);
    if (!barred) {
        return Err{barred.error()};
    }
    return *barred ? Id{} : Id{*id};
}

std::unique_lock<std::mutex> RewardKeeper::take_turn() const {
    return parts_.turn != nullptr ? std::unique_lock(*parts_.turn) : std::unique_lock<std::mutex>();
}

Result<uint64_t> RewardKeeper::next_epoch() {
    return settlement::ask(
        parts_.client,
        parts_.rollup.contracts.mega.rewards,
        Encoder().call("nextEpoch()"),
        [](Decoder& in) { return in.u64(); }
    );
}

Result<bool> RewardKeeper::step() {
    if (!staker_) {
        auto opened = L1Staking::open(parts_.client, parts_.rollup.contracts.mega);
        if (!opened) {
            return Err{opened.error()};
        }
        staking_ = *std::move(opened);
        source_ = std::make_unique<RewardSource>(parts_.client, *staking_, parts_.rollup);
        staker_ = std::make_unique<Staker>(parts_.client, &parts_.sender, *staking_, parts_.rollup);
    }
    const auto id = own_id();
    if (!id || !*id) {
        return id ? Result<bool>(false) : Result<bool>(Err{id.error()});
    }
    // A report must not change any more: L1 has to be beyond taking the epoch's blocks back.
    const auto settled = parts_.client.block("finalized");
    const auto head = parts_.client.block("latest");
    if (!settled || !head) {
        return Err{!settled ? settled.error() : head.error()};
    }
    if (!*settled || !*head) {
        return false;
    }
    const uint64_t epoch = staking_->clock().epoch_of((*settled)->timestamp);
    const uint64_t closed_end = epoch < closing_epochs ? 0 : epoch - closing_epochs + 1;
    const auto looked = look_at_roots(closed_end, (*head)->timestamp);
    if (looked && *looked) {
        return true;
    }
    // A root that cannot be judged must not keep the next one from being proposed.
    const auto proposed = propose_next(closed_end, **id);
    return !looked && proposed && !*proposed ? looked : proposed;
}

Result<bool> RewardKeeper::look_at_roots(uint64_t closed_end, uint64_t l1_time) {
    const auto next = next_epoch();
    if (!next) {
        return Err{next.error()};
    }
    const uint64_t first = *next > roots_looked_at ? *next - roots_looked_at : 0;
    right_.erase(right_.begin(), right_.lower_bound(first));
    std::optional<Error> first_error;
    for (uint64_t epoch = first; epoch < std::min(*next, closed_end); ++epoch) {
        const auto judged = judge(epoch, l1_time);
        if (judged && *judged) {
            return true;
        }
        if (!judged && !first_error) {
            first_error = judged.error();
        }
    }
    return first_error ? Result<bool>{Err{*first_error}} : Result<bool>{false};
}

Result<bool> RewardKeeper::judge(uint64_t epoch, uint64_t l1_time) {
    const auto posted = source_->status(epoch);
    if (!posted) {
        return Err{posted.error()};
    }
    if (posted->status != RewardStatus::proposed) {
        return false;
    }
    const auto known = right_.find(epoch);
    const bool is_right = known != right_.end() && known->second == posted->root;
    if (is_right && l1_time < posted->finalizable_at) {
        return false;
    }
    const auto checked = source_->report(epoch);
    if (!checked) {
        return Err{checked.error()};
    }
    if (checked->posted.status != RewardStatus::proposed) {
        return false;
    }
    if (checked->posted.l1_block == 0) {
        return Err{Error{fmt::format("L1 does not tell when epoch {}'s root was proposed", epoch)}};
    }
    if (checked->matches()) {
        right_[epoch] = checked->posted.root;
        if (l1_time < checked->posted.finalizable_at) {
            return false;
        }
        const auto turn = take_turn();
        if (auto made = staker_->make_final(*checked); !made) {
            return Err{made.error()};
        }
        ++counters_.finalized;
        parts_.log(fmt::format("rewards: the root of epoch {} is final", epoch));
        return true;
    }
    const std::string words = fmt::format(
        "the root of epoch {} on L1, {}, is not what L1 gives, {}",
        epoch,
        to_hex(checked->posted.root),
        to_hex(checked->report.root)
    );
    if (l1_time >= checked->posted.finalizable_at) {
        say(words + ", and its window is over");
        return false;
    }
    const auto turn = take_turn();
    if (auto objected = staker_->object(*checked); !objected) {
        return Err{Error{words + "; objecting: " + objected.error().message}};
    }
    ++counters_.objections;
    parts_.log("rewards: " + words + ": objected, governance decides");
    return true;
}

Result<bool> RewardKeeper::propose_next(uint64_t closed_end, uint32_t id) {
    const auto next = next_epoch();
    if (!next) {
        return Err{next.error()};
    }
    if (*next >= closed_end || without_rewards_ == *next) {
        return false;
    }
    due_.erase(due_.begin(), due_.lower_bound(*next));
    const Clock::time_point since = due_.try_emplace(*next, Clock::now()).first->second;
    const bool is_leading = !parts_.is_leading || parts_.is_leading();
    const auto patience = options_.standby * (1 + (id - 1) % standby_ranks);
    if (!is_leading && Clock::now() < since + patience) {
        return false;
    }
    // Before the report, which is of the present: waiting would make it one of the past.
    const auto turn = take_turn();
    const auto checked = source_->report(*next);
    if (!checked) {
        return Err{checked.error()};
    }
    if (checked->posted.status != RewardStatus::none) {
        return false;  // somebody was faster
    }
    if (checked->report.leaves.empty()) {
        without_rewards_ = *next;
        say(fmt::format(
            "nobody earned anything in epoch {}: it waits for a vote (mega gov propose "
            "--skip-rewards)",
            *next
        ));
        return false;
    }
    if (auto proposed = staker_->propose_rewards(*checked); !proposed) {
        return Err{proposed.error()};
    }
    ++counters_.proposed;
    parts_.log(fmt::format(
        "rewards: proposed the root of epoch {}: {} for {} accounts",
        *next,
        settlement::mega_words(checked->report.total),
        checked->report.leaves.size()
    ));
    return true;
}

}  // namespace mega::staking
