#pragma once

// The ways a transaction can be executed on a view of the round. Each fills the record with what
// was read, what is to be written and what came of it, as Ethereum's rules have it; none publishes.

#include "evm/vm.hpp"
#include "parallel/look_ahead.hpp"
#include "parallel/origins.hpp"
#include "parallel/versioned_view.hpp"
#include "state/journal.hpp"

#include <algorithm>

namespace mega::parallel {

/// What is the same for all transactions of a round.
struct RoundContext {
    const execution::BlockEnv* env = nullptr;
    execution::ExecutionOptions options;  // block_gas_left is left to commit
};

/// One worker's own tools.
struct Lane {
    explicit Lane(MultiVersionMemory& shared_memory, std::atomic<size_t>& total_bytes)
        : memory(&shared_memory), arena(total_bytes), view(shared_memory, arena) {}

    /// Gives back what a round left here.
    void end_round() {
        arena.reset();
        kept_codes.clear();
        view.end_round();
    }

    MultiVersionMemory* memory;
    Arena arena;
    evm::Vm vm;
    state::Journal journal{state::Journal::Mode::tracking};
    VersionedView view;
    OriginTracker origins;
    LookAhead ahead;
    /// Codes that versions of this round point to.
    std::vector<evm::CodePtr> kept_codes;
};

/// A transfer of money to an account without code, without entering the interpreter or a journal.
/// False, with the record as clear as it was, when the transaction is something else or cannot be
/// part of the block: the other lane says why.
[[nodiscard]] bool run_transfer(
    Lane& lane, const RoundContext& round, const SignedTransaction& tx, Record& record
);

/// Any transaction, through execution::execute_transaction. The view has begun. `tracks_origins`
/// finds out which slot writes are sums.
void run_general(
    Lane& lane,
    const RoundContext& round,
    const SignedTransaction& tx,
    Record& record,
    bool tracks_origins
);

}  // namespace mega::parallel
