#include "net/detail/ws_session.hpp"

namespace mega::net::detail {
namespace {

constexpr uint32_t close_wait_ms = 2'000;  // for the peer's half of the closing handshake

/// Answers one message; see Handlers::on_message.
class WsSink final : public ResponseSink {
  public:
    explicit WsSink(std::shared_ptr<WsConnection> connection)
        : connection_(std::move(connection)) {}

    void deliver(Response response) override {
        if (!response.body.empty()) {
            connection_->send(std::move(response.body));
        }
        connection_->release();
    }
    void dropped() override { connection_->release(); }

  private:
    std::shared_ptr<WsConnection> connection_;
};

}  // namespace

WsConnection::WsConnection(Link& link)
    : core_(link.worker().core_handle()),
      worker_(link.worker()),
      link_(link.weak_from_this()),
      id_(core_->next_connection_id.fetch_add(1, std::memory_order_relaxed)),
      remote_(link.remote()) {}

bool WsConnection::send(std::string text) {
    OutChunk chunk{ws_frame_header(WsOpcode::text, text.size()), std::move(text), {}};
    return enqueue(std::move(chunk), State::open);
}

bool WsConnection::send(std::shared_ptr<const std::string> text) {
    OutChunk chunk{ws_frame_header(WsOpcode::text, text->size()), {}, std::move(text)};
    return enqueue(std::move(chunk), State::open);
}

void WsConnection::close(uint16_t code, std::string_view reason) {
    static_cast<void>(enqueue({ws_close_frame(code, reason), {}, {}}, State::closing));
}

bool WsConnection::is_open() const {
    const std::scoped_lock lock(mutex_);
    return state_ == State::open;
}

bool WsConnection::enqueue(OutChunk chunk, State next_state) {
    const size_t size = chunk.size();
    const ServerOptions& options = core_->options;
    const std::scoped_lock lock(mutex_);
    if (state_ != State::open) {
        return false;
    }
    auto& total = core_->counters.buffered_bytes;
    const size_t queued = queued_bytes();
    const bool exceeds_own =
        size > options.ws_queue_limit_bytes || queued > options.ws_queue_limit_bytes - size;
    const bool exceeds_all =
        queued > 0 && total.load(std::memory_order_relaxed) > options.max_buffered_bytes;
    const bool fits = !exceeds_own && !exceeds_all;
    if (fits) {
        outbox_.push_back(std::move(chunk));
        queued_bytes_.fetch_add(size, std::memory_order_relaxed);
        total.fetch_add(size, std::memory_order_relaxed);
        state_ = next_state;
    } else {
        state_ = State::overflowed;
        count(core_->counters.slow_readers);
    }
    if (!pump_is_due_) {
        pump_is_due_ = true;
        post_pump();
    }
    return fits;
}

void WsConnection::post_pump() {
    asio::post(worker_.io(), [weak = link_] {
        if (const auto link = weak.lock()) {
            link->pump();
        }
    });
}

void WsConnection::written(size_t size) {
    queued_bytes_.fetch_sub(size, std::memory_order_relaxed);
    core_->counters.buffered_bytes.fetch_sub(size, std::memory_order_relaxed);
}

void WsConnection::release() {
    in_flight_.fetch_sub(1);
    if (waits_for_release_.exchange(false)) {
        post_pump();
    }
}

WsSession::WsSession(Link& link)
    : link_(link),
      connection_(std::make_shared<WsConnection>(link)),
      decoder_(link.core().options.max_ws_message_bytes),
      last_received_(Clock::now()),
      handshake_bytes_(link.output_bytes()) {
    count(link.core().counters.open_websockets);
}

WsSession::~WsSession() {
    link_.core().counters.open_websockets.fetch_sub(1, std::memory_order_relaxed);
}

void WsSession::start() {
    is_open_announced_ = true;
    announce(link_.core().handlers.on_open);
}

void WsSession::run() {
    {
        // From here to move_outbox() nobody needs to post a pump: this one sends whatever is queued
        // meanwhile.
        const std::scoped_lock lock(connection_->mutex_);
        connection_->pump_is_due_ = true;
    }
    read_events();
    if (is_stopping_ && connection_->in_flight_.load() == 0) {
        connection_->close(ws_close::going_away, "the server stops");
    }
    move_outbox();
}

void WsSession::read_events() {
    is_stalled_ = false;
    std::string_view input = link_.input_view();
    if (!input.empty()) {
        last_received_ = Clock::now();
        was_pinged_ = false;
    }
    bool goes_on = !is_leaving_;
    while (goes_on && !input.empty()) {
        if (!has_room()) {
            is_stalled_ = true;
            break;
        }
        auto event = decoder_.next(input);
        if (!event) {
            leave(event.error(), "");
            count(link_.core().counters.bad_requests);
            goes_on = false;
        } else if (event->has_value()) {
            goes_on = handle(std::move(**event));
        }
    }
    link_.input().consume(link_.input().size() - (goes_on ? input.size() : 0));
    charge(decoder_.buffered_bytes());
}

/// False when nothing more is to be read.
bool WsSession::handle(WsEvent event) {
    switch (event.opcode) {
        case WsOpcode::ping: {
            std::string pong =
                ws_frame_header(WsOpcode::pong, event.payload.size()) + event.payload;
            static_cast<void>(
                connection_->enqueue({std::move(pong), {}, {}}, WsConnection::State::open)
            );
            return true;
        }
        case WsOpcode::pong:
            return true;
        case WsOpcode::close:
            leave(event.close_code, "");
            return false;
        default:
            hand_over(std::move(event.payload));
            return true;
    }
}

void WsSession::hand_over(std::string message) {
    count(link_.core().counters.messages);
    connection_->in_flight_.fetch_add(1);
    Responder responder(std::make_unique<WsSink>(connection_));
    try {
        link_.core().handlers.on_message(connection_, std::move(message), std::move(responder));
    } catch (...) {
        leave(ws_close::internal_error, "internal error");
    }
}

bool WsSession::has_room() {
    const uint32_t limit = link_.core().options.max_in_flight;
    if (connection_->in_flight_.load() < limit) {
        return true;
    }
    // A release between the look above and the mark would be missed: look again.
    connection_->waits_for_release_.store(true);
    return connection_->in_flight_.load() < limit;
}

void WsSession::leave(uint16_t code, std::string_view reason) {
    connection_->close(code, reason);
    is_leaving_ = true;
}

void WsSession::move_outbox() {
    std::vector<OutChunk> outbox;
    auto state = WsConnection::State::open;
    {
        const std::scoped_lock lock(connection_->mutex_);
        connection_->pump_is_due_ = false;
        outbox.swap(connection_->outbox_);
        state = connection_->state_;
    }
    for (OutChunk& chunk : outbox) {
        link_.write(std::move(chunk));
    }
    if (state == WsConnection::State::overflowed) {
        link_.close_now();
    } else if (is_leaving_ || (state == WsConnection::State::closing && is_stopping_)) {
        link_.close_after_output();
    } else if (state == WsConnection::State::closing && close_deadline_ == TimePoint::max()) {
        close_deadline_ = after_ms(Clock::now(), close_wait_ms);
    }
}

bool WsSession::wants_input() const { return !is_leaving_ && !is_stalled_; }

bool WsSession::can_continue() const {
    return is_stalled_ && connection_->in_flight_.load() < link_.core().options.max_in_flight;
}

void WsSession::peer_finished() { link_.close_now(); }

void WsSession::bytes_written(size_t size) {
    const size_t handshake = std::min(size, handshake_bytes_);
    handshake_bytes_ -= handshake;
    connection_->written(size - handshake);
}

void WsSession::check_time(TimePoint now) {
    const uint32_t idle_ms = link_.core().options.idle_timeout_ms;
    if (now >= close_deadline_) {
        return link_.close_after_output();
    }
    if (is_stopping_) {
        return link_.pump();
    }
    if (is_stalled_) {
        last_received_ = now;  // we do not read, so silence proves nothing
    } else if (now >= after_ms(last_received_, idle_ms)) {
        count(link_.core().counters.timeouts);
        link_.close_now();
    } else if (!was_pinged_ && now >= after_ms(last_received_, idle_ms / 2)) {
        was_pinged_ = true;
        static_cast<void>(connection_->enqueue(
            {ws_frame_header(WsOpcode::ping, 0), {}, {}}, WsConnection::State::open
        ));
    }
}

void WsSession::begin_stop() { is_stopping_ = true; }

void WsSession::closed() {
    charge(0);
    {
        const std::scoped_lock lock(connection_->mutex_);
        connection_->state_ = WsConnection::State::closed;
        connection_->outbox_.clear();
    }
    connection_->written(connection_->queued_bytes());
    if (is_open_announced_) {
        announce(link_.core().handlers.on_close);
    }
}

void WsSession::announce(const std::function<void(const std::shared_ptr<Connection>&)>& handler) {
    if (!handler) {
        return;
    }
    try {
        handler(connection_);
    } catch (...) {
        leave(ws_close::internal_error, "internal error");
    }
}

void WsSession::charge(size_t bytes) {
    auto& total = link_.core().counters.buffered_bytes;
    total.fetch_add(
        bytes - charged_bytes_, std::memory_order_relaxed
    );  // wraps around to a subtraction
    charged_bytes_ = bytes;
    const bool exceeds_all = bytes > 0 && total.load(std::memory_order_relaxed) >
                                              link_.core().options.max_buffered_bytes;
    if (exceeds_all) {
        leave(ws_close::try_again_later, "the server holds too many unfinished messages");
    }
}

}  // namespace mega::net::detail
