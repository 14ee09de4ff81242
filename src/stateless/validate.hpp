#pragma once

// Validates a block from its parent's header and a witness, with no state at hand.
//
//   1. the block names the parent: parent hash
//   2. its header can follow the parent's: number, time, gas limit, base fee, fields of the fork
//      (what governance may change of them, gas limit and base fee of mega's L2, is compared with
//      the parent's state, after step 5)
//   3. its body is what the header says: transactions root, ommers, withdrawals root, blobs
//   4. its transactions decode, and their senders are recovered
//   5. the witness is one of the parent's state: same root
//   6. the block executes on what the witness shows, by the same library as everywhere; the first
//      thing that is asked for and not shown ends it
//   7. gas used, receipts root, logs bloom and requests hash are the header's
//   8. the changes, applied to the witness's tries, give the header's state root
//   9. a witness that claims to be minimal has nothing that was not needed
//
// The result names the first step that fails. The parent's header is trusted; all else is hostile.
//
// Pure and total: the same arguments give the same result everywhere, and no argument ends the
// process. Work is bounded by the block's gas and size and by the witness's size. No threads,
// clocks, files, sockets, exceptions or globals; crypto comes from the crypto library alone.

#include "stateless/mismatch.hpp"
#include "stateless/rules.hpp"
#include "stateless/witness_state.hpp"

namespace mega::stateless {

struct Validated {
    Hash256 block_hash;
    Hash256 state_root;
    uint64_t gas_used = 0;
    size_t transactions = 0;  // how many
    std::vector<Receipt> receipts;
    std::vector<Bytes> requests;
    state::StateDiff diff;
};

[[nodiscard]] Result<Validated, Mismatch> validate_block(
    const BlockHeader& parent,
    const Block& block,
    const witness::Witness& witness,
    const Rules& rules
);

/// Steps 3 to 9 alone, for who knows the parent's state root and the recent block hashes from
/// elsewhere and has no header of it (recorded blocks, a prover's public input).
[[nodiscard]] Result<Validated, Mismatch> validate_transition(
    const Hash256& parent_state_root,
    const BlockHashes& block_hashes,
    const Block& block,
    const witness::Witness& witness,
    const Rules& rules
);

}  // namespace mega::stateless
