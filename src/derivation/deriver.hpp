#pragma once

// Makes a chain from L1 alone and goes on with L1: reads its blocks, derives batches from them,
// recovers senders on several threads, has the blocks built, and takes them back when L1 does.
//
// Nothing of it is stored but the chain: after a restart L1 is read from the start again, and
// blocks that the chain has already are recognised instead of executed.
//
// One thread calls.

#include "derivation/l1_inputs.hpp"
#include "sequencer/sequencer.hpp"

#include <atomic>

namespace mega::derivation {

struct DeriverOptions {
    uint64_t l1_blocks_a_step = 64;
    size_t threads = 2;
    /// L1 blocks that can be taken back while L1 calls none final.
    uint64_t window = 8192;
};

/// For metrics; any thread reads.
struct DeriverCounters {
    std::atomic<uint64_t> l1_head{0};
    std::atomic<uint64_t> l1_followed{0};
    std::atomic<uint64_t> batches{0};
    std::atomic<uint64_t> bad_batches{0};         // derived to blocks without transactions
    std::atomic<uint64_t> disputable_batches{0};  // claim another hash for their last block
    std::atomic<uint64_t> blocks{0};
    std::atomic<uint64_t> transactions{0};
    std::atomic<uint64_t> reorganisations{0};
};

class Deriver {
  public:
    struct Parts {
        L1Inputs& l1;
        sequencer::Sequencer& sequencer;
        sequencer::Head& head;
        const storage::ChainStore& blocks;
        /// What people should read: bad batches, contradicted hashes, reorganisations.
        std::function<void(const std::string&)> log;
    };
    Deriver(const rollup::RollupConfig& config, const DeriverOptions& options, Parts parts);

    /// One look at L1; true when there is more to be had at once. Errors pass (L1 is away, a blob
    /// is missing): the same step can be tried again.
    [[nodiscard]] Result<bool> step();

    [[nodiscard]] const DeriverCounters& counters() const { return counters_; }
    [[nodiscard]] const rollup::DerivationState& state() const { return derivation_.state(); }

  private:
    /// Finds where L1 forked from what was derived, and goes back there.
    [[nodiscard]] Result<void> follow_reorganisation();
    /// Takes back the blocks after `number`, if there are any.
    [[nodiscard]] Result<void> take_back_after(uint64_t number);
    /// Of what an earlier run derived, takes back what all of L1 does not hold any more.
    [[nodiscard]] Result<void> take_back_surplus(uint64_t l1_newest);
    [[nodiscard]] Result<void> adopt(rollup::DerivedBatch batch);
    [[nodiscard]] Result<bool> has_last_block_of(const rollup::BatchHeader& header) const;
    /// How many of the first blocks the chain has already.
    [[nodiscard]] Result<size_t> count_present(std::span<const sequencer::DictatedBlock> blocks
    ) const;
    void judge(const rollup::DerivedBatch& batch);
    void settle(const L1Inputs::Heads& heads);
    [[nodiscard]] std::vector<sequencer::DictatedBlock> prepare(
        std::vector<rollup::DerivedBlock> blocks
    ) const;

    rollup::RollupConfig config_;
    DeriverOptions options_;
    Parts parts_;
    rollup::Derivation derivation_;
    DeriverCounters counters_;
};

}  // namespace mega::derivation
