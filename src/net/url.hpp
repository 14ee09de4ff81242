#pragma once

// URLs of endpoints: http://host:port/path and ws://host:port/path. Not a general URL library: no
// user info, no fragments, no percent-decoding.

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mega::net {

struct Url {
    std::string scheme;  // "http" or "ws"
    std::string host;    // an IPv6 literal comes without its brackets
    uint16_t port = 80;
    std::string target = "/";  // path and query

    /// Host and port as the Host header wants them; IPv6 in brackets, port 80 left out.
    [[nodiscard]] std::string authority() const;
};

/// Fails with words; https and wss are refused by name, because there is no TLS here.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace mega::net
