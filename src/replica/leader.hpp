#pragma once

// The node that is followed, as a follower sees it who trusts nothing: its feed over a WebSocket,
// where records are pushed, or over HTTP, where they are asked for again and again. Every answer is
// bounded before it is parsed.
//
// Blocking, one thread.

#include "feed/source.hpp"
#include "net/http_client.hpp"
#include "net/ws_client.hpp"

#include <nlohmann/json.hpp>

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

struct LeaderError {
    enum class Kind : uint8_t {
        lost,     // no whole answer came: worth another connection
        garbage,  // an answer that is none
        refused,  // it answered with an error
    };
    Kind kind = Kind::lost;
    std::string message;
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
    using Asked = Result<T, LeaderError>;

    /// Over a WebSocket, subscribes to the feed as well.
    [[nodiscard]] static Asked<std::unique_ptr<Leader>> connect(const LeaderOptions& options);

    [[nodiscard]] Asked<Delivery> fetch(const feed::Place& from);
    /// The next pushed record, or nothing within `timeout_ms`. Over HTTP there are none: it waits a
    /// poll interval, and then it is time to fetch.
    [[nodiscard]] Asked<std::optional<Bytes>> next(uint32_t timeout_ms);
    [[nodiscard]] bool pushes() const { return socket_.has_value(); }

    [[nodiscard]] Asked<nlohmann::json> call(const std::string& method, nlohmann::json params);
    /// A result that is hex data.
    [[nodiscard]] Asked<Bytes> call_for_data(const std::string& method, nlohmann::json params);
    /// The hash of its block; nothing when it has none.
    [[nodiscard]] Asked<std::optional<Hash256>> block_hash(uint64_t number);

    /// The URL without its path, which may hold a key.
    [[nodiscard]] std::string origin() const { return url_.scheme + "://" + url_.authority(); }

  private:
    Leader(const LeaderOptions& options, net::Url url);
    [[nodiscard]] Asked<std::string> exchange(const std::string& request, uint64_t id);
    [[nodiscard]] Asked<std::string> exchange_over_socket(const std::string& request, uint64_t id);
    [[nodiscard]] Asked<nlohmann::json> result_in(const std::string& answer) const;
    /// Keeps it, when it is a record.
    void keep_record(const nlohmann::json& message);

    LeaderOptions options_;
    net::Url url_;
    std::optional<net::HttpClient> http_;
    std::optional<net::WsClient> socket_;
    std::deque<Bytes> waiting_;
    size_t waiting_bytes_ = 0;
    uint64_t next_id_ = 1;
};

}  // namespace mega::replica
