#pragma once

// Where the chain stands, for readers on any thread: the last sealed block and the open one.
// Everything seen through it is durable.

#include "sequencer/open_block.hpp"

#include <mutex>

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

  private:
    mutable std::mutex mutex_;
    Position position_;  // guarded by mutex_
};

}  // namespace mega::sequencer
