#include "settlement/governance.hpp"

#include "settlement/abi.hpp"

#include <gtest/gtest.h>

namespace mega::settlement {
namespace {

Contracts sample_contracts() {
    Contracts contracts;
    contracts.system_config = Address{{1}};
    contracts.l2_parameter_relay = Address{{2}};
    contracts.token = Address{{3}};
    contracts.mega.governor = Address{{4}};
    return contracts;
}

TEST(governance_calls, says_in_words_what_is_called) {
    const Contracts at = sample_contracts();
    const GovernanceCall windows{
        at.system_config,
        {},
        abi::Encoder().word(u256{60}).word(u256{7}).word(u256{0}).call(
            "setWindows((uint64,uint64,uint64))"
        )
    };
    EXPECT_EQ(
        words_of(windows, at),
        "systemConfig.setWindows: forcedInclusionDelay 60, challengeWindow 7, proofMaturity 0"
    );
    EXPECT_FALSE(changes_l2(windows, at));
    GovernanceCall unknown{Address{{9}}, u256{5}, {1, 2, 3, 4, 5}};
    EXPECT_EQ(
        words_of(unknown, at),
        "0x0900000000000000000000000000000000000000: call 0x01020304 with 1 bytes, 5 wei"
    );
    unknown = {at.token, {}, {}};
    EXPECT_EQ(words_of(unknown, at), "token: a payment");
    // The selector of a known setter, at another contract.
    unknown = {at.token, {}, windows.data};
    EXPECT_EQ(
        words_of(unknown, at),
        "token: call " + to_hex(BytesView(windows.data).first(4)) + " with 96 bytes"
    );
}

TEST(governance_calls, says_which_epoch_is_skipped) {
    Contracts at = sample_contracts();
    at.mega.rewards = Address{{5}};
    const GovernanceCall skip{Address{{5}}, {}, abi::Encoder().word(u256{3}).call("skip(uint48)")};
    EXPECT_EQ(words_of(skip, at), "rewards.skip: epoch 3");
    EXPECT_EQ(
        words_of(skip, sample_contracts()),
        "0x0500000000000000000000000000000000000000: call " +
            to_hex(BytesView(skip.data).first(4)) + " with 32 bytes"
    );
}

TEST(governance_calls, knows_which_ones_l2_must_hear_of) {
    const Contracts at = sample_contracts();
    const auto call = [](const Address& to, std::string_view signature) {
        return GovernanceCall{to, {}, abi::Encoder().call(signature)};
    };
    EXPECT_TRUE(changes_l2(
        call(at.system_config, "setChainParameters((uint64,uint64,uint32,uint32,uint32,address))"),
        at
    ));
    EXPECT_TRUE(
        changes_l2(call(at.l2_parameter_relay, "setFees((uint32,uint32,uint16,uint256))"), at)
    );
    EXPECT_FALSE(changes_l2(call(at.system_config, "setSequencer(address)"), at));
}

TEST(governance_calls, names_each_setting_once) {
    auto names = setting_names();
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    EXPECT_TRUE(std::ranges::binary_search(names, std::string("gasLimit")));
}

TEST(governance_calls, refuses_what_is_no_setting_before_it_asks_l1) {
    const auto client = *L1Client::open({.url = "http://127.0.0.1:1", .beacon_url = {}});
    const auto error_of = [&](const std::string& change) {
        const auto calls = calls_of_settings(*client, sample_contracts(), {change});
        return calls ? std::string() : calls.error().message;
    };
    EXPECT_NE(error_of("gaslimit=1").find("gasLimit"), std::string::npos);  // what there is
    EXPECT_NE(error_of("gasLimit").find("NAME=VALUE"), std::string::npos);
    EXPECT_NE(error_of("gasLimit=lots").find("64 bits"), std::string::npos);
    EXPECT_NE(error_of("gasLimit=18446744073709551616").find("64 bits"), std::string::npos);
    EXPECT_NE(error_of("sequencer=7").find("address"), std::string::npos);
    EXPECT_NE(error_of("silence=7").find("leaderSchedule"), std::string::npos);  // has none
}

TEST(mega_words, shows_what_is_behind_the_point_where_there_is_something) {
    EXPECT_EQ(mega_words(u256{}), "0 MEGA");
    EXPECT_EQ(mega_words(u256{1}), "0.000000000000000001 MEGA");
    EXPECT_EQ(mega_words(u256{1'500'000'000'000'000'000ULL}), "1.5 MEGA");
    EXPECT_EQ(mega_words(mega_supply), "1000000000 MEGA");
}

}  // namespace
}  // namespace mega::settlement
