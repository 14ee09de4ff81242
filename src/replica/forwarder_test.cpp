#include "replica/forwarder.hpp"

#include "sequencer/sequencer.hpp"
#include "sequencer/test_chain.hpp"

#include <gtest/gtest.h>

namespace mega::replica {
namespace {

using namespace sequencer::test;
using sequencer::SubmitCallback;
using sequencer::SubmitMode;
using sequencer::SubmitOutcome;
using Kind = SubmitOutcome::Kind;

/// A sequencer of this process that answers what the test says, when it says so.
class Home final : public sequencer::Intake {
  public:
    void submit(mempool::TxPtr /*tx*/, SubmitMode /*mode*/, SubmitCallback done) override {
        const std::lock_guard lock(mutex_);
        asked_.push_back(std::move(done));
        arrived_.notify_all();
    }
    /// Waits for the next submission and answers it.
    void answer(const SubmitOutcome& outcome) {
        SubmitCallback done;
        {
            std::unique_lock lock(mutex_);
            ASSERT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(30), [this] {
                return !asked_.empty();
            }));
            done = std::move(asked_.front());
            asked_.pop_front();
        }
        done(outcome);
    }
    void wait_for_submission() {
        std::unique_lock lock(mutex_);
        ASSERT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(30), [this] {
            return !asked_.empty();
        }));
    }
    [[nodiscard]] mempool::TxPtr find_pooled(const Hash256& /*hash*/) const override { return {}; }
    [[nodiscard]] std::optional<uint64_t> next_pooled_nonce(const Address& /*sender*/
    ) const override {
        return {};
    }
    [[nodiscard]] mempool::PoolStatus pool_status() const override { return {}; }
    void visit_pool(const std::function<void(const mempool::Entry&, bool)>& /*visitor*/
    ) const override {}
    [[nodiscard]] std::optional<std::string> failure() const override { return {}; }
    [[nodiscard]] uint64_t block_interval_ms() const override { return 1000; }

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<SubmitCallback> asked_;
};

SubmitOutcome refusal(std::string_view words) {
    SubmitOutcome outcome;
    outcome.message = words;
    return outcome;
}

/// A client's transaction, and what it is told.
struct Client {
    mempool::TxPtr tx = transfer(0, 0);
    std::vector<SubmitOutcome> told;
    SubmitCallback done = [this](const SubmitOutcome& outcome) { told.push_back(outcome); };
};

class ForwarderTest : public testing::Test {
  protected:
    ForwarderTest() { forwarder_.on_opened(block_); }

    void execute(const mempool::TxPtr& tx) {
        auto executed = std::make_shared<sequencer::ExecutedTransaction>();
        executed->tx = tx;
        const std::vector<sequencer::ExecutedPtr> all{std::move(executed)};
        forwarder_.on_executed(*block_, all);
    }

    /// Home does not lead any more when it is asked, then it does again.
    void comes_home_too_late(SubmitMode mode, Kind answer) {
        forwarder_.submit(client_.tx, mode, client_.done);
        forwarder_.lead_home(home_);
        home_.answer(refusal(sequencer::no_leader_words));
        EXPECT_TRUE(client_.told.empty());
        forwarder_.lead_home(home_);
        SubmitOutcome outcome;
        outcome.kind = answer;
        home_.answer(outcome);
        ASSERT_EQ(client_.told.size(), 1u);
        EXPECT_EQ(client_.told[0].kind, answer);
        EXPECT_EQ(forwarder_.pool_status().pending, 0u);
    }

    sequencer::OpenBlockPtr block_ =
        std::make_shared<sequencer::OpenBlock>(BlockHeader{}, execution::BlockEnv{});
    sequencer::Publisher publisher_;
    Home home_;
    Home other_home_;
    Client client_;
    Forwarder forwarder_{{.leader = {}, .is_patient = true, .threads = 1}, publisher_};
};

TEST_F(ForwarderTest, what_home_knows_already_is_answered_once_executed) {
    forwarder_.submit(client_.tx, SubmitMode::executed, client_.done);
    forwarder_.lead_home(home_);
    home_.answer(refusal("already known"));
    EXPECT_TRUE(client_.told.empty());
    execute(client_.tx);
    ASSERT_EQ(client_.told.size(), 1u);
    EXPECT_EQ(client_.told[0].kind, Kind::executed);
    EXPECT_EQ(client_.told[0].executed->tx->hash, client_.tx->hash);
    forwarder_.stop();
    EXPECT_EQ(client_.told.size(), 1u);
}

TEST_F(ForwarderTest, what_home_pooled_already_is_pooled) {
    forwarder_.submit(client_.tx, SubmitMode::accepted, client_.done);
    forwarder_.lead_home(home_);
    home_.answer(refusal("already known"));
    ASSERT_EQ(client_.told.size(), 1u);
    EXPECT_EQ(client_.told[0].kind, Kind::pooled);
    EXPECT_EQ(forwarder_.pool_status().pending, 0u);
}

TEST_F(ForwarderTest, executed_before_the_refusal_is_no_refusal) {
    forwarder_.submit(client_.tx, SubmitMode::executed, client_.done);
    forwarder_.lead_home(home_);
    while (forwarder_.find_pooled(client_.tx->hash) == nullptr) {
        std::this_thread::yield();
    }
    execute(client_.tx);
    home_.answer(refusal("nonce too low: next nonce 1, tx nonce 0"));
    ASSERT_EQ(client_.told.size(), 1u);
    EXPECT_EQ(client_.told[0].kind, Kind::executed);
}

TEST_F(ForwarderTest, a_true_refusal_is_told) {
    forwarder_.submit(client_.tx, SubmitMode::executed, client_.done);
    forwarder_.lead_home(home_);
    home_.answer(refusal("nonce too low: next nonce 1, tx nonce 0"));
    ASSERT_EQ(client_.told.size(), 1u);
    EXPECT_EQ(client_.told[0].kind, Kind::refused);
    EXPECT_EQ(forwarder_.find_pooled(client_.tx->hash), nullptr);
}

TEST_F(ForwarderTest, what_comes_home_too_late_waits_for_the_next_leader) {
    comes_home_too_late(SubmitMode::executed, Kind::executed);
}

TEST_F(ForwarderTest, what_is_pooled_too_late_waits_for_the_next_leader) {
    comes_home_too_late(SubmitMode::accepted, Kind::pooled);
}

TEST_F(ForwarderTest, an_answer_of_a_former_home_forgets_nothing_of_the_next) {
    forwarder_.submit(client_.tx, SubmitMode::accepted, client_.done);
    forwarder_.lead_home(home_);
    home_.wait_for_submission();
    forwarder_.lead_home(other_home_);
    other_home_.wait_for_submission();
    SubmitOutcome pooled;
    pooled.kind = Kind::pooled;
    home_.answer(pooled);
    EXPECT_NE(forwarder_.find_pooled(client_.tx->hash), nullptr);
    other_home_.answer(pooled);
    EXPECT_EQ(forwarder_.find_pooled(client_.tx->hash), nullptr);
    ASSERT_EQ(client_.told.size(), 1u);
    EXPECT_EQ(client_.told[0].kind, Kind::pooled);
}

}  // namespace
}  // namespace mega::replica
