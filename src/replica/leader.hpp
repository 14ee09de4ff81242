#pragma once

// The node that is followed, as a follower sees it who trusts nothing: its feed over a WebSocket,
// where records are pushed, or over HTTP, where they are asked for again and again. Every answer is
// bounded before it is parsed.
//
// Blocking, one thread.

#include "feed/source.hpp"
#include "jsonrpc/endpoint.hpp"

#include <deque>

namespace mega::replica {

struct LeaderOptions {
    std::string url;
    uint32_t timeout_ms = 10'000;
    size_t max_answer_bytes = 2 * feed::max_record_bytes + (1u << 20);
    /// Pushed records that wait while an answer is awaited; beyond, they are dropped and fetched.
    size_t max_waiting_bytes = 256u << 20;
    uint32_t poll_interval_ms = 20;  // over HTTP
};

/// What mega_getFeed says.
struct Delivery {
    Hash256 genesis_hash;
    uint64_t chain_id = 0;
    uint64_t sealed_number = 0;
    Hash256 sealed_hash;
    bool is_whole = false;
    std::vector<Bytes> records;
};

class Leader {
  public:
    template <class T>
    using Asked = jsonrpc::Asked<T>;

    /// Over a WebSocket, subscribes to the feed as well.
    [[nodiscard]] static Asked<std::unique_ptr<Leader>> connect(const LeaderOptions& options);
    // The endpoint tells it of records.
    Leader(const Leader&) = delete;
    Leader& operator=(const Leader&) = delete;

    [[nodiscard]] Asked<Delivery> fetch(const feed::Place& from);
    /// The next pushed record, or nothing within `timeout_ms`. Over HTTP there are none: it waits a
    /// poll interval, and then it is time to fetch.
    [[nodiscard]] Asked<std::optional<Bytes>> next(uint32_t timeout_ms);
    /// What was pushed and not taken: all of it will be fetched.
    void forget_pushed();
    [[nodiscard]] bool pushes() const { return endpoint_->has_notifications(); }

    /// A result that is hex data.
    [[nodiscard]] Asked<Bytes> call_for_data(const std::string& method, nlohmann::json params) {
        return endpoint_->call_for_data(method, std::move(params));
    }
    /// The hash of its block; nothing when it has none.
    [[nodiscard]] Asked<std::optional<Hash256>> block_hash(uint64_t number);

    /// The URL without its path, which may hold a key.
    [[nodiscard]] std::string origin() const { return endpoint_->origin(); }

  private:
    explicit Leader(size_t max_waiting_bytes) : max_waiting_bytes_(max_waiting_bytes) {}
    /// Keeps what was pushed, when it is a record.
    void keep_record(const nlohmann::json& result);

    size_t max_waiting_bytes_;
    std::deque<Bytes> waiting_;
    size_t waiting_bytes_ = 0;
    std::unique_ptr<jsonrpc::Endpoint> endpoint_;
};

}  // namespace mega::replica
