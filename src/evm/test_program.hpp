#pragma once

// Bytecode written in tests, and a world to run it in.

#include "evm/opcodes.hpp"
#include "evm/test_host.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <tuple>

namespace mega::evm::test {

inline const Address self = u256{0x5e1f}.to_address();
inline const Address other = u256{0x07e4}.to_address();

/// Builds bytecode.
class Program {
  public:
    Program& op(Opcode opcode) {
        code_.push_back(static_cast<uint8_t>(opcode));
        return *this;
    }
    Program& byte(uint8_t value) {
        code_.push_back(value);
        return *this;
    }
    /// PUSH32 of the value, whatever it is.
    Program& push(const u256& value) {
        op(Opcode::PUSH32);
        append(code_, value.to_hash());
        return *this;
    }
    /// Pushes right to left, so that the first value ends on top.
    Program& operands(std::initializer_list<u256> values) {
        for (size_t i = values.size(); i > 0; --i) {
            push(values.begin()[i - 1]);
        }
        return *this;
    }
    /// Returns the word on top of the stack.
    Program& return_top() { return push(0).op(Opcode::MSTORE).push(32).push(0).op(Opcode::RETURN); }
    Program& repeat(size_t times, Opcode opcode) {
        code_.insert(code_.end(), times, static_cast<uint8_t>(opcode));
        return *this;
    }
    [[nodiscard]] const Bytes& code() const { return code_; }

  private:
    Bytes code_;
};

struct World : TestHost {
    explicit World(Fork rules = current_fork) {
        fork = rules;
        accounts[self].nonce = 1;
    }
    CallResult run_code(const Program& program, int64_t gas = 10'000'000, bool is_static = false) {
        set_code(self, program.code());
        return run(self, gas, {}, is_static);
    }
    /// What `program` leaves on top.
    u256 value_of(Program program) {
        const CallResult result = run_code(program.return_top());
        EXPECT_EQ(result.status, Status::success) << to_string(result.status);
        return result.output.size() == 32 ? u256::load_be(result.output.data()) : u256{0xbad};
    }
    /// Gas that `program`, ending by itself, takes; also checks that one unit less does not
    /// suffice.
    int64_t gas_of(const Program& program) {
        const auto before = std::tuple(accounts, warm_accounts, warm_slots);
        const CallResult result = run_code(program, 1'000'000);
        EXPECT_EQ(result.status, Status::success) << to_string(result.status);
        const int64_t used = 1'000'000 - result.gas_left;
        std::tie(accounts, warm_accounts, warm_slots) = before;
        EXPECT_EQ(run_code(program, used).status, Status::success);
        std::tie(accounts, warm_accounts, warm_slots) = before;
        if (used > 0) {
            EXPECT_EQ(run_code(program, used - 1).status, Status::out_of_gas);
        }
        return used;
    }
};

inline u256 binary(Opcode opcode, const u256& top, const u256& second) {
    return World{}.value_of(Program{}.operands({top, second}).op(opcode));
}
inline u256 unary(Opcode opcode, const u256& top) {
    return World{}.value_of(Program{}.push(top).op(opcode));
}

inline const u256 minus_one = u256::max();
inline const u256 most_negative{0, 0, 0, uint64_t{1} << 63};

}  // namespace mega::evm::test
