#pragma once

// eth_newFilter and its kin: polling over HTTP for what subscriptions push.
//
// A filter is a position in the chain, not a buffer: what is new since the last poll is read from
// the chain when it is asked for. Only the hashes of accepted transactions are buffered, once for
// all filters and bounded; a filter that falls behind them starts at the oldest still there.
// Filters nobody asks for expire.

#include "rpc/dispatcher.hpp"
#include "rpc/log_query.hpp"
#include "sequencer/listener.hpp"

#include <atomic>
#include <deque>
#include <unordered_map>

namespace mega::rpc {

class Filters final : public sequencer::Listener {
  public:
    /// `now_ms` is a monotonic clock; the steady one unless a test brings its own.
    /// `backend` must outlive the filters.
    explicit Filters(const Backend& backend, std::function<uint64_t()> now_ms = {});

    // Listener: the publisher's thread.
    void on_accepted(const mempool::TxPtr& tx) override;
    void on_reverted(uint64_t number) override;

    // Any thread; answers as the methods of these names give them.
    [[nodiscard]] Answer add_log_filter(const nlohmann::json& query);
    [[nodiscard]] Answer add_block_filter();
    [[nodiscard]] Answer add_pending_filter();
    [[nodiscard]] Answer changes(const nlohmann::json& id);
    [[nodiscard]] Answer logs(const nlohmann::json& id);
    /// "true" or "false".
    [[nodiscard]] Answer remove(const nlohmann::json& id);
    [[nodiscard]] size_t count() const;

  private:
    enum class Kind : uint8_t { logs, blocks, pending };
    struct Filter {
        Kind kind = Kind::logs;
        LogQuery query;
        uint64_t next_block = 0;    // logs, blocks: the first block not reported in full
        uint64_t next_log = 0;      // logs: within next_block
        uint64_t next_hash = 0;     // pending: sequence number
        uint64_t revert_count = 0;  // the chain's, when the position was taken
        uint64_t last_asked_ms = 0;
    };

    [[nodiscard]] Answer add(Filter filter);
    /// A copy of the filter, its life prolonged.
    [[nodiscard]] Read<std::pair<uint64_t, Filter>> find(const nlohmann::json& id);
    /// Keeps the new position, unless the chain was reverted meanwhile.
    void move_on(uint64_t id, const Filter& filter);
    void drop_expired(uint64_t now_ms);
    [[nodiscard]] Answer log_changes(uint64_t id, Filter filter);
    [[nodiscard]] Answer block_changes(uint64_t id, Filter filter);
    [[nodiscard]] Answer pending_changes(uint64_t id, Filter filter);

    const Backend& backend_;
    const uint64_t id_seed_;
    std::function<uint64_t()> now_ms_;
    mutable std::mutex mutex_;
    std::unordered_map<uint64_t, Filter> filters_;  // guarded by mutex_
    uint64_t filter_count_ = 0;                     // guarded by mutex_: ever made
    std::atomic<size_t> pending_count_{0};          // pending filters; written under mutex_
    std::deque<Hash256> accepted_;                  // guarded by mutex_
    uint64_t first_accepted_ = 0;                   // guarded by mutex_: sequence of the front
    uint64_t revert_count_ = 0;                     // guarded by mutex_
};

void add_filter_methods(Dispatcher& dispatcher, Filters& filters);

}  // namespace mega::rpc
