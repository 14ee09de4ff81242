#include "settlement/batcher_lease.hpp"

#include "settlement/test_l1_proxy.hpp"
#include "settlement/test_rollup.hpp"

#include <gtest/gtest.h>

namespace mega::settlement {
namespace {

using replay::json;

constexpr HolderId alice{{0xa1}};
constexpr HolderId bob{{0xb0}};
constexpr uint64_t lease_s = 40;
constexpr uint64_t longest_s = lease_s + lease_s / 4;  // with what is drawn

/// A batcher as one process runs it: its own connection, its own name, the key of all.
struct Poster {
    Poster(
        TestRollup& rollup,
        const HolderId& holder,
        uint64_t lease,
        BatchData data = BatchData::calldata,
        L1Client* client = nullptr
    )
        : own(*L1Client::open({.url = rollup.anvil().url(), .beacon_url = {}})),
          sender(
              client != nullptr ? *client : *own,
              anvil_key,
              rollup.config().l1_chain_id,
              {.poll_ms = 20},
              stop
          ),
          batcher(
              {.batch_inbox = rollup.config().batch_inbox,
               .data = data,
               .poll_ms = 20,
               .is_eager = true,
               .lease_s = lease,
               .holder = holder},
              rollup.config().l2_chain_id,
              {client != nullptr ? *client : *own,
               sender,
               rollup.source(),
               rollup.archive(),
               stop,
               [this](const std::string& words) { log.push_back(words); }}
          ) {}
    ~Poster() { end(); }
    Poster(const Poster&) = delete;
    Poster& operator=(const Poster&) = delete;
    void begin() {
        thread = std::thread([this] { batcher.run(); });
    }
    void end() {
        stop.stop();
        if (thread.joinable()) {
            thread.join();
        }
    }
    [[nodiscard]] bool post() {
        const auto posted = batcher.step();
        EXPECT_TRUE(posted) << posted.error().message;
        return posted && *posted;
    }

    StopSignal stop;
    std::vector<std::string> log;  // of the thread while it runs
    std::unique_ptr<L1Client> own;
    TxManager sender;
    Batcher batcher;
    std::thread thread;
};

class batcher_lease : public ::testing::Test {
  protected:
    void start() { rollup = TestRollup::start(); }
    void pass_s(uint64_t seconds) {
        rollup->anvil().rpc("evm_increaseTime", {seconds});
        rollup->anvil().mine();
    }
    /// Blocks, until `is_enough` of what is posted; false when it takes too long.
    bool make_blocks_until(const std::function<bool()>& is_enough) {
        for (int i = 0; i < 600 && !is_enough(); ++i) {
            rollup->make_blocks(1);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return is_enough();
    }
    /// The batches on L1 hold each block once, and nothing was paid for besides.
    void expect_each_block_once(uint64_t batches_posted) {
        uint64_t next = 1;
        const auto batches = rollup->batches();
        for (const BatchAt& batch : batches) {
            EXPECT_EQ(batch.posted.header.first_block, next);
            next = batch.posted.header.last_block + 1;
        }
        EXPECT_EQ(batches.size(), batches_posted);
        const auto sent = rollup->sent_since(deployed_at);
        EXPECT_EQ(sent.included, batches_posted);
        EXPECT_EQ(sent.failed, 0U);
    }
    void remember_start() { deployed_at = *rollup->anvil().client().head_number(); }

    std::unique_ptr<TestRollup> rollup;
    uint64_t deployed_at = 0;
};

#define NEEDS_L1()                                                            \
    start();                                                                  \
    if (!rollup) {                                                            \
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts"; \
    }                                                                         \
    remember_start();

TEST_F(batcher_lease, is_left_to_who_posts_and_taken_when_it_has_run_out) {
    NEEDS_L1();
    Poster first(*rollup, alice, lease_s);
    Poster second(*rollup, bob, lease_s);
    rollup->make_blocks(1);
    EXPECT_TRUE(first.post());
    for (int i = 0; i < 3; ++i) {
        rollup->make_blocks(1);
        EXPECT_FALSE(second.post());
        EXPECT_TRUE(first.post()) << "each batch renews it";
    }
    EXPECT_TRUE(second.batcher.counters().is_standing_by);
    ASSERT_EQ(second.log.size(), 1U) << "said once";
    EXPECT_NE(second.log[0].find(to_hex(alice)), std::string::npos) << second.log[0];
    rollup->make_blocks(1);
    pass_s(lease_s - 10);
    EXPECT_FALSE(second.post());
    pass_s(longest_s - lease_s + 10);
    EXPECT_TRUE(second.post());
    EXPECT_FALSE(second.batcher.counters().is_standing_by);
    // The first comes back and finds it taken.
    rollup->make_blocks(1);
    EXPECT_FALSE(first.post());
    EXPECT_TRUE(second.post());
    expect_each_block_once(6);
}

TEST_F(batcher_lease, goes_on_at_once_after_a_restart) {
    NEEDS_L1();
    for (int i = 0; i < 3; ++i) {
        rollup->make_blocks(1);
        EXPECT_TRUE(Poster(*rollup, alice, lease_s).post());
    }
    expect_each_block_once(3);
}

TEST_F(batcher_lease, does_not_wait_for_a_batch_that_bears_no_name_for_ever) {
    NEEDS_L1();
    rollup->make_blocks(1);
    Poster nameless(*rollup, {}, 0);
    EXPECT_TRUE(nameless.post());
    rollup->make_blocks(1);
    Poster second(*rollup, bob, lease_s);
    EXPECT_FALSE(second.post());
    ASSERT_EQ(second.log.size(), 1U);
    EXPECT_NE(second.log[0].find("somebody else"), std::string::npos);
    pass_s(longest_s);
    EXPECT_TRUE(second.post());
}

TEST_F(batcher_lease, loses_a_race_without_paying_for_it) {
    NEEDS_L1();
    // The second batcher posts between what the first reads of L1 and what it sends.
    std::optional<Poster> second;
    bool has_raced = false;
    TestL1Proxy proxy(
        rollup->anvil().url(),
        {.before = [&](const std::string& method, const json&) -> std::optional<json> {
             if (method == "eth_sendRawTransaction" && !std::exchange(has_raced, true)) {
                 EXPECT_TRUE(second->post());
             }
             return std::nullopt;
         },
         .after = {}}
    );
    Poster first(*rollup, alice, lease_s, BatchData::blobs, &proxy.client());
    second.emplace(*rollup, bob, lease_s);
    rollup->make_blocks(1);
    const auto lost = first.batcher.step();
    ASSERT_FALSE(lost);
    EXPECT_TRUE(has_raced);
    rollup->make_blocks(1);
    EXPECT_FALSE(first.post()) << "the lease is the other's";
    EXPECT_TRUE(second->post());
    expect_each_block_once(2);
}

TEST_F(batcher_lease, stands_back_from_what_another_has_in_the_pool) {
    NEEDS_L1();
    rollup->anvil().rpc("evm_setAutomine", {false});
    const Address self = *crypto::address_of(anvil_key);
    const auto head = read_inbox_head(rollup->anvil().client(), rollup->config().batch_inbox);
    ASSERT_TRUE(head);
    const uint64_t nonce = *rollup->anvil().client().nonce_at(self, head->l1.number);
    const auto send = [&](BytesView data) {
        rollup->anvil().rpc("anvil_dropAllTransactions");
        rollup->anvil().rpc(
            "eth_sendTransaction",
            {{{"from", to_hex(self)},
              {"to", to_hex(self)},
              {"gas", "0x20000"},
              {"nonce", to_hex_quantity(nonce)},
              {"data", to_hex(data)}}}
        );
    };
    uint64_t now_ms = 1;
    BatcherLease lease(
        rollup->anvil().client(),
        {.batch_inbox = rollup->config().batch_inbox,
         .sender = self,
         .holder = alice,
         .lease_s = lease_s,
         .now_ms = [&] { return now_ms; }}
    );
    const auto ask = [&] {
        const auto answer = lease.ask(*head, nonce);
        EXPECT_TRUE(answer) << answer.error().message;
        return answer ? *answer : BatcherLease::Answer{};
    };
    EXPECT_FALSE(ask().stand_back);
    EXPECT_FALSE(ask().may_outbid) << "nothing waits that is known to be ours";

    send(lease.signed_call(Bytes(36)));
    EXPECT_FALSE(ask().stand_back) << "our own, of an earlier life";
    EXPECT_TRUE(ask().may_outbid);

    Bytes other(36);
    append(other, bob.view());
    send(other);
    ASSERT_TRUE(ask().stand_back);
    EXPECT_NE(ask().stand_back->find(to_hex(bob)), std::string::npos) << *ask().stand_back;
    now_ms += lease_s * 1'000 - 1;
    EXPECT_TRUE(ask().stand_back);
    now_ms += 1;
    EXPECT_FALSE(ask().stand_back) << "it has waited for a whole lease";
    EXPECT_TRUE(ask().may_outbid);
}

TEST_F(batcher_lease, waits_a_random_while_after_a_collision) {
    NEEDS_L1();
    uint64_t now_ms = 1;
    BatcherLease lease(
        rollup->anvil().client(),
        {.batch_inbox = rollup->config().batch_inbox,
         .sender = *crypto::address_of(anvil_key),
         .holder = alice,
         .lease_s = lease_s,
         .now_ms = [&] { return now_ms; }}
    );
    const auto head = read_inbox_head(rollup->anvil().client(), rollup->config().batch_inbox);
    ASSERT_TRUE(head);
    const uint64_t nonce = *rollup->anvil().client().nonce(*crypto::address_of(anvil_key), false);
    lease.collide(nonce - 1);
    now_ms += lease_s * 1'000 / 4;
    const auto later = lease.ask(*head, nonce);
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_FALSE(later->stand_back) << "a quarter of the lease is the longest";
}

/// Two processes that know nothing of each other, on an L1 that makes a block each second.
TEST_F(batcher_lease, lets_two_post_every_block_once_and_one_follow_the_other) {
    NEEDS_L1();
    rollup->anvil().rpc("evm_setIntervalMining", {1});
    constexpr uint64_t short_lease_s = 3;
    std::optional<Poster> first(std::in_place, *rollup, alice, short_lease_s, BatchData::blobs);
    std::optional<Poster> second(std::in_place, *rollup, bob, short_lease_s, BatchData::blobs);
    first->begin();
    second->begin();
    const auto posted = [&] {
        return first->batcher.counters().batches + second->batcher.counters().batches;
    };
    ASSERT_TRUE(make_blocks_until([&] { return posted() >= 4; }));
    Poster& holder =
        first->batcher.counters().batches >= second->batcher.counters().batches ? *first : *second;
    Poster& other = &holder == &*first ? *second : *first;
    const uint64_t before = other.batcher.counters().batches;
    holder.end();
    ASSERT_TRUE(make_blocks_until([&] { return other.batcher.counters().batches >= before + 2; }))
        << "nobody took over";
    ASSERT_TRUE(make_blocks_until([&] { return true; }));
    other.end();
    // What was sent and not waited for when a batcher ended is in by now, or never will be.
    rollup->anvil().mine(2);
    expect_each_block_once(rollup->batches().size());
}

}  // namespace
}  // namespace mega::settlement
