#include "execution/host.hpp"

#include "crypto/keccak.hpp"
#include "evm/precompiles.hpp"
#include "types/rlp.hpp"

namespace mega::execution {

namespace {

using evm::CallKind;
using evm::CallResult;
using evm::Message;
using evm::Status;

constexpr uint32_t max_depth = 1024;

bool is_creation(const Message& message) {
    return message.kind == CallKind::create || message.kind == CallKind::create2;
}

/// Refused before it starts: the gas comes back.
CallResult refuse(const Message& message, Status status) {
    CallResult result;
    result.status = status;
    result.gas_left = message.gas;
    return result;
}

/// Failed on its way: the gas is gone.
CallResult fail(Status status) {
    CallResult result;
    result.status = status;
    return result;
}

}  // namespace

Address create_address(const Address& sender, uint64_t nonce) {
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    writer.write(sender.view());
    writer.write(nonce);
    writer.end_list(list);
    return Address::from(crypto::keccak256(writer.view()).view().subspan(12));
}

Address create2_address(const Address& sender, const u256& salt, BytesView init_code) {
    std::array<uint8_t, 85> preimage{};
    preimage[0] = 0xff;
    const Hash256 code_hash = crypto::keccak256(init_code);
    std::copy(sender.bytes.begin(), sender.bytes.end(), preimage.begin() + 1);
    salt.store_be(preimage.data() + 21);
    std::copy(code_hash.bytes.begin(), code_hash.bytes.end(), preimage.begin() + 53);
    return Address::from(crypto::keccak256(preimage).view().subspan(12));
}

// -------------------------------------------------------------------------------------------------------
// the world

template <Fork F>
bool TransactionHost<F>::account_exists(const Address& address) {
    return R::deletes_empty_accounts ? !journal_.is_empty(address) : journal_.exists(address);
}

template <Fork F>
u256 TransactionHost<F>::balance(const Address& address) {
    return journal_.balance(address);
}

template <Fork F>
uint64_t TransactionHost<F>::nonce(const Address& address) {
    return journal_.nonce(address);
}

template <Fork F>
Hash256 TransactionHost<F>::code_hash(const Address& address) {
    return account_exists(address) ? journal_.code_hash(address) : Hash256{};
}

template <Fork F>
const evm::Code* TransactionHost<F>::code(const Address& address) {
    return journal_.code(address);
}

template <Fork F>
u256 TransactionHost<F>::storage(const Address& address, const u256& slot) {
    return journal_.storage(address, slot);
}

template <Fork F>
evm::StoredValue TransactionHost<F>::set_storage(
    const Address& address, const u256& slot, const u256& value
) {
    const auto old = journal_.set_storage(address, slot, value);
    return {old.original, old.current};
}

template <Fork F>
u256 TransactionHost<F>::transient_storage(const Address& address, const u256& slot) {
    return journal_.transient_storage(address, slot);
}

template <Fork F>
void TransactionHost<F>::set_transient_storage(
    const Address& address, const u256& slot, const u256& value
) {
    journal_.set_transient_storage(address, slot, value);
}

template <Fork F>
evm::Access TransactionHost<F>::access_account(const Address& address) {
    // Precompiles are warm from the start, without being marked one by one.
    if (evm::is_precompile(F, address) || journal_.warm_account(address)) {
        return evm::Access::warm;
    }
    return evm::Access::cold;
}

template <Fork F>
evm::Access TransactionHost<F>::access_storage(const Address& address, const u256& slot) {
    return journal_.warm_slot(address, slot) ? evm::Access::warm : evm::Access::cold;
}

template <Fork F>
bool TransactionHost<F>::selfdestruct(const Address& address, const Address& beneficiary) {
    const u256 balance = journal_.balance(address);
    if (evm::Tracer* tracer = vm_.tracer()) {
        tracer->on_selfdestruct(address, beneficiary, balance);
    }
    if (R::keeps_old_contracts && !journal_.is_created(address)) {
        journal_.subtract_balance(address, balance);
        journal_.add_balance(beneficiary, balance);
        return false;
    }
    // In this order: what a contract leaves to itself is burnt.
    journal_.add_balance(beneficiary, balance);
    journal_.set_balance(address, {});
    return journal_.mark_destructed(address);
}

template <Fork F>
void TransactionHost<F>::emit_log(Log log) {
    if (evm::Tracer* tracer = vm_.tracer()) {
        tracer->on_log(log);
    }
    journal_.add_log(std::move(log));
}

// -----------------------------------------------------------------------------------------------------------
// frames

template <Fork F>
CallResult TransactionHost<F>::call(const Message& message) {
    evm::Tracer* tracer = vm_.tracer();
    if (tracer == nullptr && !is_creation(message)) {
        return dispatch(message);
    }
    Message named = message;
    if (is_creation(message)) {
        named.recipient = address_of_creation(message);
        named.code_address = named.recipient;
    }
    if (tracer == nullptr) {
        return dispatch(named);
    }
    tracer->on_enter(named);
    const CallResult result = dispatch(named);
    tracer->on_exit(named, result);
    return result;
}

template <Fork F>
CallResult TransactionHost<F>::dispatch(const Message& message) {
    if (message.depth > max_depth) {
        return refuse(message, Status::call_depth_exceeded);
    }
    const bool pays = message.kind == CallKind::call || message.kind == CallKind::callcode ||
                      is_creation(message);
    if (pays && !message.value.is_zero() && !journal_.covers(message.sender, message.value)) {
        return refuse(message, Status::insufficient_balance);
    }
    return is_creation(message) ? create(message) : call_account(message);
}

template <Fork F>
void TransactionHost<F>::move_value(const Message& message) {
    if (message.kind == CallKind::call || is_creation(message)) {
        // Whoever pays nothing is not looked at: the sender of a system call is not even part of
        // the state that a block depends on.
        if (!message.value.is_zero()) {
            journal_.subtract_balance(message.sender, message.value);
        }
        journal_.add_balance(message.recipient, message.value);
    } else if (message.kind == CallKind::staticcall) {
        journal_.touch(message.recipient);
    }
}

template <Fork F>
CallResult TransactionHost<F>::call_account(const Message& message) {
    const state::Snapshot snapshot = journal_.snapshot();
    move_value(message);
    CallResult result;
    if (evm::is_precompile(F, message.code_address)) {
        result = call_precompile(message);
    } else {
        const evm::Code* code = journal_.code(message.code_address);
        if constexpr (R::has_delegations) {
            if (const auto target = code->delegation()) {
                // One step only, and a precompile has no code to run this way.
                code =
                    evm::is_precompile(F, *target) ? &evm::Code::empty() : journal_.code(*target);
            }
        }
        if (code->size() == 0) {
            result.gas_left = message.gas;
            return result;
        }
        result = vm_.execute(F, *this, message, *code);
    }
    if (result.status != Status::success) {
        journal_.revert_to(snapshot);
        result.gas_refund = 0;
    }
    return result;
}

template <Fork F>
CallResult TransactionHost<F>::call_precompile(const Message& message) {
    evm::PrecompileResult run =
        evm::run_precompile(F, message.code_address, message.input, message.gas);
    if (run.status != Status::success) {
        return fail(run.status);
    }
    CallResult result;
    result.gas_left = run.gas_left;
    result.output = vm_.keep_output(std::move(run.output));
    return result;
}

template <Fork F>
Address TransactionHost<F>::address_of_creation(const Message& message) {
    if (message.kind == CallKind::create2) {
        return create2_address(message.sender, message.salt, message.input);
    }
    const uint64_t nonce = journal_.nonce(message.sender);
    return create_address(message.sender, message.depth == 0 ? nonce - 1 : nonce);
}

template <Fork F>
bool TransactionHost<F>::is_taken(const Address& address) {
    if (journal_.nonce(address) != 0 || journal_.code_hash(address) != crypto::keccak256_of_empty) {
        return true;  // EIP-684
    }
    return journal_.exists(address) && journal_.had_storage(address);  // EIP-7610
}

template <Fork F>
CallResult TransactionHost<F>::create(const Message& message) {
    if (message.depth > 0) {
        const uint64_t nonce = journal_.nonce(message.sender);
        if (nonce == UINT64_MAX) {
            return refuse(message, Status::nonce_overflow);
        }
        journal_.set_nonce(message.sender, nonce + 1);
    }
    if constexpr (R::has_access_lists) {
        journal_.warm_account(message.recipient);  // stays warm whatever happens (EIP-2929)
    }
    if (is_taken(message.recipient)) {
        return fail(Status::address_collision);
    }
    const state::Snapshot snapshot = journal_.snapshot();
    CallResult result = run_init_code(message);
    if (result.status != Status::success) {
        journal_.revert_to(snapshot);
        result.gas_refund = 0;
        return result;
    }
    result.created = message.recipient;
    if (message.depth > 0) {
        result.output = {};
    }
    return result;
}

template <Fork F>
CallResult TransactionHost<F>::run_init_code(const Message& message) {
    journal_.create_contract(message.recipient, R::first_contract_nonce);
    move_value(message);
    CallResult result;
    result.gas_left = message.gas;
    if (!message.input.empty()) {
        const evm::Code init_code{message.input};
        result = vm_.execute(F, *this, message, init_code);
    }
    if (result.status == Status::success) {
        store_code(message, result);
    }
    return result;
}

template <Fork F>
void TransactionHost<F>::store_code(const Message& message, CallResult& result) {
    const BytesView code = result.output;
    if (R::limits_code_size && code.size() > R::max_code_size) {
        result = fail(Status::code_size_exceeded);
        return;
    }
    if (R::refuses_ef_code && !code.empty() && code[0] == 0xef) {
        result = fail(Status::code_starts_with_ef);
        return;
    }
    const int64_t deposit = static_cast<int64_t>(code.size()) * R::code_byte_gas;
    if (result.gas_left < deposit) {
        if (R::creation_fails_without_deposit) {
            result = fail(Status::out_of_gas);
        } else {
            result.output = {};  // Frontier: a contract without code
        }
        return;
    }
    result.gas_left -= deposit;
    if (!code.empty()) {
        journal_.set_code(
            message.recipient, crypto::keccak256(code), std::make_shared<const evm::Code>(code)
        );
    }
}

template class TransactionHost<Fork::frontier>;
template class TransactionHost<Fork::homestead>;
template class TransactionHost<Fork::tangerine_whistle>;
template class TransactionHost<Fork::spurious_dragon>;
template class TransactionHost<Fork::byzantium>;
template class TransactionHost<Fork::constantinople>;
template class TransactionHost<Fork::petersburg>;
template class TransactionHost<Fork::istanbul>;
template class TransactionHost<Fork::berlin>;
template class TransactionHost<Fork::london>;
template class TransactionHost<Fork::paris>;
template class TransactionHost<Fork::shanghai>;
template class TransactionHost<Fork::cancun>;
template class TransactionHost<Fork::prague>;
template class TransactionHost<Fork::osaka>;

}  // namespace mega::execution
