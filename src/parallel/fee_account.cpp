#include "parallel/fee_account.hpp"

#include <utility>

namespace mega::parallel {

void FeeAccounts::begin_round(const FeeAddresses& addresses) {
    for (size_t i = 0; i < sums_.size(); ++i) {
        sums_[i] = {};
        sums_[i].address = addresses[i];
    }
}

FeeAccounts::Sum& FeeAccounts::sum_of(const Address& address) {
    for (Sum& sum : sums_) {
        if (sum.address == address) {
            return sum;
        }
    }
    MEGA_ASSERT(false);  // fees of others are published as any change
    return sums_.front();
}

void FeeAccounts::collect(Arena& arena, const Fee& fee, uint32_t tx, state::AccountChange& change) {
    Sum& sum = sum_of(fee.address);
    if (!sum.is_known) {
        if (sum.location == nullptr) {
            sum.location = &memory_->account(arena, fee.address);
        }
        AccountVersion added;
        sum.now =
            *memory_->read(
                        *sum.location, tx, added, [](const auto& /*node*/) { return false; }
            ).value;
        sum.is_known = true;
    }
    change.address = fee.address;
    change.before = sum.now.to_account();
    AccountVersion credit;
    credit.is_touched = true;
    credit.account.balance = fee.amount;
    apply(credit, memory_->sweeps_empty(), sum.now);
    change.after = sum.now.to_account();
    sum.last_payer = tx;
    sum.is_published = false;
}

void FeeAccounts::note(state::AccessLog& log, const Fee& fee) {
    if (!std::exchange(sum_of(fee.address).is_noted, true)) {
        log.note_account(fee.address);
    }
}

void FeeAccounts::publish(Arena& arena) {
    for (Sum& sum : sums_) {
        if (!sum.is_published) {
            sum.location->node_of(arena, sum.last_payer)
                ->publish(arena.make<AccountVersion>(sum.now));
            sum.is_published = true;
        }
    }
}

void FeeAccounts::forget(Arena& arena) {
    publish(arena);  // it may have paid the other account
    for (Sum& sum : sums_) {
        sum.is_known = false;
    }
}

}  // namespace mega::parallel
