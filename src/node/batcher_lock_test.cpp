#include "node/batcher_lock.hpp"

#include "storage/test_directory.hpp"

#include <gtest/gtest.h>

namespace mega::node {
namespace {

TEST(batcher_lock, is_one_a_directory_and_keeps_its_name) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto file = directory.path() / "batcher.lock";
    settlement::HolderId name{};
    {
        const auto held = BatcherLock::take(file);
        ASSERT_TRUE(held) << held.error().message;
        name = held->holder();
        const auto second = BatcherLock::take(file);
        ASSERT_FALSE(second);
        EXPECT_NE(second.error().message.find("another batcher"), std::string::npos);
    }
    const auto again = BatcherLock::take(file);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->holder(), name);
    const auto other = BatcherLock::take(directory.path() / "other.lock");
    ASSERT_TRUE(other);
    EXPECT_NE(other->holder(), name);
}

TEST(batcher_lock, says_where_it_cannot_be) {
    const auto taken = BatcherLock::take("/nowhere/batcher.lock");
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().message.find("/nowhere/batcher.lock"), std::string::npos);
}

}  // namespace
}  // namespace mega::node
