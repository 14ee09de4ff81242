#pragma once

// Hooks for EIP-3155 traces, debug_trace* and profilers. They see everything and change nothing.
//
// The interpreter reports what happens inside a frame, on_step and on_fault. The host reports
// everything else, because it alone sees frames that run no code, and logs and self-destruction
// pass through it anyway.

#include "evm/host.hpp"

namespace mega::evm {

/// The machine just before an instruction runs.
struct StepInfo {
    uint64_t pc = 0;
    uint8_t opcode = 0;
    int64_t gas_left = 0;
    int64_t gas_cost =
        0;  // static and dynamic; of a call, what the caller pays before the callee's gas
    uint32_t depth = 0;           // 0 is the transaction's own frame
    std::span<const u256> stack;  // bottom first
    BytesView memory;
    BytesView return_data;
    int64_t gas_refund = 0;
    Address contract;  // whose storage is in use
};

class Tracer {
  public:
    virtual ~Tracer() = default;
    /// Before each instruction.
    virtual void on_step(const StepInfo&) {}
    /// The instruction just reported failed: the frame ends with `status`.
    virtual void on_fault(const StepInfo&, Status) {}
    /// A frame is entered (precompiles and failed pre-checks included) and left. Pairs nest.
    virtual void on_enter(const Message&) {}
    virtual void on_exit(const Message&, const CallResult&) {}
    virtual void on_log(const Log&) {}
    virtual void on_selfdestruct(
        const Address& /*contract*/, const Address& /*beneficiary*/, const u256& /*balance*/
    ) {}

    Tracer() = default;
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;
};

}  // namespace mega::evm
