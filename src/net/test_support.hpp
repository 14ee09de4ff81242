#pragma once

// What the tests of this library share: a server with short timeouts, and a raw socket that can
// misbehave.

#include "net/detail/blocking_socket.hpp"
#include "net/http_client.hpp"
#include "net/server.hpp"
#include "net/ws_client.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace mega::net::test {

inline constexpr uint32_t patience_ms = 10'000;

inline std::unique_ptr<Server> start_server(const ServerOptions& options, Handlers handlers) {
    auto server = Server::start(options, std::move(handlers));
    EXPECT_TRUE(server.has_value()) << (server ? "" : server.error().message);
    return server ? std::move(server).value() : nullptr;
}

/// Answers every request and message with its own body.
inline Handlers echo_handlers() {
    Handlers handlers;
    handlers.on_http = [](Request request, const Responder& responder) {
        responder.respond({.body = std::move(request.body), .headers = {}});
    };
    handlers.on_message =
        [](const std::shared_ptr<Connection>&, std::string message, const Responder& responder) {
            responder.respond({.body = std::move(message), .headers = {}});
        };
    return handlers;
}

inline Url url_of(const Server& server, std::string scheme = "http") {
    return {.scheme = std::move(scheme), .host = "127.0.0.1", .port = server.port()};
}

/// Bytes in, bytes out, no protocol.
class RawClient {
  public:
    explicit RawClient(const Server& server) {
        const auto connected =
            socket_.connect("127.0.0.1", server.port(), detail::deadline_after_ms(patience_ms));
        EXPECT_TRUE(connected.has_value()) << (connected ? "" : connected.error().message);
    }

    bool send(std::string_view bytes) {
        return socket_.send(bytes, {}, detail::deadline_after_ms(patience_ms)).has_value();
    }
    /// Until `end` was seen, or the peer has finished.
    std::string read_until(std::string_view end) {
        while (received_.find(end) == std::string::npos && read_some()) {
        }
        return received_;
    }
    /// All until the peer finishes; "<timeout>" is appended when it does not.
    std::string read_all() {
        while (read_some()) {
        }
        return received_;
    }
    [[nodiscard]] int handle() const { return socket_.handle(); }

  private:
    bool read_some() {
        char buffer[65536];
        const auto count =
            socket_.receive(buffer, sizeof buffer, detail::deadline_after_ms(patience_ms));
        if (!count) {
            if (socket_.has_timed_out()) {
                received_ += "<timeout>";
            }
            return false;
        }
        received_.append(buffer, *count);
        return *count > 0;
    }

    detail::BlockingSocket socket_;
    std::string received_;
};

/// Polls until the condition holds, at most patience_ms.
template <class Condition>
bool eventually(const Condition& condition) {
    const auto deadline = detail::deadline_after_ms(patience_ms);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

}  // namespace mega::net::test
