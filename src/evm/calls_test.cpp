// Calls and creations: what they pass on, what they cost, how they nest.

#include "evm/test_program.hpp"

namespace mega::evm {
namespace {

using namespace test;

Program call_program(const u256& gas, uint64_t value = 0, Opcode opcode = Opcode::CALL) {
    return Program{}.operands({gas, u256{0x07e4}, value, 0, 0, 0, 0}).op(opcode);
}

TEST(vm, calls_pass_on_all_but_one_64th) {
    World world;
    world.accounts[other].nonce = 1;
    EXPECT_EQ(world.run_code(call_program(minus_one), 100000).status, Status::success);
    const int64_t left = 100000 - 21 - 2600;
    EXPECT_EQ(world.calls.back().gas, left - left / 64);

    World frontier(Fork::frontier);
    frontier.accounts[other].nonce = 1;
    EXPECT_EQ(frontier.run_code(call_program(50000), 50000 + 61).status, Status::success);
    EXPECT_EQ(frontier.calls.back().gas, 50000);
    EXPECT_EQ(frontier.run_code(call_program(50000), 50000 + 60).status, Status::out_of_gas);
}

TEST(vm, calls_with_value_pay_and_give_a_stipend) {
    World world;
    world.accounts[self].balance = 10;
    const CallResult result = world.run_code(call_program(0, 1), 100000);
    EXPECT_EQ(result.status, Status::success);
    EXPECT_EQ(world.calls.back().gas, 2300);
    // A new account: cold access, value, creation, less the stipend that comes back unused.
    EXPECT_EQ(100000 - result.gas_left, 21 + 2600 + 9000 + 25000 - 2300);
    EXPECT_EQ(world.balance(other), u256{1});
    EXPECT_EQ(100000 - world.run_code(call_program(0, 1), 100000).gas_left, 21 + 100 + 9000 - 2300);

    World homestead(Fork::homestead);
    EXPECT_EQ(100000 - homestead.run_code(call_program(0), 100000).gas_left, 21 + 40 + 25000);
    EXPECT_EQ(100000 - World{Fork::byzantium}.run_code(call_program(0), 100000).gas_left, 21 + 700);
}

TEST(vm, a_refused_call_gives_its_gas_back) {
    World world;
    const CallResult result = world.run_code(call_program(50000, 1), 100000);
    EXPECT_EQ(result.status, Status::success);
    EXPECT_EQ(100000 - result.gas_left, 21 + 2600 + 9000 + 25000 - 2300);
}

TEST(vm, call_kinds_say_who_and_whose) {
    World world;
    world.accounts[self].balance = 10;
    world.accounts[other].nonce = 1;
    EXPECT_EQ(world.run_code(call_program(9, 3, Opcode::CALLCODE)).status, Status::success);
    EXPECT_EQ(world.calls.back().recipient, self);
    EXPECT_EQ(world.calls.back().sender, self);
    EXPECT_EQ(world.calls.back().code_address, other);
    EXPECT_EQ(world.calls.back().value, u256{3});
    EXPECT_EQ(
        world.run_code(Program{}.operands({9, u256{0x07e4}, 0, 0, 0, 0}).op(Opcode::DELEGATECALL))
            .status,
        Status::success
    );
    EXPECT_EQ(world.calls.back().recipient, self);
    EXPECT_EQ(world.calls.back().sender, world.tx_context.origin);
    EXPECT_EQ(world.calls.back().code_address, other);
}

TEST(vm, delegations_cost_an_access) {
    const Address delegate = u256{0xde1e}.to_address();
    Bytes designator{0xef, 0x01, 0x00};
    append(designator, delegate);
    World world;
    world.set_code(other, designator);
    const auto gas = [&world] { return 100000 - world.run_code(call_program(0), 100000).gas_left; };
    EXPECT_EQ(gas(), 21 + 2600 + 2600);
    EXPECT_EQ(gas(), 21 + 100 + 100);
    World cancun(Fork::cancun);
    cancun.set_code(other, designator);
    // Before EIP-7702 the designator is code that starts with an undefined instruction.
    EXPECT_EQ(100000 - cancun.run_code(call_program(0), 100000).gas_left, 21 + 2600);
}

TEST(vm, call_output_is_cut_to_its_place) {
    World world;
    world.set_code(other, Program{}.push(minus_one).return_top().code());
    Program program;
    program.operands({100000, u256{0x07e4}, 0, 0, 0, 0, 4})
        .op(Opcode::CALL)
        .op(Opcode::POP)
        .push(0)
        .op(Opcode::MLOAD);
    EXPECT_EQ(world.value_of(program), u256{0xffffffff} << 224);
}

TEST(vm, recursion_ends_at_depth_1024) {
    World world;
    // Calls itself with all gas: the 64ths leave enough for more than 1024 levels.
    world.set_code(
        self,
        Program{}.operands({minus_one, u256{0x5e1f}, 0, 0, 0, 0}).op(Opcode::DELEGATECALL).code()
    );
    const CallResult result = world.run(self, int64_t{1} << 50);
    EXPECT_EQ(result.status, Status::success);
    EXPECT_EQ(world.deepest, 1025U);
}

TEST(vm, creation) {
    World world;
    world.accounts[self].balance = 5;
    // Init code: PUSH1 1 PUSH1 31 RETURN..., here simply STOP: an empty contract.
    const CallResult result =
        world.run_code(Program{}.operands({2, 0, 1}).op(Opcode::CREATE).return_top());
    ASSERT_EQ(result.status, Status::success);
    ASSERT_EQ(result.output.size(), 32U);
    const Address created = u256::load_be(result.output.data()).to_address();
    EXPECT_EQ(world.balance(created), u256{2});
    EXPECT_EQ(world.calls.back().kind, CallKind::create);
    EXPECT_EQ(world.calls.back().sender, self);
}

TEST(vm, gas_of_creation) {
    const auto create = [](uint64_t size) {
        return Program{}.operands({0, 0, size}).op(Opcode::CREATE);
    };
    const auto create2 = [](uint64_t size) {
        return Program{}.operands({0, 0, size, 0}).op(Opcode::CREATE2);
    };
    EXPECT_EQ(
        1'000'000 - World{Fork::frontier}.run_code(create(32), 1'000'000).gas_left, 9 + 32000 + 3
    );
    EXPECT_EQ(1'000'000 - World{}.run_code(create(33), 1'000'000).gas_left, 9 + 32000 + 6 + 2 * 2);
    EXPECT_EQ(
        1'000'000 - World{}.run_code(create2(33), 1'000'000).gas_left, 12 + 32000 + 6 + 2 * (2 + 6)
    );
    EXPECT_EQ(World{}.run_code(create(49152), 1'000'000).status, Status::success);
    EXPECT_EQ(World{}.run_code(create(49153), 1'000'000).status, Status::out_of_gas);
    EXPECT_EQ(World{Fork::paris}.run_code(create(49153), 1'000'000).status, Status::success);
}

}  // namespace
}  // namespace mega::evm
