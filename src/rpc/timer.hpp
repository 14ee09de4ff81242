#pragma once

// Calls functions later, from one thread of its own; they must be short. Thread-safe.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace mega::rpc {

class Timer {
  public:
    using Task = std::function<void()>;
    /// Names a task that waits.
    using Key = std::pair<std::chrono::steady_clock::time_point, uint64_t>;

    Timer();
    ~Timer() { stop(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    Key after(uint32_t delay_ms, Task task);
    /// Does nothing when the task has run, or is running.
    void cancel(const Key& key);
    /// Drops what is not due and joins the thread; nothing runs from here on.
    void stop();
    [[nodiscard]] size_t waiting() const;

  private:
    using Clock = std::chrono::steady_clock;
    void work();

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::map<Key, Task> tasks_;   // guarded by mutex_
    uint64_t next_sequence_ = 0;  // guarded by mutex_
    bool stopping_ = false;       // guarded by mutex_
    std::thread thread_;
};

}  // namespace mega::rpc
