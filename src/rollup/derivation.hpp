#pragma once

// From L1 to the inputs of L2 blocks. L1 blocks go in, one after the other, with what the contracts
// logged in them and the data of the batches; out come batches of L2 blocks, ready to be executed.
// Pure: it reads nothing itself and executes nothing. It never stops at what a sequencer posts:
//
//   a batch that does not follow the one before it (parent hash, index, first block) is no batch:
//     BatchInbox lets none through, so an L1 endpoint that shows one is refused with words;
//   a batch whose content is bad derives to its range of blocks without transactions. Bad is:
//     data that does not hash to the batch's data hashes, a payload or columns that do not decode;
//     other than last_block - first_block + 1 blocks, or more than max_blocks_per_batch;
//     an origin or a cursor that goes back, an origin that is not before the batch's L1 block, that
//       is later than its block's timestamp, or that has not queued the entries up to the cursor;
//     entries that do not fit their block's gas together with the L1 attributes;
//     a gas limit outside [min_block_gas_limit, max_block_gas_limit];
//     a last block whose timestamp, origin or cursor is not the header's;
//   in a batch without content, and in a forced one,
//     the origin of all blocks is the later of the header's and the L1 block which queued the last
//       entry below the header's cursor, but not before the parent's and not after the L1 block
//       that holds the batch;
//     the timestamp of all blocks is max(header's, parent's, origin's);
//     gas limit and beneficiary are those of the block before the batch;
//     each block takes the entries up to the header's cursor that fit its gas (in a forced batch:
//       forced_batch_gas of it);
//   whether a transaction can be executed is seen when it is: one that cannot be is skipped, like a
//     signature that recovers no sender.

#include "rollup/batch_format.hpp"
#include "rollup/config.hpp"
#include "rollup/deposits.hpp"
#include "rollup/events.hpp"

#include <deque>
#include <string>

namespace mega::rollup {

/// Gas of the entries in the block of a forced batch.
inline constexpr uint64_t forced_batch_gas = 20'000'000;

/// A batch with what was found of its data. For blobs: the data of all blobs, unpacked or not
/// (`unpack_blobs` failing makes the content bad); for calldata: what BatchCalldata logged.
struct BatchInput {
    PostedBatch posted;
    std::vector<Bytes> blobs;       // BatchKind::blobs, one for each data hash
    std::optional<Bytes> calldata;  // BatchKind::calldata
};

struct L1BlockInput {
    L1Block block;
    std::vector<BatchInput> batches;  // in the order of their logs
};

/// An L2 block to be executed: first `from_l1`, then `transactions`; those that cannot be executed
/// are skipped, the L1 attributes and deposits never are.
struct DerivedBlock {
    uint64_t number = 0;
    uint64_t timestamp = 0;
    uint64_t gas_limit = 0;
    Address beneficiary{};
    L1Position position;
    /// The L1 attributes, if the position moved, and the entries that can be transactions.
    std::vector<SignedTransaction> from_l1;
    std::vector<Transaction> transactions;
};

struct DerivedBatch {
    PostedBatch posted;
    L1Ref included_in;
    /// Why the content is bad; nothing when it is good (or forced).
    std::optional<std::string> fault;
    std::vector<DerivedBlock> blocks;
};

enum class DerivationErrorCode : uint8_t {
    not_the_next_block,   // a gap, or another parent: rewind first
    inconsistent_source,  // what L1 contracts cannot have logged
};
struct DerivationError {
    DerivationErrorCode code;
    std::string message;
};

/// Where derivation stands after an L1 block.
struct DerivationState {
    L1Ref l1;
    Hash256 batch_hash{};     // of the last batch; 0 before the first
    uint64_t next_batch = 0;  // index
    // The last L2 block derived:
    uint64_t block_number = 0;
    uint64_t timestamp = 0;
    uint64_t gas_limit = 0;
    Address beneficiary{};
    L1Position position;
    // The queue:
    uint64_t queue_length = 0;
    Hash256 rolling_hash{};
};

class Derivation {
  public:
    /// Stands before `config.l1_start_block`.
    explicit Derivation(const RollupConfig& config);

    /// The next L1 block. On error nothing changed.
    [[nodiscard]] Result<std::vector<DerivedBatch>, DerivationError> accept(
        const L1BlockInput& input
    );
    /// Takes back the L1 blocks after `l1_number`. Fails when they are not remembered any more.
    [[nodiscard]] Result<void> rewind(uint64_t l1_number);
    /// L1 cannot go back behind this block: what only that would need is forgotten.
    void finalize(uint64_t l1_number);

    [[nodiscard]] const DerivationState& state() const { return history_.back(); }
    /// The remembered state after that L1 block: what a reader of a reorganised L1 compares hashes
    /// with to find where it forked.
    [[nodiscard]] const DerivationState* state_after(uint64_t l1_number) const;

  private:
    using Derived = Result<std::vector<DerivedBatch>, DerivationError>;

    [[nodiscard]] Derived accept_on(const L1BlockInput& input, DerivationState& state);
    [[nodiscard]] std::optional<DerivationError> take_entries(
        const L1Block& block, DerivationState& state
    );
    void forget_entries_from(uint64_t index);
    [[nodiscard]] std::optional<DerivationError> find_contradiction(
        const PostedBatch& posted, const DerivationState& state
    ) const;
    [[nodiscard]] DerivedBatch derive(const BatchInput& input, DerivationState& state) const;
    [[nodiscard]] Result<std::vector<BatchBlock>> read_content(
        const BatchInput& input, const DerivationState& state
    ) const;
    [[nodiscard]] std::optional<std::string> find_fault(
        const BatchHeader& header, std::span<const BatchBlock> blocks, const DerivationState& state
    ) const;
    [[nodiscard]] std::vector<BatchBlock> empty_content(
        const PostedBatch& posted, const DerivationState& state
    ) const;
    [[nodiscard]] DerivedBlock finish_block(BatchBlock block, DerivationState& state) const;

    /// Entries of the queue that the L1 blocks up to `l1_number` made.
    [[nodiscard]] uint64_t queue_length_at(uint64_t l1_number) const;
    [[nodiscard]] const L1Ref& ref_of(uint64_t l1_number, const DerivationState& state) const;
    [[nodiscard]] std::span<const QueueEntry> entries(uint64_t from, uint64_t to) const;

    RollupConfig config_;
    std::deque<DerivationState> history_;  // one for each L1 block, consecutive
    // The queue from first_entry_ on, and the L1 block of each entry:
    std::vector<QueueEntry> entries_;
    std::vector<uint64_t> entry_l1_;
    uint64_t first_entry_ = 0;
};

}  // namespace mega::rollup
