#include "rpc/timer.hpp"

namespace mega::rpc {

Timer::Timer() : thread_([this] { work(); }) {}

void Timer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Timer::Key Timer::after(uint32_t delay_ms, Task task) {
    const auto due = Clock::now() + std::chrono::milliseconds(delay_ms);
    Key key{due, 0};
    bool is_first = false;
    {
        const std::lock_guard lock(mutex_);
        key.second = next_sequence_++;
        const auto at = tasks_.emplace(key, std::move(task)).first;
        is_first = at == tasks_.begin();
    }
    if (is_first) {
        wake_.notify_one();
    }
    return key;
}

void Timer::cancel(const Key& key) {
    Task dropped;  // ends outside the lock: what it holds may be large
    const std::lock_guard lock(mutex_);
    const auto at = tasks_.find(key);
    if (at != tasks_.end()) {
        dropped = std::move(at->second);
        tasks_.erase(at);
    }
}

size_t Timer::waiting() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

void Timer::work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (tasks_.empty()) {
            wake_.wait(lock);
            continue;
        }
        const auto due = tasks_.begin()->first.first;
        if (Clock::now() < due) {
            wake_.wait_until(lock, due);
            continue;
        }
        const Task task = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace mega::rpc
