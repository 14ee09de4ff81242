#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace mega {

TEST(fixed_bytes, is_zero_by_default) {
    EXPECT_TRUE(Hash256{}.is_zero());
    Hash256 hash;
    hash[31] = 1;
    EXPECT_FALSE(hash.is_zero());
}

TEST(fixed_bytes, copies_the_first_bytes_of_a_view) {
    const Bytes source{1, 2, 3, 4, 5};
    EXPECT_EQ(FixedBytes<4>::from(source), (FixedBytes<4>{{1, 2, 3, 4}}));
}

TEST(fixed_bytes, compares_lexicographically) {
    EXPECT_LT((FixedBytes<2>{{0, 255}}), (FixedBytes<2>{{1, 0}}));
    EXPECT_LT((FixedBytes<2>{{1, 0}}), (FixedBytes<2>{{1, 1}}));
    EXPECT_FALSE((FixedBytes<2>{{1, 1}}) < (FixedBytes<2>{{1, 1}}));
}

// A hash that forgot some bytes would turn tables into lists.
TEST(fixed_bytes, hash_depends_on_every_byte) {
    const auto distinct_hashes = [](auto value) {
        std::unordered_set<size_t> hashes{std::hash<decltype(value)>{}(value)};
        for (size_t i = 0; i < value.size(); ++i) {
            value[i] ^= 1;
            hashes.insert(std::hash<decltype(value)>{}(value));
            value[i] ^= 1;
        }
        return hashes.size();
    };
    EXPECT_EQ(distinct_hashes(Hash256{}), 33U);
    EXPECT_EQ(distinct_hashes(Address{}), 21U);
    EXPECT_EQ(distinct_hashes(FixedBytes<16>{}), 17U);
}

TEST(bytes, equal_compares_length_and_content) {
    const Bytes a{1, 2};
    EXPECT_TRUE(equal(a, Bytes{1, 2}));
    EXPECT_FALSE(equal(a, Bytes{1, 2, 3}));
    EXPECT_FALSE(equal(a, Bytes{1, 3}));
    EXPECT_TRUE(equal({}, {}));
}

TEST(bytes, text_and_bytes_view_the_same_memory) {
    const std::string_view text = "mega";
    EXPECT_EQ(as_text(as_bytes(text)), text);
    Bytes joined = to_bytes(as_bytes("me"));
    append(joined, as_bytes("ga"));
    EXPECT_EQ(as_text(joined), text);
}

TEST(bytes, load_is_little_endian) {
    const Bytes bytes{0xff, 1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_EQ(load_le64(bytes.data() + 1), 0x0807060504030201ULL);
}

}  // namespace mega
