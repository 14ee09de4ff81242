#pragma once

// HTTP/1.1 on one connection: parses requests, hands them to the application, and sends the answers
// in the order of the requests, whenever and from wherever they come. Bounded by max_in_flight
// unanswered requests and by a high-water mark of unsent output; beyond either it does not parse,
// so TCP holds the peer back.

#include "net/detail/link.hpp"
#include "net/detail/request_parser.hpp"

#include <deque>
#include <optional>

namespace mega::net::detail {

class HttpSession final : public Protocol {
  public:
    explicit HttpSession(Link& link);
    ~HttpSession() override;

    void run() override;
    [[nodiscard]] bool wants_input() const override;
    [[nodiscard]] bool can_continue() const override;
    void peer_finished() override;
    void bytes_written(size_t) override {}
    void check_time(TimePoint now) override;
    void begin_stop() override;
    void closed() override;
    void deliver(uint64_t sequence, Response response) override;

  private:
    /// The place of one answer in the order.
    struct Slot {
        bool is_ready = false;
        bool is_last = false;  // the connection closes after it
        bool is_head = false;
        bool is_http10 = false;
        std::string origin;
        OutChunk output;
    };

    /// Feeds the parser; true when a whole request was taken out of the input.
    [[nodiscard]] bool parse();
    void after_partial_parse(bool header_was_done);
    void begin_request();
    void finish_request();
    void dispatch(Request request);
    void upgrade();
    void fail(const error_code& error);
    void refuse(Response response);
    void answer(Slot& slot, Response response);
    void send_ready();
    void finish_after_answers();
    void charge(size_t bytes);
    [[nodiscard]] bool is_idle() const;

    Link& link_;
    std::optional<RequestParser> parser_;  // a request is being received
    std::deque<Slot> slots_;
    uint64_t first_sequence_ = 0;             // of slots_.front()
    std::optional<Request> pending_upgrade_;  // waits until all earlier answers are sent
    TimePoint parse_deadline_ = TimePoint::max();
    TimePoint idle_deadline_;
    size_t charged_bytes_ = 0;
    bool takes_requests_ = true;
    bool is_stalled_ = false;
    bool is_peer_finished_ = false;
};

}  // namespace mega::net::detail
