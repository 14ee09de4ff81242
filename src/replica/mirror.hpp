#pragma once

// The chain as a follower keeps it: feed records in, blocks out, nothing executed. The counterpart
// of sequencer::Chain, with the same store and the same commitment behind it.
//
// What each record has to satisfy, before anything of it takes effect:
//   mini-block  the sequencer's signature; its place; transaction and receipt roots; gas; what the
//               diff says of the state before it is what is here; the codes are known
//   seal, block the above; parent, every header field, and the state root, which the own commitment
//               computes: so the block's hash
//   with re-execution also that diff and receipts are what the transactions lead to
// Senders and the fields of an opening are signed by nobody: without re-execution they are believed
// up to the block's hash.
//
// One thread drives it. After a refusal of kind `mismatch` the state may hold what was refused:
// then the open block has to be given up, or the mirror must not be used any more.

#include "evm/vm.hpp"
#include "execution/l2_parameters.hpp"
#include "feed/record.hpp"
#include "sequencer/commitment.hpp"
#include "sequencer/diff_accumulator.hpp"
#include "sequencer/open_block.hpp"
#include "storage/state_store.hpp"

namespace mega::replica {

struct MirrorConfig {
    uint64_t chain_id = 0;
    Fork fork = current_fork;
    /// For guesses about a block that has not been told yet.
    execution::FeeMarket fee_market{};
    /// Whose mini-blocks are taken, where several take turns; nobody: those of the signer of the
    /// first one.
    std::vector<Address> sequencers{};
    /// Recovers senders from signatures instead of believing them. Not on development chains, where
    /// anybody may be impersonated.
    bool check_senders = false;
    /// Development chains (ChainConfig).
    bool allow_contract_senders = false;
};

struct Refusal {
    enum class Kind : uint8_t {
        gap,       // something is missing before it
        fork,      // part of another chain
        mismatch,  // contradicts itself, or what is here
        failure,   // this node cannot go on, whatever the record
    };
    Kind kind = Kind::mismatch;
    uint64_t block_number = 0;
    std::string words;
    std::string expected;  // mismatch: what is computed here
    std::string got;       // mismatch: what the record says
};
[[nodiscard]] std::string to_string(const Refusal& refusal);

/// What a record led to, to be published in this order.
struct Applied {
    /// The block that all of it is part of; null when nothing happened (a repetition, a notice).
    sequencer::OpenBlockPtr block;
    bool is_opened = false;  // it begins with this record
    std::vector<sequencer::MiniBlockPtr> mini_blocks;
    sequencer::SealedPtr sealed;  // it ends with this record
    /// sealed: the block after it as far as it can be guessed, until it is told.
    sequencer::OpenBlockPtr next;
};

class Mirror {
  public:
    /// Stands at the end of `head`; the store and the commitment hold its state, and outlive the
    /// mirror.
    Mirror(
        const MirrorConfig& config,
        storage::StateStore& store,
        sequencer::Commitment& commitment,
        sequencer::SealedPtr head,
        uint64_t next_mini_block_number
    );

    /// A chain that goes back is refused as a fork: that is for who drives the mirror to do.
    [[nodiscard]] Result<Applied, Refusal> apply(const feed::Record& record, bool re_execute);

    /// Takes back what was told of the open block.
    void give_up_open_block();
    /// Takes back the open block, then `newer` (the blocks after `target`, newest first); `target`
    /// becomes the head. `next_mini_block_number`: what follows it has at least this number.
    void revert_to(
        sequencer::SealedPtr target,
        std::span<const sequencer::DiffPtr> newer,
        uint64_t next_mini_block_number
    );

    [[nodiscard]] const sequencer::SealedPtr& head() const { return head_; }
    [[nodiscard]] const sequencer::OpenBlockPtr& open() const { return open_; }
    /// A mini-block that follows has at least this number; 0 where anything of the open block may
    /// follow. Numbers leap where another branch was left, or another sequencer goes on.
    [[nodiscard]] uint64_t next_mini_block_number() const {
        return mini_blocks_.empty() ? 0 : next_mini_block_number_;
    }
    /// The same at the end of the head.
    [[nodiscard]] uint64_t mini_block_number_after_head() const { return after_head_; }
    [[nodiscard]] storage::StateVersion head_version() const { return head_version_; }
    /// Of the open block, so far.
    [[nodiscard]] const std::vector<sequencer::ExecutedPtr>& executed() const { return executed_; }
    /// The state holds something of the open block.
    [[nodiscard]] bool has_begun() const { return has_begun_; }
    [[nodiscard]] const std::vector<Address>& sequencers() const { return config_.sequencers; }
    [[nodiscard]] sequencer::Commitment& commitment() { return *commitment_; }

  private:
    using Step = Result<void, Refusal>;
    struct Content;  // transactions of a record, checked

    [[nodiscard]] Result<Applied, Refusal> apply_record(const feed::OpenRecord&, bool);
    [[nodiscard]] Result<Applied, Refusal> apply_record(const feed::MiniBlockRecord&, bool);
    [[nodiscard]] Result<Applied, Refusal> apply_record(const feed::SealRecord&, bool);
    [[nodiscard]] Result<Applied, Refusal> apply_record(const feed::BlockRecord&, bool);
    [[nodiscard]] Result<Applied, Refusal> apply_record(const feed::RevertRecord&, bool);
    [[nodiscard]] Result<Applied, Refusal> apply_record(const feed::NoticeRecord&, bool);

    void open_block(const sequencer::OpenBlockRecord& inputs);
    void open_guess();
    [[nodiscard]] Step check_opening(const sequencer::OpenBlockRecord& inputs) const;
    [[nodiscard]] Step check_mini_block(
        const MiniBlockHeader& header, std::span<const sequencer::ExecutedPtr> executed
    );
    [[nodiscard]] Step check_signature(const MiniBlockHeader& header);
    [[nodiscard]] Step check_before(const state::StateDiff& diff) const;
    /// The transactions after those of the open block so far.
    [[nodiscard]] Result<std::vector<sequencer::ExecutedPtr>, Refusal> executed_of(
        std::span<const feed::FeedTransaction> transactions
    ) const;
    [[nodiscard]] Step check_execution(
        std::span<const sequencer::ExecutedPtr> executed, const state::StateDiff& diff
    );
    [[nodiscard]] Step check_closing(const BlockHeader& header);
    sequencer::DiffPtr take_in(state::StateDiff diff);
    sequencer::MiniBlockPtr add_mini_block(
        const MiniBlockHeader& header,
        std::vector<sequencer::ExecutedPtr> executed,
        sequencer::DiffPtr diff
    );
    [[nodiscard]] Result<Applied, Refusal> seal(
        const BlockHeader& header, sequencer::DiffPtr closing_diff, Applied applied
    );
    [[nodiscard]] Refusal refuse(
        Refusal::Kind kind, std::string words, std::string expected = {}, std::string got = {}
    ) const;
    [[nodiscard]] uint64_t open_number() const { return head_->header.number + 1; }

    MirrorConfig config_;
    storage::StateStore* store_;
    sequencer::Commitment* commitment_;
    evm::Vm vm_;

    sequencer::SealedPtr head_;
    sequencer::OpenBlockPtr open_;
    bool is_guess_ = true;                          // the open block was not told yet
    bool has_begun_ = false;                        // the state holds something of the open block
    std::vector<sequencer::ExecutedPtr> executed_;  // of the open block
    std::vector<sequencer::MiniBlockPtr> mini_blocks_;  // of the open block
    uint64_t log_count_ = 0;                            // of the open block
    sequencer::DiffAccumulator block_;                  // what the open block changed
    execution::L2Parameters parameters_;                // of the open block
    uint64_t next_mini_block_number_;                   // at least
    uint64_t after_head_;                               // the same when the open block is given up
    storage::StateVersion state_version_ = 0;
    storage::StateVersion head_version_ = 0;
};

}  // namespace mega::replica
