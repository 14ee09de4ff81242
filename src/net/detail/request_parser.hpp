#pragma once

// Parses one HTTP/1 request out of bytes that arrive in pieces. Boost.Beast's grammar, our limits:
// Beast bounds the header only piecewise and believes a Content-Length enough to reserve it at
// once.

#include "net/http.hpp"

#include <boost/beast/http/basic_parser.hpp>

namespace mega::net::detail {

class RequestParser final : public boost::beast::http::basic_parser<true> {
  public:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    RequestParser(size_t max_header_bytes, size_t max_body_bytes);

    [[nodiscard]] Request& request() { return request_; }
    [[nodiscard]] bool expects_continue() const { return expects_continue_; }
    [[nodiscard]] bool is_http10() const { return is_http10_; }

  private:
    using Verb = boost::beast::http::verb;
    using Field = boost::beast::http::field;
    using Length = boost::optional<std::uint64_t>;

    [[nodiscard]] bool add_header_bytes(size_t count, error_code& error);

    void on_request_impl(Verb, string_view method, string_view target, int version, error_code&)
        override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(Field name, string_view name_text, string_view value, error_code&) override;
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const Length& content_length, error_code&) override;
    std::size_t on_body_impl(string_view body, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override;
    void on_finish_impl(error_code&) override {}

    Request request_;
    size_t max_header_bytes_;
    size_t header_bytes_ = 0;
    bool expects_continue_ = false;
    bool is_http10_ = false;
};

}  // namespace mega::net::detail
