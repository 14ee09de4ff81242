#include "sequencer/job_pool.hpp"

namespace mega::sequencer {

JobPool::JobPool(size_t width) {
    for (size_t i = 1; i < width; ++i) {
        threads_.emplace_back([this] { serve(); });
    }
}

JobPool::~JobPool() {
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void JobPool::run(size_t count, const std::function<void(size_t)>& job) {
    {
        const std::lock_guard lock{mutex_};
        job_ = &job;
        count_ = count;
        next_.store(0);
        ++round_;
    }
    changed_.notify_all();
    work(job);
    std::unique_lock lock{mutex_};
    job_ = nullptr;  // who has not woken up yet stays out
    changed_.wait(lock, [this] { return inside_ == 0; });
}

void JobPool::serve() {
    uint64_t last_round = 0;
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [&] {
            return is_stopping_ || (job_ != nullptr && round_ != last_round);
        });
        if (is_stopping_) {
            return;
        }
        last_round = round_;
        ++inside_;
        const std::function<void(size_t)>& job = *job_;
        lock.unlock();
        work(job);
        lock.lock();
        if (--inside_ == 0) {
            changed_.notify_all();
        }
    }
}

/// Whoever is inside keeps the caller, and with it `count_`, where it is.
void JobPool::work(const std::function<void(size_t)>& job) {
    for (size_t i = next_.fetch_add(1); i < count_; i = next_.fetch_add(1)) {
        job(i);
    }
}

}  // namespace mega::sequencer
