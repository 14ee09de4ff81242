#include "sequencer/test_chain.hpp"

#include <sys/resource.h>

#include <csignal>

namespace mega::sequencer::test {
namespace {

using Kind = SubmitOutcome::Kind;

/// What listeners were told, in words.
class Recorder final : public Listener {
  public:
    void on_accepted(const mempool::TxPtr& tx) override { note("accepted", tx->tx.nonce); }
    void on_executed(const OpenBlock& open, std::span<const ExecutedPtr> executed) override {
        for (const ExecutedPtr& tx : executed) {
            EXPECT_EQ(open.find(tx->tx->hash), tx) << "told before it could be found";
            note("executed", tx->tx->tx.nonce);
        }
    }
    void on_mini_block(const MiniBlockPtr& mini_block) override {
        note("mini-block", mini_block->header.mini_block_number);
    }
    void on_sealed(const SealedPtr& sealed) override { note("sealed", sealed->header.number); }
    void on_reverted(uint64_t number) override { note("reverted", number); }

    [[nodiscard]] std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }

  private:
    void note(const std::string& what, uint64_t number) {
        const std::lock_guard lock(mutex_);
        events_.push_back(what + " " + std::to_string(number));
    }
    std::mutex mutex_;
    std::vector<std::string> events_;  // guarded by mutex_
};

struct SequencerTest : ::testing::Test {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    TestOptions options;
    Recorder recorder;  // outlives the chain
    std::unique_ptr<TestChain> parts;

    void start() {
        parts = must_open(directory.path(), options);
        parts->publisher.add_listener(recorder);
        parts->start();
    }
    void run(const std::function<void(Sequencer&)>& task) {
        parts->sequencer->run([&] { task(*parts->sequencer); });
    }
    [[nodiscard]] std::string refusal(mempool::TxPtr tx, SubmitMode mode = SubmitMode::accepted) {
        const auto outcome = parts->submit_now(std::move(tx), mode);
        EXPECT_EQ(outcome.kind, Kind::refused);
        return outcome.message;
    }
    [[nodiscard]] uint64_t sealed_number() const { return parts->reader->sealed_number(); }
};

std::vector<uint64_t> tips_of(const BlockView& block) {
    std::vector<uint64_t> tips;
    for (const ExecutedPtr& tx : block.transactions) {
        tips.push_back(tx->tx->tx.max_priority_fee_per_gas.low64());
    }
    return tips;
}

}  // namespace

TEST_F(SequencerTest, executes_on_arrival) {
    start();
    const auto tx = transfer(0, 0);
    const auto outcome = parts->submit_now(tx);
    ASSERT_EQ(outcome.kind, Kind::executed);
    EXPECT_TRUE(outcome.executed->receipt.status);
    EXPECT_EQ(outcome.executed->tx, tx);
    EXPECT_EQ(outcome.block->find(tx->hash), outcome.executed);
    EXPECT_EQ(parts->reader->latest_number(), 1u);
    EXPECT_EQ(sealed_number(), 0u);
    EXPECT_EQ(parts->submit_now(transfer(0, 1), SubmitMode::accepted).kind, Kind::executed);
}

TEST_F(SequencerTest, receipts_come_after_the_log) {
    options.durability = storage::Durability::sync;
    start();
    for (uint64_t nonce = 0; nonce < 5; ++nonce) {
        const auto promise = std::make_shared<std::promise<storage::WriteAheadLog::Sequence>>();
        parts->sequencer->submit(
            transfer(0, nonce),
            SubmitMode::executed,
            [&, promise](const SubmitOutcome&) { promise->set_value(parts->log->durable()); }
        );
        // One record opened the block; each transaction adds one.
        EXPECT_GE(promise->get_future().get(), nonce + 2);
    }
}

TEST_F(SequencerTest, orders_by_tip_then_arrival) {
    start();
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    std::vector<std::future<SubmitOutcome>> answers;
    answers.push_back(parts->submit(with_tip(0, 0, 10)));
    answers.push_back(parts->submit(with_tip(1, 0, 30)));
    answers.push_back(parts->submit(with_tip(2, 0, 10)));
    answers.push_back(parts->submit(with_tip(0, 1, 20)));
    answers.push_back(parts->submit(with_tip(3, 0, 5)));
    parts->settle();
    EXPECT_EQ(parts->sequencer->pool_status().pending, 5u);
    parts->mine();
    const auto block = *parts->reader->block(1);
    // 20 waits for its sender's 10, which came before the other 10.
    EXPECT_EQ(tips_of(*block), (std::vector<uint64_t>{30, 10, 20, 10, 5}));
    for (auto& future : answers) {
        EXPECT_EQ(TestChain::answer(std::move(future)).kind, Kind::executed);
    }
}

TEST_F(SequencerTest, nonce_gap_is_told_or_pooled) {
    start();
    const auto gap = parts->submit_now(transfer(0, 2), SubmitMode::executed);
    EXPECT_EQ(gap.kind, Kind::nonce_gap);
    EXPECT_EQ(gap.expected_nonce, 0u);
    EXPECT_EQ(parts->sequencer->pool_status().queued, 0u) << "EIP-7966: not pooled";
    EXPECT_EQ(parts->submit_now(transfer(0, 2), SubmitMode::accepted).kind, Kind::pooled);
    EXPECT_EQ(parts->submit_now(transfer(0, 1), SubmitMode::accepted).kind, Kind::pooled);
    EXPECT_EQ(parts->submit_now(transfer(0, 5), SubmitMode::executed).expected_nonce, 0u);
    EXPECT_EQ(parts->submit_now(transfer(0, 0), SubmitMode::executed).kind, Kind::executed);
    parts->settle();
    EXPECT_EQ((*parts->reader->block(1))->transactions.size(), 3u);
    EXPECT_EQ(parts->submit_now(transfer(0, 5), SubmitMode::executed).expected_nonce, 3u);
}

TEST_F(SequencerTest, replacement_takes_the_place_and_answers_the_replaced) {
    start();
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    auto first = parts->submit(transfer(0, 0), SubmitMode::executed);
    EXPECT_EQ(refusal(with_tip(0, 0, 2)), "replacement transaction underpriced");
    const auto dearer = transfer(0, 0, [](Transaction& tx) {
        tx.max_fee_per_gas = gwei * u256{11};
        tx.max_priority_fee_per_gas = 2;
    });
    auto second = parts->submit(dearer, SubmitMode::executed);
    const auto answer = TestChain::answer(std::move(first));
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_EQ(answer.message, "transaction was replaced");
    parts->mine();
    EXPECT_EQ(TestChain::answer(std::move(second)).kind, Kind::executed);
    ASSERT_EQ((*parts->reader->block(1))->transactions.size(), 1u);
    EXPECT_EQ((*parts->reader->block(1))->transactions[0]->tx->hash, dearer->hash);
}

TEST_F(SequencerTest, refusals_have_geths_words) {
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    EXPECT_EQ(refusal(transfer(0, 0)), "nonce too low: next nonce 1, tx nonce 0");
    const auto rich = [](Transaction& tx) { tx.value = gwei * gwei * u256{2000}; };
    EXPECT_EQ(refusal(transfer(0, 1, rich)).find("insufficient funds for gas * price + value"), 0u);
    EXPECT_EQ(
        refusal(transfer(0, 1, [](Transaction& tx) { tx.gas_limit = gas_limit + 1; })),
        "exceeds block gas limit"
    );
    EXPECT_EQ(parts->submit_now(transfer(0, 9), SubmitMode::accepted).kind, Kind::pooled);
    EXPECT_EQ(refusal(transfer(0, 9)), "already known");
    // Judged by the execution, not by the pool.
    EXPECT_EQ(
        refusal(transfer(0, 1, [](Transaction& tx) { tx.gas_limit = 20'000; })
        ).find("intrinsic gas too low"),
        0u
    );
    EXPECT_EQ(parts->submit_now(transfer(0, 1)).kind, Kind::executed);
    EXPECT_EQ(parts->sequencer->counters().executed, 2u);
    EXPECT_EQ(parts->sequencer->counters().refused, 5u);
}

TEST_F(SequencerTest, a_fee_cap_below_the_base_fee_waits_until_the_base_fee_falls) {
    start();
    const auto cheap = transfer(0, 0, [](Transaction& tx) {
        tx.max_fee_per_gas = gwei / u256{2};
        tx.max_priority_fee_per_gas = 0;
    });
    auto answer = parts->submit(cheap, SubmitMode::executed);
    parts->settle();
    EXPECT_NE(parts->sequencer->find_pooled(cheap->hash), nullptr);
    for (int i = 0; i < 10; ++i) {
        parts->mine();
    }
    EXPECT_EQ(TestChain::answer(std::move(answer)).kind, Kind::executed);
}

TEST_F(SequencerTest, a_block_takes_no_more_data_than_a_batch_on_l1_can_hold) {
    options.sequencer.max_block_data_bytes = 3'000;
    start();
    const auto large = [](uint64_t nonce) {
        return transfer(0, nonce, [&](Transaction& tx) {
            tx.gas_limit = 200'000;
            for (uint32_t i = 0; i < 1'000; ++i) {  // nothing in it repeats
                tx.data.push_back(static_cast<uint8_t>((i * i * 2654435761U + nonce) >> 13));
            }
        });
    };
    std::vector<std::future<SubmitOutcome>> answers;
    for (uint64_t nonce = 0; nonce < 5; ++nonce) {
        answers.push_back(parts->submit(large(nonce)));
    }
    parts->settle();
    EXPECT_EQ(parts->reader->open_block()->transactions.size(), 2u);
    EXPECT_EQ(parts->sequencer->pool_status().pending, 3u);
    parts->mine();
    parts->settle();
    EXPECT_EQ(parts->reader->open_block()->transactions.size(), 2u);
    parts->mine();
    for (auto& answer : answers) {
        EXPECT_EQ(TestChain::answer(std::move(answer)).kind, Kind::executed);
    }
    EXPECT_EQ((*parts->reader->block(1))->transactions.size(), 2u);
    EXPECT_EQ((*parts->reader->block(2))->transactions.size(), 2u);
}

TEST_F(SequencerTest, waiting_transactions_expire) {
    options.sequencer.pool.lifetime_ms = 60'000;
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 1), SubmitMode::accepted).kind, Kind::pooled);
    parts->advance_ms(59'000);
    EXPECT_EQ(parts->sequencer->pool_status().queued, 1u);
    parts->advance_ms(2'000);
    EXPECT_EQ(parts->sequencer->pool_status().queued, 0u);
}

TEST_F(SequencerTest, mini_blocks_follow_the_clock) {
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    EXPECT_EQ(parts->submit_now(transfer(0, 1)).kind, Kind::executed);
    parts->advance_ms(9);
    EXPECT_TRUE(parts->head.position().open->mini_blocks().empty());
    parts->advance_ms(1);
    ASSERT_EQ(parts->head.position().open->mini_blocks().size(), 1u);
    parts->advance_ms(100);
    ASSERT_EQ(parts->head.position().open->mini_blocks().size(), 1u) << "nothing was executed";
    EXPECT_EQ(parts->submit_now(transfer(0, 2)).kind, Kind::executed);
    parts->advance_ms(10);
    const auto mini_blocks = parts->head.position().open->mini_blocks();
    ASSERT_EQ(mini_blocks.size(), 2u);
    EXPECT_EQ(mini_blocks[0]->transactions.size(), 2u);
    EXPECT_EQ(mini_blocks[0]->header.timestamp_us, start_us + 10'000);
    EXPECT_EQ(mini_blocks[1]->transactions.size(), 1u);
    EXPECT_EQ(mini_blocks[1]->header.mini_block_number, 1u);
    EXPECT_EQ(recover_signer(mini_blocks[1]->header), crypto::address_of(signing_key()));
}

TEST_F(SequencerTest, empty_mini_blocks_when_wanted) {
    options.sequencer.emit_empty_mini_blocks = true;
    start();
    parts->settle();
    for (size_t i = 1; i <= 3; ++i) {
        parts->advance_ms(10);
        EXPECT_EQ(parts->head.position().open->mini_blocks().size(), i);
    }
}

TEST_F(SequencerTest, no_signed_mini_block_is_taken_back_by_a_change_of_the_open_block) {
    options.sequencer.emit_empty_mini_blocks = true;
    start();
    parts->settle();
    parts->advance_ms(10);
    const auto signed_one = parts->head.position().open->mini_blocks().at(0);
    run([](Sequencer& sequencer) { sequencer.shift_time(100); });
    parts->settle();
    parts->advance_ms(10);
    ASSERT_NE(*parts->reader->mini_block(1), nullptr);
    EXPECT_EQ((*parts->reader->mini_block(0))->header, signed_one->header);
    EXPECT_EQ((*parts->reader->mini_block(1))->header.block_number, 2u);
}

TEST_F(SequencerTest, blocks_follow_the_clock) {
    options.sequencer.block_interval_ms = 1000;
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    parts->advance_ms(999);
    EXPECT_EQ(sealed_number(), 0u);
    parts->advance_ms(1);
    EXPECT_EQ(sealed_number(), 1u);
    EXPECT_EQ((*parts->reader->block(1))->transactions.size(), 1u);
    for (uint64_t number = 2; number <= 5; ++number) {
        parts->advance_ms(1000);
        EXPECT_EQ(sealed_number(), number);
        EXPECT_EQ((*parts->reader->header(number))->timestamp, start_us / 1'000'000 + number - 1);
    }
    parts->advance_ms(10'000);
    EXPECT_LE(sealed_number(), 7u) << "blocks missed are not made up for";
}

TEST_F(SequencerTest, a_full_block_leaves_the_rest_to_the_next) {
    options.sequencer.gas_limit = 45'000;
    start();
    std::vector<std::future<SubmitOutcome>> answers;
    for (uint64_t nonce = 0; nonce < 5; ++nonce) {
        answers.push_back(parts->submit(transfer(0, nonce)));
    }
    parts->settle();
    EXPECT_EQ(parts->sequencer->pool_status().pending, 3u);
    parts->mine();
    parts->mine();
    parts->mine();
    for (auto& future : answers) {
        EXPECT_EQ(TestChain::answer(std::move(future)).kind, Kind::executed);
    }
    EXPECT_EQ((*parts->reader->block(2))->transactions.size(), 2u);
    EXPECT_EQ((*parts->reader->block(3))->transactions.size(), 1u);
}

TEST_F(SequencerTest, without_automine_transactions_wait_for_a_block_made_by_hand) {
    start();
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    EXPECT_EQ(parts->submit_now(transfer(0, 0), SubmitMode::accepted).kind, Kind::pooled);
    EXPECT_EQ(parts->reader->latest_number(), 0u);
    parts->mine();
    EXPECT_EQ((*parts->reader->block(1))->transactions.size(), 1u);
    run([](Sequencer& sequencer) { sequencer.set_automine(true); });
    EXPECT_EQ(parts->submit_now(transfer(0, 1), SubmitMode::accepted).kind, Kind::executed);
}

TEST_F(SequencerTest, what_run_did_is_published_when_it_returns) {
    start();
    for (uint64_t number = 1; number <= 200; ++number) {
        parts->mine();
        ASSERT_EQ(sealed_number(), number);
    }
}

TEST_F(SequencerTest, time_can_be_shifted_and_set) {
    start();
    const uint64_t now = start_us / 1'000'000;
    run([](Sequencer& sequencer) { sequencer.shift_time(3600); });
    EXPECT_EQ(parts->reader->open_block()->header.timestamp, now + 3600);
    run([&](Sequencer& sequencer) { sequencer.set_next_timestamp(now + 9000); });
    EXPECT_EQ(parts->reader->open_block()->header.timestamp, now + 9000);
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    // What already happened keeps its time.
    run([&](Sequencer& sequencer) { sequencer.set_next_timestamp(now + 20'000); });
    EXPECT_EQ(sealed_number(), 1u);
    EXPECT_EQ((*parts->reader->header(1))->timestamp, now + 9000);
    EXPECT_EQ(parts->reader->open_block()->header.timestamp, now + 20'000);
    parts->mine();
    EXPECT_EQ(parts->reader->open_block()->header.timestamp, now + 20'001);
}

TEST_F(SequencerTest, what_the_next_block_was_told_to_have_adds_up) {
    start();
    const uint64_t later = start_us / 1'000'000 + 500;
    run([&](Sequencer& sequencer) {
        sequencer.set_next_timestamp(later);
        sequencer.set_next_base_fee(u256{12345});
        sequencer.set_next_prev_randao(u256{77}.to_hash());
        sequencer.set_gas_limit(1'000'000);
        sequencer.set_beneficiary(address(0x55));
        sequencer.mine_block();
        sequencer.mine_block();
    });
    const auto header = **parts->reader->header(1);
    EXPECT_EQ(header.timestamp, later);
    EXPECT_EQ(header.base_fee_per_gas, std::optional{u256{12345}});
    EXPECT_EQ(header.prev_randao, u256{77}.to_hash());
    EXPECT_EQ(header.gas_limit, 1'000'000u);
    EXPECT_EQ(header.beneficiary, address(0x55));
    const auto next = **parts->reader->header(2);
    EXPECT_NE(next.prev_randao, u256{77}.to_hash());
    EXPECT_NE(next.base_fee_per_gas, std::optional{u256{12345}});
    EXPECT_EQ(next.timestamp, later + 1);
}

TEST_F(SequencerTest, state_set_by_hand_lets_what_waits_go_on) {
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 5), SubmitMode::accepted).kind, Kind::pooled);
    run([](Sequencer& sequencer) {
        OverrideRecord change;
        change.address = sender(0);
        change.account = {5, gwei * gwei, crypto::keccak256_of_empty};
        sequencer.override_state(change);
    });
    parts->settle();
    EXPECT_EQ(parts->sequencer->pool_status().queued, 0u);
    EXPECT_EQ(parts->reader->latest_state()->account(sender(0))->nonce, 6u);
}

TEST_F(SequencerTest, goes_back_to_an_earlier_block) {
    start();
    for (uint64_t nonce = 0; nonce < 4; ++nonce) {
        EXPECT_EQ(parts->submit_now(store(0, nonce, 1, nonce + 1)).kind, Kind::executed);
        parts->mine();
    }
    EXPECT_EQ(parts->submit_now(transfer(0, 4)).kind, Kind::executed);
    const auto lost = parts->head.position().sealed->transactions[0]->tx->hash;
    const Hash256 second = (*parts->reader->block(2))->hash;
    run([](Sequencer& sequencer) {
        EXPECT_FALSE(sequencer.revert_to(99).has_value());
        EXPECT_TRUE(sequencer.revert_to(2).has_value());
    });
    EXPECT_EQ(sealed_number(), 2u);
    EXPECT_EQ(parts->head.position().sealed->hash, second);
    EXPECT_EQ(parts->reader->latest_state()->storage(store_address(), 1), u256{2});
    EXPECT_FALSE(parts->reader->transaction(lost)->has_value());
    EXPECT_FALSE(parts->sequencer->failure());
    EXPECT_EQ(parts->submit_now(store(0, 2, 1, 9)).kind, Kind::executed);
    parts->mine();
    EXPECT_EQ((*parts->reader->state_at(3))->storage(store_address(), 1), u256{9});
}

TEST_F(SequencerTest, the_pool_learns_that_nonces_went_back) {
    start();
    for (uint64_t nonce = 0; nonce < 3; ++nonce) {
        EXPECT_EQ(parts->submit_now(transfer(0, nonce)).kind, Kind::executed);
        parts->mine();
    }
    EXPECT_EQ(parts->submit_now(transfer(0, 4), SubmitMode::accepted).kind, Kind::pooled);
    run([](Sequencer& sequencer) { EXPECT_TRUE(sequencer.revert_to(1).has_value()); });
    EXPECT_EQ(parts->submit_now(transfer(0, 3)).kind, Kind::nonce_gap);
    for (uint64_t nonce = 1; nonce < 4; ++nonce) {
        EXPECT_EQ(parts->submit_now(transfer(0, nonce)).kind, Kind::executed);
    }
    parts->settle();
    EXPECT_EQ(parts->reader->latest_state()->account(sender(0))->nonce, 5u);
}

TEST_F(SequencerTest, the_pool_learns_that_a_delegation_raised_a_nonce) {
    start();
    EXPECT_EQ(parts->submit_now(transfer(1, 1), SubmitMode::accepted).kind, Kind::pooled);
    const auto delegation = transfer(0, 0, [](Transaction& tx) {
        tx.type = TxType::set_code;
        tx.gas_limit = 100'000;
        Authorization authorization{.chain_id = chain_id, .address = store_address(), .nonce = 0};
        sign_authorization(authorization, key_of(1));
        tx.authorization_list = {authorization};
    });
    EXPECT_EQ(parts->submit_now(delegation).kind, Kind::executed);
    parts->settle();
    EXPECT_EQ(parts->sequencer->pool_status().queued, 0u);
    EXPECT_EQ(parts->reader->latest_state()->account(sender(1))->nonce, 2u);
}

TEST_F(SequencerTest, dropped_transactions_are_answered) {
    start();
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    const auto tx = transfer(0, 0);
    auto answer = parts->submit(tx);
    parts->settle();
    run([&](Sequencer& sequencer) { EXPECT_EQ(sequencer.drop_pooled(tx->hash), tx); });
    EXPECT_EQ(TestChain::answer(std::move(answer)).message, "transaction was dropped");
    EXPECT_EQ(parts->sequencer->pool_status().pending, 0u);
}

TEST_F(SequencerTest, stop_answers_everyone) {
    start();
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    std::vector<std::future<SubmitOutcome>> answers;
    for (uint64_t nonce = 0; nonce < 50; ++nonce) {
        answers.push_back(parts->submit(transfer(0, nonce), SubmitMode::executed));
        answers.push_back(parts->submit(transfer(1, nonce), SubmitMode::accepted));
    }
    parts->sequencer->stop();
    for (auto& future : answers) {
        EXPECT_EQ(TestChain::answer(std::move(future)).kind, Kind::pooled);
    }
    EXPECT_EQ(refusal(transfer(2, 0)), "the node is stopping");
    bool ran = false;
    parts->sequencer->run([&] { ran = true; });
    EXPECT_FALSE(ran);
    parts.reset();
    start();
    parts->settle();
    EXPECT_EQ(parts->reader->latest_state()->account(sender(0))->nonce, 50u);
    EXPECT_EQ(parts->reader->latest_state()->account(sender(1))->nonce, 50u);
}

TEST_F(SequencerTest, listeners_hear_of_everything_in_the_order_of_the_chain) {
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    EXPECT_EQ(parts->submit_now(transfer(1, 7), SubmitMode::accepted).kind, Kind::pooled);
    parts->advance_ms(10);
    EXPECT_EQ(parts->submit_now(transfer(0, 1)).kind, Kind::executed);
    parts->mine();
    EXPECT_EQ(
        recorder.take(),
        (std::vector<std::string>{
            "accepted 0",
            "executed 0",
            "accepted 7",
            "mini-block 0",
            "accepted 1",
            "executed 1",
            "mini-block 1",
            "sealed 1",
        })
    );
    parts->mine();
    run([](Sequencer& sequencer) { EXPECT_TRUE(sequencer.revert_to(1).has_value()); });
    EXPECT_EQ(recorder.take(), (std::vector<std::string>{"sealed 2", "reverted 1"}));
}

TEST_F(SequencerTest, many_threads_submit_at_once) {
    options.sequencer.block_interval_ms = 20;
    options.sequencer.mini_block_interval_ms = 2;
    options.sequencer.checkpoint_interval_blocks = 2;
    options.sequencer.now_us = {};
    start();
    constexpr uint64_t per_thread = 60;
    std::vector<std::thread> threads;
    for (size_t from = 0; from < sender_count; ++from) {
        threads.emplace_back([&, from] {
            for (uint64_t nonce = 0; nonce < per_thread; ++nonce) {
                const auto outcome = parts->submit_now(store(from, nonce, from, nonce));
                ASSERT_EQ(outcome.kind, Kind::executed) << outcome.message;
                const auto found = parts->reader->transaction(outcome.executed->tx->hash);
                ASSERT_TRUE(found.has_value() && found->has_value());
                EXPECT_EQ((*found)->executed->receipt, outcome.executed->receipt);
            }
        });
    }
    std::atomic<bool> done{false};
    std::thread looker([&] {
        while (!done) {
            const auto number = parts->reader->latest_number();
            EXPECT_TRUE(parts->reader->block(number).has_value());
            EXPECT_TRUE(parts->reader->state_at(number).has_value());
            EXPECT_TRUE(parts->reader->logs({}, 0, number, {}).has_value());
            (void)parts->reader->prove(store_address(), std::vector<u256>{1}, number);
            (void)parts->sequencer->pool_status();
        }
    });
    for (std::thread& thread : threads) {
        thread.join();
    }
    done = true;
    looker.join();
    for (size_t from = 0; from < sender_count; ++from) {
        EXPECT_EQ(parts->reader->latest_state()->account(sender(from))->nonce, per_thread);
    }
    EXPECT_EQ(parts->sequencer->counters().executed, per_thread * sender_count);
}

namespace {

/// No file may grow beyond this any more, until the end of the scope.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &previous_);
        const rlimit limit{bytes, previous_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &previous_);
        std::signal(SIGXFSZ, previous_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit previous_{};
    void (*previous_handler_)(int) = nullptr;
};

}  // namespace

TEST_F(SequencerTest, a_failed_log_is_named_and_nobody_waits) {
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    auto waiting = parts->submit(transfer(3, 0), SubmitMode::executed);
    parts->settle();
    run([](Sequencer& sequencer) { sequencer.set_automine(true); });
    parts->settle();
    EXPECT_EQ(TestChain::answer(std::move(waiting)).kind, Kind::executed);
    run([](Sequencer& sequencer) { sequencer.set_automine(false); });
    auto stuck = parts->submit(transfer(3, 1), SubmitMode::executed);
    parts->settle();
    {
        const FileSizeLimit limit(100);
        std::vector<std::future<SubmitOutcome>> answers;
        for (uint64_t nonce = 1; nonce < 20; ++nonce) {
            answers.push_back(parts->submit(transfer(0, nonce), SubmitMode::accepted));
        }
        for (auto& future : answers) {
            const auto outcome = TestChain::answer(std::move(future));
            EXPECT_EQ(outcome.kind, Kind::refused);
            EXPECT_NE(outcome.message.find("File too large"), std::string::npos) << outcome.message;
        }
        EXPECT_EQ(TestChain::answer(std::move(stuck)).kind, Kind::refused);
    }
    ASSERT_TRUE(parts->sequencer->failure());
    EXPECT_NE(parts->sequencer->failure()->find("cannot write to"), std::string::npos);
    EXPECT_EQ(refusal(transfer(1, 0)), *parts->sequencer->failure());
    parts->mine();  // does nothing, and returns
    EXPECT_EQ(sealed_number(), 0u);
    run([](Sequencer& sequencer) { EXPECT_FALSE(sequencer.revert_to(0).has_value()); });
    parts.reset();
    start();  // what was acknowledged is there, pooled or executed
    parts->settle();
    EXPECT_EQ(parts->reader->latest_state()->account(sender(0))->nonce, 1u);
    EXPECT_EQ(parts->reader->latest_state()->account(sender(3))->nonce, 2u);
}

TEST_F(SequencerTest, a_failed_log_keeps_checkpoints_from_the_database) {
    options.sequencer.checkpoint_interval_blocks = 1;
    start();
    parts->mine();
    parts->checkpointer->wait();
    {
        const FileSizeLimit limit(100);
        parts->mine();
        parts->settle();
        parts->checkpointer->wait();
    }
    EXPECT_TRUE(parts->sequencer->failure());
    EXPECT_EQ(parts->blocks->checkpoint()->value().block_number, 1u);
}

TEST_F(SequencerTest, a_failed_sequencer_does_not_spin) {
    options.sequencer.block_interval_ms = 100;
    start();
    EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    const FileSizeLimit limit(100);
    (void)parts->submit_now(transfer(0, 1));
    parts->advance_ms(150);
    parts->settle();
    ASSERT_TRUE(parts->sequencer->failure());
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const auto used_ms =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000;
    EXPECT_LT(used_ms, 100);
}

}  // namespace mega::sequencer::test
