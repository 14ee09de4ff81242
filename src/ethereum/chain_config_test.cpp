#include "ethereum/chain_config.hpp"

#include <gtest/gtest.h>

namespace mega::ethereum {
namespace {

Fork before_merge(uint64_t number) { return fork_at(mainnet(), number, 0, false); }
Fork after_merge(uint64_t timestamp) { return fork_at(mainnet(), 17'000'000, timestamp, true); }

TEST(ChainConfig, MainnetChangesRulesAtItsBlocks) {
    const ForkByBlock borders[] = {
        {1'150'000, Fork::homestead},
        {2'463'000, Fork::tangerine_whistle},
        {2'675'000, Fork::spurious_dragon},
        {4'370'000, Fork::byzantium},
        {7'280'000, Fork::petersburg},
        {9'069'000, Fork::istanbul},
        {12'244'000, Fork::berlin},
        {12'965'000, Fork::london},
    };
    Fork before = Fork::frontier;
    for (const auto& [number, fork] : borders) {
        EXPECT_EQ(before_merge(number - 1), before) << number;
        EXPECT_EQ(before_merge(number), fork) << number;
        before = fork;
    }
    EXPECT_EQ(mainnet().dao_block, 1'920'000U);
}

TEST(ChainConfig, MainnetChangesRulesAtItsTimes) {
    const ForkByTime borders[] = {
        {1'681'338'455, Fork::shanghai},
        {1'710'338'135, Fork::cancun},
        {1'746'612'311, Fork::prague},
        {1'764'798'551, Fork::osaka},
    };
    Fork before = Fork::paris;
    for (const auto& [timestamp, fork] : borders) {
        EXPECT_EQ(after_merge(timestamp - 1), before) << timestamp;
        EXPECT_EQ(after_merge(timestamp), fork) << timestamp;
        before = fork;
    }
}

TEST(ChainConfig, TimeMeansNothingBeforeTheMerge) {
    EXPECT_EQ(fork_at(mainnet(), 13'000'000, 1'800'000'000, false), Fork::london);
    EXPECT_EQ(fork_at(mainnet(), 13'000'000, 1'600'000'000, true), Fork::paris);
    EXPECT_EQ(to_decimal(*mainnet().terminal_total_difficulty), "58750000000000000000000");
}

TEST(ChainConfig, BlobSchedulesChangeBetweenForks) {
    EXPECT_EQ(blobs_at(mainnet(), 1'710'338'134).max, 0U);
    EXPECT_EQ(blobs_at(mainnet(), 1'710'338'135).max, 6U);
    EXPECT_EQ(blobs_at(mainnet(), 1'746'612'311).max, 9U);
    EXPECT_EQ(blobs_at(mainnet(), 1'765'290'070).max, 9U);  // Osaka goes on with Prague's
    EXPECT_EQ(blobs_at(mainnet(), 1'765'290'071).max, 15U);
    EXPECT_EQ(blobs_at(mainnet(), 1'767'747'670).max, 15U);
    EXPECT_EQ(blobs_at(mainnet(), 1'767'747'671).max, 21U);
    EXPECT_EQ(after_merge(1'767'747'671), Fork::osaka);
}

TEST(ChainConfig, TheBombIsDelayedAtItsBlocks) {
    EXPECT_EQ(bomb_delay_at(mainnet(), 4'369'999), 0U);
    EXPECT_EQ(bomb_delay_at(mainnet(), 4'370'000), 3'000'000U);
    EXPECT_EQ(bomb_delay_at(mainnet(), 9'199'999), 5'000'000U);
    EXPECT_EQ(bomb_delay_at(mainnet(), 9'200'000), 9'000'000U);
    EXPECT_EQ(bomb_delay_at(mainnet(), 15'049'999), 10'700'000U);
    EXPECT_EQ(bomb_delay_at(mainnet(), 15'050'000), 11'400'000U);
}

TEST(ChainConfig, ANetworkOfOneForkHasItFromTheStart) {
    for (const char* name :
         {"Frontier",
          "Homestead",
          "EIP150",
          "EIP158",
          "Byzantium",
          "Constantinople",
          "ConstantinopleFix",
          "Istanbul",
          "Berlin",
          "London"}) {
        const auto config = config_of_network(name);
        ASSERT_TRUE(config) << name;
        EXPECT_EQ(to_string(fork_at(*config, 0, 0, false)), name);
        EXPECT_FALSE(config->terminal_total_difficulty) << name;
    }
    for (const char* name : {"Paris", "Shanghai", "Cancun", "Prague", "Osaka"}) {
        const auto config = config_of_network(name);
        ASSERT_TRUE(config) << name;
        EXPECT_EQ(to_string(fork_at(*config, 0, 0, true)), name);
        EXPECT_EQ(config->terminal_total_difficulty, u256{}) << name;
    }
    EXPECT_EQ(fork_at(config_of_network("Merge").value(), 0, 0, true), Fork::paris);
}

TEST(ChainConfig, BlobParameterForksKeepOsakasRules) {
    const uint64_t maxima[] = {15, 21, 32, 21};
    for (size_t i = 0; i < 4; ++i) {
        const auto config = config_of_network("BPO" + std::to_string(i + 1));
        ASSERT_TRUE(config);
        EXPECT_EQ(fork_at(*config, 0, 0, true), Fork::osaka);
        EXPECT_EQ(blobs_at(*config, 0).max, maxima[i]);
    }
}

TEST(ChainConfig, ATransitionHappensAtItsPoint) {
    const auto by_time = config_of_network("CancunToPragueAtTime15k").value();
    EXPECT_EQ(fork_at(by_time, 1, 14'999, true), Fork::cancun);
    EXPECT_EQ(fork_at(by_time, 1, 15'000, true), Fork::prague);
    EXPECT_EQ(blobs_at(by_time, 14'999).max, 6U);
    EXPECT_EQ(blobs_at(by_time, 15'000).max, 9U);
    const auto by_block = config_of_network("BerlinToLondonAt5").value();
    EXPECT_EQ(fork_at(by_block, 4, 0, false), Fork::berlin);
    EXPECT_EQ(fork_at(by_block, 5, 0, false), Fork::london);
    const auto by_difficulty = config_of_network("ArrowGlacierToParisAtDiffC0000").value();
    EXPECT_EQ(by_difficulty.terminal_total_difficulty, u256{0xC0000});
    EXPECT_EQ(bomb_delay_at(by_difficulty, 0), 10'700'000U);
    const auto dao = config_of_network("HomesteadToDaoAt5").value();
    EXPECT_EQ(dao.dao_block, 5U);
    EXPECT_EQ(fork_at(dao, 5, 0, false), Fork::homestead);
    const auto blobs = config_of_network("BPO1ToBPO2AtTime15k").value();
    EXPECT_EQ(blobs_at(blobs, 14'999).max, 15U);
    EXPECT_EQ(blobs_at(blobs, 15'000).max, 21U);
}

TEST(ChainConfig, ATestsOwnSchedulesWin) {
    const BlobSchedules overrides{{"Prague", {1, 2, 3}}, {"BPO1", {4, 5, 6}}};
    const auto config = config_of_network("OsakaToBPO1AtTime15k", overrides).value();
    EXPECT_EQ(blobs_at(config, 0).max, 2U);
    EXPECT_EQ(blobs_at(config, 15'000).max, 5U);
    EXPECT_EQ(blobs_at(config_of_network("Cancun", overrides).value(), 0).max, 6U);
}

TEST(ChainConfig, RefusesNamesThatMeanNothing) {
    for (const char* name :
         {"",
          "Osaka2",
          "Amsterdam",
          "CancunToPrague",
          "CancunToPragueAt",
          "ToAt5",
          "At5",
          "PragueToCancunAtTime15k",
          "CancunToPragueAtTime",
          "CancunToPragueAtTimek",
          "BerlinToLondonAt-5",
          "BerlinToLondonAt5x",
          "BerlinToLondonAt9999999999999999999",
          "LondonToParisAtDiff",
          "LondonToParisAtDiffXY",
          "CancunToCancunAtTime15k"}) {
        EXPECT_FALSE(config_of_network(name)) << name;
    }
}

}  // namespace
}  // namespace mega::ethereum
