#include "staking/epoch_opening.hpp"

#include "crypto/keccak.hpp"
#include "settlement/test_anvil.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

using settlement::TestAnvil;

TEST(epoch_opening, finds_the_first_block_of_an_epoch_and_the_one_before) {
    const auto anvil = TestAnvil::start();
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    const uint64_t genesis = (*anvil->client().block("latest"))->timestamp;
    // Blocks 1 to 8, ten seconds apart; epochs of 30 seconds.
    for (uint64_t i = 1; i <= 8; ++i) {
        anvil->rpc("evm_setNextBlockTimestamp", {genesis + 10 * i});
        anvil->mine();
    }
    const EpochClock clock{.genesis_time = genesis + 5, .epoch_length = 30, .slots_per_epoch = 3};
    // Epoch 1 begins at +35: block 4 is the first.
    const auto found = find_epoch_headers(anvil->client(), clock, 1);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_TRUE(*found);
    EXPECT_EQ((**found).l1_block, 4U);
    EXPECT_EQ(crypto::keccak256((**found).header), (*anvil->client().block(4))->hash);
    EXPECT_EQ(crypto::keccak256((**found).parent), (*anvil->client().block(3))->hash);
    // Epoch 2 begins at +65: block 7, with 8 on top of it.
    EXPECT_EQ((**find_epoch_headers(anvil->client(), clock, 2)).l1_block, 7U);
    // Epoch 3 has not begun.
    EXPECT_FALSE(*find_epoch_headers(anvil->client(), clock, 3));
    // Nothing on top of the first block of an epoch: L1 does not know its hash yet.
    const EpochClock young{.genesis_time = genesis + 75, .epoch_length = 60, .slots_per_epoch = 1};
    EXPECT_FALSE(*find_epoch_headers(anvil->client(), young, 0));
    // No block in the epoch at all.
    const EpochClock fast{.genesis_time = genesis + 1, .epoch_length = 3, .slots_per_epoch = 1};
    EXPECT_FALSE(*find_epoch_headers(anvil->client(), fast, 1));
}

TEST(epoch_opening, says_that_there_is_no_such_block) {
    const auto anvil = TestAnvil::start();
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    EXPECT_FALSE(read_header_rlp(anvil->client(), 99));
}

}  // namespace
}  // namespace mega::staking
