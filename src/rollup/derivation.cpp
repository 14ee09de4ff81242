#include "rollup/derivation.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"
#include "rollup/blobs.hpp"

#include <algorithm>

namespace mega::rollup {
namespace {

DerivationError inconsistent(std::string message) {
    return {DerivationErrorCode::inconsistent_source, "L1: " + std::move(message)};
}

Result<Bytes> payload_of(const BatchInput& input) {
    const auto& hashes = input.posted.data_hashes;
    if (input.posted.kind == BatchKind::blobs) {
        if (input.blobs.size() != hashes.size()) {
            return Err{Error{
                "batch: there are " + std::to_string(input.blobs.size()) + " blobs for " +
                std::to_string(hashes.size()) + " data hashes"
            }};
        }
        return unpack_blobs(input.blobs);
    }
    if (!input.calldata || hashes.size() != 1 ||
        crypto::keccak256(*input.calldata) != hashes.front()) {
        return Err{Error{"batch: the calldata is not what its hash says"}};
    }
    return *input.calldata;
}

}  // namespace

Derivation::Derivation(const RollupConfig& config) : config_(config) {
    DerivationState start;
    start.position = genesis_position(config.l1_start_block);
    start.l1 = start.position.origin;
    start.timestamp = config.genesis_timestamp;
    start.gas_limit = config.genesis_gas_limit;
    start.beneficiary = config.genesis_beneficiary;
    history_.push_back(start);
}

Derivation::Derived Derivation::accept(const L1BlockInput& input) {
    DerivationState next = state();
    auto derived = accept_on(input, next);
    if (derived) {
        history_.push_back(std::move(next));
    } else {
        forget_entries_from(state().queue_length);
    }
    return derived;
}

Derivation::Derived Derivation::accept_on(const L1BlockInput& input, DerivationState& state) {
    const L1Block& block = input.block;
    const bool is_first = state.l1.hash.is_zero();
    if (block.ref.number != state.l1.number + 1 ||
        (!is_first && block.parent_hash != state.l1.hash)) {
        return Err{DerivationError{
            DerivationErrorCode::not_the_next_block,
            "L1 block " + std::to_string(block.ref.number) + " " + to_hex(block.ref.hash) +
                " does not follow block " + std::to_string(state.l1.number) + " " +
                to_hex(state.l1.hash)
        }};
    }
    state.l1 = block.ref;
    if (auto error = take_entries(block, state)) {
        return Err{std::move(*error)};
    }
    std::vector<DerivedBatch> batches;
    for (const BatchInput& batch : input.batches) {
        if (auto error = find_contradiction(batch.posted, state)) {
            return Err{std::move(*error)};
        }
        batches.push_back(derive(batch, state));
    }
    return batches;
}

std::optional<DerivationError> Derivation::take_entries(
    const L1Block& block, DerivationState& state
) {
    for (const QueueEntry& entry : block.entries) {
        if (entry.index != state.queue_length) {
            return inconsistent(
                "block " + std::to_string(block.ref.number) + " queues entry " +
                std::to_string(entry.index) + " where " + std::to_string(state.queue_length) +
                " is the next"
            );
        }
        state.rolling_hash = next_rolling_hash(state.rolling_hash, entry.kind, entry.envelope);
        if (state.rolling_hash != entry.rolling_hash) {
            return inconsistent(
                "entry " + std::to_string(entry.index) + " does not give the rolling hash logged"
            );
        }
        ++state.queue_length;
        entries_.push_back(entry);
        entry_l1_.push_back(block.ref.number);
    }
    return std::nullopt;
}

void Derivation::forget_entries_from(uint64_t index) {
    entries_.resize(index - first_entry_);
    entry_l1_.resize(index - first_entry_);
}

std::optional<DerivationError> Derivation::find_contradiction(
    const PostedBatch& posted, const DerivationState& state
) const {
    const BatchHeader& header = posted.header;
    const std::string name = "batch " + std::to_string(header.index);
    if (header.index != state.next_batch || header.parent != state.batch_hash ||
        header.first_block != state.block_number + 1) {
        return inconsistent(name + " does not follow the one before it");
    }
    if (header.last_block < header.first_block ||
        header.last_block - header.first_block >= max_blocks_per_batch) {
        return inconsistent(name + " has a range of blocks that the inbox refuses");
    }
    const Hash256 hash = batch_hash(config_.l2_chain_id, header, posted.kind, posted.data_hashes);
    if (hash != posted.hash) {
        return inconsistent(name + " does not have the hash logged");
    }
    return std::nullopt;
}

DerivedBatch Derivation::derive(const BatchInput& input, DerivationState& state) const {
    DerivedBatch batch;
    batch.posted = input.posted;
    batch.included_in = state.l1;
    std::vector<BatchBlock> blocks;
    if (input.posted.kind == BatchKind::forced) {
        blocks = empty_content(input.posted, state);
    } else if (auto content = read_content(input, state)) {
        blocks = std::move(*content);
    } else {
        batch.fault = content.error().message;
        blocks = empty_content(input.posted, state);
    }
    for (BatchBlock& block : blocks) {
        batch.blocks.push_back(finish_block(std::move(block), state));
    }
    state.batch_hash = input.posted.hash;
    ++state.next_batch;
    return batch;
}

Result<std::vector<BatchBlock>> Derivation::read_content(
    const BatchInput& input, const DerivationState& state
) const {
    const auto payload = payload_of(input);
    if (!payload) {
        return Err{payload.error()};
    }
    auto blocks = decode_batch(config_.l2_chain_id, *payload);
    if (!blocks) {
        return blocks;
    }
    if (auto fault = find_fault(input.posted.header, *blocks, state)) {
        return Err{Error{"batch: " + *fault}};
    }
    return blocks;
}

std::optional<std::string> Derivation::find_fault(
    const BatchHeader& header, std::span<const BatchBlock> blocks, const DerivationState& state
) const {
    if (blocks.size() != header.last_block - header.first_block + 1) {
        return "it holds " + std::to_string(blocks.size()) + " blocks, its header names another " +
               "number";
    }
    uint64_t timestamp = state.timestamp;
    L1Position position = state.position;
    for (size_t i = 0; i < blocks.size(); ++i) {
        const BatchBlock& block = blocks[i];
        const std::string name = "block " + std::to_string(header.first_block + i);
        if (block.timestamp < timestamp || block.origin_number < position.origin.number ||
            block.cursor < position.cursor) {
            return name + " goes back in time, origin or cursor";
        }
        if (block.origin_number >= state.l1.number) {
            return name + " has an origin that is not before the batch's L1 block";
        }
        const bool moves = block.origin_number != position.origin.number;
        if (moves && ref_of(block.origin_number, state).timestamp > block.timestamp) {
            return name + " is earlier than its origin";
        }
        if (block.cursor > queue_length_at(block.origin_number)) {
            return name + " consumes entries that its origin has not queued";
        }
        if (block.gas_limit < min_block_gas_limit || block.gas_limit > max_block_gas_limit) {
            return name + " has a gas limit of " + std::to_string(block.gas_limit);
        }
        const auto taken = entries(position.cursor, block.cursor);
        if (count_fitting(taken, block.gas_limit) != taken.size()) {
            return name + " has no room for the entries that it consumes";
        }
        timestamp = block.timestamp;
        position.origin.number = block.origin_number;
        position.cursor = block.cursor;
    }
    if (timestamp != header.last_timestamp || position.origin.number != header.origin_number ||
        position.cursor != header.deposit_cursor) {
        return "its last block is not the one that its header describes";
    }
    return std::nullopt;
}

std::vector<BatchBlock> Derivation::empty_content(
    const PostedBatch& posted, const DerivationState& state
) const {
    const BatchHeader& header = posted.header;
    const uint64_t end =
        std::clamp(header.deposit_cursor, state.position.cursor, state.queue_length);
    uint64_t origin = std::max(header.origin_number, state.position.origin.number);
    if (end > state.position.cursor) {
        origin = std::max(origin, entry_l1_[end - 1 - first_entry_]);
    }
    origin = std::min(origin, state.l1.number);

    BatchBlock block;
    block.timestamp = std::max(header.last_timestamp, state.timestamp);
    if (origin != state.position.origin.number) {
        block.timestamp = std::max(block.timestamp, ref_of(origin, state).timestamp);
    }
    block.origin_number = origin;
    block.cursor = state.position.cursor;
    block.gas_limit = state.gas_limit;
    block.beneficiary = state.beneficiary;
    const uint64_t room = posted.kind == BatchKind::forced
                              ? std::min(state.gas_limit, l1_attributes_gas + forced_batch_gas)
                              : state.gas_limit;
    std::vector<BatchBlock> blocks;
    for (uint64_t number = header.first_block; number <= header.last_block; ++number) {
        block.cursor += count_fitting(entries(block.cursor, end), room);
        blocks.push_back(block);
    }
    return blocks;
}

DerivedBlock Derivation::finish_block(BatchBlock block, DerivationState& state) const {
    DerivedBlock derived;
    derived.number = state.block_number + 1;
    derived.timestamp = block.timestamp;
    derived.gas_limit = block.gas_limit;
    derived.beneficiary = block.beneficiary;
    derived.position = {
        block.origin_number == state.position.origin.number ? state.position.origin
                                                            : ref_of(block.origin_number, state),
        block.cursor
    };
    derived.from_l1 = transactions_from_l1(
        config_.l2_chain_id,
        derived.number,
        state.position,
        derived.position,
        entries(state.position.cursor, block.cursor)
    );
    derived.transactions = std::move(block.transactions);

    state.block_number = derived.number;
    state.timestamp = derived.timestamp;
    state.gas_limit = derived.gas_limit;
    state.beneficiary = derived.beneficiary;
    state.position = derived.position;
    return derived;
}

uint64_t Derivation::queue_length_at(uint64_t l1_number) const {
    const auto after = std::upper_bound(entry_l1_.begin(), entry_l1_.end(), l1_number);
    return first_entry_ + static_cast<uint64_t>(after - entry_l1_.begin());
}

const L1Ref& Derivation::ref_of(uint64_t l1_number, const DerivationState& state) const {
    if (l1_number == state.l1.number) {
        return state.l1;
    }
    const DerivationState* remembered = state_after(l1_number);
    MEGA_ASSERT(remembered != nullptr);
    return remembered->l1;
}

std::span<const QueueEntry> Derivation::entries(uint64_t from, uint64_t to) const {
    MEGA_ASSERT(first_entry_ <= from && from <= to && to - first_entry_ <= entries_.size());
    return std::span(entries_).subspan(from - first_entry_, to - from);
}

const DerivationState* Derivation::state_after(uint64_t l1_number) const {
    const uint64_t first = history_.front().l1.number;
    if (l1_number < first || l1_number - first >= history_.size()) {
        return nullptr;
    }
    return &history_[l1_number - first];
}

Result<void> Derivation::rewind(uint64_t l1_number) {
    const DerivationState* target = state_after(l1_number);
    if (target == nullptr) {
        return Err{Error{
            "derivation cannot go back to L1 block " + std::to_string(l1_number) +
            ": it remembers blocks " + std::to_string(history_.front().l1.number) + " to " +
            std::to_string(history_.back().l1.number)
        }};
    }
    forget_entries_from(target->queue_length);
    while (state().l1.number > l1_number) {
        history_.pop_back();
    }
    return {};
}

void Derivation::finalize(uint64_t l1_number) {
    // The blocks after the origin stay: they may become origins.
    while (history_.size() > 1 && history_[1].l1.number <= l1_number &&
           history_[0].l1.number <= history_[1].position.origin.number) {
        history_.pop_front();
    }
    const uint64_t needed = history_.front().position.cursor;
    if (needed > first_entry_) {
        const auto count = static_cast<std::ptrdiff_t>(needed - first_entry_);
        entries_.erase(entries_.begin(), entries_.begin() + count);
        entry_l1_.erase(entry_l1_.begin(), entry_l1_.begin() + count);
        first_entry_ = needed;
    }
}

}  // namespace mega::rollup
