#pragma once

// A block's header at both ends of its life: as it opens, from the inputs that the log holds, and
// as it closes, from what was executed. The sequencer makes its blocks with these, and whoever
// follows it arrives at the same ones.

#include "sequencer/chain_types.hpp"
#include "sequencer/log_record.hpp"
#include "sequencer/open_block.hpp"

namespace mega::sequencer {

/// All that is fixed when a block opens, with empty roots. `inputs` must be for the block after
/// `parent`.
[[nodiscard]] BlockHeader opening_header(
    const BlockHeader& parent, const Hash256& parent_hash, const OpenBlockRecord& inputs
);
/// What a block with this header, open or sealed, was opened with, but for its place in L1.
[[nodiscard]] OpenBlockRecord inputs_of(const BlockHeader& header);
[[nodiscard]] OpenBlockRecord inputs_of(const OpenBlock& open);

struct ExecutedRoots {
    Hash256 transactions;
    Hash256 receipts;
};
[[nodiscard]] ExecutedRoots roots_of(std::span<const ExecutedPtr> executed);

/// The sealed header of a block in which all of `executed` happened.
[[nodiscard]] BlockHeader closing_header(
    BlockHeader opening, std::span<const ExecutedPtr> executed, const Hash256& state_root
);

}  // namespace mega::sequencer
