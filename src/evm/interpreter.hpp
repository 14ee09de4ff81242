#pragma once

// The interpreter: one handler an opcode, for each fork and with or without tracing.
//
// A handler checks stack height and static gas, runs the instruction's body and goes on to the next
// handler. Where the compiler guarantees tail calls, that is a jump through the fork's table with
// the machine's registers pinned in arguments; elsewhere the same handlers are cases of a loop.
// Bodies that no fork changes are instantiated once for all.

#include "evm/forks/frontier.hpp"
#include "evm/instructions/arithmetic.hpp"
#include "evm/instructions/calls.hpp"
#include "evm/run.hpp"

#include <type_traits>
#include <utility>

// AddressSanitizer's dynamic stack frames do not go together with pinned registers.
#if defined(__SANITIZE_ADDRESS__)
#define MEGA_EVM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define MEGA_EVM_SANITIZED 1
#endif
#endif
#ifndef MEGA_EVM_SANITIZED
#define MEGA_EVM_SANITIZED 0
#endif

#if !MEGA_EVM_SANITIZED && defined(__clang__) && defined(__x86_64__) && \
    __has_cpp_attribute(clang::musttail) && __has_cpp_attribute(clang::preserve_none)
#define MEGA_EVM_TAIL_CALLS 1
#else
#define MEGA_EVM_TAIL_CALLS 0
#endif

namespace mega::evm {

/// Environment values that only need a push.
template <Opcode op>
[[gnu::always_inline]] inline u256 environment_value(const Frame& frame) {
    using enum Opcode;
    using instructions::load_address;
    if constexpr (op == ADDRESS) {
        return load_address(frame.message.recipient);
    } else if constexpr (op == ORIGIN) {
        return load_address(frame.host.transaction().origin);
    } else if constexpr (op == CALLER) {
        return load_address(frame.message.sender);
    } else if constexpr (op == CALLVALUE) {
        return frame.message.value;
    } else if constexpr (op == CALLDATASIZE) {
        return u256{frame.calldata.size()};
    } else if constexpr (op == CODESIZE) {
        return u256{frame.code_size};
    } else if constexpr (op == GASPRICE) {
        return frame.host.transaction().gas_price;
    } else if constexpr (op == RETURNDATASIZE) {
        return u256{frame.return_data.size()};
    } else if constexpr (op == COINBASE) {
        return load_address(frame.host.block().beneficiary);
    } else if constexpr (op == TIMESTAMP) {
        return u256{frame.host.block().timestamp};
    } else if constexpr (op == NUMBER) {
        return u256{frame.host.block().number};
    } else if constexpr (op == PREVRANDAO) {
        return to_u256(frame.host.block().prev_randao);
    } else if constexpr (op == GASLIMIT) {
        return u256{frame.host.block().gas_limit};
    } else if constexpr (op == CHAINID) {
        return u256{frame.host.block().chain_id};
    } else if constexpr (op == SELFBALANCE) {
        return frame.host.balance(frame.message.recipient);
    } else if constexpr (op == BASEFEE) {
        return frame.host.block().base_fee_per_gas;
    } else if constexpr (op == BLOBBASEFEE) {
        return frame.host.block().blob_base_fee;
    } else {
        static_assert(op == MSIZE);
        return u256{frame.memory_size};
    }
}

constexpr bool is_environment_value(Opcode op) {
    using enum Opcode;
    return op == ADDRESS || (op >= ORIGIN && op <= CALLVALUE) || op == CALLDATASIZE ||
           op == CODESIZE || op == GASPRICE || op == RETURNDATASIZE ||
           (op >= COINBASE && op <= BASEFEE) || op == BLOBBASEFEE || op == MSIZE;
}

/// The instruction takes more gas than the table states, or asks the fork's rules: its body reports
/// the step itself.
constexpr bool has_dynamic_gas(Opcode op) {
    using enum Opcode;
    return op == EXP || op == KECCAK256 || op == BALANCE || op == CALLDATACOPY || op == CODECOPY ||
           (op >= EXTCODESIZE && op <= EXTCODEHASH && op != RETURNDATASIZE) ||
           (op >= MLOAD && op <= SSTORE) || op == MCOPY || (op >= LOG0 && op <= LOG4) ||
           op >= CREATE;
}
constexpr bool depends_on_fork(Opcode op) {
    using enum Opcode;
    return op == EXP || op == BALANCE || op == EXTCODESIZE || op == EXTCODECOPY ||
           op == EXTCODEHASH || op == SLOAD || op == SSTORE ||
           (op >= CREATE && op != RETURN && op != REVERT && op != INVALID);
}

/// Runs the body of `op`: arithmetic up to KECCAK256.
template <class M, Opcode op>
[[gnu::always_inline]] inline bool run_arithmetic(Machine& m) {
    using namespace instructions;
    using enum Opcode;
    if constexpr (op == STOP) {
        return finish(m, Status::success, {});
    } else if constexpr (op == ADD) {
        return binary(m, [](const u256& a, const u256& b) { return a + b; });
    } else if constexpr (op == MUL) {
        return binary(m, [](const u256& a, const u256& b) { return a * b; });
    } else if constexpr (op == SUB) {
        return binary(m, [](const u256& a, const u256& b) { return a - b; });
    } else if constexpr (op == DIV) {
        return binary(m, [](const u256& a, const u256& b) { return a / b; });
    } else if constexpr (op == SDIV) {
        return binary(m, [](const u256& a, const u256& b) { return divide_signed(a, b).quotient; });
    } else if constexpr (op == MOD) {
        return binary(m, [](const u256& a, const u256& b) { return a % b; });
    } else if constexpr (op == SMOD) {
        return binary(m, [](const u256& a, const u256& b) {
            return divide_signed(a, b).remainder;
        });
    } else if constexpr (op == ADDMOD) {
        return ternary(m, [](const u256& a, const u256& b, const u256& n) {
            return add_mod(a, b, n);
        });
    } else if constexpr (op == MULMOD) {
        ModulusCache& cache = m.frame.shared.modulus;
        return ternary(m, [&cache](const u256& a, const u256& b, const u256& n) {
            return cache.multiply(a, b, n);
        });
    } else if constexpr (op == EXP) {
        return exponentiate<M>(m);
    } else if constexpr (op == SIGNEXTEND) {
        return binary(m, [](const u256& index, const u256& value) {
            return sign_extend(index, value);
        });
    } else if constexpr (op == LT) {
        return binary(m, [](const u256& a, const u256& b) { return u256{less(a, b) ? 1U : 0U}; });
    } else if constexpr (op == GT) {
        return binary(m, [](const u256& a, const u256& b) { return u256{less(b, a) ? 1U : 0U}; });
    } else if constexpr (op == SLT) {
        return binary(m, [](const u256& a, const u256& b) {
            return u256{less_signed(a, b) ? 1U : 0U};
        });
    } else if constexpr (op == SGT) {
        return binary(m, [](const u256& a, const u256& b) {
            return u256{less_signed(b, a) ? 1U : 0U};
        });
    } else if constexpr (op == EQ) {
        return binary(m, [](const u256& a, const u256& b) { return u256{a == b ? 1U : 0U}; });
    } else if constexpr (op == ISZERO) {
        return unary(m, [](const u256& a) { return u256{a.is_zero() ? 1U : 0U}; });
    } else if constexpr (op == AND) {
        return binary(m, [](const u256& a, const u256& b) { return a & b; });
    } else if constexpr (op == OR) {
        return binary(m, [](const u256& a, const u256& b) { return a | b; });
    } else if constexpr (op == XOR) {
        return binary(m, [](const u256& a, const u256& b) { return a ^ b; });
    } else if constexpr (op == NOT) {
        return unary(m, [](const u256& a) { return ~a; });
    } else if constexpr (op == BYTE) {
        return byte_of(m);
    } else if constexpr (op == SHL) {
        return binary(m, shift_left);
    } else if constexpr (op == SHR) {
        return binary(m, shift_right);
    } else if constexpr (op == SAR) {
        return shift_right_arithmetic(m);
    } else if constexpr (op == CLZ) {
        return unary(m, [](const u256& a) { return u256{256 - a.bit_length()}; });
    } else {
        static_assert(op == KECCAK256);
        return keccak<M>(m);
    }
}

/// Environment, memory, storage and control: 0x30 to 0x5f.
template <class M, Opcode op>
[[gnu::always_inline]] inline bool run_environment(Machine& m) {
    using namespace instructions;
    using enum Opcode;
    if constexpr (is_environment_value(op)) {
        return push(m, environment_value<op>(m.frame));
    } else if constexpr (op == BALANCE) {
        return balance<M>(m);
    } else if constexpr (op == CALLDATALOAD) {
        return load_calldata(m);
    } else if constexpr (op == CALLDATACOPY) {
        return copy_from<M>(m, m.frame.calldata);
    } else if constexpr (op == CODECOPY) {
        return copy_from<M>(m, m.frame.code.bytes());
    } else if constexpr (op == EXTCODESIZE) {
        return external_code_size<M>(m);
    } else if constexpr (op == EXTCODECOPY) {
        return external_code_copy<M>(m);
    } else if constexpr (op == RETURNDATACOPY) {
        return copy_return_data<M>(m);
    } else if constexpr (op == EXTCODEHASH) {
        return external_code_hash<M>(m);
    } else if constexpr (op == BLOCKHASH) {
        return block_hash(m);
    } else if constexpr (op == BLOBHASH) {
        return blob_hash(m);
    } else if constexpr (op == POP) {
        m.top -= 1;
        return true;
    } else if constexpr (op == MLOAD) {
        return load<M>(m);
    } else if constexpr (op == MSTORE) {
        return store<M>(m);
    } else if constexpr (op == MSTORE8) {
        return store_byte<M>(m);
    } else if constexpr (op == SLOAD) {
        return load_storage<M>(m);
    } else if constexpr (op == SSTORE) {
        return store_storage<M>(m);
    } else if constexpr (op == JUMP) {
        return jump<M>(m);
    } else if constexpr (op == JUMPI) {
        return jump_if<M>(m);
    } else if constexpr (op == PC) {
        return push(m, u256{static_cast<uint64_t>(m.pc - m.frame.code_begin)});
    } else if constexpr (op == GAS) {
        return push(m, u256{static_cast<uint64_t>(m.gas)});
    } else if constexpr (op == JUMPDEST) {
        return true;
    } else if constexpr (op == TLOAD) {
        return load_transient(m);
    } else if constexpr (op == TSTORE) {
        return store_transient(m);
    } else {
        static_assert(op == MCOPY);
        return copy_memory<M>(m);
    }
}

/// PUSH, DUP, SWAP, LOG and the system instructions: from 0x5f on.
template <class M, Opcode op>
[[gnu::always_inline]] inline bool run_system(Machine& m) {
    using namespace instructions;
    using enum Opcode;
    constexpr auto byte = static_cast<unsigned>(op);
    if constexpr (byte == static_cast<unsigned>(PUSH1) + 1 && !M::is_traced) {
        return push_and_jump<M>(m);
    } else if constexpr (op >= PUSH0 && op <= PUSH32) {
        return push_operand<byte - static_cast<unsigned>(PUSH0)>(m);
    } else if constexpr (op >= DUP1 && op <= DUP16) {
        return duplicate<byte - static_cast<unsigned>(DUP1) + 1>(m);
    } else if constexpr (op >= SWAP1 && op <= SWAP16) {
        return swap<byte - static_cast<unsigned>(SWAP1) + 1>(m);
    } else if constexpr (op >= LOG0 && op <= LOG4) {
        return log<M, byte - static_cast<unsigned>(LOG0)>(m);
    } else if constexpr (op == CREATE) {
        return create<M, CallKind::create>(m);
    } else if constexpr (op == CREATE2) {
        return create<M, CallKind::create2>(m);
    } else if constexpr (op == CALL) {
        return call<M, CallKind::call>(m);
    } else if constexpr (op == CALLCODE) {
        return call<M, CallKind::callcode>(m);
    } else if constexpr (op == DELEGATECALL) {
        return call<M, CallKind::delegatecall>(m);
    } else if constexpr (op == STATICCALL) {
        return call<M, CallKind::staticcall>(m);
    } else if constexpr (op == RETURN) {
        return end_with_output<M, Status::success>(m);
    } else if constexpr (op == REVERT) {
        return end_with_output<M, Status::revert>(m);
    } else {
        static_assert(op == SELFDESTRUCT);
        return selfdestruct<M>(m);
    }
}

/// Bodies long enough that the machine may pass through memory.
constexpr bool is_heavy(Opcode op) {
    using enum Opcode;
    return (has_dynamic_gas(op) && op != MLOAD && op != MSTORE && op != MSTORE8) || op == TSTORE ||
           op == BLOCKHASH;
}

template <class M, Opcode op>
[[gnu::always_inline]] inline bool run_body(Machine& m) {
    if constexpr (op <= Opcode::KECCAK256) {
        return run_arithmetic<M, op>(m);
    } else if constexpr (op < Opcode::PUSH0) {
        return run_environment<M, op>(m);
    } else {
        return run_system<M, op>(m);
    }
}

/// One instruction: checks, body, and `pc` on the next one. False when the frame has ended.
template <class M, InstructionInfo info, uint8_t byte>
[[gnu::always_inline]] inline bool run_instruction(Machine& m, const u256* stack_base) {
    constexpr auto op = static_cast<Opcode>(byte);
    if constexpr (!info.is_defined) {
        return fail(
            m, op == Opcode::INVALID ? Status::invalid_instruction : Status::undefined_instruction
        );
    } else {
        if constexpr (info.stack_in > 0) {
            if (m.top < stack_base + info.stack_in) [[unlikely]] {
                return fail(m, Status::stack_underflow);
            }
        }
        if constexpr (info.stack_out > info.stack_in) {
            if (m.top == stack_base + stack_limit) [[unlikely]] {
                return fail(m, Status::stack_overflow);
            }
        }
        if constexpr (info.gas != 0) {
            if (!charge(m, info.gas)) [[unlikely]] {
                return out_of_gas(m);
            }
        }
        if constexpr (!has_dynamic_gas(op)) {
            gas_is_paid<M>(m);
        }
        if constexpr (is_heavy(op)) {
            // A copy, so that the compiler need not keep the machine itself in memory for all the
            // others.
            Machine copy = m;
            const bool goes_on = run_body<M, op>(copy);
            m.top = copy.top;
            m.gas = copy.gas;
            m.pc += 1;
            return goes_on;
        } else {
            const bool goes_on = run_body<M, op>(m);
            m.pc += 1;
            return goes_on;
        }
    }
}

/// Tells the tracer about the instruction that ended the frame; `gas_left` is what it left of its
/// gas.
template <class M, InstructionInfo info, uint8_t byte>
[[gnu::always_inline]] inline bool run_step(Machine& m, const u256* stack_base) {
    if constexpr (!M::is_traced) {
        return run_instruction<M, info, byte>(m, stack_base);
    } else {
        begin_step(m);
        m.frame.step.gas_cost = info.gas;
        if (run_instruction<M, info, byte>(m, stack_base)) {
            return true;
        }
        if (m.frame.status != Status::success && m.frame.status != Status::revert) {
            report_fault(m.frame);
        }
        return false;
    }
}

/// Rules for the bodies that no fork changes, so that all forks share one instance.
template <class Rules, Opcode op>
using BodyRules = std::conditional_t<depends_on_fork(op), Rules, FrontierRules>;

#if MEGA_EVM_TAIL_CALLS

/// The registers of the machine, the stack's base and the table are each in an argument register.
struct Handler {
    void (*run)(Frame&, const uint8_t*, u256*, int64_t, const u256*, const Handler*)
        __attribute__((preserve_none));
};

template <class M, InstructionInfo info, uint8_t byte>
__attribute__((preserve_none)) void handle(
    Frame& frame,
    const uint8_t* pc,
    u256* top,
    int64_t gas,
    const u256* stack_base,
    const Handler* table
) {
    Machine m{frame, pc, top, gas};
    if (!run_step<M, info, byte>(m, stack_base)) [[unlikely]] {
        return;
    }
    [[clang::musttail]] return table[*m.pc].run(frame, m.pc, m.top, m.gas, stack_base, table);
}

template <class Rules, bool traced, size_t... bytes>
constexpr std::array<Handler, 256> make_handlers(std::index_sequence<bytes...>) {
    return {Handler{&handle<
        Mode<BodyRules<Rules, static_cast<Opcode>(bytes)>, traced>,
        Rules::instructions[bytes],
        bytes>}...};
}

template <class Rules, bool traced>
inline constexpr std::array<Handler, 256> handlers =
    make_handlers<Rules, traced>(std::make_index_sequence<256>());

#else

/// Inlined into the loop, except under sanitizers, whose frames would then be too large for 1024
/// nested calls.
template <class M, InstructionInfo info, uint8_t byte>
#if MEGA_EVM_SANITIZED
[[gnu::noinline]]
#else
[[gnu::always_inline]]
#endif
inline bool run_case(Machine& m, const u256* stack_base) {
    return run_step<M, info, byte>(m, stack_base);
}

#define MEGA_EVM_CASE(byte)                                                \
    case byte:                                                             \
        if (!run_case<                                                     \
                Mode<BodyRules<Rules, static_cast<Opcode>(byte)>, traced>, \
                Rules::instructions[byte],                                 \
                byte>(m, stack_base)) {                                    \
            return;                                                        \
        }                                                                  \
        break;
#define MEGA_EVM_CASES_4(byte) \
    MEGA_EVM_CASE(byte)        \
    MEGA_EVM_CASE((byte) + 1)  \
    MEGA_EVM_CASE((byte) + 2)  \
    MEGA_EVM_CASE((byte) + 3)
#define MEGA_EVM_CASES_16(byte)  \
    MEGA_EVM_CASES_4(byte)       \
    MEGA_EVM_CASES_4((byte) + 4) \
    MEGA_EVM_CASES_4((byte) + 8) \
    MEGA_EVM_CASES_4((byte) + 12)
#define MEGA_EVM_CASES_64(byte)    \
    MEGA_EVM_CASES_16(byte)        \
    MEGA_EVM_CASES_16((byte) + 16) \
    MEGA_EVM_CASES_16((byte) + 32) \
    MEGA_EVM_CASES_16((byte) + 48)

template <class Rules, bool traced>
void run_loop(Frame& frame, int64_t gas) {
    const u256* const stack_base = frame.stack_base;
    Machine m{frame, frame.code_begin, frame.stack_base, gas};
    for (;;) {
        switch (*m.pc) {
            MEGA_EVM_CASES_64(0)
            MEGA_EVM_CASES_64(64)
            MEGA_EVM_CASES_64(128)
            MEGA_EVM_CASES_64(192)
        }
    }
}

#undef MEGA_EVM_CASES_64
#undef MEGA_EVM_CASES_16
#undef MEGA_EVM_CASES_4
#undef MEGA_EVM_CASE

#endif

template <class Rules, bool traced>
void Interpreter<Rules, traced>::run(Frame& frame, int64_t gas) {
#if MEGA_EVM_TAIL_CALLS
    const Handler* const table = handlers<Rules, traced>.data();
    const uint8_t* const pc = frame.code_begin;
    table[*pc].run(frame, pc, frame.stack_base, gas, frame.stack_base, table);
#else
    run_loop<Rules, traced>(frame, gas);
#endif
}

}  // namespace mega::evm
