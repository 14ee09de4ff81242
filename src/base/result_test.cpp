#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace mega {
namespace {

enum class Reason : uint8_t { first, second };

Result<int, Reason> positive(int value) {
    if (value < 0) {
        return Err{Reason::second};
    }
    return value;
}

Result<void, Reason> check(bool good) {
    if (!good) {
        return Err{Reason::first};
    }
    return {};
}

}  // namespace

TEST(result, holds_a_value_or_a_reason) {
    EXPECT_TRUE(positive(7));
    EXPECT_EQ(*positive(7), 7);
    EXPECT_FALSE(positive(-1));
    EXPECT_EQ(positive(-1).error(), Reason::second);
    EXPECT_EQ(positive(-1).value_or(3), 3);
    EXPECT_EQ(positive(5).value_or(3), 5);
}

TEST(result, of_nothing_holds_success_or_a_reason) {
    EXPECT_TRUE(check(true));
    EXPECT_EQ(check(false).error(), Reason::first);
}

TEST(result, keeps_value_and_error_of_one_type_apart) {
    const Result<int, int> value = 1;
    const Result<int, int> error = Err{1};
    EXPECT_TRUE(value);
    EXPECT_FALSE(error);
}

TEST(result, moves_what_cannot_be_copied) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(4);
    const std::unique_ptr<int> owner = *std::move(result);
    EXPECT_EQ(*owner, 4);
}

TEST(result, carries_words) {
    const Result<int> result = Err{Error{"no such block"}};
    EXPECT_EQ(result.error().message, "no such block");
}

using ResultDeathTest = testing::Test;

TEST(ResultDeathTest, reading_the_absent_side_aborts) {
    EXPECT_DEATH((void)positive(-1).value(), "assertion failed: has_value");
    EXPECT_DEATH((void)positive(1).error(), "assertion failed: !has_value");
    EXPECT_DEATH((void)check(true).error(), "assertion failed: !has_value");
}

}  // namespace mega
