#include "staking/promises.hpp"

#include "staking/test_signed.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

using Headers = std::vector<MiniBlockHeader>;

void add(Promises& promises, uint8_t who, const MiniBlockHeader& header) {
    promises.add(signer(who), header);
}

TEST(promises, are_kept_by_place_until_they_are_settled) {
    Promises promises;
    EXPECT_EQ(promises.lowest_block(), std::nullopt);
    const auto second = mini_block(1, 2, 5, 1, 0);
    const auto first = mini_block(1, 1, 5, 0, 0);
    const auto other = mini_block(2, 3, 6, 0, 0);
    add(promises, 1, second);
    add(promises, 1, first);
    add(promises, 1, first);  // at another node
    add(promises, 2, other);
    add(promises, 1, mini_block(1, 4, 9, 0, 0));
    EXPECT_EQ(promises.lowest_block(), 5U);
    EXPECT_EQ(promises.in(5, 8), (Headers{first, second, other}));
    EXPECT_EQ(promises.of(signer(1), 5, 8), (Headers{first, second}));
    EXPECT_TRUE(promises.of(signer(3), 5, 8).empty());
    promises.settle(5, 8, {});
    EXPECT_EQ(promises.lowest_block(), 9U);
    EXPECT_EQ(promises.size(), 1U);
}

TEST(promises, a_late_one_counts_unless_it_was_kept) {
    Promises promises;
    const auto kept = mini_block(1, 1, 5, 0, 0);
    const std::vector hashes{signing_hash(kept)};
    promises.settle(5, 5, hashes);
    add(promises, 1, kept);
    EXPECT_EQ(promises.lowest_block(), std::nullopt);
    add(promises, 1, mini_block(1, 9, 5, 7, 0));
    EXPECT_EQ(promises.lowest_block(), 5U);
    promises.settle(5, 5, hashes);
    add(promises, 1, mini_block(1, 9, 5, 7, 0));  // looked at once
    EXPECT_EQ(promises.lowest_block(), std::nullopt);
}

TEST(promises, of_one_signer_push_out_its_own_alone) {
    Promises promises(4);
    add(promises, 2, mini_block(2, 0, 1, 0, 0));
    for (uint64_t block = 1; block <= 20; ++block) {
        add(promises, 1, mini_block(1, block, block, 0, 0));
    }
    EXPECT_EQ(promises.of(signer(1), 0, 100).size(), 4U);
    EXPECT_EQ(promises.of(signer(1), 17, 20).size(), 4U);
    EXPECT_EQ(promises.of(signer(2), 0, 100).size(), 1U);
}

TEST(promises, what_is_settled_is_bounded) {
    Promises promises;
    const auto early = mini_block(1, 1, 1, 0, 0);
    promises.settle(1, 1, std::vector{signing_hash(early)});
    for (uint64_t block = 2; block < 2 + Promises::max_settled; ++block) {
        promises.settle(block, block, {});
    }
    add(promises, 1, early);
    EXPECT_EQ(promises.lowest_block(), 1U);  // looked at again, which costs time alone
}

TEST(judge, finds_what_a_sequencer_left_out) {
    const Headers posted{mini_block(1, 1, 5, 0, 0), mini_block(1, 2, 5, 1, 0)};
    const auto dropped = mini_block(1, 3, 5, 2, 0);
    const Headers promised{posted[0], posted[1], dropped};
    EXPECT_EQ(judge(signer(1), promised, posted, 9).left_out, Headers{dropped});
    EXPECT_TRUE(judge(signer(1), posted, posted, 9).left_out.empty());
    EXPECT_EQ(judge(signer(1), promised, {}, 9).left_out, promised);
}

/// The next batch's sequencer may have gone on there: this batch cannot tell.
TEST(judge, excuses_what_lies_behind_the_end_of_a_batch) {
    const Headers posted{mini_block(1, 1, 5, 0, 0), mini_block(1, 2, 5, 1, 0)};
    const auto behind = mini_block(1, 3, 5, 2, 0);
    EXPECT_EQ(judge(signer(1), Headers{behind}, posted, 5).handed_over, 1U);
    EXPECT_TRUE(judge(signer(1), Headers{behind}, posted, 5).left_out.empty());
    // What another stands in the place of is left out there as well.
    const auto changed = mini_block(1, 2, 5, 0, 9);
    EXPECT_EQ(judge(signer(1), Headers{changed}, posted, 5).left_out, Headers{changed});
}

TEST(judge, excuses_who_was_relieved) {
    const auto lost = mini_block(1, 2, 5, 1, 0);
    // Another went on in the midst of the block, after it or before it.
    const Headers in_the_block{mini_block(1, 1, 5, 0, 0), mini_block(2, 2, 5, 1, 9)};
    EXPECT_TRUE(judge(signer(1), Headers{lost}, in_the_block, 9).left_out.empty());
    EXPECT_EQ(judge(signer(1), Headers{lost}, in_the_block, 9).handed_over, 1U);
    const Headers after_it{mini_block(1, 1, 4, 0, 0), mini_block(2, 2, 6, 0, 0)};
    EXPECT_TRUE(judge(signer(1), Headers{lost}, after_it, 9).left_out.empty());
    const Headers before_it{mini_block(2, 1, 4, 0, 0), mini_block(1, 9, 7, 0, 0)};
    EXPECT_TRUE(judge(signer(1), Headers{lost}, before_it, 9).left_out.empty());
    // Elsewhere in the batch is no excuse.
    const Headers elsewhere{
        mini_block(2, 1, 3, 0, 0), mini_block(1, 2, 4, 0, 0), mini_block(1, 3, 6, 0, 0)
    };
    EXPECT_EQ(judge(signer(1), Headers{lost}, elsewhere, 9).left_out, Headers{lost});
}

}  // namespace
}  // namespace mega::staking
