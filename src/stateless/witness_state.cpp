#include "stateless/witness_state.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>
#include <map>

namespace mega::stateless {

namespace {

constexpr size_t max_block_hashes = 256;  // as far as BLOCKHASH looks

}  // namespace

BlockHashes::BlockHashes(const BlockHeader& parent, std::span<const BlockHeader> headers)
    : parent_number_(parent.number), hashes_{hash_of(parent), parent.parent_hash} {
    std::map<Hash256, const BlockHeader*> by_hash;
    for (const BlockHeader& header : headers) {
        by_hash.emplace(hash_of(header), &header);
    }
    while (hashes_.size() < max_block_hashes && hashes_.size() <= parent_number_) {
        const auto header = by_hash.find(hashes_.back());
        if (header == by_hash.end()) {
            return;
        }
        hashes_.push_back(header->second->parent_hash);
    }
}

std::optional<Hash256> BlockHashes::find(uint64_t number) const {
    if (number > parent_number_ || parent_number_ - number >= hashes_.size()) {
        return std::nullopt;
    }
    return hashes_[static_cast<size_t>(parent_number_ - number)];
}

std::optional<Bytes> UsedNodes::load(
    const trie::TreeId& /*tree*/, BytesView /*path*/, const Hash256& hash
) const {
    const auto index = nodes_->find(hash);
    if (!index) {
        return std::nullopt;
    }
    is_used_[*index] = true;
    return to_bytes(nodes_->rlp(*index));
}

std::optional<Hash256> UsedNodes::first_unused() const {
    const auto unused = std::find(is_used_.begin(), is_used_.end(), false);
    if (unused == is_used_.end()) {
        return std::nullopt;
    }
    return nodes_->hash(static_cast<size_t>(unused - is_used_.begin()));
}

const Hash256& WitnessState::hash_of(const Address& address) const {
    const size_t last = size_t{address[18]} << 8 | address[19];
    Hashed& place = hashed_addresses_[last % hashed_places];
    if (!place.is_set || place.address != address) {
        place = {address, crypto::keccak256(address), true};
    }
    return place.hash;
}

std::optional<Account> WitnessState::account(const Address& address) const {
    const auto account = tree_->account(hash_of(address));
    if (!account) {
        note(missing_node(account.error()));
        return std::nullopt;
    }
    return *account;
}

u256 WitnessState::storage(const Address& address, const u256& slot) const {
    const auto value = tree_->storage(hash_of(address), crypto::keccak256(slot.to_hash()));
    if (!value) {
        note(missing_node(value.error()));
        return {};
    }
    return *value;
}

bool WitnessState::has_storage(const Address& address) const {
    const auto has_storage = tree_->has_storage(hash_of(address));
    if (!has_storage) {
        note(missing_node(has_storage.error()));
        return false;
    }
    return *has_storage;
}

evm::CodePtr WitnessState::code(const Hash256& code_hash) const {
    evm::CodePtr empty{evm::CodePtr{}, &evm::Code::empty()};
    if (code_hash == crypto::keccak256_of_empty) {
        return empty;
    }
    const auto found = std::lower_bound(
        codes_.begin(),
        codes_.end(),
        code_hash,
        [](const witness::WitnessCode& code, const Hash256& wanted) { return code.hash < wanted; }
    );
    if (found == codes_.end() || found->hash != code_hash || !found->code) {
        note(missing_code(code_hash));
        return empty;
    }
    is_code_used_[static_cast<size_t>(found - codes_.begin())] = true;
    return found->code;
}

Hash256 WitnessState::block_hash(uint64_t number) const {
    lowest_block_hash_ = std::min(lowest_block_hash_.value_or(number), number);
    const auto hash = block_hashes_->find(number);
    if (!hash) {
        note(missing_header(number + 1));
        return {};
    }
    return *hash;
}

std::optional<Hash256> WitnessState::first_unused_code() const {
    const auto unused = std::find(is_code_used_.begin(), is_code_used_.end(), false);
    if (unused == is_code_used_.end()) {
        return std::nullopt;
    }
    return codes_[static_cast<size_t>(unused - is_code_used_.begin())].hash;
}

}  // namespace mega::stateless
