// A leader's chain that goes another way than what is here: a development chain that was told to go
// back, an L1 that took blocks back, a leader that replaced another. The replica goes back to the
// last block that both have, and follows from there. All of it runs on the replica's thread.
//
// Bounds: never before what L1 holds for good, nor before what this directory can undo. It goes
// back in steps, each of them an atomic write, so that neither memory nor the log grows with how
// far or how often a leader goes back.

#include "base/hex.hpp"
#include "replica/replica.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace mega::replica {
namespace {

constexpr uint64_t blocks_a_step = 32;
/// Between two times that another branch was found by asking.
constexpr uint32_t pause_ms = 100;
/// Of one reorganisation: those beyond are taken back all the same, and not reported one by one.
constexpr size_t max_reported = 10'000;

bool came_out_alike(
    const sequencer::ExecutedTransaction& a, const sequencer::ExecutedTransaction& b
) {
    return a.receipt.status == b.receipt.status && a.gas_used == b.gas_used &&
           a.receipt.logs == b.receipt.logs;
}

}  // namespace

Hash256 Replica::own_hash(uint64_t number) const {
    const auto& head = *parts_.mirror.head();
    if (number == head.header.number) {
        return head.hash;
    }
    const auto header = parts_.checkpointer.blocks().header(number);
    return header && *header ? (*header)->hash : Hash256{};
}

/// Of a block that is sealed here.
bool Replica::contradicts(const feed::Record& record) const {
    const uint64_t head = parts_.mirror.head()->header.number;
    const auto is_other = [&](const BlockHeader& header) {
        if (header.number > head) {
            return false;
        }
        const Hash256 own = own_hash(header.number);
        return own != Hash256{} && own != hash_of(header);
    };
    if (const auto* seal = std::get_if<feed::SealRecord>(&record)) {
        return is_other(seal->header);
    }
    if (const auto* block = std::get_if<feed::BlockRecord>(&record)) {
        return is_other(block->header);
    }
    const auto* mini_block = std::get_if<feed::MiniBlockRecord>(&record);
    if (mini_block == nullptr || mini_block->header.block_number > head) {
        return false;
    }
    const auto own = parts_.checkpointer.blocks().block(mini_block->header.block_number);
    if (!own || *own == nullptr) {
        return false;
    }
    const auto& told = (*own)->mini_blocks;
    const uint64_t index = mini_block->header.index;
    return index >= told.size() || told[index].header != mini_block->header;
}

/// Doubles the distance from the head until a block is common, then halves what is in between.
Replica::Step<std::optional<uint64_t>> Replica::find_common(Leader& leader) {
    const uint64_t head = parts_.mirror.head()->header.number;
    const auto settled = parts_.head.settled();
    const uint64_t floor = settled ? std::min(settled->finalized, head) : 0;
    const auto is_common = [&](uint64_t number) -> Step<bool> {
        const auto theirs = leader.block_hash(number);
        if (!theirs) {
            return Err{Interruption{theirs.error().message}};
        }
        return *theirs && **theirs == own_hash(number);
    };
    uint64_t other = head + 1;
    uint64_t same = head;
    for (uint64_t distance = 1;; distance *= 2) {
        const auto common = is_common(same);
        if (!common) {
            return Err{common.error()};
        }
        if (*common) {
            break;
        }
        other = same;
        if (same == floor) {
            return std::optional<uint64_t>{};
        }
        same = head - floor > distance ? head - distance : floor;
    }
    while (other - same > 1) {
        const uint64_t middle = same + (other - same) / 2;
        const auto common = is_common(middle);
        if (!common) {
            return Err{common.error()};
        }
        (*common ? same : other) = middle;
    }
    return std::optional{same};
}

Replica::Step<Replica::Progress> Replica::leave_branch(
    Leader& leader, const std::string& why, bool concerns_open
) {
    const uint64_t head = parts_.mirror.head()->header.number;
    const std::string reason = leader.origin() + ": " + why;
    if (concerns_open) {
        // Before anybody is asked, who may not answer: part of what was refused may be in the
        // mirror, told to nobody, where the next leader's records would go on from it.
        if (auto back = go_back_to(head, reason); !back) {
            return Err{back.error()};
        }
        leader.forget_pushed();
    }
    const auto common = find_common(leader);
    if (!common) {
        return Err{common.error()};
    }
    const bool is_kept = *common && (**common == head || [&] {
        const auto diff = parts_.checkpointer.blocks().diff(**common + 1);
        return diff && *diff != nullptr;
    }());
    if (!is_kept) {
        const std::string known =
            *common
                ? fmt::format(
                      "the last block in common is {}, and the state diffs after it are not kept",
                      **common
                  )
                : "none of the blocks that could be gone back to is in common";
        return Err{refuse_branch(fmt::format(
            "fork: {} is on another branch of the chain than this node, which cannot go back that "
            "far: {}; {}. Follow another leader, or begin anew in a fresh directory, best from a "
            "snapshot of a node that is trusted (mega snapshot import)",
            leader.origin(),
            why,
            known
        ))};
    }
    if (**common < head) {
        if (auto back = go_back_to(**common, reason); !back) {
            return Err{back.error()};
        }
        leader.forget_pushed();
    } else if (!concerns_open) {
        return Progress::nothing;  // said before the leader went where both are now
    }
    return wait_ms(pause_ms) ? Progress::went_back : Progress::nothing;
}

Replica::Step<Replica::Progress> Replica::take_return(
    Leader& leader, const feed::RevertRecord& record
) {
    const uint64_t head = parts_.mirror.head()->header.number;
    if (record.number > head) {
        return Progress::gap;
    }
    const std::string why =
        "the chain has gone back to the end of block " + std::to_string(record.number);
    if (record.number == head) {
        if (auto back = go_back_to(head, leader.origin() + ": " + why); !back) {
            return Err{back.error()};
        }
        return Progress::went_back;
    }
    // The record may have waited while what came after it was fetched.
    return leave_branch(leader, why, false);
}

Replica::Interruption Replica::refuse_branch(const std::string& words) {
    // Another one may be on this branch.
    return options_.leader_urls.size() > 1 ? Interruption{words} : fail(words, exit_mismatch);
}

Replica::Step<void> Replica::go_back_to(uint64_t number, const std::string& why) {
    const uint64_t head = parts_.mirror.head()->header.number;
    note_withdrawn(std::span(parts_.mirror.executed()).first(told_));
    parts_.mirror.give_up_open_block();
    told_ = 0;
    if (!unsaved_.empty()) {
        checkpoint();
    }
    records_.clear();
    records_bytes_ = 0;
    do {
        const uint64_t present = parts_.mirror.head()->header.number;
        const uint64_t next = std::max(number, present - std::min(present, blocks_a_step));
        for (uint64_t block = next + 1; block <= present; ++block) {
            if (taken_back_.size() >= max_reported) {
                break;
            }
            if (auto sent = parts_.checkpointer.sent_in(block, block)) {
                note_withdrawn(*sent);
            }
        }
        last_sequence_ = parts_.log.append(encode(feed::Record{feed::RevertRecord{next}}));
        auto done = parts_.log.flush();
        if (done) {
            done = return_to(
                next, parts_.mirror, parts_.checkpointer, parts_.l1_genesis, last_sequence_
            );
        }
        if (!done) {
            return Err{
                fail(fmt::format("cannot go back to block {}: {}", next, done.error().message), 1)
            };
        }
        seal_sequence_ = last_sequence_;
        parts_.log.truncate_before(last_sequence_);
        parts_.publisher.post(
            [this, next, sealed = parts_.mirror.head(), open = parts_.mirror.open()] {
                parts_.head.move_to(sealed, open);
                parts_.publisher.tell([&](sequencer::Listener& listener) {
                    listener.on_reverted(next);
                    listener.on_opened(open);
                });
            }
        );
    } while (parts_.mirror.head()->header.number > number);
    if (number == head && taken_back_.empty()) {
        return {};
    }
    ++status_.reorganisations;
    options_.warn(fmt::format("went back from block {} to block {}: {}", head, number, why));
    if (!withdrawn_) {
        withdrawn_.emplace();
        withdrawn_->report.kept = number;
    }
    withdrawn_->report.kept = std::min(withdrawn_->report.kept, number);
    withdrawn_->report.previous_head = std::max(withdrawn_->report.previous_head, head);
    withdrawn_->report.reason = why;
    withdrawn_->is_due = false;
    withdrawn_->sent.insert(withdrawn_->sent.end(), taken_back_.begin(), taken_back_.end());
    withdrawn_->sent.resize(std::min(withdrawn_->sent.size(), max_reported));
    taken_back_.clear();
    return {};
}

void Replica::note_withdrawn(std::span<const sequencer::ExecutedPtr> executed) {
    const size_t room = max_reported - std::min(max_reported, taken_back_.size());
    for (const auto& one : executed.first(std::min(room, executed.size()))) {
        if (one->tx->tx.type != TxType::deposit) {
            taken_back_.push_back(one);
        }
    }
}

/// When a block has ended after the leader was caught up with: by then it has executed again what
/// it could.
void Replica::report_withdrawn() {
    parts_.publisher.post([this, withdrawn = *std::exchange(withdrawn_, std::nullopt)] {
        sequencer::Reorganisation report = withdrawn.report;
        for (const sequencer::ExecutedPtr& before : withdrawn.sent) {
            const auto after = parts_.reader.transaction(before->tx->hash);
            if (!after || !*after) {
                report.dropped.push_back(before->tx->hash);
            } else if (!came_out_alike(*before, *(*after)->executed)) {
                report.changed.push_back(before->tx->hash);
            }
        }
        parts_.publisher.tell([&](sequencer::Listener& listener) {
            listener.on_reorganised(report);
        });
    });
}

}  // namespace mega::replica
