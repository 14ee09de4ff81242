#pragma once

// eth_subscribe: what happens, pushed over WebSockets as it happens.
//
// Identical subscriptions of different connections form one group with one subscription id, so that
// a notification is formatted once and its text shared by all of them. Formatting happens on a
// thread of its own, in the order of the chain; while nobody listens to a kind of event, it costs
// nothing. A notification never overtakes the answer that announces its subscription.

#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/error.hpp"
#include "sequencer/listener.hpp"
#include "sequencer/task_thread.hpp"

#include <array>
#include <unordered_map>

namespace mega::rpc {

class Subscriptions final : public sequencer::Listener {
  public:
    explicit Subscriptions(const MethodLimits& limits);
    ~Subscriptions() override;

    // Listener: the publisher's thread.
    void on_accepted(const mempool::TxPtr& tx) override;
    void on_executed(const sequencer::OpenBlock& block, std::span<const sequencer::ExecutedPtr>)
        override;
    void on_mini_block(const sequencer::MiniBlockPtr& mini_block) override;
    void on_sealed(const sequencer::SealedPtr& block) override;

    // Any thread.
    /// `params` as eth_subscribe has them. What matches from now on is held back until release().
    [[nodiscard]] Result<std::string, RpcError> subscribe(
        const std::shared_ptr<net::Connection>& connection, const nlohmann::json& params
    );
    /// The subscriber has been told: sends what was held back, and all that follows at once.
    void release(uint64_t connection_id, const std::string& subscription);
    /// False when there is no such subscription.
    [[nodiscard]] bool unsubscribe(uint64_t connection_id, const std::string& subscription);
    /// The connection is gone.
    void forget(uint64_t connection_id);
    [[nodiscard]] size_t count() const;
    /// Waits until everything reported so far is sent. For tests.
    void drain();

  private:
    struct Group;
    struct State;
    enum class Kind : uint8_t;
    void post(Kind kind, std::function<void()> task);

    MethodLimits limits_;
    std::unique_ptr<State> state_;
    /// The open block's name goes with its number, because mini-blocks do not carry it. Touched by
    /// the publisher's thread alone.
    uint64_t open_number_ = 0;
    Hash256 open_name_;
    sequencer::TaskThread thread_;  // last: its tasks use the members above
};

void add_subscription_methods(Dispatcher& dispatcher, Subscriptions& subscriptions);

}  // namespace mega::rpc
