#include "bench/stages.hpp"

#include "bench/clock.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace mega::bench {
namespace {

/// Blocks between two checkpoints, as many as a run has: every run pays for the database.
constexpr size_t blocks_per_checkpoint = 5;
/// Batches that recovery may be ahead of execution.
constexpr size_t max_ahead = 64;

/// Adds the processor time since the last call to one stage after the other.
class Stopwatch {
  public:
    void add_to(double& stage) { stage += static_cast<double>(lap()); }
    /// What this thread spent goes to `own`, what others spent to `others`.
    void split(double& own, double& others) {
        const uint64_t thread_now = thread_cpu_ns();
        const uint64_t thread_spent = thread_now - thread_;
        const uint64_t spent = lap();
        own += static_cast<double>(std::min(thread_spent, spent));
        others += static_cast<double>(spent - std::min(thread_spent, spent));
    }

  private:
    uint64_t lap() {
        const uint64_t now = process_cpu_ns();
        const uint64_t spent = now - process_;
        process_ = now;
        thread_ = thread_cpu_ns();
        return spent;
    }

    uint64_t process_ = process_cpu_ns();
    uint64_t thread_ = thread_cpu_ns();
};

using Batch = std::vector<mempool::TxPtr>;

SignedTransaction decode_one(const Bytes& raw) {
    auto tx = decode_transaction(raw);
    MEGA_ASSERT(tx.has_value());
    return {.tx = std::move(*tx), .sender = {}, .hash = transaction_hash(raw), .raw = raw};
}

void recover_one(SignedTransaction& tx) {
    const auto sender = recover_sender(tx.tx);
    MEGA_ASSERT(sender.has_value());
    tx.sender = *sender;
}

size_t batch_count(const Workload& work) {
    return (work.transactions.size() + work.batch - 1) / work.batch;
}

std::span<const Bytes> batch_at(const Workload& work, size_t index) {
    const size_t begin = index * work.batch;
    return work.transactions.subspan(begin, std::min(work.batch, work.transactions.size() - begin));
}

bool ends_block(const Workload& work, size_t batch) {
    return (batch + 1) % work.batches_per_block == 0 || batch + 1 == batch_count(work);
}

bool ends_checkpoint(const Workload& work, size_t batch) {
    const size_t blocks = (batch + 1) / work.batches_per_block;
    return batch + 1 == batch_count(work) ||
           (ends_block(work, batch) && blocks % blocks_per_checkpoint == 0);
}

void run_batch(Engine& engine, std::span<const Bytes> raws, StageCosts& costs, Stopwatch& watch) {
    std::vector<SignedTransaction> decoded;
    decoded.reserve(raws.size());
    for (const Bytes& raw : raws) {
        decoded.push_back(decode_one(raw));
    }
    watch.add_to(costs.decode);
    for (SignedTransaction& tx : decoded) {
        recover_one(tx);
    }
    watch.add_to(costs.recover);
    Batch batch;
    batch.reserve(decoded.size());
    for (SignedTransaction& tx : decoded) {
        batch.push_back(std::make_shared<const SignedTransaction>(std::move(tx)));
    }
    engine.execute(batch);
    watch.add_to(costs.execute);
    engine.log_batch();
    engine.sync_log();
    watch.add_to(costs.log);
    engine.close_mini_block();
    engine.wait_for_tree();
    watch.split(costs.mini_block, costs.tree);
}

void end_block(Engine& engine, StageCosts& costs, Stopwatch& watch) {
    engine.seal();
    watch.split(costs.seal, costs.tree);
    engine.open_next();
    watch.add_to(costs.write);
    engine.sync_log();
    watch.add_to(costs.log);
}

/// Recovers on all cores, in order of batches; bounded in how far it runs ahead.
class RecoveryPool {
  public:
    explicit RecoveryPool(const Workload& work) : work_(&work), ready_(batch_count(work)) {
        for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
            threads_.emplace_back([this] { run(); });
        }
    }
    ~RecoveryPool() {
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }
    RecoveryPool(const RecoveryPool&) = delete;
    RecoveryPool& operator=(const RecoveryPool&) = delete;

    Batch take(size_t index) {
        ready_[index].done.wait(false);
        taken_ = index + 1;
        taken_.notify_all();
        return std::move(ready_[index].batch);
    }

  private:
    struct Slot {
        Batch batch;
        std::atomic<bool> done{false};
    };

    void run() {
        for (size_t i = next_++; i < ready_.size(); i = next_++) {
            for (size_t taken = taken_; i >= taken + max_ahead; taken = taken_) {
                taken_.wait(taken);
            }
            for (const Bytes& raw : batch_at(*work_, i)) {
                SignedTransaction tx = decode_one(raw);
                recover_one(tx);
                ready_[i].batch.push_back(std::make_shared<const SignedTransaction>(std::move(tx)));
            }
            ready_[i].done = true;
            ready_[i].done.notify_all();
        }
    }

    const Workload* work_;
    std::vector<Slot> ready_;
    std::atomic<size_t> next_{0};
    std::atomic<size_t> taken_{0};
    std::vector<std::thread> threads_;
};

double seconds_since(uint64_t started_ns) {
    return static_cast<double>(now_ns() - started_ns) / 1e9;
}

}  // namespace

StageCosts measure_stages(Engine& engine, const Workload& work) {
    StageCosts costs;
    Stopwatch watch;
    for (size_t i = 0; i < batch_count(work); ++i) {
        run_batch(engine, batch_at(work, i), costs, watch);
        if (ends_block(work, i)) {
            end_block(engine, costs, watch);
        }
        if (ends_checkpoint(work, i)) {
            engine.checkpoint();
            watch.add_to(costs.write);
        }
    }
    const double ns_to_us_each = 1e-3 / static_cast<double>(work.transactions.size());
    for (double* stage :
         {&costs.decode,
          &costs.recover,
          &costs.execute,
          &costs.mini_block,
          &costs.tree,
          &costs.seal,
          &costs.log,
          &costs.write}) {
        *stage *= ns_to_us_each;
    }
    return costs;
}

double measure_pipeline(Engine& engine, const Workload& work) {
    const uint64_t started = now_ns();
    RecoveryPool recovery(work);
    for (size_t i = 0; i < batch_count(work); ++i) {
        engine.execute(recovery.take(i));
        engine.log_batch();
        engine.close_mini_block();
        if (ends_block(work, i)) {
            engine.seal();
            engine.open_next();
        }
        if (ends_checkpoint(work, i)) {
            engine.begin_checkpoint();
        }
    }
    engine.sync_log();
    engine.finish_checkpoints();
    return seconds_since(started);
}

double measure_recovery(std::span<const Bytes> transactions) {
    std::vector<SignedTransaction> decoded(transactions.size());
    for (size_t i = 0; i < transactions.size(); ++i) {
        decoded[i] = decode_one(transactions[i]);
    }
    const uint64_t started = now_ns();
    on_all_cores(decoded.size(), [&](uint64_t i) { recover_one(decoded[i]); });
    return seconds_since(started);
}

}  // namespace mega::bench
