#pragma once

// What the interpreter checks before an instruction runs: a 256-entry table per fork, known at
// compile time.

#include "evm/opcodes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mega::evm {

struct InstructionInfo {
    int16_t gas = 0;  // the part that does not depend on operands
    uint8_t stack_in = 0;
    uint8_t stack_out = 0;
    bool is_defined = false;

    friend constexpr bool operator==(const InstructionInfo&, const InstructionInfo&) = default;
};

/// An instruction set that forks extend: `set(…)` adds an instruction, `reprice(…)` changes its
/// static gas.
class InstructionSet {
  public:
    [[nodiscard]] constexpr const InstructionInfo& operator[](size_t opcode) const {
        return table_[opcode];
    }
    constexpr InstructionSet& set(Opcode opcode, int16_t gas, uint8_t in, uint8_t out) {
        return set(static_cast<uint8_t>(opcode), gas, in, out);
    }
    constexpr InstructionSet& set(uint8_t opcode, int16_t gas, uint8_t in, uint8_t out) {
        table_[opcode] = {.gas = gas, .stack_in = in, .stack_out = out, .is_defined = true};
        return *this;
    }
    constexpr InstructionSet& reprice(Opcode opcode, int16_t gas) {
        table_[static_cast<uint8_t>(opcode)].gas = gas;
        return *this;
    }

  private:
    std::array<InstructionInfo, 256> table_{};
};

}  // namespace mega::evm
