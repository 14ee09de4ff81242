#pragma once

// One transfer of a batch of transfers (transfer_batch.hpp), as far as no state is needed: its
// costs, its diff laid out, and the movements that fill the diff in.

#include "execution/transfer.hpp"
#include "state/hash.hpp"

namespace mega::parallel {

struct PlannedTransfer {
    static constexpr uint8_t unchanged = UINT8_MAX;

    const SignedTransaction* transaction = nullptr;
    execution::TransferCosts costs;
    /// A place for each account that changes, by address; before and after are open yet.
    std::vector<state::AccountChange> changes;
    // Places in it.
    uint8_t sender = unchanged;
    uint8_t recipient = unchanged;
    uint8_t beneficiary = unchanged;
    uint8_t vault = unchanged;

    [[nodiscard]] const Address& sender_address() const { return transaction->sender; }
    [[nodiscard]] const Address& recipient_address() const { return *transaction->tx.to; }
    [[nodiscard]] bool is_to_itself() const { return sender_address() == recipient_address(); }
};

/// What a transfer does to one account. All that is needed lies here, so that who settles it need
/// not fetch what another core has planned.
struct Movement {
    uint64_t hash = 0;  // of the address
    Address address;
    uint32_t transfer = 0;  // its number
    bool is_credit = false;
    uint64_t nonce = 0;  // debit: the sender's, before
    u256 amount;
    u256 needed;  // debit: of the balance, before
    /// In the transfer's diff; null where nothing changes.
    state::AccountChange* change = nullptr;
};

/// False when it is no transfer of a batch: one whose costs are out of the ordinary, or that moves
/// money of an account which lives on fees.
[[nodiscard]] bool plan_transfer(
    const execution::BlockEnv& env,
    const SignedTransaction& tx,
    const execution::ExecutionOptions& options,
    PlannedTransfer& planned
);

/// Point into `planned`. A transfer to oneself is a debit of what it costs.
[[nodiscard]] Movement debit_of(
    PlannedTransfer& planned, uint32_t number, const state::SeededHash& hash
);
[[nodiscard]] Movement credit_of(
    PlannedTransfer& planned, uint32_t number, const state::SeededHash& hash
);

}  // namespace mega::parallel
