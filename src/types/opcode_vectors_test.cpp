// The two-operand opcodes against the official vectors: X is pushed first, so Y is the top of the
// stack.

#include "base/fixtures_test.hpp"
#include "types/u256.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <map>

namespace mega {
namespace {

using Operation = std::function<u256(const u256& top, const u256& below)>;

u256 as_word(bool value) { return value ? 1 : 0; }

bool less_signed(const u256& a, const u256& b) {
    return a.is_negative() != b.is_negative() ? a.is_negative() : a < b;
}

u256 byte_of(const u256& index, const u256& value) {
    return index < u256{32} ? u256{value.to_hash()[index.low64()]} : u256{};
}

unsigned shift_amount(const u256& shift) {
    return shift < u256{256} ? static_cast<unsigned>(shift.low64()) : 256U;
}

const std::map<std::string, Operation>& operations() {
    static const std::map<std::string, Operation> table{
        {"add", [](auto& a, auto& b) { return a + b; }},
        {"sub", [](auto& a, auto& b) { return a - b; }},
        {"mul", [](auto& a, auto& b) { return a * b; }},
        {"div", [](auto& a, auto& b) { return a / b; }},
        {"mod", [](auto& a, auto& b) { return a % b; }},
        {"sdiv", [](auto& a, auto& b) { return divide_signed(a, b).quotient; }},
        {"smod", [](auto& a, auto& b) { return divide_signed(a, b).remainder; }},
        {"exp", [](auto& a, auto& b) { return power(a, b); }},
        {"signext", [](auto& a, auto& b) { return sign_extend(a, b); }},
        {"shl", [](auto& a, auto& b) { return b << shift_amount(a); }},
        {"shr", [](auto& a, auto& b) { return b >> shift_amount(a); }},
        {"sar", [](auto& a, auto& b) { return shift_right_signed(b, a); }},
        {"byte", [](auto& a, auto& b) { return byte_of(a, b); }},
        {"and", [](auto& a, auto& b) { return a & b; }},
        {"or", [](auto& a, auto& b) { return a | b; }},
        {"xor", [](auto& a, auto& b) { return a ^ b; }},
        {"lt", [](auto& a, auto& b) { return as_word(a < b); }},
        {"gt", [](auto& a, auto& b) { return as_word(a > b); }},
        {"eq", [](auto& a, auto& b) { return as_word(a == b); }},
        {"slt", [](auto& a, auto& b) { return as_word(less_signed(a, b)); }},
        {"sgt", [](auto& a, auto& b) { return as_word(less_signed(b, a)); }},
    };
    return table;
}

u256 word(const nlohmann::json& text) { return *u256_from_text("0x" + text.get<std::string>()); }

}  // namespace

TEST(opcode_vectors, arithmetic_matches) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("precompiles/geth/opcodes");
    }
    size_t checked = 0;
    for (const auto& [name, operation] : operations()) {
        const auto file = *root / "precompiles/geth/opcodes" / ("testcases_" + name + ".json");
        for (const auto& entry : nlohmann::json::parse(read_fixture(file))) {
            const u256 below = word(entry.at("X"));
            const u256 top = word(entry.at("Y"));
            ASSERT_EQ(operation(top, below), word(entry.at("Expected")))
                << name << ' ' << to_hex_quantity(top) << ' ' << to_hex_quantity(below);
            ++checked;
        }
    }
    EXPECT_EQ(checked, 1475U);
}

}  // namespace mega
