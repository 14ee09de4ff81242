#include "types/mini_block.hpp"

#include <gtest/gtest.h>

namespace mega {
namespace {

MiniBlockHeader signed_header() {
    MiniBlockHeader header{
        .block_number = 7,
        .block_timestamp = 1'700'000'000,
        .index = 3,
        .mini_block_number = 603,
        .timestamp_us = 1'700'000'000'030'000,
        .gas_used = 21'000
    };
    header.transaction_root[0] = 1;
    header.receipt_root[31] = 2;
    crypto::SecretKey key;
    key[31] = 9;
    header.signature = *crypto::sign(signing_hash(header), key);
    return header;
}

}  // namespace

TEST(mini_block, encoding_round_trips) {
    const MiniBlockHeader header = signed_header();
    EXPECT_EQ(*decode_mini_block_header(encode(header)), header);
}

TEST(mini_block, signer_is_recovered_and_a_changed_field_changes_it) {
    MiniBlockHeader header = signed_header();
    crypto::SecretKey key;
    key[31] = 9;
    EXPECT_EQ(recover_signer(header), crypto::address_of(key));
    header.gas_used += 1;
    EXPECT_NE(recover_signer(header), crypto::address_of(key));
}

TEST(mini_block, every_truncation_is_refused) {
    const Bytes encoded = encode(signed_header());
    for (size_t size = 0; size < encoded.size(); ++size) {
        EXPECT_FALSE(decode_mini_block_header(BytesView{encoded}.first(size))) << size;
    }
}

}  // namespace mega
