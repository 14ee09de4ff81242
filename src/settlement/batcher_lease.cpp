#include "settlement/batcher_lease.hpp"

#include <algorithm>
#include <chrono>

namespace mega::settlement {
namespace {

constexpr size_t selector_size = 4;
constexpr size_t word_size = 32;
constexpr uint64_t ms = 1'000;
/// A random while is at most this part of the lease.
constexpr uint64_t jitter_part = 4;
constexpr uint64_t most_blocks_searched = 2'000;  // of logs, which every node answers

uint64_t steady_ms() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now().time_since_epoch()
    )
                                     .count());
}

/// A call is a selector and whole words: what follows them is the holder's name.
std::optional<HolderId> holder_of(BytesView call) {
    if (call.size() < selector_size || (call.size() - selector_size) % word_size != holder_size) {
        return std::nullopt;
    }
    return HolderId::from(call.last(holder_size));
}

std::string name_of(const std::optional<HolderId>& holder) {
    return holder ? "another batcher, " + to_hex(*holder) + "," : std::string("somebody else");
}

}  // namespace

BatcherLease::BatcherLease(L1Client& client, BatcherLeaseOptions options)
    : client_(&client), options_(std::move(options)), random_(std::random_device{}()) {
    if (!options_.now_ms) {
        options_.now_ms = steady_ms;
    }
}

Bytes BatcherLease::signed_call(Bytes call) const {
    if (options_.lease_s != 0) {
        append(call, options_.holder.view());
    }
    return call;
}

uint64_t BatcherLease::random_below(uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }

void BatcherLease::note_waiting(uint64_t nonce) {
    if (!waiting_ || waiting_->nonce != nonce) {
        waiting_ = Waiting{.nonce = nonce, .since_ms = options_.now_ms()};
    }
}

void BatcherLease::collide(uint64_t nonce) {
    note_waiting(nonce);  // not every node counts what waits
    again_at_ms_ = options_.now_ms() + random_below(options_.lease_s * ms / jitter_part);
}

Result<BatcherLease::Answer> BatcherLease::ask(const InboxHead& head, uint64_t nonce) {
    if (options_.lease_s == 0) {
        return Answer{};
    }
    if (auto looked = look_at_last_batch(head); !looked) {
        return Err{looked.error()};
    }
    if (is_held(head)) {
        return Answer{
            .stand_back = name_of(other_->holder) + " posts with this key: standing by",
            .may_outbid = false
        };
    }
    if (options_.now_ms() < again_at_ms_) {
        return Answer{
            .stand_back = "another transaction of this key came first", .may_outbid = false
        };
    }
    return look_at_pool(nonce);
}

/// By L1's clock, or by this process's where L1 makes no blocks.
bool BatcherLease::is_held(const InboxHead& head) const {
    if (!other_) {
        return false;
    }
    const uint64_t held_s = options_.lease_s + other_->jitter_s;
    return head.l1.timestamp < other_->posted_at + held_s &&
           options_.now_ms() < other_->seen_at_ms + held_s * ms;
}

Result<void> BatcherLease::look_at_last_batch(const InboxHead& head) {
    if (head.next_index == 0 || head.last_hash == last_batch_) {
        return {};
    }
    // Blocks are a second apart at least: what is not among these is older than any lease.
    const uint64_t range =
        std::min(options_.lease_s + options_.lease_s / jitter_part, most_blocks_searched);
    const auto batches = read_batches(
        *client_,
        options_.batch_inbox,
        head.l1.number - std::min(head.l1.number, range),
        head.l1.number
    );
    if (!batches) {
        return Err{batches.error()};
    }
    const auto last = std::ranges::find(*batches, head.last_hash, [](const BatchAt& batch) {
        return batch.posted.hash;
    });
    std::optional<Other> other;
    if (last != batches->end() && last->posted.header.sequencer == options_.sender) {
        const auto tx = client_->transaction(last->tx_hash);
        const auto block = client_->block(last->block.number);
        if (!tx || !block) {
            return Err{!tx ? tx.error() : block.error()};
        }
        if (!*tx || !*block) {
            return Err{Error{"L1 does not show the transaction of its last batch"}};
        }
        const auto holder = holder_of((*tx)->data);
        if (holder != options_.holder) {
            other = Other{
                .holder = holder,
                .posted_at = (*block)->timestamp,
                .seen_at_ms = options_.now_ms(),
                .jitter_s = random_below(options_.lease_s / jitter_part + 1)
            };
        }
    }
    other_ = other;
    last_batch_ = head.last_hash;
    return {};
}

Result<BatcherLease::Answer> BatcherLease::look_at_pool(uint64_t nonce) {
    const auto next = client_->nonce(options_.sender, /*is_pending=*/true);
    if (!next) {
        return Err{next.error()};
    }
    const bool has_waited = waiting_ && waiting_->nonce == nonce &&
                            options_.now_ms() >= waiting_->since_ms + options_.lease_s * ms;
    if (has_waited || *next <= nonce) {
        return Answer{.stand_back = {}, .may_outbid = has_waited};
    }
    const auto pending = client_->pending(options_.sender);
    if (!pending) {
        return Err{pending.error()};
    }
    const auto waiting = std::ranges::find_if(*pending, [&](const L1Transaction& tx) {
        return tx.from == options_.sender && tx.nonce == nonce;
    });
    const auto holder =
        waiting != pending->end() ? holder_of(waiting->data) : std::optional<HolderId>{};
    if (holder == options_.holder) {
        return Answer{};  // of a run before this one
    }
    note_waiting(nonce);
    return Answer{
        .stand_back = name_of(holder) + " has a transaction of this key in L1's pool: standing by",
        .may_outbid = false
    };
}

}  // namespace mega::settlement
