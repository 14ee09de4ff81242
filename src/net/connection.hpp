#pragma once

// A WebSocket session as the application sees it: what subscriptions hold to push messages.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mega::net {

/// Thread-safe. May be held as long as one likes: after the socket is gone send() returns false. No
/// call blocks, and none runs a handler, so all of them may be called with locks held.
class Connection {
  public:
    virtual ~Connection() = default;

    /// Unique in the process's lifetime, never 0.
    [[nodiscard]] virtual uint64_t id() const = 0;
    /// IP address of the peer, without the port.
    [[nodiscard]] virtual const std::string& remote() const = 0;

    /// Queues one text message. False when the connection is closing or closed, and when the
    /// message would exceed the limit of unsent bytes: then the connection is dropped, because its
    /// peer does not read. Messages leave in the order of calls.
    virtual bool send(std::string text) = 0;
    /// The same without a copy, for messages that go to many.
    virtual bool send(std::shared_ptr<const std::string> text) = 0;
    /// Bytes queued and not yet taken by the kernel.
    [[nodiscard]] virtual size_t queued_bytes() const = 0;

    /// Sends a close frame after what is queued, then closes. RFC 6455 section 7.4 lists the codes;
    /// 1000 is normal.
    virtual void close(uint16_t code, std::string_view reason) = 0;
    [[nodiscard]] virtual bool is_open() const = 0;
};

}  // namespace mega::net
