#include "rpc/call_args.hpp"

#include <gtest/gtest.h>

namespace mega::rpc {
namespace {

using nlohmann::json;

const std::string alice = "0x00000000000000000000000000000000000000a1";
constexpr uint64_t chain = 5;
constexpr uint64_t gas_cap = 1'000'000;

Address address_of(const std::string& text) { return *fixed_from_hex<20>(text); }

SignedTransaction call_of(const json& value) {
    const auto args = read_call_args(value);
    EXPECT_TRUE(args.has_value()) << (args ? "" : args.error().message);
    return to_call(*args, state::EmptyState{}, chain, gas_cap);
}

bool is_refused(const json& value) {
    const auto args = read_call_args(value);
    return !args.has_value() && args.error().code == invalid_params;
}

TEST(call_args, reads_data_and_input_alike) {
    EXPECT_EQ(read_call_args({{"data", "0x01"}})->data, Bytes{1});
    EXPECT_EQ(read_call_args({{"input", "0x02"}})->data, Bytes{2});
    EXPECT_EQ(read_call_args({{"data", "0x03"}, {"input", "0x03"}})->data, Bytes{3});
    EXPECT_TRUE(read_call_args(json::object())->data.empty());
    EXPECT_TRUE(is_refused({{"data", "0x01"}, {"input", "0x02"}}));
}

TEST(call_args, takes_null_for_missing) {
    const auto args = read_call_args({{"from", nullptr}, {"to", nullptr}, {"gas", nullptr}});
    ASSERT_TRUE(args.has_value());
    EXPECT_TRUE(args->from.is_zero());
    EXPECT_FALSE(args->to.has_value());
}

TEST(call_args, refuses_fees_of_two_kinds) {
    EXPECT_TRUE(is_refused({{"gasPrice", "0x1"}, {"maxFeePerGas", "0x1"}}));
    EXPECT_TRUE(is_refused({{"gasPrice", "0x1"}, {"maxPriorityFeePerGas", "0x1"}}));
    EXPECT_TRUE(is_refused({{"maxFeePerGas", "0x1"}, {"maxPriorityFeePerGas", "0x2"}}));
    EXPECT_FALSE(is_refused({{"maxFeePerGas", "0x2"}, {"maxPriorityFeePerGas", "0x2"}}));
}

TEST(call_args, refuses_malformed_members) {
    for (const json& bad :
         {json{{"from", "0x12"}},
          json{{"gas", "12"}},
          json{{"value", "0x" + std::string(65, '1')}},
          json{{"data", "0x1"}},
          json{{"accessList", 1}},
          json{{"accessList", {1}}},
          json{{"accessList", {{{"address", "0x1"}}}}},
          json{{"authorizationList", {{{"nonce", {}}}, 3}}},
          json{{"accessList", {{{"address", alice}, {"storageKeys", {"0x1"}}}}}}}) {
        EXPECT_TRUE(is_refused(bad)) << bad;
    }
    EXPECT_TRUE(is_refused("0x"));
    EXPECT_TRUE(is_refused(json()));
}

TEST(call_args, caps_gas) {
    EXPECT_EQ(call_of(json::object()).tx.gas_limit, gas_cap);
    EXPECT_EQ(call_of({{"gas", "0x5208"}}).tx.gas_limit, 21000u);
    EXPECT_EQ(call_of({{"gas", "0xffffffffffffffff"}}).tx.gas_limit, gas_cap);
}

TEST(call_args, chooses_the_type_by_what_is_named) {
    const json list = json::array({{{"address", alice}, {"storageKeys", json::array()}}});
    const json authorization =
        json::array({{{"chainId", "0x5"}, {"address", alice}, {"nonce", "0x0"}}});
    EXPECT_EQ(call_of(json::object()).tx.type, TxType::legacy);
    EXPECT_EQ(call_of({{"accessList", list}}).tx.type, TxType::access_list);
    EXPECT_EQ(call_of({{"maxFeePerGas", "0x1"}}).tx.type, TxType::dynamic_fee);
    EXPECT_EQ(call_of({{"authorizationList", authorization}}).tx.type, TxType::set_code);
    EXPECT_EQ(call_of({{"accessList", list}}).tx.access_list.size(), 1u);
}

class OverrideTest : public testing::Test {
  protected:
    Read<void> apply(const json& change) {
        return apply_state_overrides({{alice, change}}, overlay_);
    }
    state::EmptyState empty_;
    state::Overlay overlay_{empty_};
    Address address_ = address_of(alice);
};

TEST_F(OverrideTest, sets_every_part_of_an_account) {
    ASSERT_TRUE(apply({{"balance", "0x10"}, {"nonce", "0x2"}, {"code", "0x6001"}}).has_value());
    const auto account = overlay_.account(address_);
    ASSERT_TRUE(account.has_value());
    EXPECT_EQ(account->balance, u256{16});
    EXPECT_EQ(account->nonce, 2u);
    EXPECT_EQ(overlay_.code(account->code_hash)->size(), 2u);
}

TEST_F(OverrideTest, state_replaces_and_diff_adds) {
    ASSERT_TRUE(apply({{"stateDiff", {{"0x1", "0xa"}, {"0x2", "0xb"}}}}).has_value());
    ASSERT_TRUE(apply({{"stateDiff", {{"0x1", "0xc"}}}}).has_value());
    EXPECT_EQ(overlay_.storage(address_, u256{1}), u256{12});
    EXPECT_EQ(overlay_.storage(address_, u256{2}), u256{11});
    ASSERT_TRUE(apply({{"state", {{"0x3", "0xd"}}}}).has_value());
    EXPECT_EQ(overlay_.storage(address_, u256{1}), u256{});
    EXPECT_EQ(overlay_.storage(address_, u256{3}), u256{13});
}

TEST_F(OverrideTest, refuses_what_cannot_be_applied) {
    EXPECT_FALSE(apply({{"state", json::object()}, {"stateDiff", json::object()}}).has_value());
    EXPECT_FALSE(apply({{"state", 1}}).has_value());
    EXPECT_FALSE(apply({{"stateDiff", {{"1", "0x1"}}}}).has_value());
    EXPECT_FALSE(apply({{"stateDiff", {{"0x1", "q"}}}}).has_value());
    EXPECT_FALSE(apply({{"code", "0x1"}}).has_value());
    EXPECT_FALSE(apply({{"movePrecompileToAddress", alice}}).has_value());
    EXPECT_FALSE(apply(7).has_value());
    EXPECT_FALSE(apply_state_overrides({{"0x1", json::object()}}, overlay_).has_value());
    EXPECT_FALSE(apply_state_overrides("x", overlay_).has_value());
    EXPECT_TRUE(apply_state_overrides(json(), overlay_).has_value());
}

TEST(block_overrides, change_the_environment_or_nothing) {
    execution::BlockEnv env;
    const json good{
        {"number", "0x7"},
        {"time", "0x8"},
        {"gasLimit", "0x9"},
        {"feeRecipient", alice},
        {"baseFeePerGas", "0xa"},
        {"prevRandao", "0x" + std::string(64, '1')}
    };
    ASSERT_TRUE(apply_block_overrides(good, env).has_value());
    EXPECT_EQ(env.context.number, 7u);
    EXPECT_EQ(env.context.timestamp, 8u);
    EXPECT_EQ(env.context.gas_limit, 9u);
    EXPECT_EQ(env.context.beneficiary, address_of(alice));
    EXPECT_EQ(env.context.base_fee_per_gas, u256{10});
    EXPECT_FALSE(apply_block_overrides({{"number", "0x1"}, {"time", "x"}}, env).has_value());
    EXPECT_EQ(env.context.number, 7u);
    EXPECT_FALSE(apply_block_overrides(1, env).has_value());
    EXPECT_TRUE(apply_block_overrides(json(), env).has_value());
}

}  // namespace
}  // namespace mega::rpc
