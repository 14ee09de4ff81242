#pragma once

// A thread that runs tasks in the order in which they were posted. Any thread may post.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace mega::sequencer {

class TaskThread {
  public:
    using Task = std::function<void()>;

    TaskThread();
    /// Runs what is queued, then ends.
    ~TaskThread();
    TaskThread(const TaskThread&) = delete;
    TaskThread& operator=(const TaskThread&) = delete;

    void post(Task task);
    /// Runs `task` after everything posted so far, and waits for it. Not from the thread itself.
    void run(const Task& task);

  private:
    void work();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;  // guarded by mutex_
    bool stopping_ = false;   // guarded by mutex_
    std::thread thread_;
};

}  // namespace mega::sequencer
