#pragma once

// Where the chain stands, for readers on any thread: the last sealed block and the open one.
// Everything seen through it is durable.

#include "sequencer/open_block.hpp"

#include <mutex>
#include <optional>

namespace mega::sequencer {

class Head {
  public:
    struct Position {
        SealedPtr sealed;
        OpenBlockPtr open;
    };

    [[nodiscard]] Position position() const {
        const std::lock_guard lock(mutex_);
        return position_;
    }
    void move_to(SealedPtr sealed, OpenBlockPtr open) {
        const std::lock_guard lock(mutex_);
        position_ = {std::move(sealed), std::move(open)};
    }

    /// What L1 has of the chain: the last block in a batch, and the last in a batch of finalised L1
    /// blocks.
    struct Settled {
        uint64_t safe = 0;
        uint64_t finalized = 0;
        friend bool operator==(const Settled&, const Settled&) = default;
    };
    /// Nothing while there is no L1.
    [[nodiscard]] std::optional<Settled> settled() const {
        const std::lock_guard lock(mutex_);
        return settled_;
    }
    /// May also go back, when L1 does.
    void settle(const Settled& settled) {
        const std::lock_guard lock(mutex_);
        settled_ = settled;
    }

  private:
    mutable std::mutex mutex_;
    Position position_;               // guarded by mutex_
    std::optional<Settled> settled_;  // guarded by mutex_
};

}  // namespace mega::sequencer
