#pragma once

// For tests and benchmarks: threads to lend a tree.

#include "trie/jobs.hpp"

#include <algorithm>
#include <thread>
#include <vector>

namespace mega::trie::test {

/// Starts a thread for each job but the last.
class ThreadedJobs final : public Jobs {
  public:
    explicit ThreadedJobs(size_t width) : width_(width) {}

    [[nodiscard]] size_t width() const override { return width_; }
    void run(size_t count, const std::function<void(size_t)>& job) override {
        most_jobs = std::max(most_jobs, count);
        std::vector<std::thread> threads;
        for (size_t i = 0; i + 1 < count; ++i) {
            threads.emplace_back([&job, i] { job(i); });
        }
        job(count - 1);
        for (std::thread& thread : threads) {
            thread.join();
        }
    }

    size_t most_jobs = 0;

  private:
    size_t width_;
};

}  // namespace mega::trie::test
