#include "replica/leader.hpp"

#include "base/hex.hpp"
#include "types/block.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace mega::replica {
namespace {

using nlohmann::json;
using Kind = LeaderError::Kind;

// A parsed value takes some hundred bytes: what a parser may be made to build is bounded before it
// starts.
constexpr size_t max_values = 2048;
constexpr size_t max_error_text = 300;

Err<LeaderError> fail(Kind kind, std::string message) {
    return Err{LeaderError{kind, std::move(message)}};
}

/// Commas and brackets outside of strings.
bool is_flat(std::string_view text) {
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

std::optional<json> parse(const std::string& text) {
    if (!is_flat(text)) {
        return std::nullopt;
    }
    json parsed = json::parse(text, nullptr, false);
    return parsed.is_object() ? std::optional{std::move(parsed)} : std::nullopt;
}

/// Text from outside, for people's eyes: short, no control characters.
std::string shown(std::string text) {
    text.resize(std::min(text.size(), max_error_text));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' '
    );
    return text;
}

std::optional<uint64_t> read_number(const json& value) {
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

std::optional<Hash256> read_hash(const json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto hash = fixed_from_hex<32>(value.get_ref<const std::string&>());
    return hash ? std::optional{*hash} : std::nullopt;
}

std::optional<Bytes> read_data(const json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    auto bytes = from_hex(value.get_ref<const std::string&>());
    return bytes ? std::optional{*std::move(bytes)} : std::nullopt;
}

std::optional<Delivery> read_delivery(const json& result) {
    if (!result.is_object()) {
        return std::nullopt;
    }
    const json sealed = result.value("sealed", json{});
    const json records = result.value("records", json{});
    const json is_whole = result.value("isWhole", json{});
    const auto chain_id = read_number(result.value("chainId", json{}));
    const auto genesis = read_hash(result.value("genesis", json{}));
    if (!sealed.is_object() || !records.is_array() || !is_whole.is_boolean() || !chain_id ||
        !genesis) {
        return std::nullopt;
    }
    const auto number = read_number(sealed.value("number", json{}));
    const auto hash = read_hash(sealed.value("hash", json{}));
    if (!number || !hash) {
        return std::nullopt;
    }
    Delivery delivery;
    delivery.genesis_hash = *genesis;
    delivery.chain_id = *chain_id;
    delivery.sealed_number = *number;
    delivery.sealed_hash = *hash;
    delivery.is_whole = is_whole.get<bool>();
    for (const json& record : records) {
        auto bytes = read_data(record);
        if (!bytes) {
            return std::nullopt;
        }
        delivery.records.push_back(*std::move(bytes));
    }
    return delivery;
}

}  // namespace

Leader::Leader(const LeaderOptions& options, net::Url url)
    : options_(options), url_(std::move(url)) {}

Leader::Asked<std::unique_ptr<Leader>> Leader::connect(const LeaderOptions& options) {
    auto url = net::parse_url(options.url);
    if (!url) {
        return fail(Kind::refused, options.url + ": " + url.error().message);
    }
    std::unique_ptr<Leader> made(new Leader(options, *url));
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
    if (auto subscribed = made->call("eth_subscribe", json::array({"megaFeed"})); !subscribed) {
        return Err{subscribed.error()};
    }
    return made;
}

Leader::Asked<json> Leader::call(const std::string& method, json params) {
    const uint64_t id = next_id_++;
    const json request{
        {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}
    };
    const auto answer = exchange(request.dump(), id);
    auto result = answer ? result_in(*answer) : Asked<json>{Err{answer.error()}};
    if (!result) {
        return fail(
            result.error().kind, url_.authority() + ": " + method + ": " + result.error().message
        );
    }
    return result;
}

Leader::Asked<std::string> Leader::exchange(const std::string& request, uint64_t id) {
    if (socket_) {
        return exchange_over_socket(request, id);
    }
    auto response = http_->post(request);
    if (!response) {
        return fail(Kind::lost, response.error().message);
    }
    // Nodes send JSON-RPC errors with other statuses, too: what is inside decides.
    return std::move(response->body);
}

Leader::Asked<std::string> Leader::exchange_over_socket(const std::string& request, uint64_t id) {
    if (auto sent = socket_->send(request); !sent) {
        return fail(Kind::lost, sent.error().message);
    }
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::milliseconds(options_.timeout_ms);
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            return fail(
                Kind::lost, "no answer within " + std::to_string(options_.timeout_ms) + " ms"
            );
        }
        auto message = socket_->receive(static_cast<uint32_t>(left));
        if (!message) {
            return fail(Kind::lost, message.error().message);
        }
        if (!*message) {
            continue;
        }
        const auto parsed = parse(**message);
        if (!parsed) {
            return fail(Kind::garbage, "the answer is no JSON-RPC");
        }
        if (parsed->contains("method")) {
            keep_record(*parsed);
        } else if (parsed->value("id", json{}) == id) {
            return **std::move(message);
        }
    }
}

void Leader::keep_record(const json& message) {
    const json params = message.value("params", json{});
    if (!params.is_object()) {
        return;
    }
    const auto result = params.find("result");
    if (result == params.end() || !result->is_string()) {
        return;
    }
    auto bytes = from_hex(result->get_ref<const std::string&>());
    if (!bytes) {
        return;
    }
    if (waiting_bytes_ + bytes->size() > options_.max_waiting_bytes) {
        // What follows has a gap then, which is noticed and fetched.
        waiting_.clear();
        waiting_bytes_ = 0;
        return;
    }
    waiting_bytes_ += bytes->size();
    waiting_.push_back(*std::move(bytes));
}

Leader::Asked<json> Leader::result_in(const std::string& answer) const {
    auto parsed = parse(answer);
    if (!parsed) {
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

Leader::Asked<Delivery> Leader::fetch(const feed::Place& from) {
    const json place{
        {"block", to_hex_quantity(from.block_number)},
        {"miniBlock", to_hex_quantity(from.mini_block_number)}
    };
    const auto result = call("mega_getFeed", json::array({place}));
    if (!result) {
        return Err{result.error()};
    }
    auto delivery = read_delivery(*result);
    return delivery ? Asked<Delivery>{*std::move(delivery)}
                    : fail(
                          Kind::garbage,
                          url_.authority() + ": mega_getFeed: the result is not what it should be"
                      );
}

Leader::Asked<std::optional<Bytes>> Leader::next(uint32_t timeout_ms) {
    if (!socket_) {
        const uint32_t pause = std::min(timeout_ms, options_.poll_interval_ms);
        std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        return std::optional<Bytes>{};
    }
    if (waiting_.empty()) {
        const auto message = socket_->receive(timeout_ms);
        if (!message) {
            return fail(Kind::lost, url_.authority() + ": " + message.error().message);
        }
        if (!*message) {
            return std::optional<Bytes>{};
        }
        const auto parsed = parse(**message);
        if (!parsed) {
            return fail(Kind::garbage, url_.authority() + ": a notification is no JSON-RPC");
        }
        keep_record(*parsed);
        if (waiting_.empty()) {
            return std::optional<Bytes>{};
        }
    }
    Bytes record = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= record.size();
    return std::optional{std::move(record)};
}

Leader::Asked<Bytes> Leader::call_for_data(const std::string& method, json params) {
    const auto result = call(method, std::move(params));
    if (!result) {
        return Err{result.error()};
    }
    if (result->is_string()) {
        if (auto bytes = from_hex(result->get_ref<const std::string&>())) {
            return *std::move(bytes);
        }
    }
    return fail(Kind::garbage, url_.authority() + ": " + method + ": the result is no hex data");
}

Leader::Asked<std::optional<Hash256>> Leader::block_hash(uint64_t number) {
    const auto raw = call_for_data("debug_getRawHeader", json::array({to_hex_quantity(number)}));
    if (!raw) {
        return raw.error().kind == Kind::refused ? Asked<std::optional<Hash256>>{std::nullopt}
                                                 : Err{raw.error()};
    }
    const auto header = decode_header(*raw);
    if (!header || header->number != number) {
        return fail(Kind::garbage, url_.authority() + ": debug_getRawHeader: not that header");
    }
    return std::optional{hash_of(*header)};
}

}  // namespace mega::replica
