#pragma once

// eth_subscribe: what happens, pushed over WebSockets as it happens.
//
//   newHeads                sealed blocks, with miniBlockCount
//   logs                    at the close of each mini-block, whatever fromBlock and toBlock say
//   newPendingTransactions  accepted transactions: hashes, or whole ones
//   miniBlocks              with transactions and receipts
//   stateChanges            accounts that a mini-block changed, of all or of up to 256 addresses
//   reorgs                  blocks that L1 took back, with the transactions that came out otherwise
//   blockStatus             what a block has become: sealed, attested, safe, finalized
//   mismatches              what validators report of blocks (rpc/mismatch_reports.hpp)
//   megaFeed                records of the chain for replicas, in hex (feed/record.hpp)
//   syncing                 nothing ever: this node is where the chain is made
//
// Identical subscriptions of different connections form one group with one subscription id, so that
// a notification is formatted once and its text shared by all of them. Formatting happens on a
// thread of its own, in the order of the chain; while nobody listens to a kind of event, it costs
// nothing. A notification never overtakes the answer that announces its subscription (except in a
// batch). If formatting falls too far behind, the connections concerned are closed rather than left
// with a gap.

#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/error.hpp"
#include "rpc/format.hpp"
#include "sequencer/listener.hpp"
#include "sequencer/task_thread.hpp"

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
    void on_reorganised(const sequencer::Reorganisation& report) override;
    void on_opened(const sequencer::OpenBlockPtr& block) override;
    void on_reverted(uint64_t number) override;

    /// A validator's report, as JSON; any thread.
    void announce_mismatch(std::string report);
    /// A validator's signed word, as JSON and as it travels in the feed; any thread.
    void announce_mismatch_notice(std::string notice, Bytes encoded);
    /// What a block has become (rpc/block_status.hpp); `format` runs when somebody listens, on the
    /// subscription thread. Any thread.
    void announce_block_status(std::function<std::string()> format);

    // Any thread.
    /// `params` as eth_subscribe has them; gives the subscription's id. What matches from now on is
    /// held back until release().
    [[nodiscard]] Result<std::string, RpcError> subscribe(
        const std::shared_ptr<net::Connection>& connection, const nlohmann::json& params
    );
    /// The subscriber has been told: sends what was held back, and all that follows at once.
    void release(uint64_t connection_id, const std::string& subscription);
    /// False when there is no such subscription.
    [[nodiscard]] bool unsubscribe(uint64_t connection_id, const std::string& subscription);
    /// The connection is gone.
    void forget(uint64_t connection_id);
    /// Of all connections.
    [[nodiscard]] size_t count() const;
    /// Waits until everything reported so far is handed to the connections.
    void drain();

  private:
    enum class Kind : uint8_t {
        heads,
        logs,
        pending,
        mini_blocks,
        state_changes,
        reorgs,
        mismatches,
        mismatch_notices,
        block_status,
        syncing,
        feed
    };
    struct Topic;
    struct Group;
    struct Registry;
    using Groups = std::vector<std::shared_ptr<Group>>;

    [[nodiscard]] static Result<Topic, RpcError> read_topic(
        const nlohmann::json& params, const MethodLimits& limits
    );
    /// Runs `send` with the kind's groups on the thread, if there are any.
    void post(Kind kind, std::function<void(const Groups&)> send);
    void deliver(Group& group, std::string_view result);
    /// Encodes with `record` when somebody follows the feed.
    void post_feed(std::function<Bytes()> record);
    void send_logs(
        const Groups& groups, const sequencer::MiniBlock& mini_block, const Inclusion& block
    );
    void send_state_changes(const Groups& groups, const state::StateDiff& diff);

    const MethodLimits limits_;
    std::unique_ptr<Registry> registry_;
    /// The block that mini-blocks go into, which do not name it. Touched by the publisher's thread
    /// alone.
    Inclusion open_;
    sequencer::TaskThread thread_;  // last: its tasks use the members above
};

void add_subscription_methods(Dispatcher& dispatcher, Subscriptions& subscriptions);

}  // namespace mega::rpc
