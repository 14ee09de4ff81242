#include "types/account.hpp"

#include <gtest/gtest.h>

namespace mega {
namespace {

Account sample() { return {.nonce = 3, .balance = u256::max(), .code_hash = Hash256{{1}}}; }

}  // namespace

TEST(account, leaf_round_trips) {
    const Hash256 storage_root{{2}};
    const auto leaf = decode_account_leaf(encode_account_leaf(sample(), storage_root));
    ASSERT_TRUE(leaf);
    EXPECT_EQ(leaf->account, sample());
    EXPECT_EQ(leaf->storage_root, storage_root);
}

// Nonce and balance as integers: zero is the empty string.
TEST(account, empty_account_has_the_known_leaf) {
    EXPECT_EQ(
        to_hex(encode_account_leaf(Account{}, empty_trie_root)),
        "0xf8448080a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
        "a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    );
}

TEST(account, truncated_or_longer_leaves_are_refused) {
    Bytes encoded = encode_account_leaf(sample(), empty_trie_root);
    for (size_t size = 0; size < encoded.size(); ++size) {
        EXPECT_FALSE(decode_account_leaf(BytesView(encoded).first(size)));
    }
    encoded.push_back(0);
    EXPECT_EQ(decode_account_leaf(encoded).error(), rlp::DecodeError::trailing_bytes);
}

TEST(account, is_empty_without_nonce_balance_and_code) {
    EXPECT_TRUE(Account{}.is_empty());
    EXPECT_FALSE(Account{.nonce = 1}.is_empty());
    EXPECT_FALSE(Account{.balance = 1}.is_empty());
    EXPECT_FALSE(Account{.code_hash = Hash256{}}.is_empty());
}

}  // namespace mega
