#include "settlement/batcher.hpp"

#include "derivation/deriver.hpp"
#include "settlement/l1_inputs.hpp"
#include "settlement/test_l1_proxy.hpp"
#include "settlement/test_rollup.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::settlement {
namespace {

using replay::json;
using rollup::BatchKind;

/// What L1 is made to say.
struct Mood {
    std::optional<std::string> blob_base_fee;  // other than anvil's; empty: L1 tells none
    bool refuses_blobs = false;
    uint64_t blob_transactions = 0;  // that were handed over
    bool goes_away_after_sending = false;
    std::function<void()> go_away;
};

TestL1Proxy::Script script_of(Mood& mood) {
    return {
        .before = [&mood](const std::string& method, const json& params) -> std::optional<json> {
            if (method != "eth_sendRawTransaction" ||
                !params[0].get<std::string>().starts_with("0x03")) {
                return std::nullopt;
            }
            ++mood.blob_transactions;
            return mood.refuses_blobs ? std::optional(TestL1Proxy::refusal(
                                            -32000, "transaction type not supported"
                                        ))
                                      : std::nullopt;
        },
        .after =
            [&mood](const std::string& method, json& answer) {
                if (method == "eth_sendRawTransaction" && mood.goes_away_after_sending) {
                    mood.go_away();
                }
                if (method != "eth_feeHistory" || !mood.blob_base_fee) {
                    return;
                }
                if (mood.blob_base_fee->empty()) {
                    answer["result"].erase("baseFeePerBlobGas");
                    return;
                }
                for (json& fee : answer["result"]["baseFeePerBlobGas"]) {
                    fee = *mood.blob_base_fee;
                }
            },
    };
}

class batcher : public ::testing::Test {
  protected:
    void start() {
        rollup = TestRollup::start();
        if (rollup) {
            deployed_at = *rollup->anvil().client().head_number();
            proxy.emplace(rollup->anvil().url(), script_of(mood));
            mood.go_away = [this] { proxy->is_away = true; };
            sender.emplace(
                proxy->client(),
                anvil_key,
                rollup->config().l1_chain_id,
                TxManagerOptions{
                    .poll_ms = 5,
                    .now_ms =
                        [this] {
                            now_ms += ms_a_look;
                            return now_ms;
                        }
                },
                rollup->stop()
            );
        }
    }
    Batcher make(BatchData data = BatchData::automatic) {
        return {
            {.batch_inbox = rollup->config().batch_inbox, .data = data, .is_eager = true},
            rollup->config().l2_chain_id,
            {proxy->client(),
             *sender,
             rollup->source(),
             rollup->archive(),
             rollup->stop(),
             [this](const std::string& words) { log.push_back(words); }}
        };
    }
    /// Until all is posted.
    void post_all(Batcher& batcher) {
        for (int i = 0; i < 50; ++i) {
            const auto posted = batcher.step();
            ASSERT_TRUE(posted) << posted.error().message;
            if (!*posted) {
                EXPECT_EQ(batcher.counters().last_block, rollup->sealed());
                return;
            }
        }
        FAIL() << "there is no end of batches";
    }
    void post_block(Batcher& batcher) {
        rollup->make_blocks(1);
        post_all(batcher);
    }
    [[nodiscard]] std::vector<BatchKind> kinds() {
        std::vector<BatchKind> kinds;
        for (const BatchAt& batch : rollup->batches()) {
            kinds.push_back(batch.posted.kind);
        }
        return kinds;
    }

    /// What a stranger makes of L1 is this chain.
    void expect_derived() {
        const storage::TestDirectory directory{storage::TestDirectory::in_memory};
        const auto derived =
            sequencer::test::must_start(directory.path(), TestRollup::chain_options());
        ClientL1Inputs inputs(rollup->anvil().client(), rollup->config(), rollup->archive(), 0);
        std::vector<std::string> words;
        derivation::Deriver deriver(
            rollup->config(),
            {},
            {inputs,
             *derived->sequencer,
             derived->head,
             *derived->blocks,
             [&](const std::string& said) { words.push_back(said); }}
        );
        for (bool has_more = true; has_more;) {
            const auto stepped = deriver.step();
            ASSERT_TRUE(stepped) << stepped.error().message;
            has_more = *stepped;
        }
        EXPECT_TRUE(words.empty()) << words.front();
        EXPECT_EQ(
            derived->head.position().sealed->hash, rollup->chain().head.position().sealed->hash
        );
        EXPECT_EQ(derived->head.position().sealed->header.number, rollup->sealed());
    }

    /// Each batch is in one transaction, and none of them failed.
    void expect_nothing_twice() {
        uint64_t next = 1;
        const auto batches = rollup->batches();
        for (const BatchAt& batch : batches) {
            EXPECT_EQ(batch.posted.header.first_block, next);
            next = batch.posted.header.last_block + 1;
        }
        EXPECT_EQ(next, rollup->sealed() + 1);
        const auto sent = rollup->sent_since(deployed_at);
        EXPECT_EQ(sent.included, batches.size());
        EXPECT_EQ(sent.failed, 0U);
    }

    Mood mood;
    uint64_t now_ms = 0;
    uint64_t ms_a_look = 0;  // how far the clock goes each time that it is looked at
    uint64_t deployed_at = 0;
    std::vector<std::string> log;
    std::unique_ptr<TestRollup> rollup;
    std::optional<TestL1Proxy> proxy;
    std::optional<TxManager> sender;
};

#define NEEDS_L1()                                                            \
    start();                                                                  \
    if (!rollup) {                                                            \
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts"; \
    }

TEST_F(batcher, posts_calldata_where_blobs_are_dear_and_blobs_when_they_are_cheap_again) {
    NEEDS_L1();
    Batcher poster = make();
    post_block(poster);
    mood.blob_base_fee = "0x174876e800";  // 100 gwei
    post_block(poster);
    mood.blob_base_fee.reset();
    post_block(poster);
    EXPECT_EQ(kinds(), (std::vector{BatchKind::blobs, BatchKind::calldata, BatchKind::blobs}));
    EXPECT_EQ(poster.counters().blobs, 2U);
    expect_derived();
}

TEST_F(batcher, posts_calldata_where_l1_has_no_blobs) {
    NEEDS_L1();
    Batcher poster = make();
    mood.blob_base_fee = "";
    post_block(poster);
    mood.blob_base_fee = "0x0";  // as nodes say it before the fork that brings blobs
    post_block(poster);
    EXPECT_EQ(mood.blob_transactions, 0U);
    mood.blob_base_fee.reset();
    post_block(poster);
    EXPECT_EQ(kinds(), (std::vector{BatchKind::calldata, BatchKind::calldata, BatchKind::blobs}));
    expect_derived();
}

TEST_F(batcher, posts_calldata_when_l1_refuses_blobs_and_tries_them_again_later) {
    NEEDS_L1();
    Batcher poster = make();
    mood.refuses_blobs = true;
    post_block(poster);
    EXPECT_EQ(mood.blob_transactions, 1U);
    ASSERT_EQ(log.size(), 2U);
    EXPECT_NE(log[0].find("transaction type not supported"), std::string::npos) << log[0];
    post_block(poster);
    EXPECT_EQ(mood.blob_transactions, 1U) << "not at every batch";
    EXPECT_EQ(poster.counters().failures, 0U);
    mood.refuses_blobs = false;
    rollup->anvil().rpc("evm_increaseTime", {BatcherOptions{}.blob_retry_s});
    rollup->anvil().mine();
    post_block(poster);
    EXPECT_EQ(kinds(), (std::vector{BatchKind::calldata, BatchKind::calldata, BatchKind::blobs}));
    expect_derived();
}

TEST_F(batcher, cuts_what_is_too_much_for_one_calldata_into_several) {
    NEEDS_L1();
    Batcher poster = make();
    mood.blob_base_fee = "0x174876e800";
    std::mt19937_64 random(1);  // NOLINT(cert-msc51-cpp): the same bytes each time
    rollup->make_blocks(5, [&](Transaction& tx) {
        tx.data.resize(50'000);
        for (uint8_t& byte : tx.data) {
            byte = static_cast<uint8_t>(random());
        }
        tx.gas_limit = 3'000'000;
    });
    post_all(poster);
    EXPECT_GE(kinds().size(), 3U);
    EXPECT_EQ(std::ranges::count(kinds(), BatchKind::calldata), std::ssize(kinds()));
    expect_derived();
}

TEST_F(batcher, posts_what_it_is_told_to_or_nothing) {
    NEEDS_L1();
    mood.refuses_blobs = true;
    Batcher only_blobs = make(BatchData::blobs);
    rollup->make_blocks(1);
    const auto refused = only_blobs.step();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("not supported"), std::string::npos);
    EXPECT_TRUE(kinds().empty());
    mood.refuses_blobs = false;
    post_all(only_blobs);
    Batcher only_calldata = make(BatchData::calldata);
    post_block(only_calldata);
    EXPECT_EQ(kinds(), (std::vector{BatchKind::blobs, BatchKind::calldata}));
}

/// Ten minutes are TxManager's patience; each look at its clock takes two here.
class outage : public batcher {
  protected:
    static constexpr uint64_t two_minutes_ms = 120'000;
    /// A step during which L1 takes the batch and is not heard of again for more than ten minutes.
    void lose_l1_in_the_middle_of(Batcher& poster) {
        ms_a_look = two_minutes_ms;
        mood.goes_away_after_sending = true;
        const auto lost = poster.step();
        ASSERT_FALSE(lost);
        EXPECT_FALSE(poster.step()) << "L1 is still away";
        EXPECT_GT(now_ms, TxManagerOptions{}.patience_ms);
        mood.goes_away_after_sending = false;
        proxy->is_away = false;
    }
    /// A step may still fail: what was sent before may get in at any moment.
    void post_in_the_end(Batcher& poster) {
        for (int i = 0; i < 50 && poster.counters().last_block != rollup->sealed(); ++i) {
            (void)poster.step();
        }
        EXPECT_EQ(poster.counters().last_block, rollup->sealed());
    }
};

TEST_F(outage, of_any_length_loses_no_block_and_posts_none_twice) {
    NEEDS_L1();
    Batcher poster = make();
    post_block(poster);
    proxy->is_away = true;
    ms_a_look = two_minutes_ms;
    for (int i = 0; i < 5; ++i) {
        rollup->make_blocks(2);
        EXPECT_FALSE(poster.step()) << "L1 is away";
    }
    proxy->is_away = false;
    post_in_the_end(poster);
    expect_nothing_twice();
    expect_derived();
}

TEST_F(outage, that_swallows_the_answer_to_a_batch_that_got_in) {
    NEEDS_L1();
    Batcher poster = make();
    rollup->make_blocks(1);
    lose_l1_in_the_middle_of(poster);
    rollup->make_blocks(3);
    post_in_the_end(poster);
    expect_nothing_twice();
    expect_derived();
}

TEST_F(outage, that_leaves_a_batch_waiting_in_the_pool) {
    NEEDS_L1();
    Batcher poster = make();
    rollup->anvil().rpc("evm_setAutomine", {false});
    rollup->make_blocks(1);
    lose_l1_in_the_middle_of(poster);
    rollup->make_blocks(3);
    rollup->anvil().rpc("evm_setIntervalMining", {1});
    post_in_the_end(poster);
    expect_nothing_twice();
    expect_derived();
}

TEST_F(outage, after_which_l1_has_forgotten_what_waited) {
    NEEDS_L1();
    Batcher poster = make();
    rollup->anvil().rpc("evm_setAutomine", {false});
    rollup->make_blocks(1);
    lose_l1_in_the_middle_of(poster);
    rollup->anvil().rpc("anvil_dropAllTransactions");
    rollup->anvil().rpc("evm_setIntervalMining", {1});
    post_in_the_end(poster);
    expect_nothing_twice();
    expect_derived();
}

}  // namespace
}  // namespace mega::settlement
