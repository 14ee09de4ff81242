#include "execution/call.hpp"

#include "evm/precompiles.hpp"
#include "execution/data_fee.hpp"
#include "execution/rules.hpp"

#include <algorithm>

namespace mega::execution {

namespace {

constexpr uint64_t call_stipend = 2300;
constexpr uint64_t plain_transfer_gas = 21000;
/// The search ends when the bounds are this close: parts in a thousand of the upper one.
constexpr uint64_t tolerance_per_mille = 15;

/// Without any fee, a call sees no base fee either.
BlockEnv env_of_call(const BlockEnv& env, const Transaction& tx) {
    BlockEnv adapted = env;
    if (tx.max_fee_per_gas.is_zero()) {
        adapted.context.base_fee_per_gas = {};
    }
    if (tx.max_fee_per_blob_gas.is_zero()) {
        adapted.context.blob_base_fee = {};
    }
    return adapted;
}

Result<TxResult, TxError> run(
    evm::Vm& vm,
    state::Journal& journal,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    const ExecutionOptions& options
) {
    return execute_transaction(vm, journal, view, env_of_call(env, call.tx), call, options);
}

/// The data's price may rise, and the base fee fall, until the transaction is included: a quarter
/// more of that part.
uint64_t with_data_margin(uint64_t gas, uint64_t data, uint64_t most) {
    return std::max(gas, std::min(gas + data / 4, most));
}

/// The most gas that the sender's balance buys; nothing when it does not even cover the value.
std::optional<uint64_t> affordable_gas(
    const state::StateView& view, const SignedTransaction& call
) {
    const auto account = view.account(call.sender);
    const u256 balance = account ? account->balance : u256{};
    if (call.tx.value > balance) {
        return std::nullopt;
    }
    const u256 gas = (balance - call.tx.value) / call.tx.max_fee_per_gas;
    return gas.fits_u64() ? gas.low64() : UINT64_MAX;
}

/// One search for the least sufficient gas limit.
class GasSearch {
  public:
    GasSearch(
        evm::Vm& vm,
        const state::StateView& view,
        const BlockEnv& env,
        const SignedTransaction& call
    )
        : vm_(vm), view_(view), env_(env), call_(call) {
        // The bounds respect the cap and the balance; between them only success matters.
        options_.skip_gas_cap = false;
    }

    [[nodiscard]] Result<uint64_t, EstimateError> run(uint64_t gas_cap);

  private:
    /// Whether the call succeeds with `gas`; a limit below the intrinsic gas is just too low.
    [[nodiscard]] Result<bool, EstimateError> suffices(uint64_t gas);
    [[nodiscard]] Result<uint64_t, EstimateError> upper_bound(uint64_t gas_cap) const;
    [[nodiscard]] EstimateError failure(uint64_t gas) const;
    [[nodiscard]] bool is_plain_transfer() const;

    evm::Vm& vm_;
    const state::StateView& view_;
    const BlockEnv& env_;
    SignedTransaction call_;
    ExecutionOptions options_ = call_options();
    state::Journal journal_;
    TxResult last_;
};

Result<bool, EstimateError> GasSearch::suffices(uint64_t gas) {
    call_.tx.gas_limit = gas;
    auto result = execution::run(vm_, journal_, view_, env_, call_, options_);
    if (result) {
        last_ = std::move(*result);
        return last_.success();
    }
    const TxError& error = result.error();
    if (error.code == TxErrorCode::intrinsic_gas_too_low ||
        error.code == TxErrorCode::floor_data_gas_too_low) {
        last_ = {};
        last_.status = evm::Status::out_of_gas;
        return false;
    }
    return Err{EstimateError{EstimateError::Kind::invalid, error.message, {}}};
}

Result<uint64_t, EstimateError> GasSearch::upper_bound(uint64_t gas_cap) const {
    uint64_t bound =
        call_.tx.gas_limit >= plain_transfer_gas ? call_.tx.gas_limit : env_.context.gas_limit;
    if (!call_.tx.max_fee_per_gas.is_zero()) {
        const auto affordable = affordable_gas(view_, call_);
        if (!affordable) {
            return Err{
                EstimateError{EstimateError::Kind::invalid, "insufficient funds for transfer", {}}
            };
        }
        bound = std::min(bound, *affordable);
    }
    if (gas_cap != 0) {
        bound = std::min(bound, gas_cap);
    }
    if (env_.fork >= Fork::osaka) {
        bound = std::min(bound, Rules<Fork::osaka>::max_tx_gas);
    }
    return bound;
}

EstimateError GasSearch::failure(uint64_t gas) const {
    if (last_.status == evm::Status::revert) {
        return {
            EstimateError::Kind::reverted, std::string{evm::to_string(last_.status)}, last_.output
        };
    }
    if (last_.status == evm::Status::out_of_gas) {
        return {
            EstimateError::Kind::failed,
            "gas required exceeds allowance (" + std::to_string(gas) + ")",
            {}
        };
    }
    return {EstimateError::Kind::failed, std::string{evm::to_string(last_.status)}, {}};
}

bool GasSearch::is_plain_transfer() const {
    if (!call_.tx.to || !call_.tx.data.empty()) {
        return false;
    }
    const auto account = view_.account(*call_.tx.to);
    return !account || !account->has_code();
}

Result<uint64_t, EstimateError> GasSearch::run(uint64_t gas_cap) {
    const auto bound = upper_bound(gas_cap);
    if (!bound) {
        return Err{bound.error()};
    }
    const uint64_t most = *bound;
    uint64_t high = most;
    const uint64_t data = data_gas(env_.l2_fees, call_);
    const uint64_t transfer_gas = plain_transfer_gas + data;
    if (is_plain_transfer() && high >= transfer_gas) {
        const auto enough = suffices(transfer_gas);
        if (enough && *enough) {
            return with_data_margin(transfer_gas, data, most);
        }
    }
    const auto possible = suffices(high);
    if (!possible) {
        return Err{possible.error()};
    }
    if (!*possible) {
        return Err{failure(high)};
    }
    // Less than what was used never suffices; a little more than was used at the peak mostly does.
    uint64_t low = last_.gas_used - 1;
    const uint64_t peak = last_.gas_used + last_.gas_refunded + call_stipend;
    uint64_t next = peak + peak / 63 + 1;
    while (low + 1 < high && (high - low) * 1000 > high * tolerance_per_mille) {
        if (next <= low || next >= high) {
            // Most calls need little more than they use: lean towards the lower end.
            next = std::min(low + (high - low) / 2, low > UINT64_MAX / 2 ? UINT64_MAX : 2 * low);
        }
        const auto enough = suffices(next);
        if (!enough) {
            return Err{enough.error()};
        }
        (*enough ? high : low) = next;
        next = low + (high - low) / 2;
    }
    return with_data_margin(high, data, most);
}

AccessList listed(
    const std::vector<state::AccessedAccount>& accessed,
    const BlockEnv& env,
    const SignedTransaction& call,
    const std::optional<Address>& created
) {
    AccessList list;
    for (const state::AccessedAccount& account : accessed) {
        const bool is_known = account.address == call.sender || account.address == call.tx.to ||
                              account.address == created ||
                              account.address == env.context.beneficiary ||
                              evm::is_precompile(env.fork, account.address);
        if (is_known && account.slots.empty()) {
            continue;
        }
        AccessListEntry& entry = list.emplace_back();
        entry.address = account.address;
        for (const u256& slot : account.slots) {
            entry.storage_keys.push_back(slot.to_hash());
        }
        std::sort(entry.storage_keys.begin(), entry.storage_keys.end());
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
        return a.address < b.address;
    });
    return list;
}

}  // namespace

ExecutionOptions call_options() {
    ExecutionOptions options;
    options.skip_nonce_check = true;
    options.skip_sender_code_check = true;
    options.skip_gas_cap = true;
    return options;
}

Result<TxResult, TxError> simulate(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    const ExecutionOptions& options
) {
    state::Journal journal;
    return run(vm, journal, view, env, call, options);
}

Result<uint64_t, EstimateError> estimate_gas(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    uint64_t gas_cap
) {
    return GasSearch{vm, view, env, call}.run(gas_cap);
}

Result<AccessListResult, TxError> create_access_list(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    uint32_t max_rounds
) {
    state::Journal journal;
    SignedTransaction attempt = call;
    if (attempt.tx.type == TxType::legacy) {
        attempt.tx.type = TxType::access_list;
    }
    AccessListResult found;
    for (uint32_t round = 0; round < max_rounds; ++round) {
        auto result = run(vm, journal, view, env, attempt, call_options());
        if (!result) {
            return Err{result.error()};
        }
        AccessList list = listed(journal.accessed(), env, attempt, result->created);
        found = {attempt.tx.access_list, result->gas_used, result->status};
        if (list == attempt.tx.access_list) {
            break;
        }
        attempt.tx.access_list = std::move(list);
    }
    return found;
}

}  // namespace mega::execution
