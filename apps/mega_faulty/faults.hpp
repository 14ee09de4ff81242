#pragma once

// The lies that mega_faulty can be told to tell, from a block with a given number on.
//
// Of blocks, once, in the first one with a transaction:
//
//   wrong-balance   an account that nobody touched is richer by one
//   skipped-tx      the block's last transaction is left out of it; its effects stay in the state
//   wrong-gas       the header says that one more gas was used
//   wrong-root      the header's state root is of no state
//
// Of mini-blocks, beside one with a transaction that is not its block's first (which is L1's):
//
//   two-mini-blocks      another one is signed for its place, once
//   left-out-mini-block  another one is signed that neither block nor batch holds, in each block

#include "sequencer/seal_fault.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace mega::app {

enum class FaultKind : uint8_t {
    wrong_balance,
    skipped_tx,
    wrong_gas,
    wrong_root,
    two_mini_blocks,
    left_out_mini_block,
};

struct FaultPlan {
    FaultKind kind = FaultKind::wrong_root;
    uint64_t first_block = 1;
};

/// KIND or KIND@BLOCK; nothing when it is neither.
[[nodiscard]] std::optional<FaultPlan> read_fault_plan(std::string_view text);
[[nodiscard]] std::unique_ptr<sequencer::SealFault> make_fault(const FaultPlan& plan);

}  // namespace mega::app
