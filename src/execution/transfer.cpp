#include "execution/transfer.hpp"

#include "evm/precompiles.hpp"
#include "execution/data_fee.hpp"
#include "state/effects.hpp"

#include <algorithm>
#include <array>

namespace mega::execution {

namespace {

/// Nothing where the limit does not hold the gas: who is refused is refused in full words
/// elsewhere.
bool add_l2_fees(
    const BlockEnv& env, const SignedTransaction& tx, const u256& base_fee, TransferCosts& costs
) {
    if (!env.l2_fees.pays_vault()) {
        return true;
    }
    costs.data_gas = data_gas(env.l2_fees, tx);
    costs.gas_used += costs.data_gas;
    costs.to_vault = vault_credit(env.l2_fees, base_fee, costs.gas_used, costs.data_gas);
    return costs.gas_used <= tx.tx.gas_limit && tx.sender != fee_vault_address &&
           *tx.tx.to != fee_vault_address && env.context.beneficiary != fee_vault_address;
}

/// Who may have code is asked of senders without code alone.
bool skips_a_check(const ExecutionOptions& options) {
    return options.skip_nonce_check || options.skip_balance_check || options.skip_base_fee_check ||
           options.skip_gas_cap;
}

/// The few accounts that a transfer moves money between.
class Accounts {
  public:
    struct Entry {
        Address address;
        std::optional<Account> before;
        Account after;
    };

    explicit Accounts(const state::StateView& view) : view_(&view) {}

    /// Stays where it is. Loaded from the view when it is new.
    Entry& at(const Address& address) {
        for (size_t i = 0; i < count_; ++i) {
            if (entries_[i].address == address) {
                return entries_[i];
            }
        }
        Entry& added = entries_[count_++];
        added.address = address;
        added.before = view_->account(address);
        added.after = added.before.value_or(Account{});
        return added;
    }
    /// False where a sum might wrap.
    [[nodiscard]] bool credit(const Address& address, const u256& amount) {
        return execution::credit(at(address).after, amount);
    }
    /// Nothing where an account ceases to exist, which may leave storage behind.
    [[nodiscard]] std::optional<state::StateDiff> diff() {
        std::array<const Entry*, size> order;
        for (size_t i = 0; i < count_; ++i) {
            order[i] = &entries_[i];
        }
        const auto end = order.begin() + count_;
        std::sort(order.begin(), end, [](const Entry* a, const Entry* b) {
            return a->address < b->address;
        });
        state::StateDiff diff;
        diff.accounts.reserve(count_);
        for (auto entry = order.begin(); entry != end; ++entry) {
            const auto& [address, before, after] = **entry;
            const bool exists = !after.is_empty();  // EIP-161
            if (before && !exists) {
                return std::nullopt;
            }
            if (exists && before != after) {
                diff.accounts.push_back({address, before, after});
            }
        }
        return diff;
    }

  private:
    static constexpr size_t size = 4;  // sender, recipient, beneficiary, vault

    const state::StateView* view_;
    std::array<Entry, size> entries_;
    size_t count_ = 0;
};

}  // namespace

bool looks_like_transfer(Fork fork, const Transaction& tx) {
    const bool has_plain_type = tx.type == TxType::legacy || tx.type == TxType::dynamic_fee ||
                                tx.type == TxType::access_list;
    return has_plain_type && tx.to && tx.data.empty() && tx.access_list.empty() &&
           !evm::is_precompile(fork, *tx.to);
}

std::optional<TransferCosts> transfer_costs(
    const BlockEnv& env, const SignedTransaction& signed_tx, const ExecutionOptions& options
) {
    const Transaction& tx = signed_tx.tx;
    const bool has_base_fee = env.fork >= Fork::london;
    const u256 base_fee = has_base_fee ? env.context.base_fee_per_gas : u256{};
    if (tx.max_fee_per_gas < base_fee || tx.value >= state::high_balance ||
        tx.nonce == UINT64_MAX || multiply_overflows(u256{tx.gas_limit}, tx.max_fee_per_gas) ||
        !check_stateless(env.fork, env.context.chain_id, tx, options)) {
        return std::nullopt;
    }
    TransferCosts costs;
    costs.gas_used = transfer_gas;
    costs.price = has_base_fee ? effective_gas_price(tx, base_fee) : tx.max_fee_per_gas;
    costs.tip = costs.price - base_fee;
    const u256 most_for_gas = u256{tx.gas_limit} * tx.max_fee_per_gas;
    if (most_for_gas >= state::high_balance) {
        return std::nullopt;
    }
    costs.needed = most_for_gas + tx.value;
    const bool fits =
        costs.needed < state::high_balance && add_l2_fees(env, signed_tx, base_fee, costs);
    return fits ? std::optional{costs} : std::nullopt;
}

std::optional<TransferCosts> plan_transfer(
    const BlockEnv& env, const SignedTransaction& tx, const ExecutionOptions& options
) {
    // Before EIP-161 a touch alone makes an account.
    if (env.fork < Fork::spurious_dragon || !looks_like_transfer(env.fork, tx.tx) ||
        skips_a_check(options) || tx.tx.gas_limit > INT64_MAX) {
        return std::nullopt;
    }
    return transfer_costs(env, tx, options);
}

bool can_make_transfer(const Account& sender, uint64_t nonce, const u256& needed) {
    return sender.nonce == nonce && !sender.has_code() && sender.balance >= needed &&
           sender.balance < state::high_balance;
}

bool credit(Account& account, const u256& amount) {
    const bool fits = account.balance < state::high_balance && amount < state::high_balance;
    account.balance += amount;
    return fits;
}

std::optional<TxResult> execute_transfer(
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& signed_tx,
    const ExecutionOptions& options
) {
    const Transaction& tx = signed_tx.tx;
    const auto costs = plan_transfer(env, signed_tx, options);
    if (!costs || tx.gas_limit > options.block_gas_left) {
        return std::nullopt;
    }
    Accounts accounts{view};
    Accounts::Entry& sender = accounts.at(signed_tx.sender);
    if (!can_make_transfer(sender.after, tx.nonce, costs->needed) ||
        accounts.at(*tx.to).after.has_code()) {
        return std::nullopt;
    }
    sender.after.nonce += 1;
    sender.after.balance -= costs->price * u256{costs->gas_used} + tx.value;
    if (!accounts.credit(*tx.to, tx.value) ||
        !accounts.credit(env.context.beneficiary, costs->tip * u256{costs->gas_used}) ||
        (env.l2_fees.pays_vault() && !accounts.credit(fee_vault_address, costs->to_vault))) {
        return std::nullopt;
    }
    auto diff = accounts.diff();
    if (!diff) {
        return std::nullopt;
    }
    std::optional<TxResult> result{std::in_place};
    result->gas_used = costs->gas_used;
    result->data_gas = costs->data_gas;
    result->effective_gas_price = costs->price;
    result->diff = std::move(*diff);
    return result;
}

}  // namespace mega::execution
