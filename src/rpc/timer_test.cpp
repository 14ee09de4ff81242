#include "rpc/timer.hpp"

#include "rpc/accounts.hpp"
#include "types/u256.hpp"

#include <gtest/gtest.h>

#include <future>

namespace mega::rpc {
namespace {

TEST(timer, runs_tasks_when_due_in_order_of_time) {
    Timer timer;
    std::string order;
    std::promise<void> finished;
    timer.after(30, [&] {
        order += "b";
        finished.set_value();
    });
    timer.after(1, [&] { order += "a"; });
    finished.get_future().wait();
    EXPECT_EQ(order, "ab");
    EXPECT_EQ(timer.waiting(), 0u);
}

TEST(timer, forgets_what_was_cancelled) {
    Timer timer;
    bool has_run = false;
    const auto key = timer.after(1'000, [&] { has_run = true; });
    timer.cancel(key);
    timer.cancel(key);
    EXPECT_EQ(timer.waiting(), 0u);
    EXPECT_FALSE(has_run);
}

TEST(timer, drops_what_is_not_due_at_the_end) {
    bool has_run = false;
    {
        Timer timer;
        timer.after(60'000, [&] { has_run = true; });
    }
    EXPECT_FALSE(has_run);
}

TEST(timer, lets_a_task_arm_and_cancel) {
    Timer timer;
    std::promise<void> finished;
    timer.after(0, [&] {
        const auto key = timer.after(1'000, [] {});
        timer.cancel(key);
        timer.after(0, [&] { finished.set_value(); });
    });
    finished.get_future().wait();
}

TEST(accounts, know_valid_keys_once) {
    const crypto::SecretKey one = u256{1}.to_hash();
    const Accounts accounts({one, crypto::SecretKey{}, one});
    ASSERT_EQ(accounts.addresses().size(), 1u);
    EXPECT_EQ(accounts.key_of(accounts.addresses()[0]), one);
    EXPECT_EQ(accounts.key_of(Address{}), std::nullopt);
}

TEST(accounts, impersonate_until_told_otherwise) {
    Accounts accounts;
    const Address address{};
    EXPECT_FALSE(accounts.is_impersonated(address));
    accounts.impersonate(address);
    EXPECT_TRUE(accounts.is_impersonated(address));
    accounts.stop_impersonating(address);
    EXPECT_FALSE(accounts.is_impersonated(address));
    accounts.set_auto_impersonate(true);
    EXPECT_TRUE(accounts.is_impersonated(address));
}

}  // namespace
}  // namespace mega::rpc
