#include "net/detail/http_session.hpp"

#include "net/detail/http_format.hpp"
#include "net/detail/ws_session.hpp"

#include <boost/beast/http/error.hpp>

namespace mega::net::detail {
namespace {

namespace http = boost::beast::http;

constexpr size_t output_high_water_bytes = 256u << 10;
constexpr size_t max_chunk_overhead_bytes = 64u << 10;  // of one chunk header or the trailer

/// Brings an answer home to the connection's worker.
class HttpSink final : public ResponseSink {
  public:
    HttpSink(std::shared_ptr<Core> core, Link& link, uint64_t sequence)
        : core_(std::move(core)),
          worker_(link.worker()),
          link_(link.weak_from_this()),
          sequence_(sequence) {}

    void deliver(Response response) override {
        if (worker_.is_current_thread()) {
            return arrive(link_, sequence_, std::move(response));
        }
        asio::post(
            worker_.io(),
            [link = link_, sequence = sequence_, moved = std::move(response)]() mutable {
                arrive(link, sequence, std::move(moved));
            }
        );
    }

    void dropped() override { deliver(error_response(500, "the request was not answered")); }

  private:
    static void arrive(const std::weak_ptr<Link>& weak, uint64_t sequence, Response response) {
        if (const auto link = weak.lock(); link && !link->is_closed()) {
            link->protocol().deliver(sequence, std::move(response));
        }
    }

    std::shared_ptr<Core> core_;  // keeps worker_ alive
    Worker& worker_;
    std::weak_ptr<Link> link_;
    uint64_t sequence_;
};

}  // namespace

HttpSession::HttpSession(Link& link)
    : link_(link), idle_deadline_(after_ms(Clock::now(), link.core().options.header_timeout_ms)) {}

HttpSession::~HttpSession() { charge(0); }

bool HttpSession::wants_input() const {
    return takes_requests_ && !pending_upgrade_ &&
           slots_.size() < link_.core().options.max_in_flight &&
           link_.output_bytes() < output_high_water_bytes;
}

bool HttpSession::can_continue() const {
    return (pending_upgrade_ && slots_.empty()) || (is_stalled_ && wants_input());
}

bool HttpSession::is_idle() const {
    return !parser_ && slots_.empty() && link_.output_bytes() == 0;
}

void HttpSession::run() {
    is_stalled_ = false;
    if (pending_upgrade_ && slots_.empty()) {
        return upgrade();
    }
    bool more = true;
    while (more && link_.input().size() > 0) {
        if (!wants_input()) {
            is_stalled_ = takes_requests_;
            break;
        }
        more = parse();
    }
    if (is_peer_finished_ && !is_stalled_ && !pending_upgrade_) {
        return finish_after_answers();
    }
    // Before the first answer the header's time, counted from the accept, goes on.
    if (is_idle() && first_sequence_ > 0) {
        idle_deadline_ = after_ms(Clock::now(), link_.core().options.idle_timeout_ms);
    }
}

bool HttpSession::parse() {
    if (!parser_) {
        begin_request();
    }
    const bool header_was_done = parser_->is_header_done();
    error_code error;
    const size_t used = parser_->put(link_.input().data(), error);
    link_.input().consume(used);
    if (error == http::error::need_more) {
        error = {};
    }
    if (error) {
        fail(error);
        return false;
    }
    if (!parser_->is_done()) {
        after_partial_parse(header_was_done);
        // Progress without an end happens when the input ran out exactly behind a piece.
        return false;
    }
    finish_request();
    return true;
}

void HttpSession::begin_request() {
    const ServerOptions& options = link_.core().options;
    parser_.emplace(options.max_header_bytes, options.max_body_bytes);
    parse_deadline_ = after_ms(Clock::now(), options.header_timeout_ms);
}

void HttpSession::after_partial_parse(bool header_was_done) {
    const Core& core = link_.core();
    if (!parser_->is_header_done()) {
        return;
    }
    if (!header_was_done) {
        parse_deadline_ = after_ms(Clock::now(), core.options.body_timeout_ms);
        if (parser_->expects_continue() && slots_.empty()) {
            link_.write({"HTTP/1.1 100 Continue\r\n\r\n", {}, {}});
        }
    }
    if (link_.input().size() > max_chunk_overhead_bytes) {
        return fail(http::error::bad_chunk_extension);
    }
    charge(parser_->request().body.size() + link_.input().size());
    if (core.counters.buffered_bytes.load(std::memory_order_relaxed) >
        core.options.max_buffered_bytes) {
        refuse(error_response(503, "the server holds too many unfinished requests"));
    }
}

void HttpSession::finish_request() {
    const bool keep_alive = parser_->keep_alive();
    Slot slot;
    slot.is_http10 = parser_->is_http10();
    Request request = std::move(parser_->request());
    parser_.reset();
    charge(0);
    request.remote = link_.remote();
    slot.is_head = request.method == "HEAD";
    slot.origin = allowed_origin(link_.core().options.cors_origins, request.header("Origin"));
    if (wants_websocket(request) && link_.core().handlers.on_message) {
        pending_upgrade_ = std::move(request);
        if (slots_.empty()) {
            upgrade();
        }
        return;
    }
    slot.is_last = !keep_alive || link_.worker().is_stopping();
    takes_requests_ = !slot.is_last;
    slots_.push_back(std::move(slot));
    dispatch(std::move(request));
}

void HttpSession::dispatch(Request request) {
    Core& core = link_.core();
    Responder responder(std::make_unique<HttpSink>(
        link_.worker().core_handle(), link_, first_sequence_ + slots_.size() - 1
    ));
    if (request.method == "OPTIONS") {
        return responder.respond(preflight_response(request));
    }
    if (!core.handlers.on_http) {
        return responder.respond(error_response(404, "nothing is served here over HTTP"));
    }
    count(core.counters.requests);
    try {
        core.handlers.on_http(std::move(request), std::move(responder));
    } catch (...) {  // NOLINT(bugprone-empty-catch): the responder died with the handler's frame,
                     // which answers 500
    }
}

void HttpSession::upgrade() {
    const Request request = std::move(*pending_upgrade_);
    pending_upgrade_.reset();
    const bool is_foreign =
        !request.header("Origin").empty() &&
        allowed_origin(link_.core().options.cors_origins, request.header("Origin")).empty();
    if (is_foreign) {
        return refuse(error_response(403, "this origin may not open a WebSocket here"));
    }
    if (auto problem = check_handshake(request)) {
        return refuse(std::move(*problem));
    }
    takes_requests_ = false;
    link_.write({format_handshake(request.header("Sec-WebSocket-Key")), {}, {}});
    link_.switch_protocol(std::make_unique<WsSession>(link_));
}

void HttpSession::fail(const error_code& error) {
    if (error == http::error::body_limit) {
        return refuse(error_response(
            413,
            "the body is larger than " + std::to_string(link_.core().options.max_body_bytes) +
                " bytes"
        ));
    }
    if (error == http::error::header_limit) {
        return refuse(error_response(
            431,
            "the header is larger than " + std::to_string(link_.core().options.max_header_bytes) +
                " bytes"
        ));
    }
    refuse(error_response(400, "malformed request: " + error.message()));
}

void HttpSession::refuse(Response response) {
    count(link_.core().counters.bad_requests);
    takes_requests_ = false;
    parser_.reset();
    charge(0);
    Slot slot;
    slot.is_last = true;
    slots_.push_back(std::move(slot));
    answer(slots_.back(), std::move(response));
    send_ready();
}

void HttpSession::deliver(uint64_t sequence, Response response) {
    const uint64_t index = sequence - first_sequence_;
    if (index >= slots_.size() || slots_[index].is_ready) {
        return;
    }
    answer(slots_[index], std::move(response));
    send_ready();
    link_.pump();
}

void HttpSession::answer(Slot& slot, Response response) {
    const ResponseFrame frame{
        .keep_alive = !slot.is_last,
        .is_http10 = slot.is_http10,
        .allowed_origin = slot.origin,
        .date = link_.worker().http_date(),
    };
    slot.output.head = format_head(response, frame);
    if (!slot.is_head && response.status != 204) {
        slot.output.body = std::move(response.body);
    }
    slot.is_ready = true;
}

void HttpSession::send_ready() {
    while (!slots_.empty() && slots_.front().is_ready) {
        const bool is_last = slots_.front().is_last;
        link_.write(std::move(slots_.front().output));
        slots_.pop_front();
        ++first_sequence_;
        if (is_last) {
            slots_.clear();
            return link_.close_after_output();
        }
    }
    idle_deadline_ = after_ms(Clock::now(), link_.core().options.idle_timeout_ms);
}

void HttpSession::peer_finished() {
    is_peer_finished_ = true;  // run() ends the connection once it has parsed what is there
}

void HttpSession::finish_after_answers() {
    takes_requests_ = false;
    parser_.reset();
    charge(0);
    if (slots_.empty()) {
        link_.close_after_output();
    } else {
        slots_.back().is_last = true;
    }
}

void HttpSession::check_time(TimePoint now) {
    Counters& counters = link_.core().counters;
    if (parser_ && now >= parse_deadline_ && wants_input()) {
        count(counters.timeouts);
        refuse(error_response(408, "the request took too long to arrive"));
        link_.pump();
    } else if (is_idle() && now >= idle_deadline_) {
        count(counters.timeouts);
        link_.close_now();
    }
}

void HttpSession::begin_stop() { finish_after_answers(); }

void HttpSession::closed() { charge(0); }

void HttpSession::charge(size_t bytes) {
    auto& total = link_.core().counters.buffered_bytes;
    total.fetch_add(
        bytes - charged_bytes_, std::memory_order_relaxed
    );  // wraps around to a subtraction
    charged_bytes_ = bytes;
}

}  // namespace mega::net::detail
