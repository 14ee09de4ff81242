// The struct log: one object per instruction, shown as the machine was before it ran.

#include "evm/opcodes.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/trace.hpp"

#include <map>

namespace mega::rpc {
namespace {

using evm::Opcode;

constexpr int64_t call_stipend = 2300;
/// Around the values of one entry.
constexpr size_t entry_overhead_bytes = 80;

class StructLogger final : public JsonTracer {
  public:
    StructLogger(const TraceOptions& options, TraceBudget& budget)
        : options_(options), budget_(budget) {
        out_.begin_array();
    }

    void on_step(const evm::StepInfo& step) override {
        settle(&step);
        const bool is_over_limit = options_.max_steps != 0 && count_ >= options_.max_steps;
        if (is_over_limit || budget_.is_exceeded) {
            return;
        }
        ++count_;
        has_entry_ = true;
        entry_ = Entry{};
        entry_.pc = step.pc;
        entry_.opcode = step.opcode;
        entry_.gas = step.gas_left;
        entry_.gas_cost = step.gas_cost;
        entry_.depth = step.depth;
        entry_.refund = step.gas_refund;
        entry_.contract = step.contract;
        if (is(Opcode::SLOAD) && !step.stack.empty()) {
            entry_.loaded_slot = step.stack.back();
        } else if (is(Opcode::SSTORE) && step.stack.size() >= 2) {
            storage_[step.contract][step.stack.back()] = step.stack[step.stack.size() - 2];
        }
        describe(step);
    }

    void on_fault(const evm::StepInfo&, evm::Status status) override {
        if (has_entry_) {
            entry_.error = evm::to_string(status);
        }
    }

    /// geth counts what a call hands on among its cost.
    void on_enter(const evm::Message& message) override {
        const bool is_by_instruction = has_entry_ && message.depth == entry_.depth + 1;
        const bool is_call = is(Opcode::CALL) || is(Opcode::CALLCODE) || is(Opcode::DELEGATECALL) ||
                             is(Opcode::STATICCALL);
        if (!is_by_instruction || !is_call) {
            return;
        }
        const bool has_stipend =
            (is(Opcode::CALL) || is(Opcode::CALLCODE)) && !message.value.is_zero();
        entry_.gas_cost += message.gas - (has_stipend ? call_stipend : 0);
        // Frames that run no code must not count twice.
        settle(nullptr);
    }

    [[nodiscard]] std::string json(const execution::TxResult& result) override {
        settle(nullptr);
        const bool has_output = result.success() || result.status == evm::Status::revert;
        JsonWriter whole;
        whole.begin_object()
            .key("gas")
            .number(result.gas_used)
            .field_boolean("failed", !result.success())
            .field("returnValue", has_output ? BytesView{result.output} : BytesView{})
            .field_raw("structLogs", out_.end_array().text());
        return whole.end_object().take();
    }

  private:
    struct Entry {
        uint64_t pc = 0;
        uint8_t opcode = 0;
        int64_t gas = 0;
        int64_t gas_cost = 0;
        uint32_t depth = 0;
        int64_t refund = 0;
        Address contract;
        std::optional<u256> loaded_slot;  // what SLOAD found shows on the stack of the next step
        std::string_view error;
        std::string details;  // stack, memory and return data: members of the object, as text
    };

    [[nodiscard]] bool is(Opcode opcode) const {
        return entry_.opcode == static_cast<uint8_t>(opcode);
    }

    /// What has to be copied now, because it changes.
    void describe(const evm::StepInfo& step) {
        JsonWriter details;
        if (options_.with_stack) {
            details.key("stack").begin_array();
            for (const u256& word : step.stack) {
                details.quantity(word);
            }
            details.end_array();
        }
        if (options_.with_return_data && !step.return_data.empty()) {
            details.field("returnData", step.return_data);
        }
        if (options_.with_memory && !step.memory.empty()) {
            details.key("memory").begin_array();
            for (size_t at = 0; at < step.memory.size(); at += 32) {
                details.data(step.memory.subspan(at, std::min<size_t>(32, step.memory.size() - at))
                );
            }
            details.end_array();
        }
        entry_.details = details.take();
        if (!budget_.take(1, entry_overhead_bytes + entry_.details.size())) {
            has_entry_ = false;
        }
    }

    /// Writes the entry that waits. `next` is the instruction after it, when there is one.
    void settle(const evm::StepInfo* next) {
        if (!has_entry_) {
            return;
        }
        has_entry_ = false;
        if (entry_.loaded_slot && next != nullptr && next->depth == entry_.depth &&
            !next->stack.empty()) {
            storage_[entry_.contract][*entry_.loaded_slot] = next->stack.back();
        }
        out_.begin_object()
            .key("pc")
            .number(entry_.pc)
            .field_string("op", name_of(entry_.opcode))
            .key("gas")
            .number(static_cast<uint64_t>(std::max<int64_t>(entry_.gas, 0)))
            .key("gasCost")
            .number(static_cast<uint64_t>(std::max<int64_t>(entry_.gas_cost, 0)))
            .key("depth")
            .number(uint64_t{entry_.depth} + 1);
        if (entry_.refund > 0) {
            out_.key("refund").number(static_cast<uint64_t>(entry_.refund));
        }
        if (!entry_.error.empty()) {
            out_.field_string("error", entry_.error);
        }
        if (!entry_.details.empty()) {
            out_.raw(entry_.details);
        }
        if (options_.with_storage && (is(Opcode::SLOAD) || is(Opcode::SSTORE))) {
            write_storage();
        }
        out_.end_object();
    }

    void write_storage() {
        const auto& slots = storage_[entry_.contract];
        constexpr size_t slot_bytes = 140;
        if (slots.empty() || !budget_.take(0, slots.size() * slot_bytes)) {
            return;
        }
        out_.key("storage").begin_object();
        for (const auto& [slot, value] : slots) {
            out_.field(to_hex(slot.to_hash()), value.to_hash());
        }
        out_.end_object();
    }

    static std::string name_of(uint8_t opcode) {
        const std::string_view name = evm::opcode_name(opcode);
        return name.empty() ? "opcode " + to_hex(BytesView{&opcode, 1}) + " not defined"
                            : std::string(name);
    }

    const TraceOptions options_;
    TraceBudget& budget_;
    JsonWriter out_;
    uint64_t count_ = 0;
    bool has_entry_ = false;
    Entry entry_;
    /// Of each contract, the slots that were read or written so far.
    std::map<Address, std::map<u256, u256>> storage_;
};

}  // namespace

std::unique_ptr<JsonTracer> make_struct_logger(const TraceOptions& options, TraceBudget& budget) {
    return std::make_unique<StructLogger>(options, budget);
}

}  // namespace mega::rpc
