#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega {

TEST(hex, round_trips) {
    const Bytes bytes{0x00, 0x0f, 0xf0, 0xff};
    EXPECT_EQ(to_hex(bytes), "0x000ff0ff");
    EXPECT_EQ(*from_hex("0x000Ff0FF"), bytes);
    EXPECT_EQ(to_hex({}), "0x");
    EXPECT_TRUE(from_hex("0x")->empty());
}

TEST(hex, names_what_is_wrong) {
    EXPECT_EQ(from_hex("00").error(), HexError::missing_prefix);
    EXPECT_EQ(from_hex("0x0").error(), HexError::odd_length);
    EXPECT_EQ(from_hex("0x0g").error(), HexError::bad_digit);
    EXPECT_EQ(fixed_from_hex<20>("0x00").error(), HexError::wrong_length);
}

TEST(hex, quantity_has_no_leading_zeros) {
    EXPECT_EQ(to_hex_quantity(0), "0x0");
    EXPECT_EQ(to_hex_quantity(0x0123), "0x123");
    EXPECT_EQ(to_hex_quantity(UINT64_MAX), "0xffffffffffffffff");
}

}  // namespace mega
