#pragma once

// Threads lent to the state tree for hashing (trie/jobs.hpp). They sleep between calls.

#include "trie/jobs.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace mega::sequencer {

class JobPool final : public trie::Jobs {
  public:
    /// `width` counts the caller of run(): one thread fewer is started.
    explicit JobPool(size_t width);
    ~JobPool() override;

    [[nodiscard]] size_t width() const override { return threads_.size() + 1; }
    /// One call at a time. The caller works too, so that it ends also when no thread wakes up in
    /// time.
    void run(size_t count, const std::function<void(size_t)>& job) override;

  private:
    void serve();
    void work(const std::function<void(size_t)>& job);

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void(size_t)>* job_ = nullptr;  // guarded by mutex_, as all below
    uint64_t round_ = 0;
    size_t inside_ = 0;  // threads that work for the present caller
    bool is_stopping_ = false;

    std::atomic<size_t> next_{0};
    size_t count_ = 0;  // written between rounds
    std::vector<std::thread> threads_;
};

}  // namespace mega::sequencer
