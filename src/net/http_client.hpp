#pragma once

// A small blocking HTTP/1.1 client over one kept-alive connection, for calls to other nodes, tests
// and benchmarks. One thread at a time. No TLS, no redirects, no proxies.

#include "base/result.hpp"
#include "net/http.hpp"
#include "net/url.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mega::net {

struct HttpClientOptions {
    uint32_t timeout_ms = 30'000;            // for connecting, and for one exchange
    size_t max_response_bytes = 256u << 20;  // of the body; beyond it the exchange fails
};

class HttpClient {
  public:
    /// Connects when first used, and again when the server has closed meanwhile.
    explicit HttpClient(Url url, const HttpClientOptions& options = {});
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;

    /// Any status is a value; an error means that no whole response came. A request that was sent
    /// over a reused connection which turns out to be closed before any byte of the response is
    /// sent once more.
    [[nodiscard]] Result<Response> request(const Request& request);
    [[nodiscard]] Result<Response> post(std::string_view target, std::string body);
    /// Posts to the URL's own target.
    [[nodiscard]] Result<Response> post(std::string body);
    [[nodiscard]] Result<Response> get(std::string_view target);

    void close();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::net
