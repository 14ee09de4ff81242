#include "staking/signed_json.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

using nlohmann::json;

// As in docs/json-rpc.md.
const json mini_block = json::parse(R"({
    "block_number":"0x9b","block_timestamp":"0x6b03284c","index":"0x0","mini_block_number":"0x6",
    "mini_block_timestamp":"0x660e0edb55c47","gas_used":"0xcab1",
    "transaction_root":"0xdd6889666a0ee58cd7f399085e47297c8e95acd21ec23d5c8483b9449bbd33df",
    "receipt_root":"0x836d91ded39f728f67f297556bc476608b16dfac1092239ec2060febf6c72f33",
    "signature":{"r":"0xbece6712ac02deadcf381f1b5ec8753477f6d11a97e015b44c4d84e124d85bbd",
                 "s":"0x319e265e63be4f8a6692cdcbbd97f88d4d2195df398610e1dac8ef8880d4ce",
                 "yParity":"0x1"},
    "transactions":[],"receipts":[]})");

TEST(signed_json, reads_a_mini_block_with_a_short_s) {
    const auto header = read_mini_block(mini_block);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->block_number, 0x9bU);
    EXPECT_EQ(header->timestamp_us, 0x660e0edb55c47U);
    EXPECT_EQ(header->signature.s[0], 0);
    EXPECT_EQ(header->signature.s[1], 0x31);
    EXPECT_TRUE(recover_signer(*header));
}

TEST(signed_json, refuses_a_mini_block_that_lacks_something) {
    for (const auto& [name, value] : mini_block.items()) {
        if (name == "transactions" || name == "receipts") {
            continue;
        }
        json broken = mini_block;
        broken[name] = "0xzz";
        EXPECT_FALSE(read_mini_block(broken)) << name;
        broken.erase(name);
        EXPECT_FALSE(read_mini_block(broken)) << name;
    }
    json broken = mini_block;
    broken["signature"]["yParity"] = "0x2";
    EXPECT_FALSE(read_mini_block(broken));
    EXPECT_FALSE(read_mini_block(json::array()));
    EXPECT_FALSE(read_mini_block(json{}));
}

TEST(signed_json, reads_attestations_with_numbers_or_quantities) {
    attestation::Attestation made;
    made.chain_id = 7;
    made.block_number = 42;
    const auto again = read_attestation(json::parse(to_json(made)));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->block_number, 42U);
    const std::string zeros(192, '0');
    const json list{
        {"chainId", "0x7"},
        {"blockNumber", "0x2a"},
        {"blockHash", to_hex(Hash256{})},
        {"stateRoot", to_hex(Hash256{})},
        {"signatures",
         json::array(
             {{{"key", to_hex(made.key)}, {"signature", "0x" + zeros}},
              {{"key", "0x12"}, {"signature", "0x" + zeros}},
              json{}}
         )}
    };
    EXPECT_EQ(read_attestations(list).size(), 1U);
    EXPECT_TRUE(read_attestations(json{}).empty());
    EXPECT_FALSE(read_attestation(json{}));
}

}  // namespace
}  // namespace mega::staking
