#pragma once

// How a sequencer is made to lie, so that its validators can be seen to notice: called once a block
// while it is sealed. A sequencer has none unless its owner gives it one; the only implementation
// is linked into the test program `mega_faulty` (apps/mega_faulty).
//
// Recovery seals blocks again: a fault must do to a block what it did the first time.

#include "sequencer/chain_types.hpp"
#include "state/diff.hpp"
#include "state/view.hpp"

#include <vector>

namespace mega::sequencer {

class SealFault {
  public:
    virtual ~SealFault() = default;
    /// Before the root: what the state shall have become although nothing made it so. Empty,
    /// mostly.
    [[nodiscard]] virtual state::StateDiff state_lie(
        const state::StateView& state,
        uint64_t block_number,
        std::span<const ExecutedPtr> transactions
    ) = 0;
    /// Before the header is made of them: may leave transactions out.
    virtual void spoil_transactions(
        uint64_t block_number, std::vector<ExecutedPtr>& transactions
    ) = 0;
    /// Before the header is hashed.
    virtual void spoil_header(BlockHeader& header, std::span<const ExecutedPtr> transactions) = 0;

    SealFault() = default;
    SealFault(const SealFault&) = delete;
    SealFault& operator=(const SealFault&) = delete;
};

}  // namespace mega::sequencer
