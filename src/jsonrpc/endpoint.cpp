#include "jsonrpc/endpoint.hpp"

#include "base/hex.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace mega::jsonrpc {
namespace {

using nlohmann::json;
using Kind = EndpointError::Kind;

constexpr size_t max_error_text = 300;
// Between two of them an answer must come.
constexpr size_t max_unrelated_messages = 10'000;
/// Hex of an answer beyond this is decoded before the answer is parsed.
constexpr size_t long_hex = 64u << 10;

Err<EndpointError> fail(Kind kind, std::string message) {
    return Err{EndpointError{kind, std::move(message)}};
}

/// Bounds the commas and brackets outside of strings: a parsed value takes some hundred bytes, and
/// what a parser may be made to build is bounded before it starts.
bool is_flat(std::string_view text, size_t max_values) {
    size_t values = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size() && values <= max_values; ++i) {
        const char c = text[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else {
            in_string = c == '"';
            values += c == ',' || c == '[' || c == '{' ? 1 : 0;
        }
    }
    return values <= max_values;
}

/// Text from outside, for people's eyes: short, no control characters.
std::string shown(std::string text) {
    text.resize(std::min(text.size(), max_error_text));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' '
    );
    return text;
}

}  // namespace

Endpoint::Endpoint(const EndpointOptions& options, net::Url url)
    : options_(options), url_(std::move(url)) {}

std::optional<json> Endpoint::parse(const std::string& text) const {
    if (!is_flat(text, options_.max_values)) {
        return std::nullopt;
    }
    json parsed = json::parse(text, nullptr, false);
    return parsed.is_object() ? std::optional{std::move(parsed)} : std::nullopt;
}

bool Endpoint::take_notification(const json& message) {
    if (message.value("method", json{}) != "eth_subscription") {
        return false;
    }
    was_notified_ = true;
    const json params = message.value("params", json{});
    if (options_.on_notification && params.is_object()) {
        options_.on_notification(params.value("result", json{}));
    }
    return true;
}

Asked<std::unique_ptr<Endpoint>> Endpoint::connect(const EndpointOptions& options) {
    auto url = net::parse_url(options.url);
    if (!url) {
        return fail(Kind::refused, options.url + ": " + url.error().message);
    }
    std::unique_ptr<Endpoint> made(new Endpoint(options, *url));
    if (url->scheme != "ws") {
        made->http_.emplace(
            *url,
            net::HttpClientOptions{
                .timeout_ms = options.timeout_ms, .max_response_bytes = options.max_answer_bytes
            }
        );
        return made;
    }
    auto socket = net::WsClient::connect(
        *url,
        net::WsClientOptions{
            .timeout_ms = options.timeout_ms,
            .max_message_bytes = options.max_answer_bytes,
            .origin = {}
        }
    );
    if (!socket) {
        return fail(Kind::lost, socket.error().message);
    }
    made->socket_.emplace(std::move(*socket));
    if (!options.subscription.empty()) {
        auto subscribed = made->call("eth_subscribe", json::array({options.subscription}));
        if (!subscribed) {
            return Err{subscribed.error()};
        }
    }
    return made;
}

Asked<json> Endpoint::call(const std::string& method, json params) {
    std::optional<Bytes> none;
    return call(method, std::move(params), Wanted::anything, none);
}

Asked<json> Endpoint::call(
    const std::string& method, json params, Wanted wanted, std::optional<Bytes>& data
) {
    const uint64_t id = next_id_++;
    const json request{
        {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}
    };
    auto answer = exchange(request.dump(), id, wanted);
    auto result = answer ? result_in(answer->json, id) : Asked<json>{Err{answer.error()}};
    if (answer) {
        data = std::move(answer->data);
    }
    if (!result) {
        return fail(
            result.error().kind, url_.authority() + ": " + method + ": " + result.error().message
        );
    }
    return result;
}

Endpoint::Text Endpoint::cut(std::string text, Wanted wanted) {
    constexpr std::string_view begin = "\"0x";
    if (wanted == Wanted::anything || text.size() < long_hex) {
        return {std::move(text), std::nullopt};
    }
    // Nothing long comes before the data of an answer.
    const size_t start = text.find(begin);
    const size_t end = start == std::string::npos ? start : text.find('"', start + 1);
    // A notification is no answer, and whoever takes it wants all of it.
    const bool is_answer =
        start < long_hex &&
        std::string_view{text}.substr(0, start).find("subscription") == std::string_view::npos;
    if (end == std::string::npos || !is_answer || end - start < long_hex) {
        return {std::move(text), std::nullopt};
    }
    const size_t digits = start + begin.size();
    auto data = from_hex(std::string_view{text}.substr(start + 1, end - start - 1));
    if (!data) {
        return {std::move(text), std::nullopt};
    }
    text.erase(digits, end - digits);
    text.shrink_to_fit();
    return {std::move(text), *std::move(data)};
}

Asked<Endpoint::Text> Endpoint::exchange(const std::string& request, uint64_t id, Wanted wanted) {
    if (socket_) {
        return exchange_over_socket(request, id, wanted);
    }
    auto response = http_->post(request);
    if (!response) {
        return fail(Kind::lost, response.error().message);
    }
    // Nodes send JSON-RPC errors with other statuses, too: what is inside decides.
    return cut(std::move(response->body), wanted);
}

Asked<Endpoint::Text> Endpoint::exchange_over_socket(
    const std::string& request, uint64_t id, Wanted wanted
) {
    if (auto sent = socket_->send(request); !sent) {
        return fail(Kind::lost, sent.error().message);
    }
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::milliseconds(options_.timeout_ms);
    for (size_t i = 0; i < max_unrelated_messages; ++i) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            break;
        }
        auto message = socket_->receive(static_cast<uint32_t>(left));
        if (!message) {
            return fail(Kind::lost, message.error().message);
        }
        if (!*message) {
            break;
        }
        Text text = cut(**std::move(message), wanted);
        const auto parsed = parse(text.json);
        if (!parsed) {
            return fail(Kind::garbage, "the answer is no JSON-RPC");
        }
        if (!take_notification(*parsed) && parsed->value("id", json{}) == id) {
            return text;
        }
    }
    return fail(Kind::lost, "no answer within " + std::to_string(options_.timeout_ms) + " ms");
}

Asked<json> Endpoint::result_in(const std::string& answer, uint64_t id) const {
    auto parsed = parse(answer);
    if (!parsed || parsed->value("id", json{}) != id) {
        return fail(Kind::garbage, "the answer is no JSON-RPC: " + shown(answer));
    }
    if (const auto error = parsed->find("error"); error != parsed->end()) {
        const json words = error->is_object() ? error->value("message", json{}) : json{};
        return fail(
            Kind::refused, words.is_string() ? shown(words.get<std::string>()) : "an error"
        );
    }
    const auto result = parsed->find("result");
    if (result == parsed->end()) {
        return fail(Kind::garbage, "the answer has neither result nor error");
    }
    return std::move(*result);
}

Asked<Bytes> Endpoint::call_for_data(const std::string& method, json params) {
    std::optional<Bytes> data;
    const auto result = call(method, std::move(params), Wanted::data, data);
    if (!result) {
        return Err{result.error()};
    }
    if (data && *result == "0x") {
        return *std::move(data);
    }
    if (!data && result->is_string()) {
        if (auto bytes = from_hex(result->get_ref<const std::string&>())) {
            return *std::move(bytes);
        }
    }
    return fail(Kind::garbage, url_.authority() + ": " + method + ": the result is no hex data");
}

Asked<uint64_t> Endpoint::call_for_number(const std::string& method) {
    const auto result = call(method, json::array());
    if (!result) {
        return Err{result.error()};
    }
    const auto number = read_quantity(*result);
    if (!number) {
        return fail(Kind::garbage, url_.authority() + ": " + method + ": the result is no number");
    }
    return *number;
}

Asked<void> Endpoint::wait_for_notification(uint32_t timeout_ms) {
    if (!socket_) {
        const uint32_t pause = std::min(timeout_ms, options_.poll_interval_ms);
        std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        return {};
    }
    if (std::exchange(was_notified_, false)) {
        return {};
    }
    const auto message = socket_->receive(timeout_ms);
    if (!message) {
        return fail(Kind::lost, url_.authority() + ": " + message.error().message);
    }
    if (!*message) {
        return {};
    }
    const auto parsed = parse(**message);
    if (!parsed) {
        return fail(Kind::garbage, url_.authority() + ": a notification is no JSON-RPC");
    }
    take_notification(*parsed);
    was_notified_ = false;
    return {};
}

std::optional<uint64_t> read_quantity(const json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto& text = value.get_ref<const std::string&>();
    const bool is_number = text.starts_with("0x") && text.size() > 2 && text.size() <= 18 &&
                           std::all_of(text.begin() + 2, text.end(), [](unsigned char c) {
                               return std::isxdigit(c) != 0;
                           });
    return is_number ? std::optional{std::stoull(text, nullptr, 16)} : std::nullopt;
}

}  // namespace mega::jsonrpc
