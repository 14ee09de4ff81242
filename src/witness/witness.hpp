#pragma once

// A witness: what it takes, besides the block and its parent's header, to execute the block and to
// compute the state root after it, without any state at hand.
//
//   nodes     of the parent state's tries: those on the way to every account and slot that the
//             execution looks at (absent ones too) or changes, and the last child of a branch that
//             loses its others, because it merges with what is above
//   codes     that the execution reads
//   headers   of the parent's ancestors, as far back as BLOCKHASH looks
//   keys      addresses and slots that were looked at; for people and tools, validation does
//             without
//
// Nothing in it is believed: nodes count by their hashes from the parent's state root down, codes
// by their hashes in the accounts, headers by the hash in the header after them. So a wrong witness
// can lack something, and cannot say something else.

#include "types/block.hpp"
#include "witness/access_set.hpp"
#include "witness/node_set.hpp"

namespace mega::witness {

struct Witness {
    Hash256 parent_state_root;
    NodeSet nodes;
    /// By hash, no repeats. A null code is one that the receiver has already.
    std::vector<WitnessCode> codes;
    /// Newest first: the parent's parent comes first. Whoever reads them finds them by hash.
    std::vector<BlockHeader> headers;
    /// By address, by slot; may be empty.
    std::vector<AccountKeys> keys;
    /// Whoever made it states that nothing in it is unneeded; validation refuses it otherwise.
    bool is_minimal = false;
};

/// Ancestors of `parent` whose headers prove the hash of block `lowest_block_hash` and of all later
/// ones: how many, counted back from the parent's parent. The parent's own header gives two hashes.
[[nodiscard]] uint64_t headers_needed(
    uint64_t parent_number, std::optional<uint64_t> lowest_block_hash
);

/// Puts a code in place of each null one that `codes` has; both are sorted by hash.
void fill_codes(Witness& witness, std::span<const WitnessCode> codes);

}  // namespace mega::witness
