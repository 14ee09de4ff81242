#include "net/http_client.hpp"

#include "net/detail/blocking_socket.hpp"
#include "net/detail/http_format.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace mega::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;

constexpr size_t read_bytes = 16u << 10;
constexpr uint32_t max_response_header_bytes = 64u << 10;
constexpr uint32_t max_interim_responses = 8;

/// Collects a response; see detail/request_parser.hpp for the server's counterpart.
class ResponseParser final : public http::basic_parser<false> {
  public:
    using string_view = beast::string_view;

    ResponseParser(size_t max_body_bytes, bool is_head) {
        eager(true);
        header_limit(max_response_header_bytes);
        body_limit(max_body_bytes);
        skip(is_head);
        response_.content_type.clear();
    }
    [[nodiscard]] Response& response() { return response_; }

  private:
    void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int, error_code&) override {
        response_.status = static_cast<uint16_t>(code);
    }
    void on_field_impl(
        http::field name, string_view name_text, string_view value, error_code& error
    ) override {
        header_bytes_ += name_text.size() + value.size();
        if (header_bytes_ > max_response_header_bytes) {
            error = http::error::header_limit;
            return;
        }
        if (name == http::field::content_type) {
            response_.content_type = value;
        }
        response_.headers.push_back({std::string(name_text), std::string(value)});
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override { return append(body); }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        return append(body);
    }
    void on_finish_impl(error_code&) override {}

    std::size_t append(string_view body) {
        response_.body.append(body.data(), body.size());
        return body.size();
    }

    Response response_;
    size_t header_bytes_ = 0;
};

std::string format_request(const Request& request, const Url& url) {
    std::string out =
        request.method + " " + request.target + " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
    for (const Header& header : request.headers) {
        out += header.name + ": " + header.value + "\r\n";
    }
    if (!request.body.empty() || request.method == "POST") {
        out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return out + "\r\n";
}

bool has_line_break(const Request& request) {
    const auto breaks = [](std::string_view text) {
        return text.find_first_of("\r\n") != text.npos;
    };
    bool found = breaks(request.method) || breaks(request.target);
    for (const Header& header : request.headers) {
        found = found || breaks(header.name) || breaks(header.value);
    }
    return found;
}

}  // namespace

struct HttpClient::Impl {
    Url url;
    HttpClientOptions options;
    detail::BlockingSocket socket;
    beast::flat_buffer input;

    /// An exchange that failed before any byte of the response came over a reused connection may be
    /// tried again.
    struct Failure {
        Error error;
        bool may_retry = false;
    };

    [[nodiscard]] Result<Response, Failure> exchange(const Request& request);
    [[nodiscard]] Result<Response, Failure> read_response(bool is_head, detail::Deadline deadline);
    [[nodiscard]] Result<void, Failure> parse(ResponseParser& parser, detail::Deadline deadline);
};

Result<Response, HttpClient::Impl::Failure> HttpClient::Impl::exchange(const Request& request) {
    const auto deadline = detail::deadline_after_ms(options.timeout_ms);
    const bool is_reused = socket.is_open();
    if (!is_reused) {
        input.clear();
        if (auto connected = socket.connect(url.host, url.port, deadline); !connected) {
            return Err{Failure{connected.error()}};
        }
    }
    if (auto sent = socket.send(format_request(request, url), request.body, deadline); !sent) {
        return Err{Failure{sent.error(), is_reused}};
    }
    auto response = read_response(request.method == "HEAD", deadline);
    if (!response) {
        return Err{Failure{response.error().error, is_reused && response.error().may_retry}};
    }
    return response;
}

Result<Response, HttpClient::Impl::Failure> HttpClient::Impl::read_response(
    bool is_head, detail::Deadline deadline
) {
    for (uint32_t i = 0; i < max_interim_responses; ++i) {
        ResponseParser parser(options.max_response_bytes, is_head);
        if (auto parsed = parse(parser, deadline); !parsed) {
            return Err{parsed.error()};
        }
        if (parser.response().status >= 200) {
            if (!parser.keep_alive()) {
                socket.close();
            }
            return std::move(parser.response());
        }
    }
    return Err{Failure{Error{"too many interim responses"}}};
}

Result<void, HttpClient::Impl::Failure> HttpClient::Impl::parse(
    ResponseParser& parser, detail::Deadline deadline
) {
    bool is_first_byte_due = input.size() == 0;
    error_code error = http::error::need_more;
    while (!parser.is_done()) {
        if (input.size() > 0) {
            input.consume(parser.put(input.data(), error));
            if (error && error != http::error::need_more) {
                return Err{Failure{Error{"malformed response: " + error.message()}}};
            }
            if (parser.is_done()) {
                break;
            }
        }
        const auto space = input.prepare(read_bytes);
        const auto received =
            socket.receive(static_cast<char*>(space.data()), space.size(), deadline);
        if (!received) {
            return Err{Failure{received.error(), is_first_byte_due && !socket.has_timed_out()}};
        }
        if (*received == 0) {
            error = http::error::end_of_stream;
            if (parser.got_some()) {
                parser.put_eof(error);
            }
            if (error) {
                return Err{Failure{Error{"the server closed the connection"}, is_first_byte_due}};
            }
            break;
        }
        is_first_byte_due = false;
        input.commit(*received);
    }
    return {};
}

HttpClient::HttpClient(Url url, const HttpClientOptions& options)
    : impl_(std::make_unique<Impl>(Impl{std::move(url), options, {}, {}})) {}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<Response> HttpClient::request(const Request& request) {
    if (has_line_break(request)) {
        return Err{Error{"a request line or header contains a line break"}};
    }
    for (bool may_retry = true;; may_retry = false) {
        auto response = impl_->exchange(request);
        if (response) {
            return std::move(response).value();
        }
        impl_->socket.close();
        if (!may_retry || !response.error().may_retry) {
            return Err{Error{impl_->url.authority() + ": " + response.error().error.message}};
        }
    }
}

Result<Response> HttpClient::post(std::string_view target, std::string body) {
    return request({
        .method = "POST",
        .target = std::string(target),
        .headers = {{"Content-Type", "application/json"}},
        .body = std::move(body),
        .remote = {},
    });
}

Result<Response> HttpClient::post(std::string body) {
    return post(impl_->url.target, std::move(body));
}

Result<Response> HttpClient::get(std::string_view target) {
    return request(
        {.method = "GET", .target = std::string(target), .headers = {}, .body = {}, .remote = {}}
    );
}

void HttpClient::close() { impl_->socket.close(); }

}  // namespace mega::net
