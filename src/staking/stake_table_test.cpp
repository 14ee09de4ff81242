#include "staking/stake_table.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

constexpr EpochClock dev_clock{.genesis_time = 1000, .epoch_length = 60, .slots_per_epoch = 6};

TEST(epoch_clock, divides_time_into_epochs_and_slots) {
    EXPECT_EQ(dev_clock.slot_length(), 10U);
    EXPECT_EQ(dev_clock.epoch_of(1000), 0U);
    EXPECT_EQ(dev_clock.epoch_of(1059), 0U);
    EXPECT_EQ(dev_clock.epoch_of(1060), 1U);
    EXPECT_EQ(dev_clock.epoch_start(2), 1120U);
    EXPECT_EQ(dev_clock.slot_start_of(1069), 1060U);
    EXPECT_EQ(dev_clock.slot_start_of(1070), 1070U);
    EXPECT_EQ(dev_clock.slot_index(1070), 1U);
    EXPECT_EQ(dev_clock.slot_index(1110), 5U);
}

TEST(epoch_clock, counts_what_is_before_genesis_to_the_first_epoch) {
    EXPECT_EQ(dev_clock.epoch_of(0), 0U);
    EXPECT_EQ(dev_clock.slot_start_of(999), 1000U);
    EXPECT_EQ(dev_clock.slot_index(999), 0U);
}

TEST(stake_table, finds_and_adds_up) {
    const StakeTable table{.epoch = 3, .entries = {{1, u256{5}}, {4, u256{7}}, {9, u256{1}}}};
    EXPECT_EQ(table.total(), u256{13});
    ASSERT_NE(table.find(4), nullptr);
    EXPECT_EQ(table.find(4)->stake, u256{7});
    EXPECT_EQ(table.find(2), nullptr);
    EXPECT_EQ(table.find(10), nullptr);
    EXPECT_EQ(table.stakes().size(), 3U);
}

}  // namespace
}  // namespace mega::staking
