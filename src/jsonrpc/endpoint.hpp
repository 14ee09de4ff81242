#pragma once

// A node's JSON-RPC, as a follower sees it who trusts nothing: HTTP or WebSocket, every answer
// bounded before it is parsed, whatever is wrong said in words that name the method.
//
// Blocking, one thread.

#include "base/bytes.hpp"
#include "net/http_client.hpp"
#include "net/ws_client.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace mega::jsonrpc {

struct EndpointError {
    enum class Kind : uint8_t {
        lost,     // no whole answer came: worth another connection
        garbage,  // an answer that is none
        refused,  // the node answered with an error
    };
    Kind kind = Kind::lost;
    std::string message;
};

template <class T>
using Asked = Result<T, EndpointError>;

struct EndpointOptions {
    std::string url;
    uint32_t timeout_ms = 10'000;
    size_t max_answer_bytes = 64u << 20;
    /// Commas and brackets of one answer: beyond, it is not parsed.
    size_t max_values = 512;
    /// What to subscribe to over a WebSocket, and who is told each result.
    std::string subscription;
    std::function<void(const nlohmann::json& result)> on_notification = {};
    uint32_t poll_interval_ms = 100;  // over HTTP
};

class Endpoint {
  public:
    /// Over a WebSocket, subscribes as well.
    [[nodiscard]] static Asked<std::unique_ptr<Endpoint>> connect(const EndpointOptions& options);

    /// The result.
    [[nodiscard]] Asked<nlohmann::json> call(const std::string& method, nlohmann::json params);
    /// A result that is hex data.
    [[nodiscard]] Asked<Bytes> call_for_data(const std::string& method, nlohmann::json params);
    [[nodiscard]] Asked<uint64_t> call_for_number(const std::string& method);

    /// The URL without its path, which may hold a key.
    [[nodiscard]] std::string origin() const { return url_.scheme + "://" + url_.authority(); }

    /// Until a notification has come, be it while an answer was awaited, at most `timeout_ms`. Over
    /// HTTP there are none: a poll interval, and then it is time to ask.
    [[nodiscard]] Asked<void> wait_for_notification(uint32_t timeout_ms);
    [[nodiscard]] bool has_notifications() const { return socket_.has_value(); }

  private:
    /// An answer's text. Where data was asked for, the long hex in it is decoded before anything is
    /// parsed, and only its "0x" stays: a parser would hold it three times.
    struct Text {
        std::string json;
        std::optional<Bytes> data;
    };
    enum class Wanted : uint8_t { anything, data };

    [[nodiscard]] std::optional<nlohmann::json> parse(const std::string& text) const;
    /// True when the message is one.
    bool take_notification(const nlohmann::json& message);
    Endpoint(const EndpointOptions& options, net::Url url);
    [[nodiscard]] Asked<nlohmann::json> call(
        const std::string& method, nlohmann::json params, Wanted wanted, std::optional<Bytes>& data
    );
    [[nodiscard]] Asked<Text> exchange(const std::string& request, uint64_t id, Wanted wanted);
    [[nodiscard]] Asked<Text> exchange_over_socket(
        const std::string& request, uint64_t id, Wanted wanted
    );
    [[nodiscard]] static Text cut(std::string text, Wanted wanted);
    [[nodiscard]] Asked<nlohmann::json> result_in(const std::string& answer, uint64_t id) const;

    EndpointOptions options_;
    net::Url url_;
    std::optional<net::HttpClient> http_;
    std::optional<net::WsClient> socket_;
    bool was_notified_ = false;  // while waiting for something else
    uint64_t next_id_ = 1;
};

/// A quantity: 0x and up to 16 hex digits.
[[nodiscard]] std::optional<uint64_t> read_quantity(const nlohmann::json& value);

}  // namespace mega::jsonrpc
