#pragma once

// One TCP connection: its socket, what was received and not yet parsed, what waits to be sent, and
// its end. What the bytes mean is the business of its Protocol (HttpSession, then perhaps
// WsSession).
//
// On the worker's thread only. Writes are tried at once, gathered, without waiting for the event
// loop; what the kernel does not take waits for writability. A protocol reads from input() and
// appends with write() while pump() runs; close calls made meanwhile take effect when pump() ends,
// so a protocol is never destroyed under its own feet.

#include "net/detail/core.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace mega::net::detail {

/// A piece of output: a short head, then a body of its own or a shared one.
struct OutChunk {
    std::string head;
    std::string body;
    std::shared_ptr<const std::string> shared;  // the same bytes go to many subscribers

    [[nodiscard]] std::string_view payload() const {
        return shared ? std::string_view(*shared) : std::string_view(body);
    }
    [[nodiscard]] size_t size() const { return head.size() + payload().size(); }
};

class Protocol {
  public:
    virtual ~Protocol() = default;
    /// Called once, when it takes over the link.
    virtual void start() {}
    /// Parses what is in the link's input and queues what is to be sent.
    virtual void run() = 0;
    /// May more be read from the socket?
    [[nodiscard]] virtual bool wants_input() const = 0;
    /// Did run() stop for lack of room that is there now?
    [[nodiscard]] virtual bool can_continue() const = 0;
    virtual void peer_finished() = 0;
    virtual void bytes_written(size_t count) = 0;
    virtual void check_time(TimePoint now) = 0;
    virtual void begin_stop() = 0;
    virtual void closed() = 0;
    /// The answer to request `sequence`.
    virtual void deliver(uint64_t sequence, Response response) = 0;
};

class Link : public std::enable_shared_from_this<Link> {
  public:
    Link(Worker& worker, tcp::socket socket, std::string remote);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void start(std::unique_ptr<Protocol> protocol);
    /// Parse, send, repeat while there is progress, then wait for more. Not reentrant: a nested
    /// call does nothing.
    void pump();
    void check_time(TimePoint now);
    void begin_stop();

    [[nodiscard]] Worker& worker() { return worker_; }
    [[nodiscard]] Core& core() { return worker_.core(); }
    [[nodiscard]] const std::string& remote() const { return remote_; }
    [[nodiscard]] Protocol& protocol() { return *protocol_; }
    [[nodiscard]] boost::beast::flat_buffer& input() { return input_; }
    [[nodiscard]] std::string_view input_view() const;
    [[nodiscard]] size_t output_bytes() const { return output_bytes_; }
    [[nodiscard]] bool is_open() const { return state_ == State::open && !close_after_output_; }
    [[nodiscard]] bool is_closed() const { return state_ == State::closed; }

    void write(OutChunk chunk);
    /// From within run(): the rest of the input is the other protocol's.
    void switch_protocol(std::unique_ptr<Protocol> next);
    /// Sends what is queued, then says goodbye: shuts down the sending side and swallows what the
    /// peer still sends, so that the kernel does not answer it with a reset that would destroy our
    /// last words.
    void close_after_output();
    void close_now();

  private:
    enum class State : uint8_t { open, lingering, closed };

    void read_more();
    void received(const error_code& error, size_t count);
    void write_output();
    void consume_output(size_t count);
    void wait_writable();
    void begin_linger();
    void finish();

    Worker& worker_;
    tcp::socket socket_;
    std::string remote_;
    std::unique_ptr<Protocol> protocol_;
    std::unique_ptr<Protocol> next_protocol_;
    boost::beast::flat_buffer input_;
    size_t read_size_;
    std::deque<OutChunk> output_;
    size_t output_bytes_ = 0;
    size_t output_offset_ = 0;  // of the first chunk, already sent
    TimePoint write_deadline_ = TimePoint::max();
    TimePoint linger_deadline_ = TimePoint::max();
    State state_ = State::open;
    bool reading_ = false;
    bool peer_finished_ = false;
    bool write_waiting_ = false;
    bool pumping_ = false;
    bool close_after_output_ = false;
    bool finished_ = false;
};

}  // namespace mega::net::detail
