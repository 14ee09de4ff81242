#include "state/overlay.hpp"

#include <algorithm>
#include <array>

namespace mega::state {

void Overlay::apply(const StateDiff& diff) {
    for (const AccountChange& change : diff.accounts) {
        account_at(change.address) = change.after;
        if (change.storage_cleared) {
            clear_storage(change.address);
        }
    }
    for (const CodeAdded& added : diff.codes) {
        codes_[added.code_hash] = added.code;
    }
    const Address* previous = nullptr;
    for (const SlotChange& change : diff.slots) {
        set_storage(change.address, change.slot, change.after);
        if (previous == nullptr || *previous != change.address) {
            note_bare_storage(change.address);
            previous = &change.address;
        }
    }
}

void Overlay::note_bare_storage(const Address& address) {
    const auto found = account(address);
    if (found && found->nonce == 0 && !found->has_code()) {
        bare_storage_.insert(address);
    }
}

void Overlay::set_block_hash(uint64_t number, const Hash256& hash) { block_hashes_[number] = hash; }

void Overlay::clear() {
    accounts_.clear();
    slots_.clear();
    times_cleared_.clear();
    bare_storage_.clear();
    codes_.clear();
    block_hashes_.clear();
}

Account Overlay::account_or_empty(const Address& address) const {
    return account(address).value_or(Account{});
}

void Overlay::set_account(const Address& address, const Account& account) {
    account_at(address) = account;
}

void Overlay::set_balance(const Address& address, const u256& balance) {
    Account account = account_or_empty(address);
    account.balance = balance;
    account_at(address) = account;
}

void Overlay::set_nonce(const Address& address, uint64_t nonce) {
    Account account = account_or_empty(address);
    account.nonce = nonce;
    account_at(address) = account;
}

void Overlay::set_code(const Address& address, BytesView code) {
    Account account = account_or_empty(address);
    account.code_hash = crypto::keccak256(code);
    account_at(address) = account;
    codes_[account.code_hash] = std::make_shared<const evm::Code>(code);
}

void Overlay::set_storage(const Address& address, const u256& slot, const u256& value) {
    const SlotKey key{address, slot};
    slots_.find_or_add(hash_of(key), key) = {value, times_cleared(address)};
}

void Overlay::clear_storage(const Address& address) {
    ++times_cleared_[address];
    bare_storage_.erase(address);
}

uint32_t Overlay::times_cleared(const Address& address) const {
    if (times_cleared_.empty()) {
        return 0;
    }
    const auto found = times_cleared_.find(address);
    return found == times_cleared_.end() ? 0 : found->second;
}

std::optional<Account> Overlay::account(const Address& address) const {
    const auto* found = accounts_.find(hash_(address), address);
    return found == nullptr ? base_->account(address) : *found;
}

void Overlay::load_accounts(
    std::span<const Address> addresses, std::span<std::optional<Account>> found
) const {
    for (size_t first = 0; first < addresses.size(); first += group_size) {
        const size_t count = std::min(group_size, addresses.size() - first);
        find_group(addresses.subspan(first, count), found.subspan(first, count));
    }
}

void Overlay::find_group(
    std::span<const Address> addresses, std::span<std::optional<Account>> found
) const {
    std::array<uint64_t, group_size> hashes;
    for (size_t i = 0; i < addresses.size(); ++i) {
        hashes[i] = hash_(addresses[i]);
        accounts_.expect(hashes[i]);
    }
    for (size_t i = 0; i < addresses.size(); ++i) {
        accounts_.approach(hashes[i]);
    }
    // What is not here the base is asked for, at once as well.
    std::array<Address, group_size> missing;
    std::array<size_t, group_size> places;
    size_t count = 0;
    for (size_t i = 0; i < addresses.size(); ++i) {
        if (const auto* here = accounts_.find(hashes[i], addresses[i])) {
            found[i] = *here;
        } else {
            missing[count] = addresses[i];
            places[count++] = i;
        }
    }
    std::array<std::optional<Account>, group_size> in_base;
    base_->load_accounts(std::span{missing}.first(count), std::span{in_base}.first(count));
    for (size_t i = 0; i < count; ++i) {
        found[places[i]] = in_base[i];
    }
}

u256 Overlay::storage(const Address& address, const u256& slot) const {
    const uint32_t cleared = times_cleared(address);
    const SlotKey key{address, slot};
    const SlotValue* found = slots_.find(hash_of(key), key);
    if (found != nullptr && found->times_cleared == cleared) {
        return found->value;
    }
    return cleared != 0 ? u256{} : base_->storage(address, slot);
}

void Overlay::expect_accounts(std::span<const Address> addresses) const {
    accounts_.bring_closer<group_size>(addresses, hash_);
    base_->expect_accounts(addresses);
}

void Overlay::expect_slots(std::span<const SlotKey> keys) const {
    slots_.bring_closer<group_size>(keys, [this](const SlotKey& key) { return hash_of(key); });
    base_->expect_slots(keys);
}

bool Overlay::has_storage(const Address& address) const {
    return bare_storage_.contains(address) ||
           (times_cleared(address) == 0 && base_->has_storage(address));
}

evm::CodePtr Overlay::code(const Hash256& code_hash) const {
    const auto found = codes_.find(code_hash);
    if (found != codes_.end()) {
        return found->second;
    }
    if (code_hash == crypto::keccak256_of_empty) {
        return {evm::CodePtr{}, &evm::Code::empty()};
    }
    return base_->code(code_hash);
}

Hash256 Overlay::block_hash(uint64_t number) const {
    const auto found = block_hashes_.find(number);
    return found == block_hashes_.end() ? base_->block_hash(number) : found->second;
}

evm::CodePtr EmptyState::code(const Hash256&) const {
    return {evm::CodePtr{}, &evm::Code::empty()};
}

}  // namespace mega::state
