#pragma once

// The transaction transition (Yellow Paper section 6; EIP-1559, 2929, 2930, 3529, 3607, 3651, 3860,
// 4844, 6780, 7623, 7702, 7825): validity, up-front cost, execution, refund, fees. Pure: everything
// comes in through arguments.
//
// A deposit (type 0x7e) is money and a message from L1 that cannot be refused any more, so it is
// never invalid:
//   1. `mint` is credited to `from` and stays whatever happens after (a mint beyond 2^256 is not
//   credited);
//   2. the nonce of `from` is raised; there is no signature and no fee, the gas price is 0;
//   3. the call or creation runs with gas_limit less the intrinsic gas; any failure, also too
//   little gas for the
//      intrinsic part, gives a receipt with status 0;
//   4. its gas counts in the block like any other's; only a block without room for gas_limit turns
//   it away.

#include "evm/vm.hpp"
#include "execution/errors.hpp"
#include "state/journal.hpp"
#include "types/receipt.hpp"

namespace mega::execution {

/// Fees that mega's L2 has and Ethereum lacks (data_fee.hpp); all zero on Ethereum.
struct L2Fees {
    /// Wei for each byte that a transaction adds to a batch.
    u256 data_price;
    /// Of the block: what turns the data's price into gas, also in calls that pay nothing.
    u256 base_fee_per_gas;
    /// Share of the base fee that goes to the fee vault instead of being burnt, in parts of 10,000.
    uint16_t base_fee_share_bps = 0;

    [[nodiscard]] bool pays_vault() const {
        return !data_price.is_zero() || base_fee_share_bps != 0;
    }
    friend bool operator==(const L2Fees&, const L2Fees&) = default;
};
/// 0x420000000000000000000000000000000000001A: receives what L2Fees names.
inline constexpr Address fee_vault_address{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                            0,    0, 0, 0, 0, 0, 0, 0, 0, 0x1a}};

/// What is fixed for every transaction of a block.
struct BlockEnv {
    Fork fork = current_fork;
    evm::BlockContext context;
    /// The base fee is burnt but for what `l2_fees` gives to the vault, and the tip goes to the
    /// beneficiary. Blob limits matter to replay alone.
    uint64_t max_blobs = 0;
    L2Fees l2_fees;
};

struct TxResult {
    evm::Status status = evm::Status::success;  // of the transaction's own frame
    uint64_t gas_used = 0;
    uint64_t data_gas = 0;  // of it, for the place on L1 (data_fee.hpp)
    u256 effective_gas_price;
    std::vector<Log> logs;      // moved to the receipt where a block is made (take_receipt)
    Bytes output;               // return or revert data
    uint64_t gas_refunded = 0;  // of the gas used before refunds
    std::optional<Address> created;
    state::StateDiff diff;

    [[nodiscard]] bool success() const { return status == evm::Status::success; }
};

/// Gas that is charged before execution, and the least that is charged in the end (EIP-7623).
struct IntrinsicGas {
    uint64_t intrinsic = 0;
    uint64_t floor = 0;
};
[[nodiscard]] IntrinsicGas intrinsic_gas(Fork fork, const Transaction& tx);

/// How a call that is not a transaction (eth_call, eth_estimateGas) departs from the rules.
struct ExecutionOptions {
    bool skip_nonce_check = false;
    bool skip_balance_check = false;  // the sender is credited with what is missing
    bool skip_sender_code_check = false;
    bool skip_base_fee_check = false;
    bool skip_gas_cap = false;  // EIP-7825
    /// Gas left of the block; unlimited by default.
    uint64_t block_gas_left = UINT64_MAX;
};

/// Checks that need no state: type, sizes, intrinsic gas, gas caps, fee order, chain id. What a
/// mempool asks first.
[[nodiscard]] Result<void, TxError> check_stateless(
    Fork fork, uint64_t chain_id, const Transaction& tx, const ExecutionOptions& options = {}
);

/// What mega's L2 refuses from users although Ethereum's rules, or its own derivation from L1, know
/// it: blob transactions and deposits.
[[nodiscard]] Result<void, TxError> check_l2_accepts(const Transaction& tx);

/// Executes `tx` on top of `view`. On error nothing happened. The result's diff includes fees.
[[nodiscard]] Result<TxResult, TxError> execute_transaction(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& tx,
    const ExecutionOptions& options = {}
);
/// The same with a journal that is used again and again: nothing is allocated for it in the steady
/// state.
[[nodiscard]] Result<TxResult, TxError> execute_transaction(
    evm::Vm& vm,
    state::Journal& journal,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& tx,
    const ExecutionOptions& options = {}
);

}  // namespace mega::execution
