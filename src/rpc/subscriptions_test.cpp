#include "rpc/subscriptions.hpp"

#include "rpc/params.hpp"
#include "rpc/worker_pool.hpp"

#include <gtest/gtest.h>

namespace mega::rpc {
namespace {

using nlohmann::json;

class FakeConnection final : public net::Connection {
  public:
    explicit FakeConnection(uint64_t id) : id_(id) {}

    [[nodiscard]] uint64_t id() const override { return id_; }
    [[nodiscard]] const std::string& remote() const override { return remote_; }
    bool send(std::string text) override {
        return send(std::make_shared<const std::string>(std::move(text)));
    }
    bool send(std::shared_ptr<const std::string> text) override {
        const std::scoped_lock lock(gate_, mutex_);
        messages_.push_back(std::move(text));
        return true;
    }
    [[nodiscard]] size_t queued_bytes() const override { return 0; }
    void close(uint16_t, std::string_view) override { is_open_ = false; }
    [[nodiscard]] bool is_open() const override { return is_open_; }

    /// Keeps send() from returning while it is held.
    [[nodiscard]] std::unique_lock<std::mutex> pause() { return std::unique_lock(gate_); }
    [[nodiscard]] std::vector<std::shared_ptr<const std::string>> messages() const {
        const std::lock_guard lock(mutex_);
        return messages_;
    }
    [[nodiscard]] json message(size_t index) const { return json::parse(*messages().at(index)); }
    [[nodiscard]] json result(size_t index) const {
        return message(index).at("params").at("result");
    }

  private:
    uint64_t id_;
    std::string remote_ = "127.0.0.1";
    std::atomic<bool> is_open_{true};
    std::mutex gate_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<const std::string>> messages_;
};
using FakePtr = std::shared_ptr<FakeConnection>;

constexpr Address emitter{{0xe1}};
constexpr Hash256 topic{{0x70}};

/// A mini-block of block 5 with one transaction that emitted one log.
sequencer::MiniBlockPtr make_mini_block() {
    auto tx = std::make_shared<SignedTransaction>();
    tx->tx.chain_id = 1;
    tx->tx.to = emitter;
    tx->hash = Hash256{{0x01}};
    auto executed = std::make_shared<sequencer::ExecutedTransaction>();
    executed->tx = tx;
    executed->block_number = 5;
    executed->receipt.status = true;
    executed->receipt.logs.push_back({emitter, {topic}, Bytes{1, 2, 3}});
    auto diff = std::make_shared<state::StateDiff>();
    Account account;
    account.nonce = 3;
    account.balance = 255;
    diff->accounts.push_back({emitter, Account{}, account, false});
    diff->accounts.push_back({Address{{0xe2}}, std::nullopt, account, false});
    diff->slots.push_back({emitter, 1, 0, 9});
    auto mini_block = std::make_shared<sequencer::MiniBlock>();
    mini_block->header.block_number = 5;
    mini_block->header.mini_block_number = 77;
    mini_block->transactions.push_back(executed);
    mini_block->diff = diff;
    return mini_block;
}

class SubscriptionsTest : public ::testing::Test {
  protected:
    static MethodLimits limits() {
        MethodLimits limits;
        limits.max_subscriptions_per_connection = 4;
        return limits;
    }
    static FakePtr connect(uint64_t id) { return std::make_shared<FakeConnection>(id); }

    std::string subscribe(const FakePtr& connection, const json& params) {
        const auto id = subscriptions_.subscribe(connection, params);
        EXPECT_TRUE(id.has_value()) << (id ? "" : id.error().message);
        if (!id) {
            return {};
        }
        subscriptions_.release(connection->id(), *id);
        return *id;
    }
    void report_mini_block() {
        subscriptions_.on_mini_block(make_mini_block());
        subscriptions_.drain();
    }

    Subscriptions subscriptions_{limits()};
};

TEST_F(SubscriptionsTest, one_text_serves_all_who_share_a_topic) {
    const auto first = connect(1);
    const auto second = connect(2);
    const std::string id = subscribe(first, json::array({"miniBlocks"}));
    EXPECT_EQ(subscribe(second, json::array({"miniBlocks"})), id);
    report_mini_block();
    ASSERT_EQ(first->messages().size(), 1U);
    EXPECT_EQ(first->messages()[0], second->messages().at(0));
    EXPECT_EQ(first->message(0)["method"], "eth_subscription");
    EXPECT_EQ(first->message(0)["params"]["subscription"], id);
    EXPECT_EQ(first->result(0)["transactions"].size(), 1U);
}

TEST_F(SubscriptionsTest, the_same_topic_twice_over_one_connection_has_two_ids) {
    const auto connection = connect(1);
    const std::string first = subscribe(connection, json::array({"miniBlocks"}));
    const std::string second = subscribe(connection, json::array({"miniBlocks"}));
    EXPECT_NE(first, second);
    report_mini_block();
    EXPECT_EQ(connection->messages().size(), 2U);
    EXPECT_TRUE(subscriptions_.unsubscribe(1, first));
    EXPECT_FALSE(subscriptions_.unsubscribe(1, first));
    report_mini_block();
    EXPECT_EQ(connection->messages().size(), 3U);
}

TEST_F(SubscriptionsTest, holds_back_until_the_answer_is_out) {
    const auto connection = connect(1);
    const auto id = subscriptions_.subscribe(connection, json::array({"miniBlocks"}));
    ASSERT_TRUE(id.has_value());
    report_mini_block();
    EXPECT_TRUE(connection->messages().empty());
    subscriptions_.release(1, *id);
    EXPECT_EQ(connection->messages().size(), 1U);
    report_mini_block();
    EXPECT_EQ(connection->messages().size(), 2U);
}

TEST_F(SubscriptionsTest, logs_match_address_and_topics) {
    const auto connection = connect(1);
    subscribe(connection, json::array({"logs", {{"address", to_hex(emitter)}}}));
    report_mini_block();
    ASSERT_EQ(connection->messages().size(), 1U);
    EXPECT_EQ(connection->result(0)["data"], "0x010203");
    EXPECT_EQ(connection->result(0)["topics"][0], to_hex(topic));
    EXPECT_EQ(connection->result(0)["blockNumber"], "0x5");

    const auto other = connect(2);
    subscribe(other, json::array({"logs", {{"address", to_hex(Address{{0x99}})}}}));
    subscribe(other, json::array({"logs", {{"topics", {to_hex(Hash256{{0x99}})}}}}));
    report_mini_block();
    EXPECT_TRUE(other->messages().empty());
    EXPECT_EQ(connection->messages().size(), 2U);
}

TEST_F(SubscriptionsTest, logs_name_the_open_block) {
    const auto connection = connect(1);
    subscribe(connection, json::array({"logs"}));
    BlockHeader header;
    header.number = 5;
    const sequencer::OpenBlock open(header, {});
    subscriptions_.on_executed(open, {});
    report_mini_block();
    EXPECT_EQ(connection->result(0)["blockHash"], to_hex(open.name()));
}

TEST_F(SubscriptionsTest, state_changes_of_all_or_of_some) {
    const auto all = connect(1);
    const auto some = connect(2);
    subscribe(all, json::array({"stateChanges"}));
    subscribe(some, json::array({"stateChanges", json::array({to_hex(emitter)})}));
    report_mini_block();
    EXPECT_EQ(all->messages().size(), 2U);
    ASSERT_EQ(some->messages().size(), 1U);
    const std::string zeros(63, '0');
    EXPECT_EQ(
        some->result(0),
        (json{
            {"address", to_hex(emitter)},
            {"nonce", 3},
            {"balance", "0xff"},
            {"storage", {{"0x" + zeros + "1", "0x" + zeros + "9"}}}
        })
    );
}

TEST_F(SubscriptionsTest, pending_transactions_as_hashes_or_whole) {
    const auto connection = connect(1);
    subscribe(connection, json::array({"newPendingTransactions"}));
    subscribe(connection, json::array({"newPendingTransactions", true}));
    auto tx = std::make_shared<SignedTransaction>();
    tx->hash = Hash256{{0x42}};
    subscriptions_.on_accepted(tx);
    subscriptions_.drain();
    ASSERT_EQ(connection->messages().size(), 2U);
    const bool hash_is_first = connection->result(0).is_string();
    EXPECT_EQ(connection->result(hash_is_first ? 0 : 1), to_hex(tx->hash));
    EXPECT_EQ(connection->result(hash_is_first ? 1 : 0)["hash"], to_hex(tx->hash));
}

TEST_F(SubscriptionsTest, heads_count_mini_blocks) {
    const auto connection = connect(1);
    subscribe(connection, json::array({"newHeads"}));
    auto sealed = std::make_shared<sequencer::SealedBlock>();
    sealed->header.number = 5;
    sealed->hash = Hash256{{0x55}};
    sealed->mini_blocks = {make_mini_block(), make_mini_block()};
    subscriptions_.on_sealed(sealed);
    subscriptions_.drain();
    ASSERT_EQ(connection->messages().size(), 1U);
    EXPECT_EQ(connection->result(0)["number"], "0x5");
    EXPECT_EQ(connection->result(0)["hash"], to_hex(sealed->hash));
    EXPECT_EQ(connection->result(0)["miniBlockCount"], "0x2");
}

TEST_F(SubscriptionsTest, forgets_closed_connections) {
    const auto first = connect(1);
    const auto second = connect(2);
    subscribe(first, json::array({"miniBlocks"}));
    subscribe(first, json::array({"logs"}));
    subscribe(second, json::array({"miniBlocks"}));
    EXPECT_EQ(subscriptions_.count(), 3U);
    subscriptions_.forget(1);
    subscriptions_.forget(1);
    EXPECT_EQ(subscriptions_.count(), 1U);
    report_mini_block();
    EXPECT_TRUE(first->messages().empty());
    EXPECT_EQ(second->messages().size(), 1U);
}

TEST_F(SubscriptionsTest, bounds_what_one_connection_may_have) {
    const auto connection = connect(1);
    for (int i = 0; i < 4; ++i) {
        subscribe(connection, json::array({"newHeads"}));
    }
    const auto refused = subscriptions_.subscribe(connection, json::array({"newHeads"}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, limit_exceeded);
    EXPECT_EQ(subscriptions_.count(), 4U);
}

TEST_F(SubscriptionsTest, cuts_off_those_who_lost_something) {
    const auto slow = connect(1);
    const auto other = connect(2);
    subscribe(slow, json::array({"newPendingTransactions"}));
    subscribe(other, json::array({"newHeads"}));
    {
        const auto paused = slow->pause();
        const auto tx = std::make_shared<SignedTransaction>();
        for (int i = 0; i < 10'010; ++i) {
            subscriptions_.on_accepted(tx);
        }
    }
    subscriptions_.drain();
    EXPECT_FALSE(slow->is_open());
    EXPECT_TRUE(other->is_open());
    EXPECT_LT(slow->messages().size(), 10'010U);
}

TEST_F(SubscriptionsTest, refuses_what_it_does_not_know) {
    const auto connection = connect(1);
    const json too_many(257, to_hex(emitter));
    for (const json& params :
         {json::array(),
          json::array({7}),
          json::array({"newBlocks"}),
          json::array({"logs", "all"}),
          json::array({"logs", {{"address", "0x12"}}}),
          json::array({"newPendingTransactions", "yes"}),
          json::array({"stateChanges", to_hex(emitter)}),
          json::array({"stateChanges", json::array({"0x12"})}),
          json::array({"stateChanges", too_many})}) {
        const auto refused = subscriptions_.subscribe(connection, params);
        ASSERT_FALSE(refused.has_value()) << params;
        EXPECT_EQ(refused.error().code, invalid_params);
    }
    EXPECT_EQ(subscriptions_.count(), 0U);
}

TEST_F(SubscriptionsTest, methods_answer_before_they_notify) {
    WorkerPool workers(1, 10);
    Dispatcher dispatcher({}, workers);
    add_subscription_methods(dispatcher, subscriptions_);
    const auto connection = connect(1);
    std::string answer;
    const auto ask = [&](const Caller& caller, const std::string& request) {
        dispatcher.dispatch(caller, request, [&](std::string text) { answer = std::move(text); });
        return json::parse(answer);
    };
    const json made =
        ask({connection, ""}, R"({"id":1,"method":"eth_subscribe","params":["miniBlocks"]})");
    const std::string id = made.at("result");
    report_mini_block();
    EXPECT_EQ(connection->messages().size(), 1U);
    const std::string off = R"({"id":2,"method":"eth_unsubscribe","params":[")" + id + R"("]})";
    EXPECT_EQ(ask({connect(2), ""}, off)["error"]["code"], server_error);
    EXPECT_EQ(ask({connection, ""}, off)["result"], true);
    EXPECT_EQ(
        ask({nullptr, ""},
            R"({"id":3,"method":"eth_subscribe","params":["logs"]})")["error"]["code"],
        server_error
    );
}

}  // namespace
}  // namespace mega::rpc
