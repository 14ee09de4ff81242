#pragma once

// A blocking TCP socket with a deadline on every operation, for the client: straight system calls,
// because an event loop would only add a hop to a caller that waits anyway.

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mega::net::detail {

using Deadline = std::chrono::steady_clock::time_point;
[[nodiscard]] Deadline deadline_after_ms(uint32_t ms);

class BlockingSocket {
  public:
    BlockingSocket() = default;
    ~BlockingSocket();
    BlockingSocket(BlockingSocket&& other) noexcept;
    BlockingSocket& operator=(BlockingSocket&& other) noexcept;

    /// Tries the addresses of the host one after the other. Name resolution itself is not bounded
    /// by the deadline.
    [[nodiscard]] Result<void> connect(const std::string& host, uint16_t port, Deadline deadline);
    /// Sends both parts, gathered.
    [[nodiscard]] Result<void> send(
        std::string_view head, std::string_view body, Deadline deadline
    );
    /// At least one byte; 0 = the peer has finished.
    [[nodiscard]] Result<size_t> receive(char* data, size_t size, Deadline deadline);

    [[nodiscard]] bool is_open() const { return handle_ >= 0; }
    [[nodiscard]] bool has_timed_out() const { return has_timed_out_; }
    [[nodiscard]] int handle() const { return handle_; }
    void close();

  private:
    [[nodiscard]] Result<void> wait(short events, Deadline deadline);

    int handle_ = -1;
    bool has_timed_out_ = false;
};

}  // namespace mega::net::detail
