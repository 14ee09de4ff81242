#pragma once

// A block of some workload on a state tree with many other accounts: as a full node executes it,
// with its witness, as a validator takes it.

#include "bench/parallel_workloads.hpp"
#include "parallel/executor.hpp"
#include "replay/replay_block.hpp"
#include "stateless/validate.hpp"

namespace mega::bench {

class StatelessBlock {
  public:
    struct Made {
        std::vector<Receipt> receipts;
        state::StateDiff diff;
        uint64_t gas_used = 0;
        Bloom bloom{};
        std::vector<Bytes> requests;
    };

    /// mega's own block, of these transactions.
    explicit StatelessBlock(Workload workload);
    /// A recorded Ethereum block, whole.
    StatelessBlock(const replay::ChainRules& rules, replay::ReplayBlock&& block);

    /// Puts what the block looks at into the tree, records the witness and completes the header.
    /// Storage that it uses gets `filler` slots more, all its contracts together.
    void settle_in(trie::StateTree& tree, size_t filler);
    /// The same where the tree has all that the block looks at already: its own witness's. False
    /// when the block comes out otherwise than its header says.
    [[nodiscard]] bool settle_on(trie::StateTree& tree);
    /// Takes out again what settle_in() put in.
    void leave(trie::StateTree& tree);

    /// As a full node does it; notes what is looked at when told to.
    [[nodiscard]] Made execute(
        const state::StateView& view,
        std::span<const SignedTransaction> transactions,
        witness::AccessSet* accesses = nullptr
    );
    /// Of mega's own block: its transactions, as a sequencer executes them, noting what they ask
    /// for where there is a log.
    void sequence(
        parallel::ParallelExecutor& executor,
        std::span<const SignedTransaction> transactions,
        state::AccessLog* accesses
    ) const;
    [[nodiscard]] bool is_mega() const {
        return std::holds_alternative<stateless::MegaRules>(rules_);
    }
    [[nodiscard]] std::vector<SignedTransaction> decode() const;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const state::StateView& view() const { return *view_; }
    [[nodiscard]] const Block& block() const { return block_; }
    [[nodiscard]] const Hash256& parent_root() const { return parent_root_; }
    [[nodiscard]] const witness::Witness& witness() const { return witness_; }
    [[nodiscard]] const std::vector<Hash256>& block_hashes() const { return block_hashes_; }
    [[nodiscard]] const stateless::Rules& rules() const { return rules_; }
    [[nodiscard]] stateless::BlockHashes known_hashes() const {
        return {block_.header.number - 1, block_hashes_};
    }

  private:
    /// From the tree of the state before it: the witness, and what the header says of the outcome.
    void complete(trie::StateTree& tree, const Made& made, const witness::AccessSet& accesses);
    [[nodiscard]] Made execute_mega(
        const stateless::MegaRules& rules,
        const state::StateView& view,
        std::span<const SignedTransaction> transactions,
        witness::AccessSet* accesses
    );

    std::string name_;
    stateless::Rules rules_;
    std::shared_ptr<const state::StateView> view_;
    Block block_;
    std::vector<Hash256> block_hashes_;  // newest first
    Hash256 parent_root_;
    witness::Witness witness_;
    std::vector<trie::AccountUpdate> brought_;  // into the tree
    evm::Vm vm_;
    state::Journal journal_;
};

}  // namespace mega::bench
