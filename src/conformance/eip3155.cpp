#include "conformance/eip3155.hpp"

#include "evm/opcodes.hpp"

#include <fmt/format.h>

#include <ostream>

namespace mega::conformance {

namespace {

using evm::Opcode;

constexpr int64_t call_stipend = 2300;

std::string quantity(int64_t value) {
    return to_hex_quantity(static_cast<uint64_t>(std::max<int64_t>(value, 0)));
}

std::string name_of(uint8_t opcode) {
    const std::string_view name = evm::opcode_name(opcode);
    return name.empty() ? fmt::format("opcode {:#x} not defined", opcode) : std::string(name);
}

bool is(uint8_t opcode, Opcode wanted) { return opcode == static_cast<uint8_t>(wanted); }

}  // namespace

void Eip3155Tracer::on_step(const evm::StepInfo& step) {
    settle();
    has_entry_ = true;
    entry_.opcode = step.opcode;
    entry_.gas_cost = step.gas_cost;
    entry_.depth = step.depth;
    entry_.error.clear();
    entry_.before =
        fmt::format(R"("pc":{},"op":{},"gas":"{}")", step.pc, step.opcode, quantity(step.gas_left));
    std::string stack;
    for (const u256& word : step.stack) {
        stack += stack.empty() ? "\"" : ",\"";
        stack += to_hex_quantity(word);
        stack += '"';
    }
    entry_.after = fmt::format(
        R"("memSize":{},"stack":[{}],"depth":{},"returnData":"{}","refund":{},"opName":"{}")",
        step.memory.size(),
        stack,
        uint64_t{step.depth} + 1,
        to_hex(step.return_data),
        step.gas_refund,
        name_of(step.opcode)
    );
}

void Eip3155Tracer::on_fault(const evm::StepInfo& /*step*/, evm::Status status) {
    entry_.error = evm::to_string(status);
}

bool Eip3155Tracer::is_call() const {
    return is(entry_.opcode, Opcode::CALL) || is(entry_.opcode, Opcode::CALLCODE) ||
           is(entry_.opcode, Opcode::DELEGATECALL) || is(entry_.opcode, Opcode::STATICCALL);
}

void Eip3155Tracer::on_enter(const evm::Message& message) {
    if (!has_entry_ || message.depth != entry_.depth + 1 || !is_call()) {
        return;
    }
    const bool has_stipend =
        (is(entry_.opcode, Opcode::CALL) || is(entry_.opcode, Opcode::CALLCODE)) &&
        !message.value.is_zero();
    entry_.gas_cost += message.gas - (has_stipend ? call_stipend : 0);
    settle();  // so that nothing is counted twice
}

void Eip3155Tracer::settle() {
    if (!has_entry_) {
        return;
    }
    has_entry_ = false;
    out_ << '{' << entry_.before << R"(,"gasCost":")" << quantity(entry_.gas_cost) << "\","
         << entry_.after;
    if (!entry_.error.empty()) {
        out_ << R"(,"error":")" << entry_.error << '"';
    }
    out_ << "}\n";
}

void Eip3155Tracer::finish(
    const execution::TxResult& result, const std::optional<Hash256>& state_root
) {
    settle();
    out_ << R"({"output":")" << to_hex_digits(result.output) << R"(","gasUsed":")"
         << to_hex_quantity(result.gas_used) << '"';
    if (state_root) {
        out_ << R"(,"stateRoot":")" << to_hex(*state_root) << '"';
    }
    if (!result.success()) {
        out_ << R"(,"error":")" << evm::to_string(result.status) << '"';
    }
    out_ << "}\n";
}

}  // namespace mega::conformance
