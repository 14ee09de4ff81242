#include "parallel/versioned_view.hpp"

#include <algorithm>

namespace mega::parallel {

void VersionedView::end_round() {
    base_codes_.clear();
    base_code_table_.clear();
}

void VersionedView::begin(uint32_t tx, Record& record, EstimateWaiter& waiter) {
    tx_ = tx;
    record_ = &record;
    waiter_ = &waiter;
    codes_.clear();
}

std::optional<Account> VersionedView::account(const Address& address) const {
    AccountLocation& location = memory_->account(*arena_, address);
    AccountVersion sum;
    const AccountReading reading = memory_->read(location, tx_, sum, [this](const auto& node) {
        waiter_->wait_for(node.tx);
        return true;
    });
    AccountRead& read = record_->account_reads.emplace_back();
    read.location = &location;
    read.newest = reading.newest;
    read.value = reading.value == &sum ? arena_->make<AccountVersion>(sum) : reading.value;
    record_->meets_fee_account = record_->meets_fee_account || lives_on_fees(address);
    if (read.value->code != nullptr) {
        codes_.emplace_back(read.value->account.code_hash, read.value->code);
    }
    return read.value->to_account();
}

u256 VersionedView::storage(const Address& address, const u256& slot) const {
    SlotLocation& location = memory_->slot(*arena_, address, slot);
    const SlotReading reading = memory_->read(location, tx_, [this](const auto& node) {
        waiter_->wait_for(node.tx);
        return true;
    });
    record_->slot_reads.push_back({.location = &location, .value = reading.value});
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
    record_->code_reads.push_back(code_hash);
    return {evm::CodePtr{}, base_code(code_hash)};  // this view keeps it alive
}

const evm::Code* VersionedView::base_code(const Hash256& code_hash) const {
    const uint64_t hash = hash_(0, to_u256(code_hash));
    const uint32_t known =
        base_code_table_.find(hash, [&](uint32_t i) { return base_codes_[i].hash == code_hash; });
    if (known != state::IndexTable::none) {
        return base_codes_[known].code.get();
    }
    base_code_table_.insert(hash, static_cast<uint32_t>(base_codes_.size()));
    return base_codes_.emplace_back(code_hash, memory_->base().code(code_hash)).code.get();
}

Hash256 VersionedView::block_hash(uint64_t number) const {
    record_->lowest_block_hash = std::min(record_->lowest_block_hash.value_or(number), number);
    return memory_->base().block_hash(number);
}

}  // namespace mega::parallel
