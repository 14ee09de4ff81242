#include "execution/block.hpp"

#include "crypto/digest.hpp"
#include "execution/requests.hpp"
#include "execution/system_call.hpp"
#include "state/overlay.hpp"
#include "trie/ordered_root.hpp"

namespace mega::execution {

namespace {

/// 0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02 (EIP-4788)
constexpr Address beacon_roots_contract{{0x00, 0x0f, 0x3d, 0xf6, 0xd7, 0x32, 0x80, 0x7e, 0xf1, 0x31,
                                         0x9f, 0xb7, 0xb8, 0xbb, 0x85, 0x22, 0xd0, 0xbe, 0xac, 0x02}
};
/// 0x0000F90827F1C53a10cb7A02335B175320002935 (EIP-2935)
constexpr Address history_contract{{0x00, 0x00, 0xf9, 0x08, 0x27, 0xf1, 0xc5, 0x3a, 0x10, 0xcb,
                                    0x7a, 0x02, 0x33, 0x5b, 0x17, 0x53, 0x20, 0x00, 0x29, 0x35}};
constexpr uint64_t wei_per_gwei = 1'000'000'000;

/// A block's changes so far: each part sees what the parts before it did.
class Progress {
  public:
    explicit Progress(const state::StateView& view) : overlay_(view) {}

    [[nodiscard]] const state::StateView& view() const { return overlay_; }
    void add(state::StateDiff diff) {
        if (!diff.is_empty()) {
            overlay_.apply(diff);
            diffs_.push_back(std::move(diff));
        }
    }
    [[nodiscard]] state::StateDiff take() { return state::merge_all(std::move(diffs_)); }

  private:
    state::Overlay overlay_;
    std::vector<state::StateDiff> diffs_;
};

state::StateDiff credit_withdrawals(
    const state::StateView& view, std::span<const Withdrawal> withdrawals
) {
    state::Journal journal;
    journal.begin(view);
    for (const Withdrawal& withdrawal : withdrawals) {
        journal.add_balance(withdrawal.address, u256{withdrawal.amount_gwei} * u256{wei_per_gwei});
    }
    return journal.finish(true);
}

/// Asks one request contract; adds what it says to `end` and what it changed to `progress`.
void ask_for_requests(
    evm::Vm& vm,
    Progress& progress,
    const BlockEnv& env,
    const Address& contract,
    uint8_t type,
    EndOfBlock& end
) {
    auto called = call_system_contract(vm, progress.view(), env, contract, {});
    if (!called || called->status != evm::Status::success) {
        if (!end.fault) {
            end.fault = "request contract " + to_hex(contract) +
                        (called ? ": " + std::string{evm::to_string(called->status)}
                                : std::string{" is not deployed"});
        }
        return;
    }
    progress.add(std::move(called->diff));
    if (!called->output.empty()) {
        Bytes request{type};
        append(request, called->output);
        end.requests.push_back(std::move(request));
    }
}

}  // namespace

state::StateDiff begin_block(
    evm::Vm& vm, const state::StateView& view, const BlockEnv& env, const BlockHeader& header
) {
    Progress progress{view};
    const auto tell = [&](const Address& contract, const Hash256& what) {
        if (auto called = call_system_contract(vm, progress.view(), env, contract, what)) {
            progress.add(std::move(called->diff));
        }
    };
    if (env.fork >= Fork::cancun && header.parent_beacon_block_root) {
        tell(beacon_roots_contract, *header.parent_beacon_block_root);
    }
    if (env.fork >= Fork::prague) {
        tell(history_contract, header.parent_hash);
    }
    return progress.take();
}

EndOfBlock end_block(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    std::span<const Withdrawal> withdrawals,
    std::span<const Receipt> receipts
) {
    EndOfBlock end;
    Progress progress{view};
    progress.add(credit_withdrawals(view, withdrawals));
    if (env.fork >= Fork::prague) {
        auto deposits = collect_deposits(receipts);
        if (!deposits) {
            end.fault = deposits.error().message;
        } else if (!deposits->empty()) {
            deposits->insert(deposits->begin(), deposit_request_type);
            end.requests.push_back(std::move(*deposits));
        }
        ask_for_requests(
            vm, progress, env, withdrawal_request_contract, withdrawal_request_type, end
        );
        ask_for_requests(
            vm, progress, env, consolidation_request_contract, consolidation_request_type, end
        );
    }
    end.diff = progress.take();
    return end;
}

Hash256 requests_hash(std::span<const Bytes> requests) {
    Bytes digests;
    for (const Bytes& request : requests) {
        append(digests, crypto::sha256(request));
    }
    return crypto::sha256(digests);
}

namespace {

Receipt make_receipt(
    const Transaction& tx,
    const TxResult& result,
    uint64_t cumulative_gas_used,
    std::vector<Log>&& logs
) {
    Receipt receipt;
    receipt.type = tx.type;
    receipt.status = result.success();
    receipt.cumulative_gas_used = cumulative_gas_used;
    receipt.logs = std::move(logs);
    receipt.bloom = bloom_of(receipt.logs);
    return receipt;
}

}  // namespace

Receipt make_receipt(const Transaction& tx, const TxResult& result, uint64_t cumulative_gas_used) {
    return make_receipt(tx, result, cumulative_gas_used, std::vector<Log>{result.logs});
}

Receipt take_receipt(const Transaction& tx, TxResult& result, uint64_t cumulative_gas_used) {
    return make_receipt(tx, result, cumulative_gas_used, std::exchange(result.logs, {}));
}

Hash256 receipts_root(std::span<const Receipt> receipts) {
    std::vector<Bytes> encoded;
    encoded.reserve(receipts.size());
    for (const Receipt& receipt : receipts) {
        encoded.push_back(encode(receipt));
    }
    return trie::ordered_root(encoded);
}

Hash256 withdrawals_root(std::span<const Withdrawal> withdrawals) {
    std::vector<Bytes> encoded;
    encoded.reserve(withdrawals.size());
    for (const Withdrawal& withdrawal : withdrawals) {
        encoded.push_back(encode(withdrawal));
    }
    return trie::ordered_root(encoded);
}

namespace {

/// Executes the transactions in order on top of `progress`. Nothing when all went in.
std::optional<BlockError> execute_transactions(
    evm::Vm& vm,
    Progress& progress,
    const BlockEnv& env,
    std::span<const SignedTransaction> transactions,
    const ReceiptObserver& observe,
    BlockResult& block
) {
    state::Journal journal;
    uint64_t blobs = 0;
    for (size_t i = 0; i < transactions.size(); ++i) {
        const SignedTransaction& tx = transactions[i];
        const auto fail = [i](const std::string& message) {
            return BlockError{"transaction " + std::to_string(i) + ": " + message};
        };
        blobs += tx.tx.blob_versioned_hashes.size();
        if (tx.tx.type == TxType::blob && blobs > env.max_blobs) {
            return fail("block holds too many blobs");
        }
        const ExecutionOptions options{.block_gas_left = env.context.gas_limit - block.gas_used};
        auto result = execute_transaction(vm, journal, progress.view(), env, tx, options);
        if (!result) {
            return fail(result.error().message);
        }
        block.gas_used += result->gas_used;
        block.receipts.push_back(take_receipt(tx.tx, *result, block.gas_used));
        if (observe) {
            observe(block.receipts.back(), result->diff);
        }
        merge(block.logs_bloom, block.receipts.back().bloom);
        progress.add(std::exchange(result->diff, {}));
        block.results.push_back(std::move(*result));
    }
    return std::nullopt;
}

}  // namespace

Result<BlockResult, BlockError> execute_block(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const BlockHeader& header,
    std::span<const SignedTransaction> transactions,
    std::span<const Withdrawal> withdrawals,
    const ReceiptObserver& observe
) {
    BlockResult block;
    Progress progress{view};
    progress.add(begin_block(vm, view, env, header));
    if (auto error = execute_transactions(vm, progress, env, transactions, observe, block)) {
        return Err{std::move(*error)};
    }
    EndOfBlock end = end_block(vm, progress.view(), env, withdrawals, block.receipts);
    progress.add(std::move(end.diff));
    block.requests = std::move(end.requests);
    block.fault = std::move(end.fault);
    block.diff = progress.take();
    return block;
}

}  // namespace mega::execution
