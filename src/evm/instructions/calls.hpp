#pragma once

// CALL and its kin, CREATE and CREATE2 (Yellow Paper appendix H; EIP-150, 161, 214, 1014, 2929,
// 3860, 7702).

#include "evm/instructions/state.hpp"

namespace mega::evm::instructions {

inline constexpr int64_t call_value_gas = 9000;
inline constexpr int64_t create_gas = 32000;
inline constexpr uint64_t max_init_code_bytes = 49152;  // EIP-3860

/// The operands of the call family, whichever lack a value.
struct CallOperands {
    Address target;
    u256 gas;
    u256 value;
    u256 input_offset;
    u256 input_size;
    u256 output_offset;
    u256 output_size;
};

constexpr bool passes_value(CallKind kind) {
    return kind == CallKind::call || kind == CallKind::callcode;
}
constexpr int operand_count(CallKind kind) { return passes_value(kind) ? 7 : 6; }

inline CallOperands call_operands(CallKind kind, const u256* top) {
    const u256* rest = top - (passes_value(kind) ? 3 : 2);
    return {
        .target = store_address(top[-1]),
        .gas = top[0],
        .value = passes_value(kind) ? top[-2] : u256{},
        .input_offset = rest[0],
        .input_size = rest[-1],
        .output_offset = rest[-2],
        .output_size = rest[-3]
    };
}

/// What loading the code of a delegating account costs on top of the access to the account itself
/// (EIP-7702).
template <class M>
[[nodiscard]] inline bool pay_delegation(Machine& m, const Address& target) {
    if constexpr (M::has_delegations) {
        if (const std::optional<Address> delegate = m.frame.host.code(target)->delegation()) {
            return charge(m, warm_access_gas) && pay_account_access<M>(m, *delegate);
        }
    }
    return true;
}

/// Everything a call costs but the gas it passes on.
template <class M, CallKind kind>
[[nodiscard]] inline bool pay_call(Machine& m, const CallOperands& operands) {
    if (!reach(m, operands.input_offset, operands.input_size) ||
        !reach(m, operands.output_offset, operands.output_size) ||
        !pay_account_access<M>(m, operands.target) || !pay_delegation<M>(m, operands.target)) {
        return false;
    }
    const bool has_value = !operands.value.is_zero();
    if (has_value && !charge(m, call_value_gas)) {
        return false;
    }
    if constexpr (kind == CallKind::call) {
        const bool may_create = M::has_empty_accounts || has_value;
        return !may_create || m.frame.host.account_exists(operands.target) ||
               charge(m, new_account_gas);
    }
    return true;
}

/// The gas that a call asking for `requested` passes on, negative when it must fail.
template <class M>
[[nodiscard]] inline int64_t passed_gas(const u256& requested, int64_t available) {
    const int64_t most = M::keeps_one_64th ? available - available / 64 : available;
    if (requested.fits_u64() && requested.low64() <= static_cast<uint64_t>(most)) {
        return static_cast<int64_t>(requested.low64());
    }
    return M::keeps_one_64th ? most : -1;
}

inline Message call_message(
    const Frame& frame, CallKind kind, const CallOperands& operands, int64_t gas
) {
    const Message& parent = frame.message;
    const bool borrows_code = kind == CallKind::callcode || kind == CallKind::delegatecall;
    const bool is_delegate = kind == CallKind::delegatecall;
    return {
        .kind = kind,
        .is_static = parent.is_static || kind == CallKind::staticcall,
        .depth = parent.depth + 1,
        .gas = gas,
        .recipient = borrows_code ? parent.recipient : operands.target,
        .code_address = operands.target,
        .sender = is_delegate ? parent.sender : parent.recipient,
        .value = is_delegate ? parent.value : operands.value,
        .salt = {},
        .input = memory_view(frame, operands.input_offset, operands.input_size)
    };
}

/// Runs the nested frame; `free_stack` is the first slot it may use.
CallResult enter(Frame& frame, const Message& message, u256* free_stack);

template <class M, CallKind kind>
[[gnu::noinline]] bool call(Machine& m) {
    Frame& frame = m.frame;
    const CallOperands operands = call_operands(kind, m.top);
    const bool has_value = !operands.value.is_zero();
    if (kind == CallKind::call && has_value && frame.message.is_static) {
        return fail(m, Status::static_mode_violation);
    }
    if (!pay_call<M, kind>(m, operands)) {
        return out_of_gas(m);
    }
    int64_t gas = passed_gas<M>(operands.gas, m.gas);
    if (gas < 0) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    m.gas -= gas;
    if (has_value) {
        gas += call_stipend;
    }
    m.top -= operand_count(kind) - 1;
    const CallResult result = enter(frame, call_message(frame, kind, operands, gas), m.top);
    m.gas += result.gas_left;
    const size_t copied = std::min<size_t>(operands.output_size.low64(), result.output.size());
    if (copied != 0) {
        std::memcpy(frame.memory + operands.output_offset.low64(), result.output.data(), copied);
    }
    *m.top = u256{result.status == Status::success ? 1U : 0U};
    return true;
}

template <class M, CallKind kind>
[[gnu::noinline]] bool create(Machine& m) {
    Frame& frame = m.frame;
    if (frame.message.is_static) {
        return fail(m, Status::static_mode_violation);
    }
    const u256& offset = m.top[-1];
    const u256& size = m.top[-2];
    if (!reach(m, offset, size) || (M::limits_init_code && size.low64() > max_init_code_bytes)) {
        return out_of_gas(m);
    }
    constexpr int64_t word_gas =
        (M::limits_init_code ? 2 : 0) + (kind == CallKind::create2 ? 6 : 0);
    if (!charge(m, create_gas + word_gas * words_of(size.low64()))) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    const int64_t gas = M::keeps_one_64th ? m.gas - m.gas / 64 : m.gas;
    m.gas -= gas;
    const Message message{
        .kind = kind,
        .is_static = false,
        .depth = frame.message.depth + 1,
        .gas = gas,
        .recipient = {},
        .code_address = {},
        .sender = frame.message.recipient,
        .value = m.top[0],
        .salt = kind == CallKind::create2 ? m.top[-3] : u256{},
        .input = memory_view(frame, offset, size)
    };
    m.top -= kind == CallKind::create2 ? 3 : 2;
    const CallResult result = enter(frame, message, m.top);
    m.gas += result.gas_left;
    // Only a revert leaves return data behind (EIP-211).
    if (result.status != Status::revert) {
        frame.return_data = {};
    }
    *m.top = result.status == Status::success ? load_address(result.created) : u256{};
    return true;
}

}  // namespace mega::evm::instructions
