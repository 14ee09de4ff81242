#pragma once

// The parts of Boost.Asio that the server and the clients use, under short names.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace mega::net::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

[[nodiscard]] inline TimePoint after_ms(TimePoint now, uint32_t ms) {
    return now + std::chrono::milliseconds(ms);
}

}  // namespace mega::net::detail
