#pragma once

// A small blocking WebSocket client, for followers, tests and benchmarks. One thread at a time.
// Pings are answered while receive() waits.

#include "base/result.hpp"
#include "net/url.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mega::net {

struct WsClientOptions {
    uint32_t timeout_ms = 30'000;  // for connecting and for sending
    size_t max_message_bytes = 256u << 20;
    std::string origin;  // Origin header, left out when empty
};

class WsClient {
  public:
    [[nodiscard]] static Result<WsClient> connect(
        const Url& url, const WsClientOptions& options = {}
    );
    ~WsClient();
    WsClient(WsClient&&) noexcept;
    WsClient& operator=(WsClient&&) noexcept;

    [[nodiscard]] Result<void> send(std::string_view text);
    /// The next message; nothing when none came within `timeout_ms`; an error when the connection
    /// is closed or broken.
    [[nodiscard]] Result<std::optional<std::string>> receive(uint32_t timeout_ms);
    /// The code of the server's close frame, when there was one.
    [[nodiscard]] std::optional<uint16_t> close_code() const;
    /// Sends a close frame and waits shortly for the other side's.
    void close();

  private:
    struct Impl;
    explicit WsClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::net
