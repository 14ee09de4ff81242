#include "trie/ordered_root.hpp"

#include "crypto/keccak.hpp"
#include "types/block.hpp"
#include "types/rlp.hpp"

#include <gtest/gtest.h>

namespace mega::trie {

TEST(ordered_root, of_nothing_is_the_empty_root) {
    EXPECT_EQ(ordered_root({}), empty_trie_root);
    EXPECT_EQ(root_of({}), empty_trie_root);
}

TEST(ordered_root, of_one_value_is_the_hash_of_its_leaf) {
    // rlp(0) is 0x80: an even path of two nibbles, prefix 0x20.
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    writer.write(BytesView{Bytes{0x20, 0x80}});
    writer.write(BytesView{Bytes(100, 7)});
    writer.end_list(list);
    const std::vector<Bytes> values{Bytes(100, 7)};
    EXPECT_EQ(ordered_root(values), crypto::keccak256(writer.view()));
}

TEST(ordered_root, agrees_with_pairs_in_any_order_at_every_border_of_the_index_encoding) {
    for (const size_t count : {1u, 2u, 16u, 17u, 127u, 128u, 129u, 255u, 256u, 257u, 300u, 1000u}) {
        std::vector<Bytes> values;
        std::vector<std::pair<Bytes, Bytes>> pairs;
        for (size_t i = 0; i < count; ++i) {
            values.push_back(Bytes(1 + i % 70, static_cast<uint8_t>(i)));
            rlp::Writer writer;
            writer.write(uint64_t{i});
            pairs.insert(pairs.begin(), {writer.take(), values.back()});
        }
        EXPECT_EQ(ordered_root(values), root_of(pairs)) << count;
    }
}

TEST(ordered_root, every_value_and_its_place_matter) {
    std::vector<Bytes> values;
    for (uint8_t i = 0; i < 200; ++i) {
        values.push_back({i, 1, 2, 3});
    }
    const Hash256 root = ordered_root(values);
    for (size_t i = 1; i < values.size(); ++i) {
        std::swap(values[i - 1], values[i]);
        EXPECT_NE(ordered_root(values), root) << i;
        std::swap(values[i - 1], values[i]);
    }
    EXPECT_EQ(ordered_root(values), root);
}

}  // namespace mega::trie
