// Instructions whose price does not depend on their operands: the price in every fork that knows
// them, the refusal in every fork that does not; and the height of the stack at its border.

#include "evm/test_program.hpp"

namespace mega::evm {
namespace {

using namespace test;

struct Price {
    Opcode opcode;
    size_t operands;
    int64_t gas;
    Fork since = Fork::frontier;
};

// Yellow Paper appendix G; EIP-145, 211, 1344, 1884, 3198, 3855, 1153, 4844, 7516, 7939.
constexpr Price prices[] = {
    {Opcode::STOP, 0, 0},
    {Opcode::ADD, 2, 3},
    {Opcode::MUL, 2, 5},
    {Opcode::SUB, 2, 3},
    {Opcode::DIV, 2, 5},
    {Opcode::SDIV, 2, 5},
    {Opcode::MOD, 2, 5},
    {Opcode::SMOD, 2, 5},
    {Opcode::ADDMOD, 3, 8},
    {Opcode::MULMOD, 3, 8},
    {Opcode::SIGNEXTEND, 2, 5},
    {Opcode::LT, 2, 3},
    {Opcode::GT, 2, 3},
    {Opcode::SLT, 2, 3},
    {Opcode::SGT, 2, 3},
    {Opcode::EQ, 2, 3},
    {Opcode::ISZERO, 1, 3},
    {Opcode::AND, 2, 3},
    {Opcode::OR, 2, 3},
    {Opcode::XOR, 2, 3},
    {Opcode::NOT, 1, 3},
    {Opcode::BYTE, 2, 3},
    {Opcode::SHL, 2, 3, Fork::constantinople},
    {Opcode::SHR, 2, 3, Fork::constantinople},
    {Opcode::SAR, 2, 3, Fork::constantinople},
    {Opcode::CLZ, 1, 5, Fork::osaka},
    {Opcode::ADDRESS, 0, 2},
    {Opcode::ORIGIN, 0, 2},
    {Opcode::CALLER, 0, 2},
    {Opcode::CALLVALUE, 0, 2},
    {Opcode::CALLDATALOAD, 1, 3},
    {Opcode::CALLDATASIZE, 0, 2},
    {Opcode::CODESIZE, 0, 2},
    {Opcode::GASPRICE, 0, 2},
    {Opcode::RETURNDATASIZE, 0, 2, Fork::byzantium},
    {Opcode::BLOCKHASH, 1, 20},
    {Opcode::COINBASE, 0, 2},
    {Opcode::TIMESTAMP, 0, 2},
    {Opcode::NUMBER, 0, 2},
    {Opcode::PREVRANDAO, 0, 2},
    {Opcode::GASLIMIT, 0, 2},
    {Opcode::CHAINID, 0, 2, Fork::istanbul},
    {Opcode::SELFBALANCE, 0, 5, Fork::istanbul},
    {Opcode::BASEFEE, 0, 2, Fork::london},
    {Opcode::BLOBHASH, 1, 3, Fork::cancun},
    {Opcode::BLOBBASEFEE, 0, 2, Fork::cancun},
    {Opcode::POP, 1, 2},
    {Opcode::PC, 0, 2},
    {Opcode::MSIZE, 0, 2},
    {Opcode::GAS, 0, 2},
    {Opcode::JUMPDEST, 0, 1},
    {Opcode::TLOAD, 1, 100, Fork::cancun},
    {Opcode::TSTORE, 2, 100, Fork::cancun},
    {Opcode::PUSH0, 0, 2, Fork::shanghai},
};
constexpr int64_t push_gas = 3;
constexpr size_t stack_limit = 1024;

Fork fork_at(int index) { return static_cast<Fork>(index); }
constexpr int fork_count = static_cast<int>(current_fork) + 1;

Opcode offset(Opcode first, int by) {
    return static_cast<Opcode>(static_cast<uint8_t>(first) + by);
}

TEST(constant_gas, of_every_instruction_in_every_fork) {
    for (int i = 0; i < fork_count; ++i) {
        for (const Price& price : prices) {
            SCOPED_TRACE(
                std::string(opcode_name(static_cast<uint8_t>(price.opcode))) + " in " +
                std::string(to_string(fork_at(i)))
            );
            Program program;
            for (size_t operand = 0; operand < price.operands; ++operand) {
                program.push(operand + 1);
            }
            program.op(price.opcode);
            World world{fork_at(i)};
            if (fork_at(i) < price.since) {
                EXPECT_EQ(world.run_code(program).status, Status::undefined_instruction);
                continue;
            }
            const auto pushes = static_cast<int64_t>(price.operands) * push_gas;
            EXPECT_EQ(world.gas_of(program), pushes + price.gas);
        }
    }
}

TEST(constant_gas, of_pushes_dups_and_swaps_is_three) {
    for (int i = 0; i < fork_count; ++i) {
        for (int width = 1; width <= 32; ++width) {
            EXPECT_EQ(World{fork_at(i)}.gas_of(Program{}.op(offset(Opcode::PUSH1, width - 1))), 3);
        }
        for (int depth = 1; depth <= 16; ++depth) {
            Program dup;
            Program swap;
            for (int operand = 0; operand < depth; ++operand) {
                dup.push(1);
                swap.push(1);
            }
            dup.op(offset(Opcode::DUP1, depth - 1));
            swap.push(1).op(offset(Opcode::SWAP1, depth - 1));
            EXPECT_EQ(World{fork_at(i)}.gas_of(dup), (depth + 1) * push_gas);
            EXPECT_EQ(World{fork_at(i)}.gas_of(swap), (depth + 2) * push_gas);
        }
    }
}

TEST(stack_limit, every_push_fills_the_stack_and_no_more) {
    for (const Fork fork : {Fork::frontier, Fork::shanghai, Fork::osaka}) {
        for (int width = fork == Fork::frontier ? 1 : 0; width <= 32; ++width) {
            SCOPED_TRACE(std::to_string(width) + " in " + std::string(to_string(fork)));
            const Opcode push = offset(Opcode::PUSH0, width);
            Program program;
            for (size_t i = 0; i < stack_limit; ++i) {
                program.op(push);
                for (int byte = 0; byte < width; ++byte) {
                    program.byte(0x5b);  // JUMPDEST, were it code
                }
            }
            EXPECT_EQ(World{fork}.run_code(program).status, Status::success);
            program.op(push);
            EXPECT_EQ(World{fork}.run_code(program).status, Status::stack_overflow);
        }
    }
}

TEST(stack_limit, holds_for_dups_and_environment_reads) {
    for (const Opcode last :
         {Opcode::DUP1,
          Opcode::DUP16,
          Opcode::CALLER,
          Opcode::PC,
          Opcode::GAS,
          Opcode::MSIZE,
          Opcode::RETURNDATASIZE}) {
        Program program;
        for (size_t i = 1; i < stack_limit; ++i) {
            program.op(Opcode::PUSH1).byte(0xff);
        }
        EXPECT_EQ(World{}.run_code(Program{program}.op(last)).status, Status::success);
        program.op(Opcode::PUSH1).byte(0xff);
        EXPECT_EQ(World{}.run_code(Program{program}.op(last)).status, Status::stack_overflow);
        // At the limit, instructions that do not grow the stack still run.
        EXPECT_EQ(World{}.run_code(Program{program}.op(Opcode::SWAP16)).status, Status::success);
    }
}

TEST(stack_limit, a_loop_of_pushes_ends_at_it) {
    // JUMPDEST PUSH1 -1 PUSH1 0 JUMP
    const Program program = Program{}
                                .op(Opcode::JUMPDEST)
                                .op(Opcode::PUSH1)
                                .byte(0xff)
                                .op(Opcode::PUSH1)
                                .byte(0)
                                .op(Opcode::JUMP);
    for (int i = 0; i < fork_count; ++i) {
        EXPECT_EQ(World{fork_at(i)}.run_code(program).status, Status::stack_overflow);
    }
}

}  // namespace
}  // namespace mega::evm
