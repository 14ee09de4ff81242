#include "sequencer/task_thread.hpp"

#include <future>

namespace mega::sequencer {

TaskThread::TaskThread() : thread_([this] { work(); }) {}

TaskThread::~TaskThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void TaskThread::post(Task task) {
    // Notifies under the lock: once the task has run, its owner may end this object.
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake_.notify_one();
}

void TaskThread::run(const Task& task) {
    std::promise<void> done;
    post([&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

void TaskThread::work() {
    std::deque<Task> batch;
    while (true) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (tasks_.empty()) {
                return;
            }
            batch.swap(tasks_);
        }
        for (const Task& task : batch) {
            task();
        }
        batch.clear();
    }
}

}  // namespace mega::sequencer
