#include "net/detail/link.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <algorithm>
#include <array>
#include <cerrno>

namespace mega::net::detail {
namespace {

constexpr size_t min_read_bytes = 4u << 10;
constexpr size_t max_read_bytes = 64u << 10;
constexpr uint32_t linger_ms = 1'000;
constexpr size_t max_gathered_chunks = 32;

/// Fills `parts` with the unsent bytes of the first chunks; returns how many parts.
size_t gather(
    const std::deque<OutChunk>& output,
    size_t skip,
    std::array<iovec, 2 * max_gathered_chunks>& parts
) {
    size_t used = 0;
    const auto add = [&](std::string_view bytes) {
        const size_t skipped = std::min(skip, bytes.size());
        skip -= skipped;
        bytes.remove_prefix(skipped);
        if (!bytes.empty()) {
            parts[used++] = {const_cast<char*>(bytes.data()), bytes.size()};
        }
    };
    const size_t chunks = std::min(output.size(), max_gathered_chunks);
    for (size_t i = 0; i < chunks; ++i) {
        add(output[i].head);
        add(output[i].payload());
    }
    return used;
}

}  // namespace

Link::Link(Worker& worker, tcp::socket socket, std::string remote)
    : worker_(worker),
      socket_(std::move(socket)),
      remote_(std::move(remote)),
      read_size_(min_read_bytes) {
    count(core().counters.open_connections);
}

Link::~Link() { core().counters.open_connections.fetch_sub(1, std::memory_order_relaxed); }

void Link::start(std::unique_ptr<Protocol> protocol) {
    protocol_ = std::move(protocol);
    protocol_->start();
    pump();
}

std::string_view Link::input_view() const {
    const auto data = input_.data();
    return {static_cast<const char*>(data.data()), data.size()};
}

void Link::pump() {
    if (pumping_ || state_ == State::closed) {
        return;
    }
    pumping_ = true;
    bool again = state_ == State::open;
    while (again) {
        protocol_->run();
        if (next_protocol_) {
            protocol_ = std::move(next_protocol_);
            protocol_->start();
            continue;
        }
        write_output();
        again = is_open() && protocol_->can_continue();
    }
    if (state_ != State::open) {
        write_output();
    }
    pumping_ = false;
    if (state_ == State::closed) {
        finish();
    } else {
        read_more();
    }
}

void Link::read_more() {
    const bool wanted = state_ == State::lingering || (is_open() && protocol_->wants_input());
    if (reading_ || peer_finished_ || !wanted) {
        return;
    }
    if (input_.size() == 0 && input_.capacity() > read_size_) {
        input_.shrink_to_fit(
        );  // a large request must not cost its memory for as long as the connection lives
    }
    reading_ = true;
    socket_.async_read_some(
        input_.prepare(read_size_),
        [self = shared_from_this()](const error_code& error, size_t count) {
            self->received(error, count);
        }
    );
}

void Link::received(const error_code& error, size_t count) {
    reading_ = false;
    if (state_ == State::closed) {
        return;
    }
    if (error && error != asio::error::eof) {
        return close_now();
    }
    if (state_ == State::lingering) {
        return error ? close_now() : read_more();
    }
    input_.commit(count);
    // A full read suggests that more is waiting: read it with fewer calls.
    read_size_ = count == read_size_ ? std::min(2 * read_size_, max_read_bytes) : min_read_bytes;
    if (error) {
        peer_finished_ = true;
        protocol_->peer_finished();
    }
    pump();
}

void Link::write(OutChunk chunk) {
    if (state_ != State::open) {
        return;
    }
    if (output_.empty()) {
        write_deadline_ = after_ms(Clock::now(), core().options.write_timeout_ms);
    }
    output_bytes_ += chunk.size();
    output_.push_back(std::move(chunk));
}

void Link::write_output() {
    std::array<iovec, 2 * max_gathered_chunks> parts;
    while (!output_.empty() && !write_waiting_ && state_ == State::open) {
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = gather(output_, output_offset_, parts);
        const ssize_t sent =
            ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            consume_output(static_cast<size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_writable();
        } else if (errno != EINTR) {
            return close_now();
        }
    }
    if (output_.empty() && close_after_output_ && state_ == State::open) {
        begin_linger();
    }
}

void Link::consume_output(size_t sent) {
    output_bytes_ -= sent;
    output_offset_ += sent;
    while (!output_.empty() && output_offset_ >= output_.front().size()) {
        output_offset_ -= output_.front().size();
        output_.pop_front();
    }
    write_deadline_ = output_.empty() ? TimePoint::max()
                                      : after_ms(Clock::now(), core().options.write_timeout_ms);
    protocol_->bytes_written(sent);
}

void Link::wait_writable() {
    write_waiting_ = true;
    socket_.async_wait(
        tcp::socket::wait_write,
        [self = shared_from_this()](const error_code& error) {
            self->write_waiting_ = false;
            if (error) {
                return self->close_now();
            }
            self->write_output();
            self->pump();
        }
    );
}

void Link::switch_protocol(std::unique_ptr<Protocol> next) { next_protocol_ = std::move(next); }

void Link::close_after_output() {
    close_after_output_ = true;
    if (!pumping_) {
        write_output();
    }
}

void Link::begin_linger() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    if (peer_finished_ || worker_.is_stopping()) {
        return close_now();
    }
    state_ = State::lingering;
    linger_deadline_ = after_ms(Clock::now(), linger_ms);
    input_.clear();
    if (!pumping_) {
        read_more();
    }
}

void Link::close_now() {
    if (state_ != State::closed) {
        state_ = State::closed;
        error_code ignored;
        socket_.close(ignored);
    }
    if (!pumping_) {
        finish();
    }
}

void Link::finish() {
    if (finished_) {
        return;
    }
    finished_ = true;
    const auto self = shared_from_this();
    worker_.remove(*this);
    protocol_->closed();
    output_.clear();
    output_bytes_ = 0;
}

void Link::check_time(TimePoint now) {
    if (state_ == State::closed) {
        return;
    }
    if (state_ == State::lingering) {
        return now >= linger_deadline_ ? close_now() : void();
    }
    if (now >= write_deadline_) {
        count(core().counters.timeouts);
        return close_now();
    }
    protocol_->check_time(now);
}

void Link::begin_stop() {
    if (state_ == State::lingering) {
        return close_now();
    }
    if (state_ == State::open) {
        protocol_->begin_stop();
        pump();
    }
}

}  // namespace mega::net::detail
