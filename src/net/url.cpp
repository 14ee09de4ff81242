#include "net/url.hpp"

#include <charconv>

namespace mega::net {
namespace {

Err<Error> bad(std::string_view text, std::string_view why) {
    return Err{Error{"URL \"" + std::string(text.substr(0, 200)) + "\": " + std::string(why)}};
}

bool is_clean(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/// Splits "host:port", "host", "[::1]:port" or "[::1]".
Result<void, std::string_view> parse_authority(std::string_view authority, Url& url) {
    if (authority.find('@') != authority.npos) {
        return Err{std::string_view("user names are not supported")};
    }
    size_t host_end = authority.find(':');
    if (authority.starts_with('[')) {
        const size_t bracket = authority.find(']');
        if (bracket == authority.npos) {
            return Err{std::string_view("the IPv6 address has no closing bracket")};
        }
        url.host = authority.substr(1, bracket - 1);
        host_end = bracket + 1;
    } else {
        url.host = authority.substr(0, host_end);
    }
    if (url.host.empty()) {
        return Err{std::string_view("the host is missing")};
    }
    if (host_end >= authority.size()) {
        return {};
    }
    const std::string_view port = authority.substr(host_end + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (authority[host_end] != ':' || error != std::errc{} || end != port.data() + port.size() ||
        url.port == 0) {
        return Err{std::string_view("the port is not a number from 1 to 65535")};
    }
    return {};
}

}  // namespace

std::string Url::authority() const {
    std::string out = host.find(':') == host.npos ? host : "[" + host + "]";
    if (port != 80) {
        out += ":" + std::to_string(port);
    }
    return out;
}

Result<Url> parse_url(std::string_view text) {
    const size_t separator = text.find("://");
    if (separator == text.npos) {
        return bad(text, "the scheme (http:// or ws://) is missing");
    }
    if (!is_clean(text)) {
        return bad(text, "blanks and control characters are not allowed");
    }
    Url url;
    url.scheme = text.substr(0, separator);
    if (url.scheme == "https" || url.scheme == "wss") {
        return bad(text, "TLS is not supported, use a local proxy");
    }
    if (url.scheme != "http" && url.scheme != "ws") {
        return bad(text, "the scheme is neither http nor ws");
    }
    const std::string_view rest = text.substr(separator + 3);
    const size_t path = std::min(rest.find_first_of("/?#"), rest.size());
    if (auto authority = parse_authority(rest.substr(0, path), url); !authority) {
        return bad(text, authority.error());
    }
    if (path < rest.size()) {
        const std::string_view target = rest.substr(path, rest.find('#') - path);
        url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
    }
    return url;
}

}  // namespace mega::net
