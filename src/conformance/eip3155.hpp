#pragma once

// EIP-3155: one JSON object a line and instruction, with the machine as it was before it, in geth's
// order and spelling:
//
//   {"pc":0,"op":96,"gas":"0x…","gasCost":"0x3","memSize":0,"stack":["0x1"],"depth":1,
//    "returnData":"0x","refund":0,"opName":"PUSH1","error":"…"}
//
// `gasCost` of a call includes the gas that is handed to the callee, as geth counts it.

#include "evm/tracer.hpp"
#include "execution/transaction.hpp"

#include <iosfwd>
#include <string>

namespace mega::conformance {

class Eip3155Tracer final : public evm::Tracer {
  public:
    /// `out` must outlive the tracer.
    explicit Eip3155Tracer(std::ostream& out) : out_(out) {}

    void on_step(const evm::StepInfo& step) override;
    void on_fault(const evm::StepInfo& step, evm::Status status) override;
    void on_enter(const evm::Message& message) override;

    /// The line that ends the trace of a transaction: {"output","gasUsed","stateRoot"?,"error"?}.
    void finish(const execution::TxResult& result, const std::optional<Hash256>& state_root);

  private:
    struct Entry {
        uint8_t opcode = 0;
        int64_t gas_cost = 0;
        uint32_t depth = 0;
        std::string before;  // the members before gasCost, and those after it
        std::string after;
        std::string error;
    };

    [[nodiscard]] bool is_call() const;
    void settle();

    std::ostream& out_;
    bool has_entry_ = false;
    Entry entry_;
};

}  // namespace mega::conformance
