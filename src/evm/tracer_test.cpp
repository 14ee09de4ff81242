// What a tracer sees.

#include "evm/test_program.hpp"

namespace mega::evm {
namespace {

using namespace test;

class Recorder final : public Tracer {
  public:
    void on_step(const StepInfo& step) override {
        steps.push_back(step);
        heights.push_back(step.stack.size());
    }
    void on_fault(const StepInfo& step, Status status) override {
        faults.emplace_back(step.opcode, status);
    }

    std::vector<StepInfo> steps;
    std::vector<size_t> heights;
    std::vector<std::pair<uint8_t, Status>> faults;
};

TEST(tracer, sees_every_step_with_its_gas) {
    World world;
    Recorder recorder;
    world.vm.set_tracer(&recorder);
    const CallResult result = world.run_code(
        Program{}
            .push(64)
            .op(Opcode::MLOAD)
            .byte(0x60)
            .byte(37)
            .op(Opcode::JUMP)
            .op(Opcode::JUMPDEST),
        1000
    );
    EXPECT_EQ(result.status, Status::success);
    ASSERT_EQ(recorder.steps.size(), 6U);  // with the STOP behind the end
    EXPECT_EQ(recorder.steps[0].gas_cost, 3);
    EXPECT_EQ(recorder.steps[1].opcode, static_cast<uint8_t>(Opcode::MLOAD));
    EXPECT_EQ(recorder.steps[1].gas_cost, 3 + 9);
    EXPECT_EQ(recorder.steps[1].memory.size(), 0U);
    EXPECT_EQ(recorder.steps[1].pc, 33U);
    EXPECT_EQ(recorder.steps[2].memory.size(), 96U);
    EXPECT_EQ(recorder.steps[4].opcode, static_cast<uint8_t>(Opcode::JUMPDEST));
    EXPECT_EQ(recorder.heights, (std::vector<size_t>{0, 1, 1, 2, 1, 1}));
    EXPECT_TRUE(recorder.faults.empty());
    for (size_t i = 1; i < recorder.steps.size(); ++i) {
        EXPECT_EQ(
            recorder.steps[i].gas_left,
            recorder.steps[i - 1].gas_left - recorder.steps[i - 1].gas_cost
        );
    }
}

TEST(tracer, sees_the_step_that_fails) {
    for (const auto& [program, status] :
         {std::pair(Program{}.op(Opcode::POP), Status::stack_underflow),
          std::pair(Program{}.push(5000).op(Opcode::MLOAD), Status::out_of_gas),
          std::pair(Program{}.byte(0x0c), Status::undefined_instruction)}) {
        World world;
        Recorder recorder;
        world.vm.set_tracer(&recorder);
        EXPECT_EQ(world.run_code(program, 100).status, status);
        ASSERT_EQ(recorder.faults.size(), 1U);
        EXPECT_EQ(recorder.faults[0].second, status);
        EXPECT_EQ(recorder.steps.back().opcode, recorder.faults[0].first);
    }
}

}  // namespace
}  // namespace mega::evm
