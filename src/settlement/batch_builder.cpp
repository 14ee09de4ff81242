#include "settlement/batch_builder.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr size_t bytes_a_block = 8;
constexpr size_t bytes_a_transaction = 115;  // without data, as RLP
constexpr uint64_t permille = 1'000;
constexpr int max_attempts = 12;

}  // namespace

size_t BatchBuilder::estimate_of(const sequencer::SourceBlock& block) const {
    size_t bytes = bytes_a_block;
    for (const Transaction& tx : block.content.transactions) {
        bytes += bytes_a_transaction + tx.data.size() + 52 * tx.access_list.size();
    }
    return bytes;
}

Result<void> BatchBuilder::refresh_read(uint64_t last_block) {
    while (!read_.empty() && read_.front()->number <= last_block) {
        read_.pop_front();
    }
    if (read_.empty()) {
        return {};
    }
    const auto newest = source_->block(read_.back()->number);
    if (!newest) {
        return Err{newest.error()};
    }
    if (read_.front()->number != last_block + 1 || !*newest ||
        (*newest)->hash != read_.back()->hash) {
        read_.clear();
    }
    return {};
}

Result<std::vector<BatchBuilder::BlockPtr>> BatchBuilder::collect(
    uint64_t last_block, const BatchLimits& limits
) {
    if (auto refreshed = refresh_read(last_block); !refreshed) {
        return Err{refreshed.error()};
    }
    std::vector<BlockPtr> blocks;
    size_t estimate = 0;
    while (blocks.size() < limits.max_blocks &&
           estimate * ratio_permille_ / permille < limits.max_payload_bytes) {
        if (blocks.size() == read_.size()) {
            const uint64_t number = last_block + 1 + blocks.size();
            auto block = source_->block(number);
            if (!block) {
                return Err{Error{
                    "block " + std::to_string(number) +
                    " cannot be posted: " + block.error().message
                }};
            }
            if (!*block) {
                break;
            }
            read_.push_back(std::make_shared<const sequencer::SourceBlock>(**std::move(block)));
        }
        const BlockPtr& next = read_[blocks.size()];
        if (next->header.timestamp > limits.last_timestamp ||
            next->position.origin.number >= limits.last_origin) {
            break;
        }
        estimate += estimate_of(*next);
        blocks.push_back(next);
    }
    return blocks;
}

Result<Backlog> BatchBuilder::backlog(uint64_t last_block, const BatchLimits& limits) {
    const auto blocks = collect(last_block, limits);
    if (!blocks) {
        return Err{blocks.error()};
    }
    Backlog backlog;
    backlog.blocks = blocks->size();
    if (blocks->empty()) {
        return backlog;
    }
    size_t estimate = 0;
    for (const auto& block : *blocks) {
        estimate += estimate_of(*block);
        backlog.transactions += block->content.transactions.size();
    }
    backlog.payload_bytes = estimate * ratio_permille_ / permille;
    backlog.oldest_timestamp = blocks->front()->header.timestamp;
    backlog.newest_timestamp = blocks->back()->header.timestamp;
    backlog.cursor = blocks->back()->position.cursor;
    return backlog;
}

Result<std::optional<Batch>> BatchBuilder::build(
    const InboxHead& after, const Address& sequencer, const BatchLimits& limits
) {
    auto blocks = collect(after.last_block, limits);
    if (!blocks) {
        return Err{blocks.error()};
    }
    if (blocks->empty()) {
        return std::optional<Batch>{};
    }
    for (int attempt = 0; attempt < max_attempts; ++attempt) {
        std::vector<rollup::BatchBlock> contents;
        size_t estimate = 0;
        Batch batch;
        for (const auto& block : *blocks) {
            contents.push_back(block->content);
            estimate += estimate_of(*block);
            batch.transactions += block->content.transactions.size();
        }
        auto payload = rollup::encode_batch(chain_id_, contents);
        if (payload && payload->size() <= limits.max_payload_bytes) {
            ratio_permille_ = std::max<uint64_t>(1, payload->size() * permille / estimate);
            batch.payload = *std::move(payload);
            batch.estimated_bytes = estimate;
            const sequencer::SourceBlock& last = *blocks->back();
            std::vector<MiniBlockHeader> mini_blocks;
            for (const auto& block : *blocks) {
                mini_blocks.insert(
                    mini_blocks.end(), block->mini_blocks.begin(), block->mini_blocks.end()
                );
            }
            batch.header = {
                .parent = after.last_hash,
                .index = after.next_index,
                .first_block = after.last_block + 1,
                .last_block = last.number,
                .deposit_cursor = last.position.cursor,
                .origin_number = last.position.origin.number,
                .origin_hash = last.position.origin.hash,
                .last_timestamp = last.header.timestamp,
                .last_block_hash = last.hash,
                .mini_block_digest = rollup::mini_block_digest(mini_blocks),
                .sequencer = sequencer,
            };
            return std::optional(std::move(batch));
        }
        if (blocks->size() == 1) {
            return Err{Error{
                "block " + std::to_string(blocks->front()->number) + " cannot be posted: " +
                (payload ? "it alone takes " + std::to_string(payload->size()) + " bytes of " +
                               std::to_string(limits.max_payload_bytes)
                         : payload.error().message)
            }};
        }
        // Aim a tenth below, and always shrink.
        const uint64_t fitting =
            payload ? blocks->size() * limits.max_payload_bytes / payload->size() * 9 / 10
                    : blocks->size() / 2;
        blocks->resize(std::clamp<uint64_t>(fitting, 1, blocks->size() - 1));
    }
    return Err{Error{"no number of blocks fits a batch"}};
}

}  // namespace mega::settlement
