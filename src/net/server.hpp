#pragma once

// HTTP/1.1 and WebSocket (RFC 6455) on one port. Any path may be upgraded to a WebSocket;
// everything else is a request.
//
// It models: keep-alive, pipelining with answers in the order of the requests, CORS and its
// preflight, limits and timeouts for every way in which a peer may be slow, large or many. It knows
// nothing of what the bodies mean. It deliberately cannot do: TLS (put a proxy in front), HTTP/2,
// compression, streaming of bodies, static files.
//
// Threads: each of `threads` workers runs an event loop over its own connections; a connection
// never changes its worker. Handlers run on the worker, so a slow handler delays that worker's
// other connections: hand long work to another thread and answer later through the Responder.
// Handlers of different connections run at the same time when threads > 1.

#include "base/result.hpp"
#include "net/connection.hpp"
#include "net/http.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mega::net {

struct ServerOptions {
    std::string address = "127.0.0.1";  // IPv4 or IPv6 literal, or "localhost"
    uint16_t port = 0;                  // 0 = any free port, see Server::port
    uint32_t threads = 1;

    size_t max_connections = 16'000;  // beyond: answered 503 and closed
    size_t max_header_bytes = 16u << 10;
    size_t max_body_bytes = 5u << 20;
    size_t max_ws_message_bytes = 5u << 20;
    size_t max_buffered_bytes =
        512u << 20;  // partly received bodies and unsent messages of all connections together
    size_t ws_queue_limit_bytes = 16u << 20;  // unsent messages of one connection; beyond: dropped
    uint32_t max_in_flight = 256;  // unanswered requests of one connection; beyond: not read from

    uint32_t header_timeout_ms =
        10'000;  // from the first byte of a request (or the accept) to the end of its header
    uint32_t body_timeout_ms = 30'000;   // from there to the end of its body
    uint32_t idle_timeout_ms = 60'000;   // between requests; a WebSocket is pinged at half of it
    uint32_t write_timeout_ms = 20'000;  // without the peer taking a byte of what waits for it
    uint32_t stop_grace_ms = 2'000;      // how long stop() waits for answers that are still due

    /// Origins whose pages may call: "*" for all. A WebSocket from another origin is refused
    /// (browsers always name it).
    std::vector<std::string> cors_origins = {"*"};
};

/// What the application does. Empty functions: requests get 404, messages are dropped, WebSockets
/// without on_message get 404.
struct Handlers {
    std::function<void(Request request, Responder responder)> on_http;
    /// `responder` sends one message back, keeping the place among send() calls, and counts against
    /// max_in_flight until it is used or dropped.
    std::function<void(
        const std::shared_ptr<Connection>& connection, std::string message, Responder responder
    )>
        on_message;
    std::function<void(const std::shared_ptr<Connection>& connection)> on_open;
    /// Exactly once for each on_open, on the connection's worker, never from inside another handler
    /// or a send().
    std::function<void(const std::shared_ptr<Connection>& connection)> on_close;
};

/// Sums since the start, and gauges of the present moment (marked so).
struct ServerStats {
    uint64_t accepted = 0;
    uint64_t refused = 0;           // beyond max_connections
    uint64_t accept_failures = 0;   // such as running out of file descriptors
    uint64_t requests = 0;          // handed to on_http
    uint64_t messages = 0;          // handed to on_message
    uint64_t bad_requests = 0;      // malformed or over a limit, both protocols
    uint64_t timeouts = 0;          // connections closed because the peer was too slow or silent
    uint64_t slow_readers = 0;      // WebSockets dropped because their queue was full
    uint64_t open_connections = 0;  // gauge, both protocols
    uint64_t open_websockets = 0;   // gauge
    uint64_t buffered_bytes = 0;    // gauge: what max_buffered_bytes bounds
};

class Server {
  public:
    /// Binds, listens and starts the workers. Raises the process's soft limit of open files to the
    /// hard one.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(
        const ServerOptions& options, Handlers handlers
    );
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] uint16_t port() const;
    [[nodiscard]] ServerStats stats() const;
    /// Accepts no more, answers what is under way (at most stop_grace_ms), closes all, joins the
    /// workers. May be called from several threads and again; never from a handler. After it no
    /// handler runs.
    void stop();

  private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::net
