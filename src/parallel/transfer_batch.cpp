#include "parallel/transfer_batch.hpp"

#include "parallel/clock.hpp"

#include <utility>

namespace mega::parallel {

struct TransferBatch::Chunk {
    size_t first = 0;  // of the job's transactions
    size_t size = 0;
    std::array<PlannedTransfer, chunk_size> transfers;
    std::array<SortedMovements, pieces_of_chunk> movements;
    // Which transfers meet an account that none before has met; noted when accesses are.
    std::array<bool, chunk_size> has_new_sender{};
    std::array<bool, chunk_size> has_new_recipient{};
    // Guarded by the batch's mutex.
    size_t pieces = 0;
    size_t next_piece = 0;
    size_t planned_pieces = 0;
    size_t next_shard = 0;
    size_t settled_shards = 0;
};

TransferBatch::TransferBatch() : hash_(state::SeededHash::from_place(this)) {}

TransferBatch::~TransferBatch() = default;

void TransferBatch::begin(const Job& job) {
    job_ = job;
    for (TransferShard& shard : shards_) {
        shard.begin(*job.view);
    }
    for (std::unique_ptr<Chunk>& chunk : chunks_) {
        if (chunk == nullptr) {
            chunk = std::make_unique<Chunk>();
        }
    }
    beneficiary_ = {job.env->context.beneficiary, job.view->account(job.env->context.beneficiary)};
    vault_ = {execution::fee_vault_address, std::nullopt};
    if (job.env->l2_fees.pays_vault()) {
        vault_.account = job.view->account(execution::fee_vault_address);
    }
    cut_.store(job.transactions.size());
    if (!is_ordinary(beneficiary_) || !is_ordinary(vault_)) {
        cut_.store(0);
    }
    delivered_ = 0;
    opened_ = 0;
    settled_ = 0;
    given_ = 0;
    is_delivering_ = false;
    is_over_ = cut_.load() == 0;
}

/// One that a fee of zero would sweep away (EIP-161), or whose sum might wrap, is not.
bool TransferBatch::is_ordinary(const FeeReceiver& receiver) const {
    return !receiver.account ||
           (!receiver.account->is_empty() && receiver.account->balance < state::high_balance);
}

void TransferBatch::remember_contract(const Address& address) {
    constexpr size_t most = 4096;
    if (contracts_.size() == most) {
        contracts_.clear();
    }
    contracts_.insert(address);
}

void TransferBatch::cut(size_t transfer) {
    size_t lowest = cut_.load();
    while (transfer < lowest && !cut_.compare_exchange_weak(lowest, transfer)) {
    }
}

// -----------------------------------------------------------------------------------------------
// who does what

void TransferBatch::work(uint32_t thread, std::vector<Span>* spans) {
    while (true) {
        const Task task = wait_for_task();
        if (task.kind == Task::Kind::over) {
            return;
        }
        if (spans == nullptr) {
            run(task);
        } else {
            Span span = span_of(task, thread);
            run(task);
            span.end_ns = now_ns() - job_.batch_began_ns;
            spans->push_back(span);
        }
        finish(task);
    }
}

Span TransferBatch::span_of(const Task& task, uint32_t thread) const {
    const bool is_piece = task.kind == Task::Kind::plan;
    Span span;
    span.tx = job_.first_index + task.chunk->first + (is_piece ? task.part * piece_size : 0);
    span.worker = thread;
    span.kind = task.kind == Task::Kind::deliver ? Span::Kind::commit : Span::Kind::execution;
    span.begin_ns = now_ns() - job_.batch_began_ns;
    return span;
}

/// What the others wait for comes first.
TransferBatch::Task TransferBatch::take_task() {
    if (is_over_) {
        return {Task::Kind::over};
    }
    if (!is_delivering_ && given_ < settled_) {
        is_delivering_ = true;
        return {Task::Kind::deliver, chunks_[given_ % chunks_ahead].get()};
    }
    if (settled_ < opened_) {
        Chunk& chunk = *chunks_[settled_ % chunks_ahead];
        if (chunk.planned_pieces == chunk.pieces && chunk.next_shard < shard_count) {
            return {Task::Kind::settle, &chunk, chunk.next_shard++};
        }
    }
    if (!has_piece() && !open_chunk()) {
        return {};
    }
    Chunk& chunk = last_opened();
    return {Task::Kind::plan, &chunk, chunk.next_piece++};
}

TransferBatch::Chunk& TransferBatch::last_opened() {
    return *chunks_[(opened_ - 1) % chunks_ahead];
}

bool TransferBatch::has_piece() {
    return opened_ != 0 && last_opened().next_piece < last_opened().pieces;
}

bool TransferBatch::open_chunk() {
    const size_t first = opened_ * chunk_size;
    const size_t end = std::min(job_.transactions.size(), cut_.load());
    if (first >= end || opened_ == given_ + chunks_ahead) {
        return false;
    }
    Chunk& chunk = *chunks_[opened_ % chunks_ahead];
    chunk.first = first;
    chunk.size = std::min(chunk_size, end - first);
    chunk.pieces = (chunk.size + piece_size - 1) / piece_size;
    chunk.next_piece = 0;
    chunk.planned_pieces = 0;
    chunk.next_shard = 0;
    chunk.settled_shards = 0;
    ++opened_;
    return true;
}

/// What is waited for takes some microseconds: a short wait burns the core, a longer one does not.
TransferBatch::Task TransferBatch::wait_for_task() {
    constexpr int looks = 64;
    for (int i = 0; i < looks; ++i) {
        {
            const std::lock_guard lock{mutex_};
            if (const Task task = take_task(); task.kind != Task::Kind::none) {
                return task;
            }
        }
        for (int j = 0; j < i; ++j) {
            relax();
        }
    }
    std::unique_lock lock{mutex_};
    Task task;
    changed_.wait(lock, [&] {
        task = take_task();
        return task.kind != Task::Kind::none;
    });
    return task;
}

void TransferBatch::run(const Task& task) {
    switch (task.kind) {
        case Task::Kind::plan:
            plan(*task.chunk, task.part);
            break;
        case Task::Kind::settle:
            settle(*task.chunk, task.part);
            break;
        case Task::Kind::deliver:
            deliver(*task.chunk);
            break;
        case Task::Kind::none:
        case Task::Kind::over:
            break;
    }
}

void TransferBatch::finish(const Task& task) {
    bool makes_work = false;
    {
        const std::lock_guard lock{mutex_};
        if (task.kind == Task::Kind::plan) {
            makes_work = ++task.chunk->planned_pieces == task.chunk->pieces;
        } else if (task.kind == Task::Kind::settle) {
            makes_work = ++task.chunk->settled_shards == shard_count;
            settled_ += makes_work ? 1 : 0;
        } else {
            makes_work = true;
            is_delivering_ = false;
            ++given_;
            is_over_ = delivered_ == job_.transactions.size() || cut_.load() <= delivered_ ||
                       job_.ledger->is_stopped();
        }
    }
    if (makes_work) {
        changed_.notify_all();
    }
}

// -----------------------------------------------------------------------------------------------
// steps

void TransferBatch::plan(Chunk& chunk, size_t piece) {
    SortedMovements& sorted = chunk.movements[piece];
    for (std::vector<Movement>& movements : sorted) {
        movements.clear();
    }
    const auto note = [&sorted](const Movement& movement) {
        sorted[movement.hash >> (64 - shard_bits)].push_back(movement);
    };
    const size_t end = std::min(chunk.size, (piece + 1) * piece_size);
    for (size_t i = piece * piece_size; i < end; ++i) {
        PlannedTransfer& planned = chunk.transfers[i];
        const SignedTransaction& tx = job_.transactions[chunk.first + i];
        if (is_known_call(tx.tx) || !plan_transfer(*job_.env, tx, job_.options, planned)) {
            cut(chunk.first + i);
            return;
        }
        note(debit_of(planned, static_cast<uint32_t>(i), hash_));
        if (!planned.is_to_itself()) {
            note(credit_of(planned, static_cast<uint32_t>(i), hash_));
        }
    }
}

void TransferBatch::settle(Chunk& chunk, size_t shard) {
    // In order; what lies behind the cut is nobody's business, and need not be loaded.
    std::array<const Movement*, 2 * chunk_size> movements;
    size_t count = 0;
    const size_t end = cut_.load(std::memory_order_relaxed);
    for (size_t piece = 0; piece < chunk.pieces && chunk.first < end; ++piece) {
        for (const Movement& movement : chunk.movements[piece][shard]) {
            if (chunk.first + movement.transfer >= end) {
                break;
            }
            movements[count++] = &movement;
        }
    }
    shards_[shard].meet(std::span{movements}.first(count));
    for (size_t i = 0; i < count; ++i) {
        const Movement& movement = *movements[i];
        const size_t number = chunk.first + movement.transfer;
        if (number >= cut_.load(std::memory_order_relaxed)) {
            return;
        }
        if (!shards_[shard].settle(movement, i)) {
            cut(number);
            return;
        }
        if (job_.accesses != nullptr) {
            auto& firsts = movement.is_credit ? chunk.has_new_recipient : chunk.has_new_sender;
            firsts[movement.transfer] = shards_[shard].is_first(i);
        }
    }
}

void TransferBatch::deliver(Chunk& chunk) {
    const size_t end = std::min(chunk.first + chunk.size, cut_.load());
    for (size_t number = chunk.first; number < end; ++number) {
        if (!deliver(chunk, number - chunk.first)) {
            cut(number);
            return;
        }
        ++delivered_;
    }
}

/// False when it is for somebody else.
bool TransferBatch::deliver(Chunk& chunk, size_t transfer) {
    PlannedTransfer& planned = chunk.transfers[transfer];
    const execution::TransferCosts& costs = planned.costs;
    const auto pay = [&planned](FeeReceiver& receiver, uint8_t place, const u256& amount) {
        if (place == PlannedTransfer::unchanged) {
            return true;
        }
        state::AccountChange& change = planned.changes[place];
        change.before = receiver.account;
        change.after = receiver.account.value_or(Account{});
        return execution::credit(*change.after, amount);
    };
    if (job_.ledger->find_gas_fault(planned.transaction->tx) ||
        !pay(beneficiary_, planned.beneficiary, costs.tip * u256{costs.gas_used}) ||
        !pay(vault_, planned.vault, costs.to_vault)) {
        return false;
    }
    const auto keep = [&planned](FeeReceiver& receiver, uint8_t place) {
        if (place != PlannedTransfer::unchanged) {
            receiver.account = planned.changes[place].after;
        }
    };
    keep(beneficiary_, planned.beneficiary);
    keep(vault_, planned.vault);
    if (job_.accesses != nullptr) {
        note_accesses(chunk, transfer);
    }
    execution::TxResult result;
    result.gas_used = costs.gas_used;
    result.data_gas = costs.data_gas;
    result.effective_gas_price = costs.price;
    result.diff.accounts = std::move(planned.changes);
    Receipt receipt;
    receipt.type = planned.transaction->tx.type;
    receipt.status = true;
    job_.ledger->accept(
        job_.first_index + chunk.first + transfer, std::move(result), std::move(receipt)
    );
    return true;
}

/// What executing it alone asks for; once a batch.
void TransferBatch::note_accesses(const Chunk& chunk, size_t transfer) {
    const PlannedTransfer& planned = chunk.transfers[transfer];
    if (chunk.has_new_sender[transfer]) {
        job_.accesses->note_account(planned.sender_address());
    }
    if (!planned.is_to_itself() && chunk.has_new_recipient[transfer]) {
        job_.accesses->note_account(planned.recipient_address());
    }
    if (!std::exchange(beneficiary_.is_noted, true)) {
        job_.accesses->note_account(beneficiary_.address);
        if (job_.env->l2_fees.pays_vault()) {
            job_.accesses->note_account(vault_.address);
        }
    }
}

}  // namespace mega::parallel
