#pragma once

// What passes between the HTTP server and the application: a request, a response, and the handle
// through which the response comes back, maybe later and from another thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mega::net {

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method;  // as sent: "POST", "GET"
    std::string target;  // path and query as sent: "/health?full=1"
    std::vector<Header> headers;
    std::string body;
    std::string remote;  // IP address of the peer, without the port

    /// Value of the first header of that name (ASCII case does not matter), or empty.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Content-Length, Connection, Date and the CORS headers are the server's business.
struct Response {
    uint16_t status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<Header> headers;
};

/// `{"error":"<message>"}`; the message is escaped.
[[nodiscard]] Response error_response(uint16_t status, std::string_view message);

/// Where a response goes; the server implements it, and so may a test. Called at most once, from
/// any thread.
class ResponseSink {
  public:
    virtual ~ResponseSink() = default;
    virtual void deliver(Response response) = 0;
    /// Every copy of the responder is gone and nobody answered.
    virtual void dropped() = 0;
};

/// A copyable handle to one answer. The first respond() counts, later ones are ignored.
/// Thread-safe, and harmless after the connection or the server has gone. If the last copy dies
/// unanswered, an HTTP client gets status 500.
class Responder {
  public:
    explicit Responder(std::unique_ptr<ResponseSink> sink);
    /// Answers an HTTP request; on a WebSocket sends `response.body` as one message (nothing when
    /// the body is empty).
    void respond(Response response) const;
    [[nodiscard]] bool is_answered() const;

  private:
    struct State;
    std::shared_ptr<State> state_;  // shared: copies travel through std::function to other threads
};

}  // namespace mega::net
