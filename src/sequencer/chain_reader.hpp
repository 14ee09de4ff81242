#pragma once

// The chain as readers see it: sealed blocks from memory or the database, and the open block,
// behind one door. Any thread. Blocks, transactions, receipts and logs are durable when they show;
// the present state may be ahead by what waits for the log's sync.
//
// `latest` is the open block once it holds a transaction, and the last sealed one before: numbers,
// blocks, receipts and state agree on that, so that a client which waits for "one confirmation" has
// it at once.

#include "sequencer/commitment.hpp"
#include "sequencer/head.hpp"
#include "storage/chain_store.hpp"
#include "storage/state_store.hpp"

namespace mega::sequencer {

/// One block with what was executed in it. Of the open block: a prefix that grows, `hash` is its
/// name (open_block.hpp), and the roots in the header are zero.
struct BlockView {
    BlockHeader header;
    Hash256 hash;
    bool is_open = false;
    std::vector<ExecutedPtr> transactions;
};
using BlockViewPtr = std::shared_ptr<const BlockView>;

struct FoundTransaction {
    ExecutedPtr executed;
    Hash256 block_hash;
    uint64_t block_timestamp = 0;
    u256 base_fee_per_gas;
    bool is_open = false;
};

struct LogFilter {
    std::vector<Address> addresses;            // none: any
    std::vector<std::vector<Hash256>> topics;  // by position; an empty set: any
};
[[nodiscard]] bool matches(const LogFilter& filter, const Log& log);

/// A log with its place: executed->receipt.logs[log_index - executed->first_log_index].
struct FoundLog {
    ExecutedPtr executed;
    Hash256 block_hash;
    uint64_t block_timestamp = 0;
    uint64_t log_index = 0;  // within the block
};

struct LogSearchLimits {
    uint64_t max_blocks = 100'000;
    size_t max_logs = 20'000;
};

class ChainReader {
  public:
    ChainReader(
        const Head& head,
        storage::StateStore& states,
        const storage::ChainStore& blocks,
        Commitment& commitment
    );

    [[nodiscard]] uint64_t latest_number() const;
    [[nodiscard]] uint64_t sealed_number() const;
    [[nodiscard]] Head::Position position() const { return head_->position(); }
    /// Of what is sealed; all of it on a chain without L1.
    [[nodiscard]] Head::Settled settled() const;

    /// Null when there is no such block. `hash` may be an open block's name, also after it was
    /// sealed.
    [[nodiscard]] Result<BlockViewPtr> block(uint64_t number) const;
    [[nodiscard]] Result<BlockViewPtr> block(const Hash256& hash) const;
    /// The open block, also while empty.
    [[nodiscard]] BlockViewPtr open_block() const;
    /// Without the transactions.
    [[nodiscard]] Result<std::optional<BlockHeader>> header(uint64_t number) const;

    [[nodiscard]] Result<std::optional<FoundTransaction>> transaction(const Hash256& tx_hash) const;
    /// Inclusive range, ascending. The error of a search beyond the limits names a range that would
    /// do.
    [[nodiscard]] Result<std::vector<FoundLog>> logs(
        const LogFilter& filter, uint64_t from, uint64_t to, const LogSearchLimits& limits
    ) const;
    [[nodiscard]] Result<MiniBlockPtr> mini_block(uint64_t mini_block_number) const;
    /// Sealed blocks as they are kept, with their mini-blocks, and what they changed.
    [[nodiscard]] Result<storage::StoredBlockPtr> stored_block(uint64_t number) const {
        return blocks_->block(number);
    }
    [[nodiscard]] Result<std::optional<Hash256>> genesis_hash() const {
        return blocks_->genesis_hash();
    }
    [[nodiscard]] Result<DiffPtr> diff(uint64_t number) const { return blocks_->diff(number); }

    /// State after block `number`; the present state for the open block's number.
    [[nodiscard]] Result<storage::Snapshot> state_at(uint64_t number) const;
    [[nodiscard]] storage::Snapshot latest_state() const;
    /// What contracts called "in" block `number` see; the open block's for its number.
    [[nodiscard]] Result<execution::BlockEnv> env_at(uint64_t number) const;
    /// Account and storage proof against the state root of sealed block `number`.
    [[nodiscard]] Result<Commitment::Proof> prove(
        const Address& address, std::span<const u256> slots, uint64_t number
    ) const;
    /// Commitment::noted.
    [[nodiscard]] std::optional<Commitment::Execution> noted_execution(
        uint64_t number, const Hash256& block_hash
    ) const {
        return commitment_->noted(number, block_hash);
    }
    /// Commitment::record_witness.
    [[nodiscard]] Result<witness::Witness> record_witness(
        uint64_t number, const witness::AccessSet& accesses, const state::StateDiff& diff
    ) const;

  private:
    const Head* head_;
    storage::StateStore* states_;
    const storage::ChainStore* blocks_;
    Commitment* commitment_;
};

}  // namespace mega::sequencer
