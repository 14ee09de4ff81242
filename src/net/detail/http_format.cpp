#include "net/detail/http_format.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>

namespace mega::net::detail {
namespace {

constexpr std::string_view websocket_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t websocket_key_size = 24;  // base64 of 16 bytes

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void append_number(std::string& out, size_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    const auto breaks = [](std::string_view text) {
        return text.find_first_of("\r\n") != text.npos;
    };
    if (!breaks(name) && !breaks(value)) {
        out.append(name).append(": ").append(value).append("\r\n");
    }
}

void append_status_line(std::string& out, uint16_t status) {
    const auto reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    out += "HTTP/1.1 ";
    append_number(out, status);
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\n";
}

/// Does the comma-separated list `value` hold `token`?
bool list_holds(std::string_view value, std::string_view token) {
    while (!value.empty()) {
        const size_t comma = std::min(value.find(','), value.size());
        std::string_view item = value.substr(0, comma);
        value.remove_prefix(std::min(comma + 1, value.size()));
        item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
        item = item.substr(0, item.find_last_not_of(" \t") + 1);
        if (equals_ignoring_case(item, token)) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string format_head(const Response& response, const ResponseFrame& frame) {
    std::string out;
    out.reserve(256);
    append_status_line(out, response.status);
    if (!response.content_type.empty() && response.status != 204) {
        append_header(out, "Content-Type", response.content_type);
    }
    if (response.status != 204) {
        out += "Content-Length: ";
        append_number(out, response.body.size());
        out += "\r\n";
    }
    append_header(out, "Date", frame.date);
    if (!frame.keep_alive) {
        out += "Connection: close\r\n";
    } else if (frame.is_http10) {
        out += "Connection: keep-alive\r\n";
    }
    if (!frame.allowed_origin.empty()) {
        append_header(out, "Access-Control-Allow-Origin", frame.allowed_origin);
        if (frame.allowed_origin != "*") {
            out += "Vary: Origin\r\n";
        }
    }
    for (const Header& header : response.headers) {
        append_header(out, header.name, header.value);
    }
    out += "\r\n";
    return out;
}

std::string allowed_origin(const std::vector<std::string>& allowed, std::string_view origin) {
    if (origin.empty()) {
        return {};
    }
    for (const std::string& candidate : allowed) {
        if (candidate == "*") {
            return candidate;
        }
        if (equals_ignoring_case(candidate, origin)) {
            return std::string(origin);
        }
    }
    return {};
}

Response preflight_response(const Request& request) {
    Response response{.status = 204, .content_type = {}, .body = {}, .headers = {}};
    response.headers.push_back({"Access-Control-Allow-Methods", "POST, GET, OPTIONS"});
    const std::string_view wanted = request.header("Access-Control-Request-Headers");
    response.headers.push_back(
        {"Access-Control-Allow-Headers", std::string(wanted.empty() ? "content-type" : wanted)}
    );
    response.headers.push_back({"Access-Control-Max-Age", "86400"});
    return response;
}

bool wants_websocket(const Request& request) {
    return list_holds(request.header("Upgrade"), "websocket") &&
           list_holds(request.header("Connection"), "upgrade");
}

std::optional<Response> check_handshake(const Request& request) {
    if (request.method != "GET" || !request.body.empty()) {
        return error_response(400, "a WebSocket handshake is a GET without a body");
    }
    if (request.header("Sec-WebSocket-Version") != "13") {
        Response response = error_response(426, "only WebSocket version 13 is spoken here");
        response.headers.push_back({"Sec-WebSocket-Version", "13"});
        return response;
    }
    if (request.header("Sec-WebSocket-Key").size() != websocket_key_size) {
        return error_response(400, "Sec-WebSocket-Key is not 16 bytes in base64");
    }
    return std::nullopt;
}

std::string format_handshake(std::string_view key) {
    const std::string text = std::string(key).append(websocket_guid);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 29> base64;  // 28 characters and a terminating zero
    const int size = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    const std::string accept(
        reinterpret_cast<const char*>(base64.data()), static_cast<size_t>(size)
    );
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
           "Upgrade\r\nSec-WebSocket-Accept: " +
           accept + "\r\n\r\n";
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace mega::net::detail
