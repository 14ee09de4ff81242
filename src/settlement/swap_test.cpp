#include "settlement/swap.hpp"

#include <gtest/gtest.h>

namespace mega::settlement {
namespace {

Address numbered(uint8_t n) {
    Address address;
    address[19] = n;
    return address;
}

Swap sample() {
    Swap swap;
    swap.first = {
        .layer = 1,
        .sender = numbered(1),
        .recipient = numbered(2),
        .token = {},
        .amount = u256{5},
        .hash_lock = {},
        .deadline = 10'000
    };
    swap.second = swap.first;
    swap.second.layer = 2;
    std::swap(swap.second.sender, swap.second.recipient);
    swap.second.deadline = 8'000;
    return swap;
}

TEST(swap, survives_its_file) {
    const Swap swap = sample();
    const auto read = parse_swap(to_json(swap));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_json(*read), to_json(swap));
}

TEST(swap, refuses_legs_that_do_not_belong_together) {
    for (const int fault : {0, 1, 2}) {
        Swap swap = sample();
        if (fault == 0) {
            swap.second.layer = 1;
        } else if (fault == 1) {
            swap.second.hash_lock[0] = 1;
        } else {
            swap.second.recipient = numbered(3);
        }
        EXPECT_FALSE(parse_swap(to_json(swap))) << fault;
    }
    EXPECT_FALSE(parse_swap("{}"));
    EXPECT_FALSE(parse_swap("nonsense"));
}

TEST(swap, is_accepted_only_with_time_to_react) {
    const Swap swap = sample();
    EXPECT_FALSE(problem_of_accepting(swap, 1'000, 1'000, 600));
    EXPECT_FALSE(problem_of_accepting(swap, 1'000, 7'400, 600));
    EXPECT_TRUE(problem_of_accepting(swap, 1'000, 7'401, 600));
    EXPECT_TRUE(problem_of_accepting(swap, 9'401, 1'000, 600));
    EXPECT_FALSE(problem_of_accepting(swap, 1'000, 1'000, 2'000));
    EXPECT_TRUE(problem_of_accepting(swap, 1'000, 1'000, 2'001));
}

TEST(swap, shows_its_preimage_only_in_good_time) {
    const Swap swap = sample();
    EXPECT_FALSE(problem_of_revealing(swap, 7'400, 600));
    EXPECT_TRUE(problem_of_revealing(swap, 7'401, 600));
    EXPECT_TRUE(problem_of_revealing(swap, 9'000, 600));
}

}  // namespace
}  // namespace mega::settlement
