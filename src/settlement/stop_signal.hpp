#pragma once

// How the threads of settlement wait: for a while, or until they are told to end. Thread-safe; once
// stopped it stays so.

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace mega::settlement {

class StopSignal {
  public:
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            is_stopped_ = true;
        }
        changed_.notify_all();
    }
    [[nodiscard]] bool is_stopped() const {
        const std::lock_guard lock(mutex_);
        return is_stopped_;
    }
    /// False when told to stop, before or meanwhile.
    [[nodiscard]] bool wait_ms(uint64_t time_ms) const {
        std::unique_lock lock(mutex_);
        return !changed_.wait_for(lock, std::chrono::milliseconds(time_ms), [this] {
            return is_stopped_;
        });
    }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool is_stopped_ = false;  // guarded by mutex_
};

}  // namespace mega::settlement
