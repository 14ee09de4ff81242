#include "parallel/transfer_plan.hpp"

#include <algorithm>
#include <array>

namespace mega::parallel {

namespace {

struct Place {
    const Address* address = nullptr;
    uint8_t* number = nullptr;
};

/// The accounts that change, and only these: whether they do does not depend on the state.
size_t list_places(
    const execution::BlockEnv& env, PlannedTransfer& planned, std::array<Place, 4>& places
) {
    size_t count = 0;
    places[count++] = {&planned.sender_address(), &planned.sender};
    if (!planned.is_to_itself() && !planned.transaction->tx.value.is_zero()) {
        places[count++] = {&planned.recipient_address(), &planned.recipient};
    }
    if (!planned.costs.tip.is_zero()) {
        places[count++] = {&env.context.beneficiary, &planned.beneficiary};
    }
    if (!planned.costs.to_vault.is_zero()) {
        places[count++] = {&execution::fee_vault_address, &planned.vault};
    }
    return count;
}

void lay_out_diff(const execution::BlockEnv& env, PlannedTransfer& planned) {
    std::array<Place, 4> places;
    const auto end = places.begin() + list_places(env, planned, places);
    std::sort(places.begin(), end, [](const Place& a, const Place& b) {
        return *a.address < *b.address;
    });
    planned.changes.resize(static_cast<size_t>(end - places.begin()));
    for (size_t i = 0; i < planned.changes.size(); ++i) {
        planned.changes[i].address = *places[i].address;
        *places[i].number = static_cast<uint8_t>(i);
    }
}

}  // namespace

bool plan_transfer(
    const execution::BlockEnv& env,
    const SignedTransaction& tx,
    const execution::ExecutionOptions& options,
    PlannedTransfer& planned
) {
    const auto costs = execution::plan_transfer(env, tx, options);
    const Address& beneficiary = env.context.beneficiary;
    if (!costs || tx.sender == beneficiary || *tx.tx.to == beneficiary) {
        return false;
    }
    planned = {};
    planned.transaction = &tx;
    planned.costs = *costs;
    lay_out_diff(env, planned);
    return true;
}

Movement debit_of(PlannedTransfer& planned, uint32_t number, const state::SeededHash& hash) {
    Movement debit;
    debit.address = planned.sender_address();
    debit.hash = hash(debit.address);
    debit.transfer = number;
    debit.nonce = planned.transaction->tx.nonce;
    debit.amount = planned.costs.price * u256{planned.costs.gas_used};
    if (!planned.is_to_itself()) {
        debit.amount += planned.transaction->tx.value;
    }
    debit.needed = planned.costs.needed;
    debit.change = &planned.changes[planned.sender];
    return debit;
}

Movement credit_of(PlannedTransfer& planned, uint32_t number, const state::SeededHash& hash) {
    Movement credit;
    credit.address = planned.recipient_address();
    credit.hash = hash(credit.address);
    credit.transfer = number;
    credit.is_credit = true;
    credit.amount = planned.transaction->tx.value;
    if (planned.recipient != PlannedTransfer::unchanged) {
        credit.change = &planned.changes[planned.recipient];
    }
    return credit;
}

}  // namespace mega::parallel
