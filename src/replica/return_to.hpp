#pragma once

// A mirror and the database behind it, brought back to the end of an earlier block: by the thread
// that follows a leader, and by the log when it is played again.

#include "replica/mirror.hpp"
#include "sequencer/checkpointer.hpp"

namespace mega::replica {

/// Up to the last sealed block, whose record is `log_sequence`: for the checkpointer. Nothing of
/// the open block may have begun.
[[nodiscard]] sequencer::Checkpointer::Save save_of(
    Mirror& mirror, std::vector<sequencer::SealedPtr> blocks, uint64_t log_sequence
);

/// Takes back the open block and the sealed ones after `number`, all of which are saved.
/// `log_sequence` is that of the RevertRecord. An error of a block whose diff is not kept changes
/// nothing but the open block.
[[nodiscard]] Result<void> return_to(
    uint64_t number,
    Mirror& mirror,
    sequencer::Checkpointer& checkpointer,
    const std::optional<rollup::L1Position>& l1_genesis,
    uint64_t log_sequence
);

}  // namespace mega::replica
