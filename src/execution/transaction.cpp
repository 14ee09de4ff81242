#include "execution/transaction.hpp"

#include "execution/checks.hpp"
#include "execution/data_fee.hpp"
#include "execution/host.hpp"
#include "execution/transfer.hpp"

namespace mega::execution {

namespace {

/// a * b when it fits 256 bits.
std::optional<u256> multiply(const u256& a, const u256& b) {
    if (multiply_overflows(a, b)) {
        return std::nullopt;
    }
    return a * b;
}

std::optional<u256> add(const std::optional<u256>& a, const std::optional<u256>& b) {
    if (!a || !b) {
        return std::nullopt;
    }
    const AddResult sum = add_with_carry(*a, *b);
    return sum.carry ? std::nullopt : std::optional{sum.value};
}

/// One transaction on its way through the numbered steps of run().
template <Fork F>
class Transition {
  public:
    using R = Rules<F>;

    Transition(
        evm::Vm& vm,
        state::Journal& journal,
        const state::StateView& view,
        const BlockEnv& env,
        const SignedTransaction& signed_tx,
        const ExecutionOptions& options
    )
        : journal_(journal),
          env_(env),
          tx_(signed_tx.tx),
          data_gas_(data_gas(env.l2_fees, signed_tx)),
          sender_(signed_tx.tx.type == TxType::deposit ? signed_tx.tx.from : signed_tx.sender),
          options_(options),
          context_{sender_, price(), signed_tx.tx.blob_versioned_hashes},
          host_(vm, journal, view, env.context, context_) {
        journal_.begin(view);
    }

    // One function a fork: inlined into one they take the compiler twice as long.
    [[nodiscard, gnu::noinline]] Result<TxResult, TxError> run();

  private:
    [[nodiscard]] bool is_deposit() const { return tx_.type == TxType::deposit; }
    [[nodiscard]] u256 price() const;
    [[nodiscard]] u256 blob_gas() const {
        return gas_per_blob * uint64_t{tx_.blob_versioned_hashes.size()};
    }
    [[nodiscard]] TxError error(TxErrorCode code, std::string_view text, const std::string& rest)
        const {
        return {code, std::string{text} + ": address " + to_hex(sender_) + rest};
    }

    [[nodiscard]] std::optional<TxError> find_fault(const IntrinsicGas& gas);
    [[nodiscard]] std::optional<TxError> find_data_gas_fault(const IntrinsicGas& gas) const;
    [[nodiscard]] std::optional<TxError> find_nonce_fault();
    [[nodiscard]] std::optional<TxError> find_sender_fault();
    [[nodiscard]] std::optional<TxError> find_price_fault() const;
    [[nodiscard]] std::optional<TxError> find_blob_fault() const;
    [[nodiscard]] std::optional<TxError> find_funds_fault();

    void mint();
    void buy_gas();
    void raise_nonce();
    void warm_up();
    void authorize();
    void authorize(const Authorization& authorization);
    void warm_delegation_target();
    [[nodiscard]] evm::CallResult execute(const IntrinsicGas& gas);
    [[nodiscard]] TxResult settle(const IntrinsicGas& gas, const evm::CallResult& call);

    state::Journal& journal_;
    const BlockEnv& env_;
    const Transaction& tx_;
    const uint64_t data_gas_;
    const Address sender_;
    const ExecutionOptions& options_;
    const evm::TxContext context_;
    TransactionHost<F> host_;
    uint64_t authorization_refund_ = 0;
};

template <Fork F>
Result<TxResult, TxError> Transition<F>::run() {
    // 1. Is it valid? Until here nothing has changed.
    const auto gas = check_form<F>(env_.context.chain_id, tx_, options_);
    if (!gas) {
        return Err{gas.error()};
    }
    if (auto fault = find_fault(*gas)) {
        return Err{std::move(*fault)};
    }
    // 2. Up-front cost and nonce: what a failing execution does not undo.
    if (is_deposit()) {
        mint();
    } else {
        buy_gas();
    }
    raise_nonce();
    // 3. What is warm, and who delegates to whom.
    warm_up();
    authorize();
    warm_delegation_target();
    // 4. The call or creation. 5. Refund and fees.
    return settle(*gas, execute(*gas));
}

// --------------------------------------------------------------------------------------------------------
// validity

template <Fork F>
u256 Transition<F>::price() const {
    if (is_deposit()) {
        return {};
    }
    return R::has_base_fee ? effective_gas_price(tx_, env_.context.base_fee_per_gas)
                           : tx_.max_fee_per_gas;
}

template <Fork F>
std::optional<TxError> Transition<F>::find_fault(const IntrinsicGas& gas) {
    if (!is_deposit()) {
        if (auto fault = find_data_gas_fault(gas)) {
            return fault;
        }
        if (auto fault = find_nonce_fault()) {
            return fault;
        }
        if (auto fault = find_sender_fault()) {
            return fault;
        }
        if (auto fault = find_price_fault()) {
            return fault;
        }
        if (auto fault = find_blob_fault()) {
            return fault;
        }
        if (auto fault = find_funds_fault()) {
            return fault;
        }
    }
    // Gas is signed in the interpreter, and no block ever holds 2^63.
    if (tx_.gas_limit > options_.block_gas_left || tx_.gas_limit > INT64_MAX) {
        return TxError{TxErrorCode::gas_limit_reached, "gas limit reached"};
    }
    return std::nullopt;
}

template <Fork F>
std::optional<TxError> Transition<F>::find_data_gas_fault(const IntrinsicGas& gas) const {
    const uint64_t least = std::max(gas.intrinsic, gas.floor) + data_gas_;
    if (data_gas_ == 0 || tx_.gas_limit >= least) {
        return std::nullopt;
    }
    return TxError{
        TxErrorCode::intrinsic_gas_too_low,
        "intrinsic gas too low: have " + std::to_string(tx_.gas_limit) + ", want " +
            std::to_string(least) + " (" + std::to_string(data_gas_) + " of it for data on L1)"
    };
}

template <Fork F>
std::optional<TxError> Transition<F>::find_nonce_fault() {
    const uint64_t nonce = journal_.nonce(sender_);
    if (options_.skip_nonce_check || tx_.nonce == nonce) {
        return std::nullopt;
    }
    const bool is_low = tx_.nonce < nonce;
    return error(
        is_low ? TxErrorCode::nonce_too_low : TxErrorCode::nonce_too_high,
        is_low ? "nonce too low" : "nonce too high",
        ", tx: " + std::to_string(tx_.nonce) + " state: " + std::to_string(nonce)
    );
}

template <Fork F>
std::optional<TxError> Transition<F>::find_sender_fault() {
    if (!R::refuses_contract_senders || options_.skip_sender_code_check) {
        return std::nullopt;
    }
    const evm::Code* code = journal_.code(sender_);
    if (code->size() == 0 || (R::has_delegations && code->delegation())) {
        return std::nullopt;
    }
    return error(
        TxErrorCode::sender_not_eoa,
        "sender not an eoa",
        ", len(code): " + std::to_string(code->size())
    );
}

template <Fork F>
std::optional<TxError> Transition<F>::find_price_fault() const {
    const u256& base_fee = env_.context.base_fee_per_gas;
    if (!R::has_base_fee || options_.skip_base_fee_check || tx_.max_fee_per_gas >= base_fee) {
        return std::nullopt;
    }
    return error(
        TxErrorCode::fee_cap_too_low,
        "max fee per gas less than block base fee",
        ", maxFeePerGas: " + to_decimal(tx_.max_fee_per_gas) + ", baseFee: " + to_decimal(base_fee)
    );
}

template <Fork F>
std::optional<TxError> Transition<F>::find_blob_fault() const {
    if (tx_.type != TxType::blob) {
        return std::nullopt;
    }
    if (tx_.blob_versioned_hashes.size() > env_.max_blobs) {
        return error(
            TxErrorCode::too_many_blobs,
            "blob transaction has too many blobs",
            " have " + std::to_string(tx_.blob_versioned_hashes.size()) + ", permitted " +
                std::to_string(env_.max_blobs)
        );
    }
    if (!options_.skip_base_fee_check && tx_.max_fee_per_blob_gas < env_.context.blob_base_fee) {
        return error(
            TxErrorCode::blob_fee_cap_too_low,
            "max fee per blob gas less than block blob gas fee",
            " blobGasFeeCap: " + to_decimal(tx_.max_fee_per_blob_gas) +
                ", blobBaseFee: " + to_decimal(env_.context.blob_base_fee)
        );
    }
    return std::nullopt;
}

template <Fork F>
std::optional<TxError> Transition<F>::find_funds_fault() {
    auto want = add(multiply(tx_.gas_limit, tx_.max_fee_per_gas), tx_.value);
    if (tx_.type == TxType::blob) {
        want = add(want, multiply(blob_gas(), tx_.max_fee_per_blob_gas));
    }
    constexpr std::string_view text = "insufficient funds for gas * price + value";
    if (!want) {
        return error(
            TxErrorCode::insufficient_funds_overflow, text, " required balance exceeds 256 bits"
        );
    }
    if (journal_.covers(sender_, *want)) {
        return std::nullopt;
    }
    if (options_.skip_balance_check) {
        journal_.set_balance(sender_, *want);
        return std::nullopt;
    }
    return error(
        TxErrorCode::insufficient_funds,
        text,
        " have " + to_decimal(journal_.balance(sender_)) + " want " + to_decimal(*want)
    );
}

// ---------------------------------------------------------------------------------------------------
// before the call

template <Fork F>
void Transition<F>::mint() {
    const AddResult sum = add_with_carry(journal_.balance(sender_), tx_.mint);
    if (!sum.carry && !tx_.mint.is_zero()) {
        journal_.add_balance(sender_, tx_.mint);
    }
}

template <Fork F>
void Transition<F>::buy_gas() {
    u256 cost = context_.gas_price * tx_.gas_limit;
    if (tx_.type == TxType::blob && !options_.skip_base_fee_check) {
        cost += blob_gas() * env_.context.blob_base_fee;
    }
    journal_.subtract_balance(sender_, cost);
}

template <Fork F>
void Transition<F>::raise_nonce() {
    const uint64_t nonce = journal_.nonce(sender_);
    // Only a deposit, which has no nonce of its own, gets here with the highest one.
    if (nonce != UINT64_MAX) {
        journal_.set_nonce(sender_, nonce + 1);
    }
}

template <Fork F>
void Transition<F>::warm_up() {
    if constexpr (R::has_access_lists) {
        journal_.warm_account(sender_);
        if (tx_.to) {
            journal_.warm_account(*tx_.to);
        }
        if constexpr (R::warms_beneficiary) {
            journal_.warm_account(env_.context.beneficiary);
        }
        for (const AccessListEntry& entry : tx_.access_list) {
            journal_.warm_account(entry.address);
            for (const Hash256& key : entry.storage_keys) {
                journal_.warm_slot(entry.address, to_u256(key));
            }
        }
    }
}

template <Fork F>
void Transition<F>::authorize() {
    if constexpr (R::has_delegations) {
        for (const Authorization& authorization : tx_.authorization_list) {
            authorize(authorization);
        }
    }
}

/// EIP-7702: a tuple that fails a check is passed over.
template <Fork F>
void Transition<F>::authorize(const Authorization& authorization) {
    const bool is_for_this_chain =
        authorization.chain_id.is_zero() || authorization.chain_id == u256{env_.context.chain_id};
    if (!is_for_this_chain || authorization.nonce == UINT64_MAX) {
        return;
    }
    const auto authority = recover_authority(authorization);
    if (!authority) {
        return;
    }
    journal_.warm_account(*authority);
    const evm::Code* code = journal_.code(*authority);
    if ((code->size() != 0 && !code->delegation()) ||
        journal_.nonce(*authority) != authorization.nonce) {
        return;
    }
    if (journal_.exists(*authority)) {
        authorization_refund_ += R::authorization_gas - R::authorization_refund;
    }
    if (authorization.address.is_zero()) {
        journal_.set_code(*authority, crypto::keccak256_of_empty, nullptr);
    } else {
        Bytes designator{0xef, 0x01, 0x00};
        append(designator, authorization.address);
        journal_.set_code(
            *authority, crypto::keccak256(designator), std::make_shared<const evm::Code>(designator)
        );
    }
    journal_.set_nonce(*authority, authorization.nonce + 1);
}

template <Fork F>
void Transition<F>::warm_delegation_target() {
    if constexpr (R::has_delegations) {
        if (!tx_.to) {
            return;
        }
        if (const auto target = journal_.code(*tx_.to)->delegation()) {
            journal_.warm_account(*target);
        }
    }
}

// ------------------------------------------------------------------------------------------------
// the call, and after

template <Fork F>
evm::CallResult Transition<F>::execute(const IntrinsicGas& gas) {
    const bool is_too_large =
        R::limits_init_code && !tx_.to && tx_.data.size() > R::max_init_code_size;
    if (tx_.gas_limit < std::max(gas.intrinsic, gas.floor) || is_too_large) {
        evm::CallResult failed;  // a deposit: other transactions are refused for this
        failed.status = evm::Status::out_of_gas;
        return failed;
    }
    evm::Message message;
    message.kind = tx_.to ? evm::CallKind::call : evm::CallKind::create;
    message.gas = static_cast<int64_t>(tx_.gas_limit - gas.intrinsic - data_gas_);
    message.recipient = tx_.to.value_or(Address{});
    message.code_address = message.recipient;
    message.sender = sender_;
    message.value = tx_.value;
    message.input = tx_.data;
    return host_.call(message);
}

template <Fork F>
TxResult Transition<F>::settle(const IntrinsicGas& gas, const evm::CallResult& call) {
    TxResult result;
    result.status = call.status;
    result.output = to_bytes(call.output);
    if (result.success() && !tx_.to) {
        result.created = call.created;
    }
    // Without the data gas, which is neither refunded nor part of a refund's bound.
    const uint64_t limit = tx_.gas_limit - data_gas_;
    const uint64_t spent = limit - static_cast<uint64_t>(call.gas_left);
    const auto call_refund = static_cast<uint64_t>(std::max<int64_t>(call.gas_refund, 0));
    result.gas_refunded =
        std::min(call_refund + authorization_refund_, spent / R::max_refund_quotient);
    // The floor never exceeds the gas limit, except of a deposit that has failed for it.
    result.gas_used = std::min(std::max(spent - result.gas_refunded, gas.floor), limit) + data_gas_;
    result.data_gas = data_gas_;
    result.effective_gas_price = context_.gas_price;
    if (!is_deposit()) {
        const u256& price = context_.gas_price;
        const u256 base_fee = R::has_base_fee ? env_.context.base_fee_per_gas : u256{};
        const u256 tip = price > base_fee ? price - base_fee : u256{};
        journal_.add_balance(sender_, price * (tx_.gas_limit - result.gas_used));
        journal_.credit(env_.context.beneficiary, tip * result.gas_used);
        if (env_.l2_fees.pays_vault()) {
            journal_.credit(
                fee_vault_address, vault_credit(env_.l2_fees, base_fee, result.gas_used, data_gas_)
            );
        }
    }
    result.logs = journal_.take_logs();
    result.diff = journal_.finish(R::deletes_empty_accounts);
    return result;
}

}  // namespace

Result<TxResult, TxError> execute_transaction(
    evm::Vm& vm,
    state::Journal& journal,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& tx,
    const ExecutionOptions& options
) {
    // A tracer wants to see frames, and who tracks, what was looked at.
    if (vm.tracer() == nullptr && !journal.is_tracking()) {
        if (auto transfer = execute_transfer(view, env, tx, options)) {
            return std::move(*transfer);
        }
    }
    return with_fork(env.fork, [&]<Fork F>() {
        return Transition<F>{vm, journal, view, env, tx, options}.run();
    });
}

Result<TxResult, TxError> execute_transaction(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& tx,
    const ExecutionOptions& options
) {
    state::Journal journal;
    return execute_transaction(vm, journal, view, env, tx, options);
}

}  // namespace mega::execution
