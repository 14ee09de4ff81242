// The interpreter instruction by instruction: results, gas to the last unit, and what each fork
// forbids.

#include "evm/test_program.hpp"

namespace mega::evm {
namespace {

using namespace test;

TEST(vm, arithmetic) {
    EXPECT_EQ(binary(Opcode::ADD, minus_one, 2), u256{1});
    EXPECT_EQ(binary(Opcode::SUB, 1, 2), minus_one);
    EXPECT_EQ(binary(Opcode::MUL, minus_one, minus_one), u256{1});
    EXPECT_EQ(binary(Opcode::DIV, 7, 2), u256{3});
    EXPECT_EQ(binary(Opcode::DIV, 7, 0), u256{});
    EXPECT_EQ(binary(Opcode::SDIV, most_negative, minus_one), most_negative);
    EXPECT_EQ(binary(Opcode::SMOD, -u256{7}, 3), -u256{1});
    EXPECT_EQ(binary(Opcode::EXP, 2, 255), most_negative);
    EXPECT_EQ(binary(Opcode::EXP, 0, 0), u256{1});
    EXPECT_EQ(binary(Opcode::SIGNEXTEND, 0, 0x80), -u256{0x80});
    EXPECT_EQ(binary(Opcode::SIGNEXTEND, 32, 0x80), u256{0x80});
    EXPECT_EQ(World{}.value_of(Program{}.operands({minus_one, 2, 2}).op(Opcode::ADDMOD)), u256{1});
    EXPECT_EQ(
        World{}.value_of(Program{}.operands({minus_one, minus_one, 12}).op(Opcode::MULMOD)), u256{9}
    );
}

TEST(vm, comparison) {
    EXPECT_EQ(binary(Opcode::LT, 1, minus_one), u256{1});
    EXPECT_EQ(binary(Opcode::LT, minus_one, minus_one), u256{0});
    EXPECT_EQ(binary(Opcode::GT, minus_one, 1), u256{1});
    EXPECT_EQ(binary(Opcode::SLT, minus_one, 1), u256{1});
    EXPECT_EQ(binary(Opcode::SGT, 1, most_negative), u256{1});
    EXPECT_EQ(binary(Opcode::EQ, u256(1, 2, 3, 4), u256(1, 2, 3, 5)), u256{0});
    EXPECT_EQ(unary(Opcode::ISZERO, u256(0, 0, 1, 0)), u256{0});
    EXPECT_EQ(unary(Opcode::NOT, 0), minus_one);
}

TEST(vm, shifts_and_bytes) {
    const u256 value(
        0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444
    );
    for (const unsigned shift : {0U, 1U, 63U, 64U, 65U, 128U, 191U, 192U, 255U}) {
        EXPECT_EQ(binary(Opcode::SHL, shift, value), value << shift) << shift;
        EXPECT_EQ(binary(Opcode::SHR, shift, value), value >> shift) << shift;
    }
    for (const u256& shift : {u256{256}, u256(1, 1, 0, 0), minus_one}) {
        EXPECT_EQ(binary(Opcode::SHL, shift, value), u256{});
        EXPECT_EQ(binary(Opcode::SHR, shift, value), u256{});
        EXPECT_EQ(binary(Opcode::SAR, shift, most_negative), minus_one);
    }
    EXPECT_EQ(binary(Opcode::SAR, 255, most_negative), minus_one);
    EXPECT_EQ(binary(Opcode::BYTE, 31, value), u256{0x11});
    EXPECT_EQ(binary(Opcode::BYTE, 0, value), u256{0x44});
    EXPECT_EQ(binary(Opcode::BYTE, 32, value), u256{});
}

TEST(vm, counts_leading_zeros) {
    EXPECT_EQ(unary(Opcode::CLZ, 0), u256{256});
    EXPECT_EQ(unary(Opcode::CLZ, 1), u256{255});
    EXPECT_EQ(unary(Opcode::CLZ, most_negative), u256{0});
    EXPECT_EQ(unary(Opcode::CLZ, u256(0, 1, 0, 0)), u256{191});
    EXPECT_EQ(World{}.gas_of(Program{}.push(0).op(Opcode::CLZ)), 3 + 5);
    EXPECT_EQ(
        World{Fork::prague}.run_code(Program{}.push(0).op(Opcode::CLZ)).status,
        Status::undefined_instruction
    );
}

TEST(vm, pushes_every_width) {
    for (unsigned n = 0; n <= 32; ++n) {
        Program program;
        program.byte(static_cast<uint8_t>(0x5f + n));
        u256 expected;
        for (unsigned i = 0; i < n; ++i) {
            program.byte(static_cast<uint8_t>(0xa0 + i));
            expected = (expected << 8) | u256{0xa0U + i};
        }
        EXPECT_EQ(World{}.value_of(program), expected) << n;
    }
}

TEST(vm, operand_cut_by_the_end_is_zero_filled) {
    // SSTORE cannot follow, so the gas alone shows that the frame stops cleanly.
    for (unsigned n = 1; n <= 32; ++n) {
        const CallResult result =
            World{}.run_code(Program{}.byte(static_cast<uint8_t>(0x5f + n)), 3);
        EXPECT_EQ(result.status, Status::success);
        EXPECT_EQ(result.gas_left, 0);
    }
}

TEST(vm, duplicates_and_swaps) {
    for (uint8_t n = 1; n <= 16; ++n) {
        Program dup;
        Program swap;
        for (uint8_t i = 0; i <= n; ++i) {
            dup.push(i);
            swap.push(i);
        }
        EXPECT_EQ(
            World{}.value_of(dup.byte(static_cast<uint8_t>(0x7f + n))),
            u256{static_cast<uint64_t>(1)}
        ) << int{n};
        EXPECT_EQ(World{}.value_of(swap.byte(static_cast<uint8_t>(0x8f + n))), u256{}) << int{n};
    }
}

TEST(vm, stack_holds_1024_words) {
    EXPECT_EQ(World{}.run_code(Program{}.repeat(1024, Opcode::PUSH0)).status, Status::success);
    EXPECT_EQ(
        World{}.run_code(Program{}.repeat(1025, Opcode::PUSH0)).status, Status::stack_overflow
    );
    EXPECT_EQ(
        World{}.run_code(Program{}.repeat(1024, Opcode::PUSH0).op(Opcode::DUP1)).status,
        Status::stack_overflow
    );
    EXPECT_EQ(
        World{}.run_code(Program{}.repeat(1024, Opcode::PUSH0).op(Opcode::SWAP1)).status,
        Status::success
    );
    EXPECT_EQ(World{}.run_code(Program{}.push(1).op(Opcode::ADD)).status, Status::stack_underflow);
    EXPECT_EQ(World{}.run_code(Program{}.op(Opcode::POP)).status, Status::stack_underflow);
    EXPECT_EQ(
        World{}.run_code(Program{}.repeat(16, Opcode::PUSH0).op(Opcode::SWAP16)).status,
        Status::stack_underflow
    );
    EXPECT_EQ(
        World{}.run_code(Program{}.repeat(15, Opcode::PUSH0).op(Opcode::DUP16)).status,
        Status::stack_underflow
    );
}

TEST(vm, jumps_only_to_jumpdest) {
    // PUSH1 4 JUMP INVALID JUMPDEST
    const Program good =
        Program{}.byte(0x60).byte(4).op(Opcode::JUMP).op(Opcode::INVALID).op(Opcode::JUMPDEST);
    EXPECT_EQ(World{}.gas_of(good), 3 + 8 + 1);
    // The same byte inside a PUSH is data: PUSH1 4 JUMP PUSH1 0x5b
    const Program data = Program{}.byte(0x60).byte(4).op(Opcode::JUMP).byte(0x60).byte(0x5b);
    EXPECT_EQ(World{}.run_code(data).status, Status::bad_jump_destination);
    EXPECT_EQ(
        World{}.run_code(Program{}.push(1000).op(Opcode::JUMP)).status, Status::bad_jump_destination
    );
    EXPECT_EQ(
        World{}.run_code(Program{}.push(u256(4, 1, 0, 0)).op(Opcode::JUMP)).status,
        Status::bad_jump_destination
    );
    EXPECT_EQ(
        World{}.run_code(Program{}.operands({1000, 0}).op(Opcode::JUMPI)).status, Status::success
    );
    EXPECT_EQ(
        World{}.run_code(Program{}.operands({1000, u256(0, 0, 0, 1)}).op(Opcode::JUMPI)).status,
        Status::bad_jump_destination
    );
}

TEST(vm, invalid_and_undefined_instructions_take_all_gas) {
    const CallResult invalid = World{}.run_code(Program{}.op(Opcode::INVALID));
    EXPECT_EQ(invalid.status, Status::invalid_instruction);
    EXPECT_EQ(invalid.gas_left, 0);
    EXPECT_EQ(World{}.run_code(Program{}.byte(0x0c)).status, Status::undefined_instruction);
}

TEST(vm, instructions_appear_with_their_forks) {
    struct Entry {
        Opcode opcode;
        Fork first;
    };
    for (const Entry entry :
         {Entry{Opcode::DELEGATECALL, Fork::homestead},
          Entry{Opcode::REVERT, Fork::byzantium},
          Entry{Opcode::RETURNDATASIZE, Fork::byzantium},
          Entry{Opcode::RETURNDATACOPY, Fork::byzantium},
          Entry{Opcode::STATICCALL, Fork::byzantium},
          Entry{Opcode::SHL, Fork::constantinople},
          Entry{Opcode::SHR, Fork::constantinople},
          Entry{Opcode::SAR, Fork::constantinople},
          Entry{Opcode::CREATE2, Fork::constantinople},
          Entry{Opcode::EXTCODEHASH, Fork::constantinople},
          Entry{Opcode::CHAINID, Fork::istanbul},
          Entry{Opcode::SELFBALANCE, Fork::istanbul},
          Entry{Opcode::BASEFEE, Fork::london},
          Entry{Opcode::PUSH0, Fork::shanghai},
          Entry{Opcode::TLOAD, Fork::cancun},
          Entry{Opcode::TSTORE, Fork::cancun},
          Entry{Opcode::MCOPY, Fork::cancun},
          Entry{Opcode::BLOBHASH, Fork::cancun},
          Entry{Opcode::BLOBBASEFEE, Fork::cancun},
          Entry{Opcode::CLZ, Fork::osaka}}) {
        Program program;
        program.operands({0, 0, 0, 0, 0, 0, 0}).op(entry.opcode);
        for (int fork = 0; fork <= static_cast<int>(current_fork); ++fork) {
            World world(static_cast<Fork>(fork));
            const bool is_undefined =
                world.run_code(program).status == Status::undefined_instruction;
            EXPECT_EQ(is_undefined, static_cast<Fork>(fork) < entry.first)
                << opcode_name(static_cast<uint8_t>(entry.opcode)) << " in "
                << to_string(world.fork);
        }
    }
}

TEST(vm, memory_costs_quadratically) {
    const auto touch = [](uint64_t offset) { return Program{}.push(offset).op(Opcode::MLOAD); };
    EXPECT_EQ(World{}.gas_of(touch(0)), 6 + 3);
    EXPECT_EQ(World{}.gas_of(touch(1)), 6 + 6);
    const int64_t words = 1024;
    EXPECT_EQ(World{}.gas_of(touch(32 * 1023)), 6 + 3 * words + words * words / 512);
    EXPECT_EQ(World{}.run_code(touch(uint64_t{1} << 33), INT64_MAX).status, Status::out_of_gas);
    EXPECT_EQ(
        World{}.run_code(Program{}.push(minus_one).op(Opcode::MLOAD), INT64_MAX).status,
        Status::out_of_gas
    );
    EXPECT_EQ(World{}.value_of(touch(100).op(Opcode::MSIZE)), u256{160});
}

TEST(vm, empty_ranges_are_free_wherever_they_lie) {
    const Program returns = Program{}.operands({minus_one, 0}).op(Opcode::RETURN);
    EXPECT_EQ(World{}.gas_of(returns), 6);
    EXPECT_EQ(
        World{}.gas_of(Program{}.operands({minus_one, minus_one, 0}).op(Opcode::MCOPY)), 9 + 3
    );
    EXPECT_EQ(World{}.gas_of(Program{}.operands({minus_one, 0}).op(Opcode::KECCAK256)), 6 + 30);
}

TEST(vm, memory_copies_overlap) {
    Program program;
    program.operands({0, u256(4, 3, 2, 1)})
        .op(Opcode::MSTORE)
        .operands({8, 0, 32})
        .op(Opcode::MCOPY)
        .push(8)
        .op(Opcode::MLOAD);
    EXPECT_EQ(World{}.value_of(program), u256(4, 3, 2, 1));
    // 9 for operands, 3 + 3 for the copy, then memory of two words.
    EXPECT_EQ(World{}.gas_of(Program{}.operands({32, 0, 32}).op(Opcode::MCOPY)), 9 + 3 + 3 + 6);
}

TEST(vm, calldata_is_padded_with_zeros) {
    World world;
    world.set_code(self, Program{}.push(2).op(Opcode::CALLDATALOAD).return_top().code());
    const Bytes input{1, 2, 3, 4};
    const CallResult result = world.run(self, 100000, input);
    ASSERT_EQ(result.output.size(), 32U);
    EXPECT_EQ(u256::load_be(result.output.data()), u256{0x0304} << 240);
}

TEST(vm, return_data_is_bounded) {
    World world;
    world.set_code(other, Program{}.push(7).return_top().code());
    const auto copy = [](uint64_t from, uint64_t size) {
        return Program{}
            .operands({100000, u256{0x07e4}, 0, 0, 0, 0})
            .op(Opcode::STATICCALL)
            .op(Opcode::POP)
            .operands({0, from, size})
            .op(Opcode::RETURNDATACOPY);
    };
    EXPECT_EQ(world.value_of(copy(0, 32).push(0).op(Opcode::MLOAD)), u256{7});
    EXPECT_EQ(world.run_code(copy(1, 32)).status, Status::invalid_memory_access);
    EXPECT_EQ(world.run_code(copy(32, 0)).status, Status::success);
    EXPECT_EQ(world.run_code(copy(33, 0)).status, Status::invalid_memory_access);
    EXPECT_EQ(world.run_code(copy(UINT64_MAX, 1)).status, Status::invalid_memory_access);
}

TEST(vm, static_frames_write_nothing) {
    for (const Opcode opcode :
         {Opcode::SSTORE,
          Opcode::TSTORE,
          Opcode::LOG0,
          Opcode::LOG4,
          Opcode::CREATE,
          Opcode::CREATE2,
          Opcode::SELFDESTRUCT}) {
        World world;
        const Program program = Program{}.operands({0, 0, 0, 0, 0, 0}).op(opcode);
        EXPECT_EQ(world.run_code(program, 1'000'000, true).status, Status::static_mode_violation)
            << opcode_name(static_cast<uint8_t>(opcode));
        EXPECT_EQ(World{}.run_code(program, 1'000'000, false).status, Status::success);
    }
    const auto call = [](uint64_t value) {
        return Program{}.operands({0, 1, value, 0, 0, 0, 0}).op(Opcode::CALL);
    };
    EXPECT_EQ(World{}.run_code(call(1), 1'000'000, true).status, Status::static_mode_violation);
    EXPECT_EQ(World{}.run_code(call(0), 1'000'000, true).status, Status::success);
}

TEST(vm, static_mode_is_inherited) {
    World world;
    world.set_code(other, Program{}.operands({0, 1}).op(Opcode::SSTORE).code());
    EXPECT_EQ(
        world.value_of(Program{}.operands({100000, u256{0x07e4}, 0, 0, 0, 0}).op(Opcode::STATICCALL)
        ),
        u256{0}
    );
    EXPECT_EQ(
        world.value_of(Program{}.operands({100000, u256{0x07e4}, 0, 0, 0, 0, 0}).op(Opcode::CALL)),
        u256{1}
    );
}

TEST(vm, gas_of_state_reads_by_fork) {
    struct Prices {
        Fork fork;
        int64_t balance, code_size, load;
    };
    for (const Prices prices :
         {Prices{Fork::frontier, 20, 20, 50},
          Prices{Fork::tangerine_whistle, 400, 700, 200},
          Prices{Fork::istanbul, 700, 700, 800},
          Prices{Fork::berlin, 2600, 2600, 2100},
          Prices{Fork::osaka, 2600, 2600, 2100}}) {
        World world(prices.fork);
        EXPECT_EQ(world.gas_of(Program{}.push(9).op(Opcode::BALANCE)), 3 + prices.balance);
        EXPECT_EQ(world.gas_of(Program{}.push(10).op(Opcode::EXTCODESIZE)), 3 + prices.code_size);
        EXPECT_EQ(world.gas_of(Program{}.push(9).op(Opcode::SLOAD)), 3 + prices.load);
    }
    // The second access is warm.
    EXPECT_EQ(
        World{}.gas_of(Program{}.push(9).op(Opcode::SLOAD).push(9).op(Opcode::SLOAD)),
        6 + 2100 + 100
    );
}

TEST(vm, gas_of_exponentiation) {
    EXPECT_EQ(
        World{Fork::frontier}.gas_of(Program{}.operands({2, 256}).op(Opcode::EXP)), 6 + 10 + 20
    );
    EXPECT_EQ(World{}.gas_of(Program{}.operands({2, 256}).op(Opcode::EXP)), 6 + 10 + 100);
    EXPECT_EQ(World{}.gas_of(Program{}.operands({2, 0}).op(Opcode::EXP)), 6 + 10);
}

struct StoreCase {
    Fork fork;
    uint64_t original, first, second;
    int64_t gas, refund;
};

TEST(vm, gas_and_refund_of_storage_writes) {
    // Two writes to one slot, 12 gas of operands included; from EIP-2200's and EIP-3529's tables.
    for (const StoreCase c :
         {StoreCase{Fork::frontier, 0, 1, 0, 12 + 20000 + 5000, 15000},
          StoreCase{Fork::constantinople, 0, 1, 0, 12 + 20000 + 200, 19800},
          StoreCase{Fork::petersburg, 0, 1, 0, 12 + 20000 + 5000, 15000},
          StoreCase{Fork::istanbul, 0, 0, 0, 1612, 0},
          StoreCase{Fork::istanbul, 0, 1, 0, 20812, 19200},
          StoreCase{Fork::istanbul, 1, 0, 0, 5812, 15000},
          StoreCase{Fork::istanbul, 1, 0, 2, 5812, 0},
          StoreCase{Fork::istanbul, 1, 0, 1, 5812, 4200},
          StoreCase{Fork::istanbul, 1, 2, 1, 5812, 4200},
          StoreCase{Fork::berlin, 1, 0, 1, 12 + 5000 + 100, 2800},
          StoreCase{Fork::berlin, 0, 1, 0, 12 + 22100 + 100, 19900},
          StoreCase{Fork::berlin, 1, 0, 0, 12 + 5000 + 100, 15000},
          StoreCase{Fork::osaka, 1, 0, 0, 12 + 5000 + 100, 4800},
          StoreCase{Fork::osaka, 1, 0, 2, 12 + 5000 + 100, 0},
          StoreCase{Fork::osaka, 1, 1, 1, 12 + 2200 + 100, 0}}) {
        SCOPED_TRACE(
            std::string(to_string(c.fork)) + " " + std::to_string(c.original) +
            std::to_string(c.first) + std::to_string(c.second)
        );
        World world(c.fork);
        if (c.original != 0) {
            world.accounts[self].storage[u256{5}] = c.original;
        }
        const CallResult result = world.run_code(
            Program{}
                .operands({5, c.first})
                .op(Opcode::SSTORE)
                .operands({5, c.second})
                .op(Opcode::SSTORE),
            100000
        );
        EXPECT_EQ(result.status, Status::success);
        EXPECT_EQ(100000 - result.gas_left, c.gas);
        EXPECT_EQ(result.gas_refund, c.refund);
    }
}

TEST(vm, storage_writes_need_more_than_the_stipend) {
    World world;
    world.warm_slots.emplace(self, u256{5});
    const Program program = Program{}.operands({5, 0}).op(Opcode::SSTORE);
    EXPECT_EQ(world.run_code(program, 6 + 2300).status, Status::out_of_gas);
    EXPECT_EQ(world.run_code(program, 6 + 2301).gas_left, 2201);
    EXPECT_EQ(World{Fork::constantinople}.run_code(program, 6 + 200).status, Status::success);
}

TEST(vm, revert_keeps_gas_and_data_but_no_refund) {
    World world;
    world.accounts[self].storage[u256{1}] = 1;
    const CallResult result = world.run_code(
        Program{}.operands({1, 0}).op(Opcode::SSTORE).operands({0, 3}).op(Opcode::REVERT), 100000
    );
    EXPECT_EQ(result.status, Status::revert);
    EXPECT_EQ(result.output.size(), 3U);
    EXPECT_EQ(result.gas_left, 100000 - 6 - 5000 - 6 - 3);
    EXPECT_EQ(result.gas_refund, 0);
}

TEST(vm, gas_of_selfdestruct) {
    const Program program = Program{}.push(u256{0x07e4}).op(Opcode::SELFDESTRUCT);
    const auto gas = [&program](Fork fork, uint64_t balance) {
        World world(fork);
        world.accounts[self].balance = balance;
        return world.gas_of(program) - 3;
    };
    EXPECT_EQ(gas(Fork::frontier, 1), 0);
    EXPECT_EQ(gas(Fork::tangerine_whistle, 0), 30000);
    EXPECT_EQ(gas(Fork::spurious_dragon, 0), 5000);
    EXPECT_EQ(gas(Fork::spurious_dragon, 1), 30000);
    EXPECT_EQ(gas(Fork::berlin, 1), 32600);
    EXPECT_EQ(World{Fork::berlin}.run_code(program).gas_refund, 24000);
    EXPECT_EQ(World{Fork::london}.run_code(program).gas_refund, 0);
}

TEST(vm, logs_cost_by_topic_and_byte) {
    World world;
    const Program program = Program{}.operands({0, 5, 11, 12}).op(Opcode::LOG2);
    EXPECT_EQ(world.gas_of(program), 12 + 3 * 375 + 5 * 8 + 3);
    ASSERT_FALSE(world.logs.empty());
    EXPECT_EQ(world.logs[0].address, self);
    EXPECT_EQ(world.logs[0].data, Bytes(5));
    EXPECT_EQ(world.logs[0].topics, (Topics{u256{11}.to_hash(), u256{12}.to_hash()}));
}

TEST(vm, only_the_last_256_blocks_have_a_hash) {
    World world;
    world.block_context.number = 1000;
    const auto hash = [&world](const u256& number) {
        return world.value_of(Program{}.push(number).op(Opcode::BLOCKHASH));
    };
    EXPECT_EQ(hash(999), u256{1000});
    EXPECT_EQ(hash(744), u256{745});
    EXPECT_EQ(hash(743), u256{});
    EXPECT_EQ(hash(1000), u256{});
    EXPECT_EQ(hash(u256(999, 1, 0, 0)), u256{});
}

TEST(vm, environment) {
    World world;
    world.block_context.beneficiary = other;
    world.block_context.timestamp = 77;
    world.block_context.base_fee_per_gas = 8;
    world.block_context.blob_base_fee = 9;
    world.block_context.chain_id = 4242;
    world.accounts[self].balance = 55;
    const Hash256 blob = u256{123}.to_hash();
    world.tx_context.blob_hashes = {&blob, 1};
    const auto value = [&world](Opcode opcode) { return world.value_of(Program{}.op(opcode)); };
    EXPECT_EQ(value(Opcode::ADDRESS), u256{0x5e1f});
    EXPECT_EQ(value(Opcode::COINBASE), u256{0x07e4});
    EXPECT_EQ(value(Opcode::TIMESTAMP), u256{77});
    EXPECT_EQ(value(Opcode::BASEFEE), u256{8});
    EXPECT_EQ(value(Opcode::BLOBBASEFEE), u256{9});
    EXPECT_EQ(value(Opcode::CHAINID), u256{4242});
    EXPECT_EQ(value(Opcode::SELFBALANCE), u256{55});
    EXPECT_EQ(value(Opcode::PC), u256{0});
    EXPECT_EQ(world.value_of(Program{}.push(0).op(Opcode::BLOBHASH)), u256{123});
    EXPECT_EQ(world.value_of(Program{}.push(1).op(Opcode::BLOBHASH)), u256{});
}

TEST(vm, gas_instruction_tells_what_is_left) {
    World world;
    const CallResult result = world.run_code(Program{}.op(Opcode::GAS).return_top(), 1000);
    ASSERT_EQ(result.output.size(), 32U);
    EXPECT_EQ(u256::load_be(result.output.data()), u256{998});
}

TEST(vm, memory_of_a_caller_survives_its_callee) {
    World world;
    // The callee fills 3 MB, beyond the first chunk; the caller's word and the return data stay
    // intact.
    world.set_code(
        other,
        Program{}.operands({3'000'000, minus_one}).op(Opcode::MSTORE).push(9).return_top().code()
    );
    Program program;
    program.operands({0, 1234})
        .op(Opcode::MSTORE)
        .operands({u256{50'000'000}, u256{0x07e4}, 0, 0, 0, 0})
        .op(Opcode::STATICCALL)
        .op(Opcode::POP)
        .push(2'000'000)
        .op(Opcode::MLOAD)
        .op(Opcode::POP)
        .operands({32, 0, 32})
        .op(Opcode::RETURNDATACOPY)
        .push(32)
        .op(Opcode::MLOAD)
        .push(0)
        .op(Opcode::MLOAD)
        .op(Opcode::ADD)
        .return_top();
    const CallResult result = world.run_code(program, 100'000'000);
    ASSERT_EQ(result.status, Status::success) << to_string(result.status);
    EXPECT_EQ(u256::load_be(result.output.data()), u256{1243});
}

TEST(fork, names_round_trip) {
    for (int i = 0; i <= static_cast<int>(current_fork); ++i) {
        EXPECT_EQ(fork_from_name(to_string(static_cast<Fork>(i))), static_cast<Fork>(i));
    }
    EXPECT_EQ(fork_from_name("Amsterdam"), std::nullopt);
    EXPECT_EQ(fork_from_name("ConstantinopleFix"), Fork::petersburg);
}

TEST(code, finds_delegations) {
    Bytes designator{0xef, 0x01, 0x00};
    append(designator, other);
    EXPECT_EQ(Code(designator).delegation(), other);
    designator.push_back(0);
    EXPECT_EQ(Code(designator).delegation(), std::nullopt);
    EXPECT_EQ(Code::empty().delegation(), std::nullopt);
}

}  // namespace
}  // namespace mega::evm
