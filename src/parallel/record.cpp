#include "parallel/record.hpp"

namespace mega::parallel {

namespace {

using state::Seen;

/// An estimate says nothing new: its writer runs again and will ask for another look.
constexpr auto take_estimates = [](const auto& /*node*/) { return false; };

bool still_holds(const AccountRead& read, const AccountVersion& now) {
    const Account& a = read.value->account;
    const Account& b = now.account;
    const auto saw = [&](uint8_t part) { return (read.seen & part) != 0; };
    return (!saw(Seen::nonce) || a.nonce == b.nonce) &&
           (!saw(Seen::balance) || a.balance == b.balance) &&
           (!saw(Seen::code) || a.code_hash == b.code_hash) &&
           (!saw(Seen::existence) || read.value->exists == now.exists) &&
           (!saw(Seen::emptiness) || a.is_empty() == b.is_empty()) &&
           (!read.has_range || (read.range.least <= b.balance && b.balance <= read.range.most));
}

}  // namespace

void Record::clear_outcome() {
    account_reads.clear();
    slot_reads.clear();
    storage_reads.clear();
    code_reads.clear();
    lowest_block_hash.reset();
    account_writes.clear();
    slot_writes.clear();
    codes.clear();
    hashed.clear();
    refusal.reset();
    is_native = false;
    is_tracked = false;
    notes_hashes = false;
    conflict_before.reset();
    fees.clear();
    meets_fee_account = false;
}

void Record::trim() {
    const auto let_go = [](auto& list) {
        if (list.capacity() > most_kept) {
            std::decay_t<decltype(list)>{}.swap(list);
        }
    };
    let_go(account_reads);
    let_go(slot_reads);
    let_go(storage_reads);
    let_go(code_reads);
    let_go(account_writes);
    let_go(slot_writes);
    let_go(old_account_nodes);
    let_go(old_slot_nodes);
}

void Record::mark_estimates() {
    for (const AccountWrite& write : account_writes) {
        if (write.node != nullptr) {
            write.node->mark_estimate();
            old_account_nodes.push_back(write.node);
        }
    }
    for (const SlotWrite& write : slot_writes) {
        write.node->mark_estimate();
        old_slot_nodes.push_back(write.node);
    }
}

void Record::drop_stale_values() {
    for (Node<AccountVersion>* node : old_account_nodes) {
        if (node->is_estimate()) {
            node->publish(nullptr);
        }
    }
    for (Node<SlotVersion>* node : old_slot_nodes) {
        if (node->is_estimate()) {
            node->publish(nullptr);
        }
    }
    old_account_nodes.clear();
    old_slot_nodes.clear();
}

std::optional<Conflict> find_conflict(
    const MultiVersionMemory& memory, const Record& record, uint32_t tx
) {
    for (const AccountRead& read : record.account_reads) {
        if (read.seen == 0 && !read.has_range) {
            continue;
        }
        if (read.newest->is_absolute &&
            MultiVersionMemory::newest_version(*read.location, tx) == read.newest) {
            continue;
        }
        AccountVersion sum;
        const AccountReading now = memory.read(*read.location, tx, sum, take_estimates);
        if (!still_holds(read, *now.value)) {
            return Conflict{read.location->key, std::nullopt, now.writer};
        }
    }
    for (const SlotRead& read : record.slot_reads) {
        const SlotReading now = memory.read(*read.location, tx, take_estimates);
        if (!read.holds_for(now.value)) {
            return Conflict{read.location->key.address, read.location->key.slot, now.writer};
        }
    }
    for (const StorageRead& read : record.storage_reads) {
        if (memory.has_storage(read.address, tx) != read.has_storage) {
            return Conflict{read.address, std::nullopt, no_tx};
        }
    }
    return std::nullopt;
}

}  // namespace mega::parallel
