#pragma once

// For tests and benchmarks: an L1 in memory, with the queue and the inbox of a chain, as derivation
// is fed with it. The inbox is the one of a hostile world: it takes what it is given.

#include "rollup/blobs.hpp"
#include "rollup/derivation.hpp"

#include "crypto/keccak.hpp"

namespace mega::rollup::test {

class MemoryL1 {
  public:
    explicit MemoryL1(const RollupConfig& config, uint64_t salt = 0)
        : config_(config), salt_(salt), timestamp_(config.genesis_timestamp) {}

    [[nodiscard]] uint64_t next_number() const { return config_.l1_start_block + blocks_.size(); }
    [[nodiscard]] const std::vector<L1BlockInput>& blocks() const { return blocks_; }
    [[nodiscard]] const L1BlockInput& block(uint64_t number) const {
        return blocks_[number - config_.l1_start_block];
    }
    [[nodiscard]] uint64_t queue_length() const { return queue_length_; }

    // Into the block that is being made:

    void queue_deposit(
        const Address& from,
        const std::optional<Address>& to,
        const u256& mint,
        uint64_t gas = 100'000
    ) {
        Transaction tx;
        tx.type = TxType::deposit;
        tx.source_hash =
            deposit_source_hash(config_.l2_chain_id, config_.deposit_queue, queue_length_);
        tx.from = from;
        tx.to = to;
        tx.mint = mint;
        tx.gas_limit = gas;
        queue(EntryKind::deposit, encode(tx));
    }
    void queue(EntryKind kind, Bytes envelope) {
        rolling_hash_ = next_rolling_hash(rolling_hash_, kind, envelope);
        draft_.block.entries.push_back({queue_length_++, kind, std::move(envelope), rolling_hash_});
    }

    /// The header of a batch of these blocks, as an honest sequencer fills it in.
    [[nodiscard]] BatchHeader header_of(std::span<const BatchBlock> blocks) const {
        BatchHeader header;
        header.parent = last_batch_;
        header.index = next_batch_;
        header.first_block = last_block_ + 1;
        header.last_block = last_block_ + blocks.size();
        header.deposit_cursor = blocks.back().cursor;
        header.origin_number = blocks.back().origin_number;
        header.last_timestamp = blocks.back().timestamp;
        return header;
    }
    void post(std::span<const BatchBlock> blocks, BatchKind kind = BatchKind::blobs) {
        post_payload(header_of(blocks), *encode_batch(config_.l2_chain_id, blocks), kind);
    }
    void post_payload(const BatchHeader& header, Bytes payload, BatchKind kind) {
        BatchInput input;
        input.posted.header = header;
        input.posted.kind = kind;
        if (kind == BatchKind::blobs) {
            input.blobs = pack_blobs(payload);
            input.posted.data_hashes.resize(input.blobs.size());
        } else if (kind == BatchKind::calldata) {
            input.posted.data_hashes = {crypto::keccak256(payload)};
            input.calldata = std::move(payload);
        }
        post_input(std::move(input));
    }
    void post_input(BatchInput input) {
        input.posted.hash = batch_hash(
            config_.l2_chain_id, input.posted.header, input.posted.kind, input.posted.data_hashes
        );
        last_batch_ = input.posted.hash;
        ++next_batch_;
        last_block_ = input.posted.header.last_block;
        draft_.batches.push_back(std::move(input));
    }

    /// Ends the block.
    const L1BlockInput& mine(uint64_t seconds = 12) {
        timestamp_ += seconds;
        L1Ref& ref = draft_.block.ref;
        ref.number = next_number();
        ref.timestamp = timestamp_;
        ref.base_fee = ref.number;
        ref.blob_base_fee = 1;
        ref.hash = crypto::keccak256((u256{ref.number} + u256{salt_ << 32}).to_hash().view());
        draft_.block.parent_hash = blocks_.empty() ? Hash256{} : blocks_.back().block.ref.hash;
        blocks_.push_back(std::exchange(draft_, {}));
        return blocks_.back();
    }

    /// Another L1 that shares the blocks up to `number`, at whose end this one must have stood.
    [[nodiscard]] MemoryL1 fork_at(uint64_t number, uint64_t salt) const {
        MemoryL1 fork(config_, salt);
        for (uint64_t n = config_.l1_start_block; n <= number; ++n) {
            fork.take(block(n));
        }
        return fork;
    }

  private:
    void take(const L1BlockInput& block) {
        blocks_.push_back(block);
        timestamp_ = block.block.ref.timestamp;
        for (const QueueEntry& entry : block.block.entries) {
            queue_length_ = entry.index + 1;
            rolling_hash_ = entry.rolling_hash;
        }
        for (const BatchInput& batch : block.batches) {
            last_batch_ = batch.posted.hash;
            next_batch_ = batch.posted.header.index + 1;
            last_block_ = batch.posted.header.last_block;
        }
    }

    RollupConfig config_;
    uint64_t salt_;
    uint64_t timestamp_;
    std::vector<L1BlockInput> blocks_;
    L1BlockInput draft_;
    uint64_t queue_length_ = 0;
    Hash256 rolling_hash_{};
    Hash256 last_batch_{};
    uint64_t next_batch_ = 0;
    uint64_t last_block_ = 0;
};

}  // namespace mega::rollup::test
