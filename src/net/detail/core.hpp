#pragma once

// What the parts of one server share: options, handlers, counters and the workers.
//
// Ownership: Server::Impl and every Responder and Connection that outlives its socket own the Core;
// the Core owns the workers; a worker owns its links. The circle Link -> Connection -> Core is
// broken when a link closes, and stop() closes all. A worker's links are touched on its own thread
// only.

#include "net/detail/asio.hpp"
#include "net/server.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace mega::net::detail {

class Link;
struct Core;

/// Relaxed everywhere: they are read for display and for limits that may be off by the connections
/// in flight.
struct Counters {
    std::atomic<uint64_t> accepted{0};
    std::atomic<uint64_t> refused{0};
    std::atomic<uint64_t> accept_failures{0};
    std::atomic<uint64_t> requests{0};
    std::atomic<uint64_t> messages{0};
    std::atomic<uint64_t> bad_requests{0};
    std::atomic<uint64_t> timeouts{0};
    std::atomic<uint64_t> slow_readers{0};
    std::atomic<uint64_t> open_connections{0};
    std::atomic<uint64_t> open_websockets{0};
    std::atomic<uint64_t> buffered_bytes{0};
};

inline void count(std::atomic<uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
}

/// One event loop and its connections.
class Worker {
  public:
    explicit Worker(Core& core);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] Core& core() { return core_; }
    [[nodiscard]] std::shared_ptr<Core> core_handle();
    [[nodiscard]] asio::io_context& io() { return io_; }
    [[nodiscard]] bool is_current_thread() const;
    [[nodiscard]] bool is_stopping() const { return stopping_; }
    /// Value of the Date header; formatted once a second.
    [[nodiscard]] const std::string& http_date();

    /// The thread's main function; returns when stopped and all links have closed.
    void run();
    /// Takes over an accepted socket. On the worker's thread.
    void adopt(tcp::socket socket, std::string remote);
    void remove(const Link& link);
    /// On the worker's thread.
    void begin_stop(TimePoint deadline);

  private:
    void schedule_sweep();
    /// Enforces the deadlines of all links. A timer per connection would cost two heap operations
    /// per request.
    void sweep();

    Core& core_;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    asio::steady_timer sweep_timer_;
    std::unordered_map<const Link*, std::shared_ptr<Link>>
        links_;  // shared with the socket's pending operations
    bool stopping_ = false;
    TimePoint stop_deadline_;
    std::string date_;
    time_t date_second_ = 0;
};

struct Core : std::enable_shared_from_this<Core> {
    Core(const ServerOptions& server_options, Handlers server_handlers);

    ServerOptions options;
    Handlers handlers;
    Counters counters;
    std::atomic<uint64_t> next_connection_id{1};
    std::vector<std::unique_ptr<Worker>> workers;
};

}  // namespace mega::net::detail
