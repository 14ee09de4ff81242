#pragma once

// Deposits and withdrawals of MEGA from the user's side, step by step: where one stands, what has
// to happen next and when it can.

#include "settlement/chain_proofs.hpp"
#include "settlement/inbox.hpp"
#include "settlement/rollup_file.hpp"

namespace mega::settlement {

/// What a deposit of `amount` to an account costs and does.
inline constexpr uint64_t deposit_gas = 100'000;

struct DepositSent {
    L1Receipt receipt;
    uint64_t index = 0;
    Hash256 l2_hash{};  // known at once
};
/// Approves what is missing, then deposits.
[[nodiscard]] Result<DepositSent> send_deposit(
    L1Client& l1,
    TxManager& sender,
    const Contracts& contracts,
    const Address& to,
    const u256& amount
);
/// The deposits in a receipt of L1.
[[nodiscard]] std::vector<DepositSent> deposits_in(
    const L1Receipt& receipt, const Address& deposit_queue
);

struct WithdrawalSent {
    uint64_t block_number = 0;
    Withdrawal withdrawal;
};
[[nodiscard]] Result<WithdrawalSent> send_withdrawal(
    TxManager& l2_sender, const Address& to, const u256& amount
);
/// The withdrawals in a receipt of L2.
[[nodiscard]] std::vector<WithdrawalSent> withdrawals_in(const L1Receipt& receipt);

enum class WithdrawalStage : uint8_t {
    waits_for_claim,  // its block is in no claim yet
    ready_to_prove,
    waits_for_window,  // proven; the claim or the proof is not ripe
    ready_to_finalize,
    paid,
};
struct WithdrawalStatus {
    WithdrawalStage stage = WithdrawalStage::waits_for_claim;
    uint64_t claim = 0;  // that covers it or it was proven against
    uint64_t claimed_block = 0;
    uint64_t ripe_at = 0;        // L1 time from which it can be paid, once known
    uint64_t l1_time = 0;        // now
    uint64_t batched_block = 0;  // last block in a batch
    Address prover{};            // whose proof it is
};
[[nodiscard]] Result<WithdrawalStatus> status_of(
    L1Client& l1, const RollupFile& rollup, const WithdrawalSent& sent
);
/// "waits for a claim: block 12 is in a batch, ..." with the time left, where that is known.
[[nodiscard]] std::string words_of(const WithdrawalStatus& status, const WithdrawalSent& sent);

[[nodiscard]] Result<void> prove_withdrawal(
    TxManager& l1_sender,
    ChainProofs& l2,
    const Contracts& contracts,
    const WithdrawalSent& sent,
    const WithdrawalStatus& status
);
/// Makes the claim final first where nobody has.
[[nodiscard]] Result<void> finalize_withdrawal(
    L1Client& l1,
    TxManager& l1_sender,
    const Contracts& contracts,
    const WithdrawalSent& sent,
    const WithdrawalStatus& status
);

}  // namespace mega::settlement
