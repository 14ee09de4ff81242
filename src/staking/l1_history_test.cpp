#include "staking/l1_history.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

/// Block `number` of a branch: blocks of other branches have other hashes.
settlement::L1Header block(uint64_t number, uint8_t branch = 0, uint8_t parent_branch = 0) {
    settlement::L1Header header;
    header.number = number;
    header.hash = Hash256{{static_cast<uint8_t>(number), branch}};
    header.parent_hash = Hash256{{static_cast<uint8_t>(number - 1), parent_branch}};
    header.timestamp = 100 + number;
    return header;
}

bool may_be_void(const L1History& history, uint64_t time) {
    return history.may_be_void(time, time * 1'000'000);
}

class L1HistoryTest : public testing::Test {
  protected:
    L1HistoryTest() {
        for (uint64_t number = 10; number <= 20; ++number) {
            EXPECT_EQ(history_.add(block(number), 120), std::nullopt);
        }
    }
    L1History history_;
};

TEST_F(L1HistoryTest, voids_nothing_while_l1_only_grows) {
    EXPECT_EQ(history_.add(block(20), 120), std::nullopt);
    EXPECT_EQ(history_.add(block(21), 121), std::nullopt);
    for (uint64_t time = 100; time < 140; ++time) {
        EXPECT_FALSE(may_be_void(history_, time));
    }
}

TEST_F(L1HistoryTest, voids_what_was_made_on_a_block_that_went) {
    EXPECT_EQ(history_.add(block(20, 1), 120), std::nullopt);
    EXPECT_FALSE(may_be_void(history_, 119));
    EXPECT_TRUE(may_be_void(history_, 120));
    EXPECT_TRUE(may_be_void(history_, 120 + L1History::clock_slack));
    EXPECT_FALSE(may_be_void(history_, 121 + L1History::clock_slack));  // made when it was known
}

TEST_F(L1HistoryTest, goes_back_to_where_the_branch_began) {
    EXPECT_EQ(history_.add(block(21, 1, 1), 121), 20U);
    EXPECT_EQ(history_.add(block(20, 1, 1), 121), 19U);
    EXPECT_EQ(history_.add(block(19, 1, 0), 121), std::nullopt);
    EXPECT_EQ(history_.add(block(20, 1, 1), 121), std::nullopt);
    EXPECT_EQ(history_.add(block(21, 1, 1), 121), std::nullopt);
    EXPECT_FALSE(may_be_void(history_, 118));
    EXPECT_TRUE(may_be_void(history_, 119));
    EXPECT_TRUE(may_be_void(history_, 121 + L1History::clock_slack));
    EXPECT_FALSE(may_be_void(history_, 122 + L1History::clock_slack));
}

TEST_F(L1HistoryTest, knows_nothing_of_what_came_while_it_did_not_look) {
    EXPECT_EQ(history_.add(block(90, 1, 1), 190), std::nullopt);
    EXPECT_FALSE(may_be_void(history_, 120));
}

}  // namespace
}  // namespace mega::staking
