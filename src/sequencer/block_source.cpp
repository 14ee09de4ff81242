#include "sequencer/block_source.hpp"

#include "base/hex.hpp"
#include "sequencer/l1_position.hpp"

namespace mega::sequencer {
namespace {

/// Development chains let accounts act that nobody has the key of: r then names the sender.
bool is_signed(const Transaction& tx, const Address& sender) {
    return to_u256(tx.signature.r) != u256::from_be(sender.view());
}

Result<std::vector<Transaction>> own_transactions(const storage::StoredBlock& block) {
    std::vector<Transaction> transactions;
    for (size_t i = count_from_l1(block); i < block.transactions.size(); ++i) {
        const storage::StoredTransaction& stored = block.transactions[i];
        auto tx = decode_transaction(stored.raw);
        if (!tx) {
            return Err{Error{"database: transaction " + to_hex(stored.hash) + " is damaged"}};
        }
        if (!is_signed(*tx, stored.sender)) {
            return Err{Error{
                "block " + std::to_string(block.header.number) + " holds transaction " +
                to_hex(stored.hash) + " of an impersonated account: it cannot be made from L1"
            }};
        }
        transactions.push_back(std::move(*tx));
    }
    return transactions;
}

}  // namespace

BlockSource::BlockSource(
    const Head& head, const storage::ChainStore& blocks, const rollup::L1Position& genesis
)
    : head_(&head), blocks_(&blocks), genesis_(genesis) {}

uint64_t BlockSource::sealed_number() const { return head_->position().sealed->header.number; }

Result<std::optional<SourceBlock>> BlockSource::block(uint64_t number) const {
    if (number > sealed_number()) {
        return std::optional<SourceBlock>{};
    }
    const auto stored = blocks_->block(number);
    if (!stored) {
        return Err{stored.error()};
    }
    if (*stored == nullptr) {
        return std::optional<SourceBlock>{};
    }
    auto position = l1_position_after(*blocks_, number, genesis_);
    if (!position) {
        return Err{position.error()};
    }
    SourceBlock block;
    block.number = number;
    block.hash = (*stored)->hash;
    block.header = (*stored)->header;
    block.position = *position;
    block.content.timestamp = block.header.timestamp;
    block.content.origin_number = block.position.origin.number;
    block.content.cursor = block.position.cursor;
    block.content.gas_limit = block.header.gas_limit;
    block.content.beneficiary = block.header.beneficiary;
    for (const storage::StoredMiniBlock& mini_block : (*stored)->mini_blocks) {
        block.mini_blocks.push_back(mini_block.header);
    }
    auto transactions = own_transactions(**stored);
    if (!transactions) {
        return Err{transactions.error()};
    }
    block.content.transactions = std::move(*transactions);
    return std::optional{std::move(block)};
}

}  // namespace mega::sequencer
