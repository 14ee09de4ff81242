#include "rpc/log_query.hpp"

#include <gtest/gtest.h>

namespace mega::rpc {
namespace {

using nlohmann::json;

const std::string address_text = "0x" + std::string(40, 'a');
const std::string topic_text = "0x" + std::string(64, 'b');

TEST(log_query, nothing_matches_everything) {
    for (const json& value : {json{}, json::object()}) {
        const auto query = read_log_query(value, {});
        ASSERT_TRUE(query.has_value());
        EXPECT_TRUE(query->filter.addresses.empty());
        EXPECT_TRUE(query->filter.topics.empty());
        EXPECT_FALSE(query->from || query->to || query->block_hash);
    }
}

TEST(log_query, reads_one_or_many) {
    const auto one = read_log_query({{"address", address_text}, {"topics", {topic_text}}}, {});
    const auto many = read_log_query(
        {{"address", json::array({address_text})},
         {"topics", json::array({json::array({topic_text})})}},
        {}
    );
    ASSERT_TRUE(one.has_value() && many.has_value());
    EXPECT_EQ(one->filter.addresses, many->filter.addresses);
    EXPECT_EQ(one->filter.topics, many->filter.topics);
    ASSERT_EQ(one->filter.topics.size(), 1U);
    EXPECT_EQ(one->filter.topics[0].size(), 1U);
}

TEST(log_query, null_among_topics_is_any) {
    const json topics = json::array({nullptr, json::array({topic_text, nullptr}), topic_text});
    const auto query = read_log_query({{"topics", topics}}, {});
    ASSERT_TRUE(query.has_value());
    ASSERT_EQ(query->filter.topics.size(), 3U);
    EXPECT_TRUE(query->filter.topics[0].empty());
    EXPECT_TRUE(query->filter.topics[1].empty());
    EXPECT_EQ(query->filter.topics[2].size(), 1U);
}

TEST(log_query, reads_the_range) {
    const auto query = read_log_query({{"fromBlock", "0x10"}, {"toBlock", "pending"}}, {});
    ASSERT_TRUE(query.has_value() && query->from && query->to);
    EXPECT_EQ(std::get<uint64_t>(query->from->which), 16U);
    EXPECT_TRUE(query->to->is(BlockTag::pending));
    const auto single = read_log_query({{"blockHash", topic_text}}, {});
    ASSERT_TRUE(single.has_value());
    EXPECT_TRUE(single->block_hash.has_value());
}

TEST(log_query, refuses_nonsense_and_too_much) {
    MethodLimits limits;
    limits.max_log_addresses = 2;
    limits.max_log_topics = 2;
    const json five(5, topic_text);
    for (const json& bad :
         {json("all"),
          json(7),
          json{{"address", "0x12"}},
          json{{"address", json(3, address_text)}},
          json{{"topics", topic_text}},
          json{{"topics", five}},
          json{{"topics", json::array({five})}},
          json{{"topics", json::array({"0x12"})}},
          json{{"fromBlock", "soon"}},
          json{{"blockHash", "0x12"}},
          json{{"blockHash", topic_text}, {"fromBlock", "0x1"}}}) {
        const auto query = read_log_query(bad, limits);
        ASSERT_FALSE(query.has_value()) << bad;
        EXPECT_EQ(query.error().code, invalid_params) << bad;
    }
    EXPECT_TRUE(read_log_query({{"address", json(2, address_text)}}, limits).has_value());
}

}  // namespace
}  // namespace mega::rpc
