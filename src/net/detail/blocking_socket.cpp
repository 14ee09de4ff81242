#include "net/detail/blocking_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace mega::net::detail {
namespace {

Err<Error> system_failure(std::string_view what, int code) {
    return Err{Error{std::string(what) + ": " + std::generic_category().message(code)}};
}

}  // namespace

Deadline deadline_after_ms(uint32_t ms) {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
}

BlockingSocket::~BlockingSocket() { close(); }

BlockingSocket::BlockingSocket(BlockingSocket&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), has_timed_out_(other.has_timed_out_) {}

BlockingSocket& BlockingSocket::operator=(BlockingSocket&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(has_timed_out_, other.has_timed_out_);
    return *this;
}

void BlockingSocket::close() {
    if (handle_ >= 0) {
        ::close(std::exchange(handle_, -1));
    }
}

Result<void> BlockingSocket::connect(const std::string& host, uint16_t port, Deadline deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        code != 0) {
        return Err{Error{"cannot resolve " + host + ": " + ::gai_strerror(code)}};
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    int code = ECONNREFUSED;
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
        close();
        handle_ = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (handle_ < 0) {
            code = errno;
            continue;
        }
        if (::connect(handle_, address->ai_addr, address->ai_addrlen) != 0 &&
            errno != EINPROGRESS) {
            code = errno;
            continue;
        }
        if (auto ready = wait(POLLOUT, deadline); !ready) {
            close();
            return ready;
        }
        socklen_t size = sizeof code;
        if (::getsockopt(handle_, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0) {
            const int on = 1;
            static_cast<void>(::setsockopt(handle_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
            return {};
        }
    }
    close();
    return system_failure("cannot connect", code);
}

Result<void> BlockingSocket::wait(short events, Deadline deadline) {
    has_timed_out_ = false;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        pollfd waiting{.fd = handle_, .events = events, .revents = 0};
        const int count =
            ::poll(&waiting, 1, static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1 << 30)));
        if (count > 0) {
            return {};
        }
        if (count == 0) {
            has_timed_out_ = true;
            return Err{Error{"timed out"}};
        }
        if (errno != EINTR) {
            return system_failure("poll", errno);
        }
    }
}

Result<void> BlockingSocket::send(std::string_view head, std::string_view body, Deadline deadline) {
    while (!head.empty() || !body.empty()) {
        std::array<iovec, 2> parts{
            iovec{const_cast<char*>(head.data()), head.size()},
            iovec{const_cast<char*>(body.data()), body.size()}
        };
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t sent = ::sendmsg(handle_, &message, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (auto ready = wait(POLLOUT, deadline); !ready) {
                return ready;
            }
        } else if (sent < 0 && errno != EINTR) {
            return system_failure("send", errno);
        } else if (sent > 0) {
            const size_t of_head = std::min(static_cast<size_t>(sent), head.size());
            head.remove_prefix(of_head);
            body.remove_prefix(static_cast<size_t>(sent) - of_head);
        }
    }
    return {};
}

Result<size_t> BlockingSocket::receive(char* data, size_t size, Deadline deadline) {
    for (;;) {
        if (auto ready = wait(POLLIN, deadline); !ready) {
            return Err{ready.error()};
        }
        const ssize_t received = ::recv(handle_, data, size, 0);
        if (received >= 0) {
            return static_cast<size_t>(received);
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            return system_failure("receive", errno);
        }
    }
}

}  // namespace mega::net::detail
