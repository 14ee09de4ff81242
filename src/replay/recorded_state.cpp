#include "replay/recorded_state.hpp"

namespace mega::replay {
namespace {

const evm::CodePtr& empty_code() {
    static const evm::CodePtr code = std::make_shared<const evm::Code>(BytesView{});
    return code;
}

}  // namespace

void RecordedState::set_account(const Address& address, std::optional<Account> account) {
    accounts_[address] = account;
    account_table_[address] = account;
}

void RecordedState::set_storage(const Address& address, const u256& slot, const u256& value) {
    storage_[address][slot] = value;
    slot_table_[{address, slot}] = value;
}

Hash256 RecordedState::set_code(BytesView code) {
    const Hash256 hash = crypto::keccak256(code);
    if (!own_codes_.contains(hash)) {
        own_codes_[hash] = std::make_shared<const evm::Code>(code);
    }
    return hash;
}

void RecordedState::set_block_hash(uint64_t number, const Hash256& hash) {
    block_hashes_[number] = hash;
}

void RecordedState::set_proof(const Hash256& root, std::unordered_map<Hash256, Bytes> nodes) {
    proven_root_ = root;
    nodes_ = std::move(nodes);
}

void RecordedState::add_node(BytesView rlp) {
    nodes_.try_emplace(crypto::keccak256(rlp), to_bytes(rlp));
}

const std::optional<Account>* RecordedState::known_account(const Address& address) const {
    const auto found = account_table_.find(address);
    return found == account_table_.end() ? nullptr : &found->second;
}

const u256* RecordedState::known_storage(const Address& address, const u256& slot) const {
    const auto found = slot_table_.find({address, slot});
    return found == slot_table_.end() ? nullptr : &found->second;
}

evm::CodePtr RecordedState::known_code(const Hash256& code_hash) const {
    if (code_hash == crypto::keccak256_of_empty) {
        return empty_code();
    }
    if (const auto own = own_codes_.find(code_hash); own != own_codes_.end()) {
        return own->second;
    }
    return codes_ ? codes_->find(code_hash) : nullptr;
}

const Hash256* RecordedState::known_block_hash(uint64_t number) const {
    const auto found = block_hashes_.find(number);
    return found == block_hashes_.end() ? nullptr : &found->second;
}

std::optional<Account> RecordedState::account(const Address& address) const {
    const auto* known = known_account(address);
    return known == nullptr ? std::nullopt : *known;
}

u256 RecordedState::storage(const Address& address, const u256& slot) const {
    const u256* known = known_storage(address, slot);
    return known == nullptr ? u256{} : *known;
}

bool RecordedState::has_storage(const Address& address) const {
    const auto slots = storage_.find(address);
    if (slots == storage_.end()) {
        return false;
    }
    const auto account = accounts_.find(address);
    const bool is_bare = account == accounts_.end() || !account->second ||
                         (account->second->nonce == 0 && !account->second->has_code());
    if (!is_bare) {
        return false;
    }
    for (const auto& [slot, value] : slots->second) {
        if (!value.is_zero()) {
            return true;
        }
    }
    return false;
}

evm::CodePtr RecordedState::code(const Hash256& code_hash) const {
    if (auto known = known_code(code_hash)) {
        return known;
    }
    const std::lock_guard lock{missing_mutex_};
    missing_code_ = code_hash;
    return empty_code();
}

Hash256 RecordedState::block_hash(uint64_t number) const {
    const Hash256* known = known_block_hash(number);
    return known == nullptr ? Hash256{} : *known;
}

std::optional<Error> RecordedState::failure() const {
    const std::lock_guard lock{missing_mutex_};
    if (missing_code_) {
        return Error{"the code with hash " + to_hex(*missing_code_) + " is not recorded"};
    }
    return std::nullopt;
}

void RecordedState::forget_failure() {
    const std::lock_guard lock{missing_mutex_};
    missing_code_.reset();
}

}  // namespace mega::replay
