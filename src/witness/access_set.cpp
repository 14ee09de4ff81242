#include "witness/access_set.hpp"

#include <algorithm>

namespace mega::witness {

uint32_t AccessSet::account_index(const Address& address) {
    if (last_account_ != state::IndexTable::none && accounts_[last_account_].address == address) {
        return last_account_;
    }
    const uint64_t hash = hash_(address);
    uint32_t index =
        account_table_.find(hash, [&](uint32_t i) { return accounts_[i].address == address; });
    if (index == state::IndexTable::none) {
        index = static_cast<uint32_t>(accounts_.size());
        accounts_.push_back({address});
        account_table_.insert(hash, index);
    }
    last_account_ = index;
    return index;
}

void AccessSet::note_slot(const Address& address, const u256& slot) {
    const uint32_t account = account_index(address);
    if (accounts_[account].is_cleared) {
        return;
    }
    const uint64_t hash = hash_(account, slot);
    const uint32_t found = slot_table_.find(hash, [&](uint32_t i) {
        return slots_[i].account == account && slots_[i].slot == slot;
    });
    if (found == state::IndexTable::none) {
        slot_table_.insert(hash, static_cast<uint32_t>(slots_.size()));
        slots_.push_back({account, slot});
    }
}

void AccessSet::note_code(const Hash256& code_hash, const evm::CodePtr& code) {
    if (code_hash != crypto::keccak256_of_empty && known_codes_.insert(code_hash).second) {
        codes_.push_back({code_hash, code});
    }
}

void AccessSet::note_block_hash(uint64_t number) {
    lowest_block_hash_ = std::min(lowest_block_hash_.value_or(number), number);
}

void AccessSet::return_to(const Mark& mark) {
    for (size_t i = mark.codes; i < codes_.size(); ++i) {
        known_codes_.erase(codes_[i].hash);
    }
    accounts_.resize(mark.accounts);
    slots_.resize(mark.slots);
    codes_.resize(mark.codes);
    lowest_block_hash_ = mark.lowest_block_hash;
    last_account_ = state::IndexTable::none;
    account_table_.clear();
    slot_table_.clear();
    for (uint32_t i = 0; i < accounts_.size(); ++i) {
        account_table_.insert(hash_(accounts_[i].address), i);
    }
    for (uint32_t i = 0; i < slots_.size(); ++i) {
        slot_table_.insert(hash_(slots_[i].account, slots_[i].slot), i);
    }
}

void AccessSet::absorb(const state::StateDiff& diff) {
    for (const state::CodeAdded& added : diff.codes) {
        known_codes_.insert(added.code_hash);
    }
    for (const state::AccountChange& change : diff.accounts) {
        if (change.storage_cleared) {
            accounts_[account_index(change.address)].is_cleared = true;
        }
    }
}

void AccessSet::add(const AccessSet& later) {
    for (const AccountEntry& account : later.accounts_) {
        note_account(account.address);
    }
    for (const SlotEntry& slot : later.slots_) {
        note_slot(later.accounts_[slot.account].address, slot.slot);
    }
    for (const WitnessCode& code : later.codes_) {
        note_code(code.hash, code.code);
    }
    if (later.lowest_block_hash_) {
        note_block_hash(*later.lowest_block_hash_);
    }
}

void AccessSet::clear() {
    accounts_.clear();
    slots_.clear();
    codes_.clear();
    account_table_.clear();
    slot_table_.clear();
    known_codes_.clear();
    last_account_ = state::IndexTable::none;
    lowest_block_hash_.reset();
}

std::vector<AccountKeys> AccessSet::keys() const {
    std::vector<AccountKeys> keys;
    keys.reserve(accounts_.size());
    for (const AccountEntry& account : accounts_) {
        keys.push_back({account.address, {}});
    }
    for (const SlotEntry& slot : slots_) {
        keys[slot.account].slots.push_back(slot.slot);
    }
    for (AccountKeys& account : keys) {
        std::sort(account.slots.begin(), account.slots.end());
    }
    std::sort(keys.begin(), keys.end(), [](const AccountKeys& a, const AccountKeys& b) {
        return a.address < b.address;
    });
    return keys;
}

std::vector<WitnessCode> AccessSet::codes() const {
    std::vector<WitnessCode> codes = codes_;
    std::sort(codes.begin(), codes.end(), [](const WitnessCode& a, const WitnessCode& b) {
        return a.hash < b.hash;
    });
    return codes;
}

}  // namespace mega::witness
