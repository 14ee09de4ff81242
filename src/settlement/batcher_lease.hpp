#pragma once

// Who posts, of several processes that hold the same key: a second machine that stands by, a
// restart elsewhere before the first is gone. L1 alone is between them, so L1 holds the lease:
//
//   who posted the last batch holds it, for `lease_s` from that batch's L1 block on: each batch
//     renews it. The transaction of a batch ends in the name of its holder, which contracts do not
//     read:  call ‖ holder (8 bytes)
//   who sees another's batch, or another's transaction of the key waiting in the pool, stands back;
//   a lease that has run out goes to whoever is first; each waits a random while before it tries,
//     so that they seldom try at once.
//
// The lease saves fees, it does not keep order. Order is kept by the nonce: a batch is sent under
// the nonce that the key had in the L1 block whose last batch it continues. Once another batch of
// the key is in, that nonce is gone, and L1 does not take (or charge for) what comes second.
//
// Batches of other keys are no business of it: BatchInbox asks its registry whose turn it is.
//
// One thread.

#include "settlement/inbox.hpp"

#include <functional>
#include <optional>
#include <random>
#include <string>

namespace mega::settlement {

inline constexpr size_t holder_size = 8;
/// The name of a process, kept in its data directory.
using HolderId = FixedBytes<holder_size>;

struct BatcherLeaseOptions {
    Address batch_inbox{};
    Address sender{};
    HolderId holder{};
    uint64_t lease_s = 0;  // 0: no lease, this process is the only one
    /// Milliseconds that only grow; the system's steady clock when empty.
    std::function<uint64_t()> now_ms{};
};

class BatcherLease {
  public:
    BatcherLease(L1Client& client, BatcherLeaseOptions options);

    struct Answer {
        /// Why not to post now.
        std::optional<std::string> stand_back;
        /// What waits in the pool under `nonce` is this process's own, or has waited for too long.
        bool may_outbid = true;
    };
    /// `nonce`: of the sender at the end of head.l1.
    [[nodiscard]] Result<Answer> ask(const InboxHead& head, uint64_t nonce);
    /// Another came first under that nonce: stand back for a random while.
    void collide(uint64_t nonce);
    /// With the holder's name at its end.
    [[nodiscard]] Bytes signed_call(Bytes call) const;

  private:
    /// The last batch, if another process posted it with this key not long ago.
    struct Other {
        std::optional<HolderId> holder;  // none: it names nobody
        uint64_t posted_at = 0;          // L1's clock
        uint64_t seen_at_ms = 0;
        uint64_t jitter_s = 0;
    };
    [[nodiscard]] Result<void> look_at_last_batch(const InboxHead& head);
    [[nodiscard]] Result<Answer> look_at_pool(uint64_t nonce);
    void note_waiting(uint64_t nonce);
    [[nodiscard]] bool is_held(const InboxHead& head) const;
    [[nodiscard]] uint64_t random_below(uint64_t bound);

    L1Client* client_;
    BatcherLeaseOptions options_;
    std::minstd_rand random_;
    Hash256 last_batch_{};  // that was looked at
    std::optional<Other> other_;
    /// Another's transaction that holds the place of ours.
    struct Waiting {
        uint64_t nonce = 0;
        uint64_t since_ms = 0;
    };
    std::optional<Waiting> waiting_;
    uint64_t again_at_ms_ = 0;  // after a collision
};

}  // namespace mega::settlement
