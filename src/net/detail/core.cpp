#include "net/detail/core.hpp"

#include "net/detail/http_session.hpp"
#include "net/detail/link.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace mega::net::detail {
namespace {

constexpr uint32_t stop_sweep_ms = 5;

/// Deadlines are enforced with a lateness of at most this: a quarter of the shortest, within
/// reason.
uint32_t sweep_interval_ms(const ServerOptions& options) {
    const uint32_t shortest = std::min(
        {options.header_timeout_ms,
         options.body_timeout_ms,
         options.idle_timeout_ms,
         options.write_timeout_ms}
    );
    return std::clamp<uint32_t>(shortest / 4, 10, 500);
}

}  // namespace

Core::Core(const ServerOptions& server_options, Handlers server_handlers)
    : options(server_options), handlers(std::move(server_handlers)) {
    for (uint32_t i = 0; i < options.threads; ++i) {
        workers.push_back(std::make_unique<Worker>(*this));
    }
}

Worker::Worker(Core& core) : core_(core), work_(io_.get_executor()), sweep_timer_(io_) {}

Worker::~Worker() = default;

std::shared_ptr<Core> Worker::core_handle() { return core_.shared_from_this(); }

bool Worker::is_current_thread() const {
    return const_cast<asio::io_context&>(io_).get_executor().running_in_this_thread();
}

const std::string& Worker::http_date() {
    const time_t second = std::time(nullptr);
    if (second != date_second_) {
        tm parts{};
        gmtime_r(&second, &parts);
        std::array<char, 40> text;
        date_.assign(
            text.data(),
            std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)
        );
        date_second_ = second;
    }
    return date_;
}

void Worker::run() {
    asio::post(io_, [this] { schedule_sweep(); });
    for (;;) {
        try {
            io_.run();
            return;
            // NOLINTNEXTLINE(bugprone-empty-catch): out of memory ends one event, not the server
        } catch (...) {
        }
    }
}

void Worker::adopt(tcp::socket socket, std::string remote) {
    if (stopping_) {
        return;  // closes the socket
    }
    const auto link = std::make_shared<Link>(*this, std::move(socket), std::move(remote));
    links_.emplace(link.get(), link);
    link->start(std::make_unique<HttpSession>(*link));
}

void Worker::remove(const Link& link) { links_.erase(&link); }

void Worker::begin_stop(TimePoint deadline) {
    stopping_ = true;
    stop_deadline_ = deadline;
    work_.reset();
    std::vector<std::shared_ptr<Link>> links;
    links.reserve(links_.size());
    for (const auto& [key, link] : links_) {
        links.push_back(link);
    }
    for (const auto& link : links) {
        link->begin_stop();
    }
    sweep_timer_.cancel();
}

void Worker::schedule_sweep() {
    if (stopping_ && links_.empty()) {
        return;
    }
    sweep_timer_.expires_after(
        std::chrono::milliseconds(stopping_ ? stop_sweep_ms : sweep_interval_ms(core_.options))
    );
    sweep_timer_.async_wait([this](const error_code&) {
        sweep();
        schedule_sweep();
    });
}

void Worker::sweep() {
    const TimePoint now = Clock::now();
    const bool is_grace_over = stopping_ && now >= stop_deadline_;
    std::vector<std::shared_ptr<Link>> links;  // a check may remove its link from links_
    links.reserve(links_.size());
    for (const auto& [key, link] : links_) {
        links.push_back(link);
    }
    for (const auto& link : links) {
        if (is_grace_over) {
            link->close_now();
        } else {
            link->check_time(now);
        }
    }
}

}  // namespace mega::net::detail
