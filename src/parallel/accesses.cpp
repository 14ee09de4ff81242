#include "parallel/accesses.hpp"

#include <utility>

namespace mega::parallel {

namespace {

void note_account(state::AccessLog& log, AccountLocation& location) {
    if (!std::exchange(location.is_noted, true)) {
        log.note_account(location.key);
    }
}

}  // namespace

void note_accesses(state::AccessLog& log, FeeAccounts& fees, const Record& record) {
    for (const AccountRead& read : record.account_reads) {
        note_account(log, *read.location);
    }
    // A credit reads nothing here; one after the other, it would.
    for (const AccountWrite& write : record.account_writes) {
        note_account(log, *write.location);
    }
    for (const Fee& fee : record.fees) {
        fees.note(log, fee);
    }
    for (const SlotRead& read : record.slot_reads) {
        if (!std::exchange(read.location->is_noted, true)) {
            log.note_slot(read.location->key.address, read.location->key.slot);
        }
    }
    for (const StorageRead& read : record.storage_reads) {
        log.note_account(read.address);
    }
    for (const Hash256& code_hash : record.code_reads) {
        log.note_code(code_hash);
    }
    if (record.lowest_block_hash) {
        log.note_block_hash(*record.lowest_block_hash);
    }
}

}  // namespace mega::parallel
