#include "attestation/committee.hpp"

#include <gtest/gtest.h>

namespace mega::attestation {
namespace {

using crypto::bls::PublicKey;

PublicKey key(uint8_t number) {
    PublicKey made{};
    made[0] = number;
    return made;
}

Committee committee(uint64_t epoch, std::initializer_list<uint64_t> stakes) {
    Committee made{.epoch = epoch, .members = {}};
    for (const uint64_t stake : stakes) {
        made.members.push_back({key(static_cast<uint8_t>(made.members.size() + 1)), u256{stake}});
    }
    return made;
}

TEST(committee, two_thirds_of_the_stake_are_enough_and_one_less_is_not) {
    const Committee five = committee(1, {100, 100, 99, 1, 0});
    const std::vector two{key(1), key(2)};
    EXPECT_EQ(five.weigh(two).signed_stake, u256{200});
    EXPECT_EQ(five.weigh(two).total, u256{300});
    EXPECT_TRUE(five.weigh(two).is_quorate());
    const std::vector less{key(1), key(3)};
    EXPECT_FALSE(five.weigh(less).is_quorate());
    EXPECT_FALSE(five.weigh({}).is_quorate());
}

TEST(committee, counts_nobody_twice_and_no_stranger) {
    const Committee three = committee(1, {10, 20, 30});
    const std::vector keys{key(2), key(2), key(9)};
    const Weight weight = three.weigh(keys);
    EXPECT_EQ(weight.signed_stake, u256{20});
    EXPECT_EQ(weight.attesters, 1U);
    EXPECT_EQ(weight.bitmap, u256{2});
}

TEST(committee, without_stake_never_attests) {
    EXPECT_FALSE(Committee{}.weigh({}).is_quorate());
    const std::vector keys{key(1)};
    EXPECT_FALSE(committee(1, {0}).weigh(keys).is_quorate());
}

TEST(committee, has_a_bit_for_each_of_its_members) {
    Committee large{.epoch = 1, .members = {}};
    std::vector<PublicKey> keys;
    for (size_t i = 0; i < max_members; ++i) {
        large.members.push_back({key(static_cast<uint8_t>(i)), u256{1}});
        keys.push_back(key(static_cast<uint8_t>(i)));
    }
    EXPECT_EQ(large.weigh(keys).bitmap, (u256{~0ULL, ~0ULL, 0, 0}));
    EXPECT_EQ(large.weigh(std::span(keys).last(1)).bitmap, (u256{0, 1ULL << 63, 0, 0}));
}

TEST(committee_board, knows_who_is_in_charge_of_a_time) {
    CommitteeBoard board;
    EXPECT_EQ(board.at(1000), nullptr);
    board.put(committee(3, {1}));
    EXPECT_EQ(board.at(1000), nullptr);  // no clock
    board.set_clock(1000, 10);
    EXPECT_EQ(board.at(1029), nullptr);
    ASSERT_NE(board.at(1030), nullptr);
    EXPECT_EQ(board.at(1030)->epoch, 3U);
    board.put(committee(5, {1, 2}));
    EXPECT_EQ(board.at(1049)->epoch, 3U);  // 4 was never opened
    EXPECT_EQ(board.at(1050)->epoch, 5U);
    EXPECT_EQ(board.at(99'999)->epoch, 5U);
}

TEST(committee_board, admits_everybody_before_there_is_a_committee_and_members_after) {
    CommitteeBoard board;
    EXPECT_TRUE(board.admits(key(9), 1000));
    board.set_clock(1000, 10);
    board.put(committee(3, {1, 1}));
    EXPECT_TRUE(board.admits(key(9), 1010));
    EXPECT_TRUE(board.admits(key(2), 1030));
    EXPECT_FALSE(board.admits(key(9), 1030));
}

TEST(committee_board, admits_who_may_be_in_a_committee_until_it_is_drawn) {
    CommitteeBoard board;
    board.set_clock(1000, 10);
    board.put(committee(3, {1}));
    board.expect(committee(4, {1, 1}));
    EXPECT_TRUE(board.admits(key(2), 1040));
    EXPECT_FALSE(board.admits(key(2), 1039));
    EXPECT_EQ(board.at(1040)->epoch, 3U);
    board.put(committee(4, {1}));
    EXPECT_FALSE(board.admits(key(2), 1040));
    board.expect(committee(4, {1, 1}));  // too late
    EXPECT_FALSE(board.admits(key(2), 1040));
}

TEST(committee_board, keeps_the_newest_epochs) {
    CommitteeBoard board;
    board.set_clock(0, 1);
    for (uint64_t epoch = 1; epoch <= 2 * CommitteeBoard::max_epochs; ++epoch) {
        board.put(committee(epoch, {1}));
    }
    EXPECT_EQ(board.at(CommitteeBoard::max_epochs), nullptr);
    EXPECT_NE(board.at(CommitteeBoard::max_epochs + 1), nullptr);
}

}  // namespace
}  // namespace mega::attestation
