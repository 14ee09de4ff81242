#include "net/detail/request_parser.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace mega::net::detail {
namespace {

namespace http = boost::beast::http;

constexpr size_t max_initial_body_bytes = 64u << 10;

}  // namespace

RequestParser::RequestParser(size_t max_header_bytes, size_t max_body_bytes)
    : max_header_bytes_(max_header_bytes) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(max_header_bytes));
    body_limit(max_body_bytes);
}

bool RequestParser::add_header_bytes(size_t count, error_code& error) {
    header_bytes_ += count;
    if (header_bytes_ > max_header_bytes_) {
        error = http::error::header_limit;
        return false;
    }
    return true;
}

void RequestParser::on_request_impl(
    Verb, string_view method, string_view target, int version, error_code& error
) {
    if (add_header_bytes(method.size() + target.size(), error)) {
        request_.method = method;
        request_.target = target;
        is_http10_ = version < 11;
    }
}

void RequestParser::on_field_impl(
    Field name, string_view name_text, string_view value, error_code& error
) {
    if (!add_header_bytes(name_text.size() + value.size() + 4, error)) {
        return;
    }
    // A coding we do not undo would leave the end of the body unknown, and the rest of it would be
    // read as a request.
    if (name == Field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
        error = http::error::bad_transfer_encoding;
        return;
    }
    if (name == Field::expect && boost::beast::iequals(value, "100-continue")) {
        expects_continue_ = true;
    }
    request_.headers.push_back({std::string(name_text), std::string(value)});
}

void RequestParser::on_body_init_impl(const Length& content_length, error_code&) {
    if (content_length) {
        request_.body.reserve(
            static_cast<size_t>(std::min<uint64_t>(*content_length, max_initial_body_bytes))
        );
    }
}

std::size_t RequestParser::on_body_impl(string_view body, error_code&) {
    request_.body.append(body.data(), body.size());
    return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view body, error_code&) {
    request_.body.append(body.data(), body.size());
    return body.size();
}

}  // namespace mega::net::detail
