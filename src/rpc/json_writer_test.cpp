#include "rpc/json_writer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::rpc {
namespace {

TEST(json_writer, puts_commas_between_values_alone) {
    JsonWriter out;
    out.begin_object().field_quantity("a", uint64_t{0}).key("b").begin_array();
    out.number(1).null().begin_object().end_object().end_array().field_boolean("c", false);
    EXPECT_EQ(out.end_object().text(), R"({"a":"0x0","b":[1,null,{}],"c":false})");
}

TEST(json_writer, writes_quantities_without_leading_zeros) {
    EXPECT_EQ(quoted_quantity(0), R"("0x0")");
    EXPECT_EQ(quoted_quantity(1024), R"("0x400")");
    EXPECT_EQ(quoted_quantity(u256{0, 1, 0, 0}), R"("0x10000000000000000")");
}

TEST(json_writer, writes_data_with_all_digits) {
    EXPECT_EQ(quoted_hex({}), R"("0x")");
    EXPECT_EQ(quoted_hex(Bytes{0x00, 0xab}), R"("0x00ab")");
}

TEST(json_writer, escapes_what_json_forbids) {
    const std::string text = "a\"b\\c\n\x01\x1f";
    EXPECT_EQ(nlohmann::json::parse(rpc::quoted(text)).get<std::string>(), text);
}

TEST(json_writer, keeps_utf8_and_replaces_what_is_not) {
    const auto round_trip = [](const std::string& text) {
        return nlohmann::json::parse(rpc::quoted(text)).get<std::string>();
    };
    const std::string good = "é € 𝄞 \xed\x9f\xbf \xf4\x8f\xbf\xbf";
    EXPECT_EQ(round_trip(good), good);
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(round_trip("\xff"), mark);
    EXPECT_EQ(round_trip("a\xc3"), "a" + mark);                 // cut short
    EXPECT_EQ(round_trip("\xc0\x80"), mark + mark);             // overlong
    EXPECT_EQ(round_trip("\xed\xa0\x80"), mark + mark + mark);  // a surrogate
    EXPECT_EQ(round_trip("\xe2\x28\xa1"), mark + "(" + mark);
}

}  // namespace
}  // namespace mega::rpc
