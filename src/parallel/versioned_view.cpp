#include "parallel/versioned_view.hpp"

#include <algorithm>

namespace mega::parallel {

void VersionedView::begin(uint32_t tx, Record& record, EstimateWaiter& waiter) {
    tx_ = tx;
    record_ = &record;
    waiter_ = &waiter;
    codes_.clear();
}

std::optional<Account> VersionedView::account(const Address& address) const {
    AccountLocation& location = memory_->account(*arena_, address);
    const AccountReading reading = memory_->read(location, tx_, [this](const auto& node) {
        waiter_->wait_for(node.tx);
        return true;
    });
    AccountRead& read = record_->account_reads.emplace_back();
    read.location = &location;
    read.newest = reading.newest;
    read.account = reading.resolved.account;
    if (reading.resolved.code != nullptr) {
        codes_.emplace_back(read.account->code_hash, reading.resolved.code);
    }
    return read.account;
}

u256 VersionedView::storage(const Address& address, const u256& slot) const {
    SlotLocation& location = memory_->slot(*arena_, address, slot);
    const SlotReading reading = memory_->read(location, tx_, [this](const auto& node) {
        waiter_->wait_for(node.tx);
        return true;
    });
    record_->slot_reads.push_back({&location, reading.value});
    return reading.value;
}

bool VersionedView::has_storage(const Address& address) const {
    const bool has = memory_->has_storage(address, tx_);
    record_->storage_reads.push_back({address, has});
    return has;
}

evm::CodePtr VersionedView::code(const Hash256& code_hash) const {
    const auto found = std::find_if(codes_.begin(), codes_.end(), [&](const auto& entry) {
        return entry.first == code_hash;
    });
    if (found != codes_.end()) {
        return {evm::CodePtr{}, found->second};  // the round keeps it alive
    }
    return memory_->base().code(code_hash);
}

Hash256 VersionedView::block_hash(uint64_t number) const {
    return memory_->base().block_hash(number);
}

}  // namespace mega::parallel
