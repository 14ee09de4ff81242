#pragma once

// Many plain transfers in a row, without a version, a record and a commit for each.
//
// What a transfer does is known before it runs: a nonce goes up, money moves. So a run of them is
// settled account by account. As long as every transfer can be made, accounts do not depend on each
// other: the movements of each, in the order of the transactions, give all its balances, whoever
// owns the other side. The first that cannot be made ends the batch; all before it stand.
//
//   chunk k:    plan pieces  -------->  settle shards  ------->  deliver
//               by transaction: costs,  by account: before and   in order: fees add up, gas adds
//               movements sorted into   after written into the   up, receipts, ledger
//               shards of accounts      diffs of transactions
//   chunk k+1:               plan pieces  ----------->  settle shards  -------> ...
//
// Pieces and shards are for whoever is free; a shard settles chunk after chunk. Delivery is one
// thread's at a time, beside planning and settling of what follows. A sender with a thousand
// transactions, or a recipient of all, costs no more than others do.
//
// Who lives on fees (the beneficiary, the fee vault) changes with every transfer and takes part in
// none: their sums are made on delivery.

#include "parallel/ledger.hpp"
#include "parallel/report.hpp"
#include "parallel/transfer_shard.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

namespace mega::parallel {

class TransferBatch {
  public:
    struct Job {
        const state::StateView* view = nullptr;  // allows reads from many threads at once
        const execution::BlockEnv* env = nullptr;
        execution::ExecutionOptions options;
        TransactionSpan transactions;  // up to the first that it does not take
        size_t first_index = 0;        // in the batch
        Ledger* ledger = nullptr;
        state::AccessLog* accesses = nullptr;  // Batch
        uint64_t batch_began_ns = 0;
    };

    TransferBatch();
    ~TransferBatch();

    void begin(const Job& job);
    /// Any number of threads. Returns when nothing is left to do. What the thread does is noted in
    /// `spans`, if there are any: a piece or a chunk, by the number of its first transaction.
    void work(uint32_t thread, std::vector<Span>* spans = nullptr);

    /// How many transactions are done with, accepted or refused. The one after them, if there is
    /// one, has not been looked at or is no transfer of a batch. Meaningful once all threads are
    /// back.
    [[nodiscard]] size_t done() const { return delivered_; }
    /// All of them: what visit_accounts() gives is the state after them.
    [[nodiscard]] bool is_complete() const { return delivered_ == job_.transactions.size(); }
    /// What looks like a transfer to one of these is a call. Bounded; what does not fit any more is
    /// learned again.
    void remember_contract(const Address& address);
    /// It looks like a transfer, and not to one of these.
    [[nodiscard]] bool takes(Fork fork, const Transaction& tx) const {
        return execution::looks_like_transfer(fork, tx) && !is_known_call(tx);
    }

    /// visit(address, account) of each account that was met and exists.
    template <class Visit>
    void visit_accounts(Visit&& visit) const {
        for (const TransferShard& shard : shards_) {
            shard.visit(visit);
        }
        for (const FeeReceiver* receiver : {&beneficiary_, &vault_}) {
            if (receiver->account) {
                visit(receiver->address, *receiver->account);
            }
        }
    }

  private:
    static constexpr size_t shard_bits = 4;
    static constexpr size_t shard_count = size_t{1} << shard_bits;
    static constexpr size_t piece_size = 64;
    static constexpr size_t pieces_of_chunk = 16;
    static constexpr size_t chunk_size = piece_size * pieces_of_chunk;
    static constexpr size_t chunks_ahead = 3;  // planned or settled, and not delivered

    /// Movements of one piece, by shard.
    using SortedMovements = std::array<std::vector<Movement>, shard_count>;
    struct Chunk;
    struct FeeReceiver {
        Address address;
        std::optional<Account> account;
        bool is_noted = false;  // in the access log
    };
    struct Task {
        enum class Kind : uint8_t { none, over, plan, settle, deliver };
        Kind kind = Kind::none;
        Chunk* chunk = nullptr;
        size_t part = 0;  // piece or shard
    };

    [[nodiscard]] bool is_known_call(const Transaction& tx) const {
        return !contracts_.empty() && tx.to && contracts_.contains(*tx.to);
    }
    [[nodiscard]] bool is_ordinary(const FeeReceiver& receiver) const;
    [[nodiscard]] Task take_task();
    [[nodiscard]] Chunk& last_opened();
    [[nodiscard]] bool has_piece();
    [[nodiscard]] bool open_chunk();
    [[nodiscard]] Task wait_for_task();
    void run(const Task& task);
    [[nodiscard]] Span span_of(const Task& task, uint32_t thread) const;
    void finish(const Task& task);

    void plan(Chunk& chunk, size_t piece);
    void settle(Chunk& chunk, size_t shard);
    void deliver(Chunk& chunk);
    [[nodiscard]] bool deliver(Chunk& chunk, size_t transfer);
    void note_accesses(const Chunk& chunk, size_t transfer);
    /// The transaction of this number, and all after it, are not for this batch.
    void cut(size_t transfer);

    Job job_;
    state::SeededHash hash_;
    std::array<TransferShard, shard_count> shards_;
    std::array<std::unique_ptr<Chunk>, chunks_ahead> chunks_;
    std::atomic<size_t> cut_{0};
    std::unordered_set<Address> contracts_;
    // Whoever delivers.
    FeeReceiver beneficiary_;
    FeeReceiver vault_;
    size_t delivered_ = 0;

    std::mutex mutex_;  // guards what follows, and the counters of chunks
    std::condition_variable changed_;
    size_t opened_ = 0;   // chunks that are being planned, or have been
    size_t settled_ = 0;  // chunks
    size_t given_ = 0;    // chunks whose delivery has ended
    bool is_delivering_ = false;
    bool is_over_ = false;
};

}  // namespace mega::parallel
