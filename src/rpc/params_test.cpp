#include "rpc/params.hpp"

#include "rpc/block_id.hpp"

#include <gtest/gtest.h>

namespace mega::rpc {
namespace {

using nlohmann::json;

TEST(params, gives_null_beyond_the_end) {
    const json params = json::array({1});
    EXPECT_EQ(param(params, 0), 1);
    EXPECT_TRUE(param(params, 1).is_null());
}

TEST(params, reads_addresses_of_20_bytes_alone) {
    const std::string good = "0x" + std::string(40, 'a');
    EXPECT_TRUE(read_address(good, "x").has_value());
    for (const json& bad :
         {json(good + "a"),
          json("0x"),
          json(std::string(40, 'a')),
          json(7),
          json(),
          json(good + "aa"),
          json("0x" + std::string(40, 'g'))}) {
        const auto read = read_address(bad, "x");
        ASSERT_FALSE(read.has_value()) << bad;
        EXPECT_EQ(read.error().code, invalid_params);
        EXPECT_NE(read.error().message.find("argument x"), std::string::npos);
    }
}

TEST(params, reads_numbers_up_to_their_size) {
    EXPECT_EQ(*read_u64("0x0", "x"), 0u);
    EXPECT_EQ(*read_u64("0x00ff", "x"), 255u);
    EXPECT_EQ(*read_u64(12U, "x"), 12u);
    EXPECT_EQ(*read_u64("0xffffffffffffffff", "x"), UINT64_MAX);
    EXPECT_EQ(*read_u256("0x" + std::string(64, 'f'), "x"), u256::max());
    for (const json& bad :
         {json("0x10000000000000000"),
          json("0x"),
          json("12"),
          json(-1),
          json(1.5),
          json("0xg"),
          json(),
          json::array(),
          json("0x" + std::string(65, '0'))}) {
        EXPECT_FALSE(read_u64(bad, "x").has_value()) << bad;
    }
}

TEST(params, reads_booleans_strictly) {
    EXPECT_TRUE(*read_bool(true, "x"));
    EXPECT_FALSE(read_bool("true", "x").has_value());
    EXPECT_FALSE(read_bool(1, "x").has_value());
}

TEST(block_id, reads_tags_numbers_and_hashes) {
    EXPECT_TRUE(read_block_id(json(), "b")->is(BlockTag::latest));
    EXPECT_TRUE(read_block_id(json(), "b", BlockTag::pending)->is(BlockTag::pending));
    EXPECT_TRUE(read_block_id("safe", "b")->is(BlockTag::safe));
    EXPECT_TRUE(read_block_id("finalized", "b")->is(BlockTag::finalized));
    EXPECT_TRUE(read_block_id("sealed", "b")->is(BlockTag::sealed));
    EXPECT_TRUE(read_block_id("earliest", "b")->is(BlockTag::earliest));
    EXPECT_EQ(std::get<uint64_t>(read_block_id("0x10", "b")->which), 16u);
    const std::string hash = "0x" + std::string(64, '1');
    EXPECT_TRUE(std::holds_alternative<Hash256>(read_block_id(hash, "b")->which));
}

TEST(block_id, reads_objects_of_eip_1898) {
    const std::string hash = "0x" + std::string(64, '1');
    const auto by_hash = read_block_id(json{{"blockHash", hash}, {"requireCanonical", true}}, "b");
    ASSERT_TRUE(by_hash.has_value());
    EXPECT_TRUE(std::holds_alternative<Hash256>(by_hash->which));
    EXPECT_EQ(
        std::get<uint64_t>(read_block_id(json::object({{"blockNumber", "0x5"}}), "b")->which), 5u
    );
    EXPECT_TRUE(read_block_id(json::object({{"blockNumber", "latest"}}), "b")->is(BlockTag::latest)
    );
}

TEST(block_id, refuses_what_names_no_block) {
    const std::string hash = "0x" + std::string(64, '1');
    for (const json& bad :
         {json("newest"),
          json("2"),
          json(""),
          json(true),
          json::object(),
          json::array(),
          json{{"blockHash", hash}, {"blockNumber", "0x1"}},
          json{{"blockHash", "0x12"}},
          json{{"blockNumber", json::object({{"blockNumber", "0x1"}})}},
          json(hash + "11"),
          json("0x" + std::string(64, 'x'))}) {
        const auto read = read_block_id(bad, "b");
        ASSERT_FALSE(read.has_value()) << bad;
        EXPECT_EQ(read.error().code, invalid_params) << bad;
    }
}

}  // namespace
}  // namespace mega::rpc
