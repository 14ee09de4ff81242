#pragma once

// The block transition: system calls, transactions, withdrawals, requests; fee market; header
// assembly and checks.

#include "execution/transaction.hpp"
#include "trie/state_tree.hpp"
#include "types/block.hpp"

#include <functional>

namespace mega::execution {

/// EIP-1559 parameters; Ethereum's by default.
struct FeeMarket {
    uint64_t elasticity_multiplier = 2;
    uint64_t base_fee_change_denominator = 8;
    u256 min_base_fee = 0;
};

[[nodiscard]] u256 next_base_fee(const BlockHeader& parent, const FeeMarket& market = {});

/// How many blobs a block may hold, and how fast their price moves (EIP-4844, 7691, 7840).
struct BlobSchedule {
    uint64_t target = 0;
    uint64_t max = 0;
    uint64_t base_fee_update_fraction = 1;
};
/// Ethereum's at the start of the fork; zeros before Cancun.
[[nodiscard]] BlobSchedule blob_schedule(Fork fork);
/// Price of one unit of blob gas; the highest u256 when the true one does not fit.
[[nodiscard]] u256 blob_base_fee(uint64_t excess_blob_gas, uint64_t base_fee_update_fraction);

/// The environment that the fields of `header` fixed before execution (number, timestamp, gas
/// limit, beneficiary, randao, base fee) give to its transactions.
[[nodiscard]] BlockEnv block_env(Fork fork, uint64_t chain_id, const BlockHeader& header);

/// What happens before the first transaction: EIP-4788 (beacon root) and EIP-2935 (parent hash). A
/// system contract that is not deployed is skipped, as the EIPs say.
[[nodiscard]] state::StateDiff begin_block(
    evm::Vm& vm, const state::StateView& view, const BlockEnv& env, const BlockHeader& header
);

struct EndOfBlock {
    state::StateDiff diff;
    std::vector<Bytes> requests;  // EIP-7685, type byte first; none are empty
    /// Why Ethereum calls such a block invalid: a request contract is missing or fails, or a
    /// deposit log is malformed. The rest stands all the same. A chain that lives without these
    /// contracts ignores the first two.
    std::optional<std::string> fault;
};
/// What happens after the last: withdrawals (EIP-4895) and requests (EIP-6110, 7002, 7251).
[[nodiscard]] EndOfBlock end_block(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    std::span<const Withdrawal> withdrawals,
    std::span<const Receipt> receipts
);

[[nodiscard]] Hash256 requests_hash(std::span<const Bytes> requests);

/// The receipt of a result; `cumulative_gas_used` includes this transaction.
[[nodiscard]] Receipt make_receipt(
    const Transaction& tx, const TxResult& result, uint64_t cumulative_gas_used
);
/// The same, and the logs move there: the result has none any more. What a block is made of holds
/// them once.
[[nodiscard]] Receipt take_receipt(
    const Transaction& tx, TxResult& result, uint64_t cumulative_gas_used
);

/// Roots of a block's lists.
[[nodiscard]] Hash256 receipts_root(std::span<const Receipt> receipts);
[[nodiscard]] Hash256 withdrawals_root(std::span<const Withdrawal> withdrawals);

/// A diff as the tree wants it: keys hashed (many at a time) and sorted.
[[nodiscard]] std::vector<trie::AccountUpdate> tree_updates(const state::StateDiff& diff);

struct BlockResult {
    std::vector<Receipt> receipts;
    std::vector<TxResult> results;  // diffs moved out into `diff`
    state::StateDiff diff;
    uint64_t gas_used = 0;
    Bloom logs_bloom;
    std::vector<Bytes> requests;
    std::optional<std::string> fault;  // as in EndOfBlock
};

struct BlockError {
    std::string message;  // names the transaction index where there is one
};

/// Told of each transaction's receipt with what the transaction changed; may add to the receipt.
using ReceiptObserver = std::function<void(Receipt&, const state::StateDiff&)>;

/// Executes a whole block sequentially: the reference for every other way. Rewards of miners are
/// not part of it: they belong to Ethereum's history (ethereum/block_transition.hpp).
[[nodiscard]] Result<BlockResult, BlockError> execute_block(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const BlockHeader& header,
    std::span<const SignedTransaction> transactions,
    std::span<const Withdrawal> withdrawals,
    const ReceiptObserver& observe = {}
);

}  // namespace mega::execution
