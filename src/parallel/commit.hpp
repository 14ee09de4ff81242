#pragma once

// The end of a transaction whose predecessors have all been committed: its changes become a diff
// with before and after, and its versions absolute, so that no later reader walks below them.

#include "parallel/fee_account.hpp"
#include "parallel/lanes.hpp"

namespace mega::parallel {

/// The canonical diff of `record`, whose reads stand. Leaves absolute versions behind.
[[nodiscard]] state::StateDiff commit_writes(
    MultiVersionMemory& memory, Arena& arena, FeeAccounts& fees, Record& record, uint32_t tx
);
/// Takes back what was published of a transaction that has no place in the block.
void withdraw_writes(Record& record);

}  // namespace mega::parallel
