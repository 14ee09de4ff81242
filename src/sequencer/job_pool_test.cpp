#include "sequencer/job_pool.hpp"

#include <gtest/gtest.h>

namespace mega::sequencer {
namespace {

class JobPoolTest : public testing::TestWithParam<size_t> {};

TEST_P(JobPoolTest, EveryJobRunsOnceAndItsWorkIsThere) {
    JobPool pool{GetParam()};
    EXPECT_EQ(pool.width(), std::max<size_t>(GetParam(), 1));
    for (size_t round = 0; round < 2000; ++round) {
        const size_t count = round % 17;
        std::vector<size_t> done(count);  // not atomic: run() has to order it
        pool.run(count, [&](size_t i) { done[i] += i + 1; });
        for (size_t i = 0; i < count; ++i) {
            ASSERT_EQ(done[i], i + 1) << "round " << round;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Widths, JobPoolTest, testing::Values(0, 1, 2, 3, 8));

TEST(JobPool, EndsWithoutEverHavingWorked) { JobPool pool{4}; }

}  // namespace
}  // namespace mega::sequencer
