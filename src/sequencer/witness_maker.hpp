#pragma once

// Witnesses of sealed blocks, made when somebody asks: the tree is walked to what the block's
// execution has noted (state/access_log.hpp), with the later blocks' diffs taken back. Where
// nothing was noted (a replica, a block from before a restart or of long ago) the block is executed
// once more on its parent's state; both come to the same bytes. Sealing pays nothing for it. The
// last ones are kept, so that several validators that follow the same chain cost one walk a block.
//
// Reaches as far back as the commitment keeps diffs (Commitment::proof_window). A block in which a
// development chain's state was set by hand has none: no execution leads to its root.
//
// Any thread; one witness is made at a time.

#include "evm/vm.hpp"
#include "sequencer/chain_reader.hpp"

namespace mega::sequencer {

struct BlockWitness {
    BlockHeader parent;
    Hash256 block_hash;
    witness::Witness witness;
};
using BlockWitnessPtr = std::shared_ptr<const BlockWitness>;

struct WitnessMakerOptions {
    uint64_t chain_id = 0;
    Fork fork = current_fork;
    /// As the chain's own (ChainConfig).
    bool allow_contract_senders = false;
    size_t cache_bytes = 32u << 20;
    /// As if nothing had ever been noted: for tests and measurements.
    bool executes_always = false;
};

class WitnessMaker {
  public:
    /// `reader` must outlive it.
    WitnessMaker(const ChainReader& reader, const WitnessMakerOptions& options)
        : reader_(&reader), options_(options) {}

    /// `block` is one that `reader` gave.
    [[nodiscard]] Result<BlockWitnessPtr> witness_of(const BlockView& block);

  private:
    struct Execution {
        witness::AccessSet accesses;
        DiffPtr diff;
    };
    /// Nothing when it was not noted.
    [[nodiscard]] std::optional<Execution> look_up(const BlockView& block) const;
    [[nodiscard]] Result<BlockWitnessPtr> make(const BlockView& block);
    [[nodiscard]] Result<Execution> execute(const BlockView& block);
    [[nodiscard]] Result<std::vector<BlockHeader>> headers_before(uint64_t number, uint64_t count)
        const;
    void keep(BlockWitnessPtr made);

    const ChainReader* reader_;
    WitnessMakerOptions options_;
    std::mutex mutex_;
    evm::Vm vm_;                        // guarded by mutex_
    std::deque<BlockWitnessPtr> kept_;  // guarded by mutex_; oldest first
    size_t kept_bytes_ = 0;             // guarded by mutex_
};

}  // namespace mega::sequencer
