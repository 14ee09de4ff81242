#pragma once

// Sealed blocks by number as batches need them: what of them does not come from L1, and the headers
// of their mini-blocks. Any thread; blocks are durable when they show.

#include "rollup/batch_format.hpp"
#include "sequencer/head.hpp"
#include "storage/chain_store.hpp"

namespace mega::sequencer {

struct SourceBlock {
    uint64_t number = 0;
    Hash256 hash;
    BlockHeader header;
    rollup::L1Position position;
    rollup::BatchBlock content;
    std::vector<MiniBlockHeader> mini_blocks;
};

class BlockSource {
  public:
    /// `genesis` is the position of block 0.
    BlockSource(
        const Head& head, const storage::ChainStore& blocks, const rollup::L1Position& genesis
    );

    [[nodiscard]] uint64_t sealed_number() const;
    /// Nothing when it is not sealed. Words when it cannot be read, or could not be made again from
    /// L1 (a transaction that nobody signed, as development chains allow).
    [[nodiscard]] Result<std::optional<SourceBlock>> block(uint64_t number) const;

  private:
    const Head* head_;
    const storage::ChainStore* blocks_;
    rollup::L1Position genesis_;
};

}  // namespace mega::sequencer
