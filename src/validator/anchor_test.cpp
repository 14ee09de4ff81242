#include "validator/anchor.hpp"

#include <gtest/gtest.h>

namespace mega::validator {
namespace {

constexpr Anchor anchor{7, Hash256{{1}}};

TEST(anchor, is_reached_by_its_own_block_alone) {
    EXPECT_EQ(passage(anchor, 7, Hash256{{1}}), Passage::reached);
    EXPECT_EQ(passage(anchor, 7, Hash256{{2}}), Passage::missed);
    EXPECT_EQ(passage(anchor, 7, Hash256{}), Passage::missed);
}

TEST(anchor, is_ahead_of_what_is_below_and_cannot_be_passed_by) {
    EXPECT_EQ(passage(anchor, 6, Hash256{{1}}), Passage::ahead);
    EXPECT_EQ(passage(anchor, 6, Hash256{{2}}), Passage::ahead);
    EXPECT_EQ(passage(anchor, 8, Hash256{{1}}), Passage::missed);
}

}  // namespace
}  // namespace mega::validator
