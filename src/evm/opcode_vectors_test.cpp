// Published results of two-operand instructions, through the interpreter: X is pushed first, Y ends
// on top.

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "evm/opcodes.hpp"
#include "evm/test_host.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::evm {
namespace {

using nlohmann::json;

const std::map<std::string, Opcode> opcodes{
    {"add", Opcode::ADD},
    {"and", Opcode::AND},
    {"byte", Opcode::BYTE},
    {"div", Opcode::DIV},
    {"eq", Opcode::EQ},
    {"exp", Opcode::EXP},
    {"gt", Opcode::GT},
    {"lt", Opcode::LT},
    {"mod", Opcode::MOD},
    {"mul", Opcode::MUL},
    {"or", Opcode::OR},
    {"sar", Opcode::SAR},
    {"sdiv", Opcode::SDIV},
    {"sgt", Opcode::SGT},
    {"shl", Opcode::SHL},
    {"shr", Opcode::SHR},
    {"slt", Opcode::SLT},
    {"smod", Opcode::SMOD},
    {"signext", Opcode::SIGNEXTEND},
    {"sub", Opcode::SUB},
    {"xor", Opcode::XOR},
};

Bytes hex(const json& text) { return *from_hex(text.get<std::string>(), false); }

/// PUSH32 x, PUSH32 y, opcode, and return what is on top.
Bytes program(Opcode opcode, BytesView x, BytesView y) {
    Bytes code;
    for (const BytesView operand : {x, y}) {
        code.push_back(static_cast<uint8_t>(Opcode::PUSH32));
        append(code, operand);
    }
    code.push_back(static_cast<uint8_t>(opcode));
    append(code, *from_hex("0x5f5260205ff3"));
    return code;
}

TEST(opcode_vectors, published) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("opcode vectors");
    }
    TestHost host;
    const Address self = u256{1000}.to_address();
    size_t count = 0;
    for (const auto& [name, opcode] : opcodes) {
        const auto file = *root / "precompiles/geth/opcodes" / ("testcases_" + name + ".json");
        for (const json& vector : json::parse(read_fixture(file))) {
            host.set_code(self, program(opcode, hex(vector.at("X")), hex(vector.at("Y"))));
            const CallResult result = host.run(self, 100000);
            ASSERT_EQ(result.status, Status::success);
            EXPECT_EQ(to_hex_digits(result.output), vector.at("Expected").get<std::string>())
                << name << " " << vector.dump();
            ++count;
        }
    }
    EXPECT_GE(count, 1400U);
}

}  // namespace
}  // namespace mega::evm
