#pragma once

// Threads for slow methods, behind a bounded queue.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mega::rpc {

class WorkerPool {
  public:
    WorkerPool(size_t threads, size_t max_queue);
    /// Runs what is queued, then ends.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when the queue is full: the task was not taken.
    [[nodiscard]] bool try_post(std::function<void()> task);
    [[nodiscard]] size_t queued() const;

  private:
    void work();

    const size_t max_queue_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> tasks_;  // guarded by mutex_
    bool stopping_ = false;                    // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace mega::rpc
