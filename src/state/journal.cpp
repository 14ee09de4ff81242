#include "state/journal.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace mega::state {

namespace {

/// A reverted touch of RIPEMD-160 still counts: what mainnet block 2,675,119 made a rule (Yellow
/// Paper appendix K).
constexpr Address ripemd_address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}};

/// Indices of entries, to be put in order before a diff is made of them: they are cheaper to move
/// than what the diff holds. A few need no memory.
class Order {
  public:
    void add(uint32_t index) {
        if (count_ < few_.size()) {
            few_[count_] = index;
        } else {
            if (count_ == few_.size()) {
                many_.assign(few_.begin(), few_.end());
            }
            many_.push_back(index);
        }
        ++count_;
    }
    template <class Less>
    [[nodiscard]] std::span<const uint32_t> sorted(Less less) {
        const std::span<uint32_t> all =
            count_ <= few_.size() ? std::span{few_}.first(count_) : std::span{many_};
        std::sort(all.begin(), all.end(), less);
        return all;
    }

  private:
    std::array<uint32_t, 16> few_{};
    std::vector<uint32_t> many_;
    size_t count_ = 0;
};

}  // namespace

void Journal::begin(const StateView& view) {
    view_ = &view;
    accounts_.clear();
    slots_.clear();
    transients_.clear();
    undo_.clear();
    old_codes_.clear();
    logs_.clear();
    ranges_.clear();
    load_count_ = 0;
    slot_load_count_ = 0;
    account_table_.clear();
    slot_table_.clear();
    transient_table_.clear();
    last_account_ = IndexTable::none;
    last_slot_ = IndexTable::none;
}

uint32_t Journal::account_index(const Address& address) {
    if (last_account_ != IndexTable::none && accounts_[last_account_].address == address) {
        return last_account_;
    }
    const uint64_t hash = hash_(address);
    uint32_t index =
        account_table_.find(hash, [&](uint32_t i) { return accounts_[i].address == address; });
    if (index == IndexTable::none) {
        index = static_cast<uint32_t>(accounts_.size());
        accounts_.emplace_back().address = address;
        account_table_.insert(hash, index);
    }
    last_account_ = index;
    return index;
}

Journal::AccountEntry& Journal::load(AccountEntry& entry) {
    if (!entry.is_loaded) {
        entry.is_loaded = true;
        entry.load_order = load_count_++;
        if (const auto account = view_->account(entry.address)) {
            const u256 credited = entry.current.balance;  // not zero only while tracking
            entry.existed = true;
            entry.original = *account;
            entry.current = *account;
            entry.current.balance += credited;
            entry.flags |= static_cast<uint8_t>(Flag::exists);
        }
    }
    return entry;
}

const evm::Code* Journal::code(const Address& address) {
    AccountEntry& entry = seen(address, Seen::code);
    if (!entry.current.has_code()) {
        return &evm::Code::empty();
    }
    if (!entry.code) {
        entry.code = view_->code(entry.current.code_hash);
        MEGA_ASSERT(entry.code != nullptr);
    }
    return entry.code.get();
}

bool Journal::had_storage(const Address& address) const { return view_->has_storage(address); }

void Journal::raise(AccountEntry& entry, Flag flag) {
    if (!entry.has(flag)) {
        const auto bit = static_cast<uint8_t>(flag);
        entry.flags |= bit;
        undo_.push_back({{}, index_of(entry), Undo::Kind::flag, bit});
    }
}

void Journal::touch(const Address& address) {
    AccountEntry& entry = loaded(address);
    raise(entry, Flag::exists);
    raise(entry, Flag::touched);
}

void Journal::change_balance(AccountEntry& entry, const u256& balance) {
    undo_.push_back({entry.current.balance, index_of(entry), Undo::Kind::balance, 0});
    if (is_tracking_ && (entry.current.balance >= high_balance || balance >= high_balance)) {
        entry.seen |= Seen::balance;
    }
    entry.current.balance = balance;
}

void Journal::add_balance(const Address& address, const u256& amount) {
    touch(address);
    if (!amount.is_zero()) {
        AccountEntry& entry = account_at(address);
        // Wraps: no real supply comes near 2^256, but a simulation may claim any balance.
        change_balance(entry, entry.current.balance + amount);
    }
}

void Journal::subtract_balance(const Address& address, const u256& amount) {
    touch(address);
    if (!amount.is_zero()) {
        AccountEntry& entry = account_at(address);
        const AddResult difference = subtract_with_borrow(entry.current.balance, amount);
        MEGA_ASSERT(!difference.carry);
        change_balance(entry, difference.value);
    }
}

void Journal::set_balance(const Address& address, const u256& balance) {
    touch(address);
    AccountEntry& entry = account_at(address);
    entry.seen |= Seen::balance;
    change_balance(entry, balance);
}

void Journal::credit(const Address& address, const u256& amount) {
    AccountEntry& entry = account_at(address);
    if (!is_tracking_ || entry.is_loaded) {
        add_balance(address, amount);
        return;
    }
    raise(entry, Flag::exists);
    raise(entry, Flag::touched);
    entry.current.balance += amount;
}

void Journal::set_nonce(const Address& address, uint64_t nonce) {
    touch(address);
    AccountEntry& entry = account_at(address);
    undo_.push_back({entry.current.nonce, index_of(entry), Undo::Kind::nonce, 0});
    entry.current.nonce = nonce;
}

void Journal::set_code(const Address& address, const Hash256& code_hash, evm::CodePtr code) {
    touch(address);
    AccountEntry& entry = account_at(address);
    undo_.push_back({old_codes_.size(), index_of(entry), Undo::Kind::code, 0});
    old_codes_.push_back({entry.current.code_hash, std::move(entry.code)});
    entry.current.code_hash = code_hash;
    entry.code = std::move(code);
}

void Journal::create_contract(const Address& address, uint64_t nonce) {
    touch(address);
    raise(account_at(address), Flag::created);
    if (nonce != 0) {
        set_nonce(address, nonce);
    }
}

bool Journal::mark_destructed(const Address& address) {
    AccountEntry& entry = loaded(address);
    const bool is_first = !entry.has(Flag::destructed);
    raise(entry, Flag::destructed);
    return is_first;
}

uint32_t Journal::slot_index(const Address& address, const u256& slot) {
    const uint32_t account = account_index(address);
    if (last_slot_ != IndexTable::none && slots_[last_slot_].slot == slot &&
        slots_[last_slot_].account == account) {
        return last_slot_;
    }
    const uint64_t hash = hash_(account, slot);
    uint32_t index = slot_table_.find(hash, [&](uint32_t i) {
        return slots_[i].slot == slot && slots_[i].account == account;
    });
    if (index == IndexTable::none) {
        index = static_cast<uint32_t>(slots_.size());
        SlotEntry& entry = slots_.emplace_back();
        entry.slot = slot;
        entry.account = account;
        slot_table_.insert(hash, index);
    }
    last_slot_ = index;
    return index;
}

Journal::SlotEntry& Journal::loaded_slot(const Address& address, const u256& slot) {
    SlotEntry& entry = slots_[slot_index(address, slot)];
    if (!entry.is_loaded) {
        entry.is_loaded = true;
        // A contract that this transaction creates starts without storage: no need to look.
        if (!accounts_[entry.account].has(Flag::created)) {
            entry.original = view_->storage(address, slot);
            entry.load_order = slot_load_count_++;
            entry.current = entry.original;
        }
    }
    return entry;
}

Journal::SlotValues Journal::set_storage(
    const Address& address, const u256& slot, const u256& value
) {
    SlotEntry& entry = loaded_slot(address, slot);
    const SlotValues old{entry.original, entry.current};
    if (entry.current != value) {
        const auto index = static_cast<uint32_t>(&entry - slots_.data());
        undo_.push_back({entry.current, index, Undo::Kind::slot, 0});
        entry.current = value;
    }
    return old;
}

uint32_t Journal::transient_index(uint32_t account, const u256& slot) {
    return transient_table_.find(hash_(account, slot), [&](uint32_t i) {
        return transients_[i].slot == slot && transients_[i].account == account;
    });
}

u256 Journal::transient_storage(const Address& address, const u256& slot) {
    const uint32_t index = transient_index(account_index(address), slot);
    return index == IndexTable::none ? u256{} : transients_[index].value;
}

void Journal::set_transient_storage(const Address& address, const u256& slot, const u256& value) {
    const uint32_t account = account_index(address);
    uint32_t index = transient_index(account, slot);
    if (index == IndexTable::none) {
        index = static_cast<uint32_t>(transients_.size());
        transients_.push_back({slot, {}, account});
        transient_table_.insert(hash_(account, slot), index);
    }
    undo_.push_back({transients_[index].value, index, Undo::Kind::transient, 0});
    transients_[index].value = value;
}

bool Journal::warm_account(const Address& address) {
    AccountEntry& entry = account_at(address);
    const bool is_warm = entry.has(Flag::warm);
    entry.was_warm = true;
    raise(entry, Flag::warm);
    return is_warm;
}

bool Journal::warm_slot(const Address& address, const u256& slot) {
    const uint32_t index = slot_index(address, slot);
    SlotEntry& entry = slots_[index];
    const bool is_warm = entry.is_warm;
    if (!is_warm) {
        entry.is_warm = true;
        entry.was_warm = true;
        undo_.push_back({{}, index, Undo::Kind::slot_warm, 0});
    }
    return is_warm;
}

std::vector<AccessedAccount> Journal::accessed() const {
    std::vector<std::vector<u256>> slots(accounts_.size());
    for (const SlotEntry& entry : slots_) {
        if (entry.was_warm) {
            slots[entry.account].push_back(entry.slot);
        }
    }
    std::vector<AccessedAccount> result;
    for (size_t i = 0; i < accounts_.size(); ++i) {
        if (accounts_[i].was_warm || !slots[i].empty()) {
            result.push_back({accounts_[i].address, std::move(slots[i])});
        }
    }
    return result;
}

void Journal::revert_to(const Snapshot& snapshot) {
    MEGA_ASSERT(snapshot.undo_count <= undo_.size() && snapshot.log_count <= logs_.size());
    while (undo_.size() > snapshot.undo_count) {
        undo(undo_.back());
        undo_.pop_back();
    }
    logs_.resize(snapshot.log_count);
}

void Journal::undo(const Undo& record) {
    switch (record.kind) {
        case Undo::Kind::flag: {
            AccountEntry& entry = accounts_[record.index];
            if (record.flag == static_cast<uint8_t>(Flag::touched) &&
                entry.address == ripemd_address) {
                return;
            }
            entry.flags = static_cast<uint8_t>(entry.flags & ~record.flag);
            return;
        }
        case Undo::Kind::balance:
            accounts_[record.index].current.balance = record.value;
            return;
        case Undo::Kind::nonce:
            accounts_[record.index].current.nonce = record.value.low64();
            return;
        case Undo::Kind::code: {
            OldCode& old = old_codes_[record.value.low64()];
            accounts_[record.index].current.code_hash = old.code_hash;
            accounts_[record.index].code = std::move(old.code);
            old_codes_.pop_back();
            return;
        }
        case Undo::Kind::slot:
            slots_[record.index].current = record.value;
            return;
        case Undo::Kind::slot_warm:
            slots_[record.index].is_warm = false;
            return;
        case Undo::Kind::transient:
            transients_[record.index].value = record.value;
            return;
    }
}

std::optional<Account> Journal::final_account(const AccountEntry& entry, bool delete_touched_empty)
    const {
    const bool is_swept =
        delete_touched_empty && entry.has(Flag::touched) && entry.current.is_empty();
    if (!entry.has(Flag::exists) || entry.has(Flag::destructed) || is_swept) {
        return std::nullopt;
    }
    return entry.current;
}

void Journal::collect_slots(StateDiff& diff, bool delete_touched_empty) {
    Order order;
    for (uint32_t i = 0; i < slots_.size(); ++i) {
        const SlotEntry& slot = slots_[i];
        if (!slot.is_loaded || (slot.original.is_zero() && slot.current.is_zero())) {
            continue;
        }
        AccountEntry& account = load(accounts_[slot.account]);
        const bool survives = final_account(account, delete_touched_empty).has_value();
        if (slot.original != (survives ? slot.current : u256{})) {
            account.has_slot_changes = true;
            order.add(i);
        }
    }
    const auto indices = order.sorted([this](uint32_t a, uint32_t b) {
        const SlotEntry& first = slots_[a];
        const SlotEntry& second = slots_[b];
        return first.account == second.account
                   ? first.slot < second.slot
                   : accounts_[first.account].address < accounts_[second.account].address;
    });
    diff.slots.reserve(indices.size());
    for (const uint32_t i : indices) {
        const SlotEntry& slot = slots_[i];
        const AccountEntry& account = accounts_[slot.account];
        const bool survives = final_account(account, delete_touched_empty).has_value();
        diff.slots.push_back(
            {account.address, slot.slot, slot.original, survives ? slot.current : u256{}}
        );
    }
}

void Journal::collect_account(StateDiff& diff, const AccountEntry& entry, bool delete_touched_empty)
    const {
    AccountChange change{entry.address, std::nullopt, std::nullopt, false};
    if (entry.existed) {
        change.before = entry.original;
    }
    change.after = final_account(entry, delete_touched_empty);
    if (change.before == change.after && !entry.has_slot_changes) {
        return;
    }
    if (change.before && !change.after) {
        change.storage_cleared = change.before->has_code() || view_->has_storage(entry.address);
    }
    if (change.after && change.after->has_code() &&
        (!change.before || change.before->code_hash != change.after->code_hash)) {
        MEGA_ASSERT(entry.code != nullptr);
        diff.codes.push_back({change.after->code_hash, entry.code});
    }
    diff.accounts.push_back(change);
}

StateDiff Journal::finish(bool delete_touched_empty) {
    StateDiff diff;
    if (is_tracking_) {
        return diff;
    }
    collect_slots(diff, delete_touched_empty);
    Order order;
    for (uint32_t i = 0; i < accounts_.size(); ++i) {
        if (accounts_[i].is_loaded) {
            order.add(i);
        }
    }
    const auto indices = order.sorted([this](uint32_t a, uint32_t b) {
        return accounts_[a].address < accounts_[b].address;
    });
    diff.accounts.reserve(indices.size());
    for (const uint32_t i : indices) {
        collect_account(diff, accounts_[i], delete_touched_empty);
    }
    if (diff.codes.size() > 1) {
        sort_canonically(diff);
    }
    return diff;
}

// -----------------------------------------------------------------------------------------------
// tracking

void Journal::see_emptiness(AccountEntry& entry) {
    const Account& now = entry.current;
    const Account& then = entry.original;
    if (now.nonce != then.nonce || now.code_hash != then.code_hash) {
        // What was changed had been looked at; the rest matters only if this does not decide.
        if (now.nonce == 0 && !now.has_code()) {
            entry.seen |= Seen::balance;
        }
    } else if (now.balance == then.balance) {
        entry.seen |= Seen::emptiness;
    } else if (now.balance > then.balance) {
        (void)range_of(entry);  // not empty, whatever the start was, as long as nothing wraps
    } else {
        entry.seen |= Seen::balance | Seen::nonce | Seen::code;
    }
}

/// Turns "start + change >= amount" into a bound of the start.
void Journal::see_comparison(AccountEntry& entry, const u256& amount, bool is_enough) {
    const u256& now = entry.current.balance;
    const u256& then = entry.original.balance;
    if (now >= high_balance || then >= high_balance || amount >= high_balance) {
        entry.seen |= Seen::balance;
        return;
    }
    BalanceRange& range = range_of(entry);
    if (now >= then && now - then >= amount) {
        return;  // the change alone covers it
    }
    const u256 bound = now >= then ? amount - (now - then) : amount + (then - now);
    if (is_enough) {
        range.least = std::max(range.least, bound);
    } else {
        range.most = std::min(range.most, bound - 1);
    }
}

BalanceRange& Journal::range_of(AccountEntry& entry) {
    if (entry.range == no_range) {
        entry.range = static_cast<uint32_t>(ranges_.size());
        ranges_.push_back({0, high_balance - 1});
    }
    return ranges_[entry.range];
}

/// Slots of an account that may be swept are worth what its start says.
void Journal::see_what_the_end_depends_on(AccountEntry& entry, bool delete_touched_empty) {
    if (!entry.has(Flag::touched)) {
        entry.seen |= Seen::existence;
    } else if (delete_touched_empty && entry.current.nonce == 0 && !entry.current.has_code()) {
        entry.seen |= Seen::balance | Seen::nonce | Seen::code;
    }
}

AccountEffect Journal::effect_of(const AccountEntry& entry) const {
    AccountEffect effect;
    effect.address = entry.address;
    effect.load_order = entry.load_order;
    effect.is_loaded = entry.is_loaded;
    effect.existed = entry.existed;
    effect.original = entry.original;
    effect.current = entry.current;
    effect.current.balance = entry.current.balance - entry.original.balance;
    effect.seen = entry.seen;
    if (entry.range != no_range && entry.original.balance < high_balance) {
        effect.range = &ranges_[entry.range];
    } else if (entry.range != no_range) {
        effect.seen |= Seen::balance;  // what the comparisons assume does not hold up there
    }
    // An undone touch of RIPEMD-160 still sweeps, but makes nothing exist.
    effect.is_touched = entry.has(Flag::touched) && entry.has(Flag::exists);
    if (entry.address == ripemd_address) {
        effect.seen |= Seen::existence;
    }
    effect.is_destructed = entry.has(Flag::destructed);
    effect.has_slot_changes = entry.has_slot_changes;
    if (entry.current.code_hash != entry.original.code_hash) {
        effect.code = entry.code.get();
    }
    return effect;
}

evm::CodePtr Journal::code_given(const Address& address) {
    const AccountEntry& entry = account_at(address);
    return entry.current.code_hash == entry.original.code_hash ? nullptr : entry.code;
}

}  // namespace mega::state
