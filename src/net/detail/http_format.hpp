#pragma once

// The text side of HTTP: response heads, CORS decisions, the WebSocket handshake.

#include "net/http.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mega::net::detail {

/// What the connection adds to a response.
struct ResponseFrame {
    bool keep_alive = true;
    bool is_http10 = false;
    std::string_view
        allowed_origin;  // value of Access-Control-Allow-Origin; empty = no CORS headers
    std::string_view date;
};

/// Status line and headers up to and including the empty line. Headers with line breaks in them are
/// left out.
[[nodiscard]] std::string format_head(const Response& response, const ResponseFrame& frame);

/// The origin to allow for a request from `origin` ("" = the request names none): "*", the origin
/// itself, or "".
[[nodiscard]] std::string allowed_origin(
    const std::vector<std::string>& allowed, std::string_view origin
);
[[nodiscard]] Response preflight_response(const Request& request);

[[nodiscard]] bool wants_websocket(const Request& request);
/// Why the handshake is refused; nothing when it is right.
[[nodiscard]] std::optional<Response> check_handshake(const Request& request);
/// RFC 6455 section 4.2.2: the whole answer.
[[nodiscard]] std::string format_handshake(std::string_view key);

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace mega::net::detail
