#pragma once

// One running frame, and the registers of the machine that runs it (Yellow Paper section 9.4: the
// machine state μ). Instruction bodies take a Machine, change it and answer whether execution goes
// on; when it does not, the frame's status says why. Gas and stack height that the instruction
// table states are checked before a body runs.

#include "evm/frames.hpp"

namespace mega::evm {

struct Frame {
    // What instructions touch most comes first: one cache line.
    uint8_t* memory = nullptr;
    uint64_t memory_size = 0;  // bytes, a multiple of 32
    const uint8_t* const code_begin;
    const uint64_t* const jump_destinations;
    const uint64_t code_size;
    u256* const stack_base;  // where an empty stack's top points; words begin one above
    const Message& message;
    Host& host;
    BytesView calldata;

    const Code& code;
    BytesView return_data{};
    Frames& shared;
    Tracer* const tracer;

    // What is left when the frame has ended.
    Status status = Status::success;
    int64_t gas_left = 0;
    int64_t gas_refund = 0;
    BytesView output{};

    // Tracing only: the step being executed, and whether its report is still due.
    StepInfo step{};
    bool is_step_pending = false;
};

struct Machine {
    Frame& frame;
    const uint8_t* pc;
    u256* top;
    int64_t gas;
};

/// The rules of a fork, and whether steps are reported.
template <class Rules, bool traced>
struct Mode : Rules {
    static constexpr bool is_traced = traced;
};

[[nodiscard]] inline bool fail(Machine& m, Status status) {
    m.frame.status = status;
    return false;
}
[[nodiscard]] inline bool out_of_gas(Machine& m) { return fail(m, Status::out_of_gas); }

/// Takes gas that was measured before; false when there is not enough.
[[nodiscard]] inline bool charge(Machine& m, int64_t amount) { return (m.gas -= amount) >= 0; }

/// The frame ends on its own will, with gas left.
[[nodiscard]] inline bool finish(Machine& m, Status status, BytesView output) {
    m.frame.status = status;
    m.frame.gas_left = m.gas;
    m.frame.output = output;
    return false;
}

[[nodiscard]] constexpr int64_t words_of(uint64_t size_bytes) {
    return static_cast<int64_t>((size_bytes + 31) / 32);
}

/// Expands memory to hold `end` bytes and returns the gas left, negative when it does not suffice.
[[nodiscard, gnu::noinline]] int64_t grow_memory(Frame& frame, int64_t gas, uint64_t end);

/// Makes memory [offset, offset + size) accessible and pays for it. Both are at most
/// max_memory_bytes.
[[nodiscard]] inline bool reach(Machine& m, uint64_t offset, uint64_t size) {
    const uint64_t end = offset + size;
    if (end <= m.frame.memory_size) [[likely]] {
        return true;
    }
    m.gas = grow_memory(m.frame, m.gas, end);
    return m.gas >= 0;
}
[[nodiscard]] inline bool is_reachable(const u256& value) {
    return value.fits_u64() && value.low64() <= max_memory_bytes;
}
/// An empty range costs nothing, wherever it lies.
[[nodiscard]] inline bool reach(Machine& m, const u256& offset, const u256& size) {
    if (size.is_zero()) {
        return true;
    }
    return is_reachable(offset) && is_reachable(size) && reach(m, offset.low64(), size.low64());
}

/// The range of memory, which must be reachable; empty when `size` is zero.
[[nodiscard]] inline BytesView memory_view(
    const Frame& frame, const u256& offset, const u256& size
) {
    return size.is_zero()
               ? BytesView{}
               : BytesView{frame.memory + offset.low64(), static_cast<size_t>(size.low64())};
}

// ---- tracing
// ------------------------------------------------------------------------------------------------------

/// Remembers the machine before an instruction.
void begin_step(Machine& m);
/// Reports the step remembered, whose gas is paid now; no effect when it has been reported.
void report_step(Frame& frame, int64_t gas_cost);
/// Reports that the step failed with the frame's status.
void report_fault(Frame& frame);

/// Called by instructions with dynamic gas when all of it is paid and before they change anything a
/// tracer sees.
template <class M>
inline void gas_is_paid(Machine& m) {
    if constexpr (M::is_traced) {
        report_step(m.frame, m.frame.step.gas_left - m.gas);
    }
}

}  // namespace mega::evm
