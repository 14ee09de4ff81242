#pragma once

// A WebSocket on a link: WsConnection is the thread-safe half that the application holds, WsSession
// the half on the worker's thread that reads, answers pings and moves what was queued to the
// socket.
//
// Invariant: at most one flush is posted per connection at a time, so any number of send() calls
// from other threads costs one wake-up and, as far as they fit, one system call.

#include "net/connection.hpp"
#include "net/detail/link.hpp"
#include "net/detail/ws_frame.hpp"

#include <atomic>
#include <mutex>
#include <vector>

namespace mega::net::detail {

class WsConnection final : public Connection, public std::enable_shared_from_this<WsConnection> {
  public:
    explicit WsConnection(Link& link);
    ~WsConnection() override = default;

    [[nodiscard]] uint64_t id() const override { return id_; }
    [[nodiscard]] const std::string& remote() const override { return remote_; }
    bool send(std::string text) override;
    bool send(std::shared_ptr<const std::string> text) override;
    [[nodiscard]] size_t queued_bytes() const override {
        return queued_bytes_.load(std::memory_order_relaxed);
    }
    void close(uint16_t code, std::string_view reason) override;
    [[nodiscard]] bool is_open() const override;

    /// A message was answered or its responder dropped.
    void release();

  private:
    friend class WsSession;

    /// open -> closing (a close frame is queued) -> closed; overflowed means closed for reading too
    /// slowly.
    enum class State : uint8_t { open, closing, overflowed, closed };

    [[nodiscard]] bool enqueue(OutChunk chunk, State next_state);
    void post_pump();
    void written(size_t count);

    const std::shared_ptr<Core> core_;
    Worker& worker_;
    const std::weak_ptr<Link> link_;
    const uint64_t id_;
    const std::string remote_;

    mutable std::mutex mutex_;
    std::vector<OutChunk> outbox_;  // guarded by mutex_
    State state_ = State::open;     // guarded by mutex_
    bool pump_is_due_ =
        false;  // guarded by mutex_: a pump is posted or running, which will empty the outbox

    std::atomic<size_t> queued_bytes_{0
    };  // outbox and the link's output; changed under mutex_ or by the worker
    std::atomic<uint32_t> in_flight_{0};
    std::atomic<bool> waits_for_release_{false};
};

class WsSession final : public Protocol {
  public:
    explicit WsSession(Link& link);
    ~WsSession() override;

    void start() override;
    void run() override;
    [[nodiscard]] bool wants_input() const override;
    [[nodiscard]] bool can_continue() const override;
    void peer_finished() override;
    void bytes_written(size_t count) override;
    void check_time(TimePoint now) override;
    void begin_stop() override;
    void closed() override;
    void deliver(uint64_t, Response) override {}

  private:
    void read_events();
    [[nodiscard]] bool handle(WsEvent event);
    void hand_over(std::string message);
    [[nodiscard]] bool has_room();
    void move_outbox();
    void leave(uint16_t code, std::string_view reason);
    void charge(size_t bytes);
    void announce(const std::function<void(const std::shared_ptr<Connection>&)>& handler);

    Link& link_;
    const std::shared_ptr<WsConnection> connection_;
    WsDecoder decoder_;
    TimePoint last_received_;
    TimePoint close_deadline_ = TimePoint::max();
    size_t handshake_bytes_;  // of the 101 response, written before the first frame and not counted
                              // in the queue
    size_t charged_bytes_ = 0;
    bool was_pinged_ = false;
    bool is_leaving_ = false;  // nothing more is read
    bool is_stopping_ = false;
    bool is_stalled_ = false;
    bool is_open_announced_ = false;
};

}  // namespace mega::net::detail
