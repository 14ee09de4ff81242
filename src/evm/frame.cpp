#include "evm/frame.hpp"

namespace mega::evm {

namespace {

/// Yellow Paper appendix H: C_mem(a) = 3a + a² / 512 for a words.
constexpr int64_t memory_gas(int64_t words) { return 3 * words + words * words / 512; }

}  // namespace

int64_t grow_memory(Frame& frame, int64_t gas, uint64_t end) {
    if (end > max_memory_bytes) {
        return -1;
    }
    const int64_t words = words_of(end);
    gas -= memory_gas(words) - memory_gas(words_of(frame.memory_size));
    if (gas < 0) {
        return -1;
    }
    const auto size = static_cast<uint64_t>(words) * 32;
    frame.memory = frame.shared.memory.grow(frame.memory, frame.memory_size, size);
    frame.memory_size = size;
    return gas;
}

void begin_step(Machine& m) {
    Frame& frame = m.frame;
    frame.step = StepInfo{
        .pc = static_cast<uint64_t>(m.pc - frame.code_begin),
        .opcode = *m.pc,
        .gas_left = m.gas,
        .gas_cost = 0,
        .depth = frame.message.depth,
        .stack = {frame.stack_base + 1, static_cast<size_t>(m.top - frame.stack_base)},
        .memory = {frame.memory, static_cast<size_t>(frame.memory_size)},
        .return_data = frame.return_data,
        .gas_refund = frame.shared.refund_above + frame.gas_refund,
        .contract = frame.message.recipient,
    };
    frame.is_step_pending = true;
}

void report_step(Frame& frame, int64_t gas_cost) {
    if (!frame.is_step_pending) {
        return;
    }
    frame.is_step_pending = false;
    frame.step.gas_cost = gas_cost;
    // Paying for memory may have moved it; the step shows it as long as it was before.
    frame.step.memory = {frame.memory, frame.step.memory.size()};
    frame.tracer->on_step(frame.step);
}

void report_fault(Frame& frame) {
    report_step(frame, frame.step.gas_cost);
    frame.tracer->on_fault(frame.step, frame.status);
}

}  // namespace mega::evm
