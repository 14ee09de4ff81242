#include "replay/endpoint.hpp"

#include <algorithm>

namespace mega::replay {
namespace {

constexpr size_t calls_a_batch = 100;
constexpr int unknown_method = -32601;

json body_of(const RpcCall& call, uint64_t id) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"method", call.method}, {"params", call.params}};
}

std::string text_of(const json& value) {
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    constexpr size_t longest = 200;
    return text.size() <= longest ? text : text.substr(0, longest) + "…";
}

}  // namespace

Result<std::unique_ptr<Endpoint>> Endpoint::open(const std::string& url, uint32_t timeout_ms) {
    auto parsed = net::parse_url(url);
    if (!parsed) {
        return Err{parsed.error()};
    }
    if (parsed->scheme != "http") {
        return Err{Error{"want an http:// endpoint, not " + parsed->scheme + "://"}};
    }
    return std::unique_ptr<Endpoint>(new Endpoint(*std::move(parsed), timeout_ms));
}

Endpoint::Endpoint(net::Url url, uint32_t timeout_ms)
    : host_(url.authority()), client_(std::move(url), {.timeout_ms = timeout_ms}) {}

Err<Error> Endpoint::lost(const std::string& what, const std::string& why) {
    is_lost_ = true;
    return Err{Error{"endpoint " + host_ + ", " + what + ": " + why}};
}

Result<json> Endpoint::exchange(const std::string& what, const json& body) {
    ++requests_sent_;
    const auto response = client_.post(body.dump());
    if (!response) {
        return lost(what, response.error().message);
    }
    auto answer = parse_json(response->body);
    // Some endpoints put JSON-RPC errors under a 4xx: they are as good as under 200.
    if (!answer || (!answer->is_object() && !answer->is_array())) {
        const std::string status = response->status == 200
                                       ? std::string{}
                                       : "HTTP " + std::to_string(response->status) + ", ";
        return lost(
            what, status + (answer ? "answered " + text_of(*answer) : answer.error().message)
        );
    }
    return answer;
}

Result<json> Endpoint::result_of(const std::string& method, const json& answer, uint64_t id) {
    if (!answer.is_object()) {
        return lost(method, "the answer is no object");
    }
    if (answer.contains("error") && !answer["error"].is_null()) {
        const json& error = answer["error"];
        is_method_unknown_ =
            error.is_object() && error.value("code", json()) == json(unknown_method);
        return Err{Error{"endpoint " + host_ + ", " + method + ": error " + text_of(error)}};
    }
    if (!answer.contains("result")) {
        return lost(method, "the answer has neither result nor error");
    }
    if (!answer.contains("id") || answer["id"] != json(id)) {
        return lost(method, "the answer belongs to another request");
    }
    return answer["result"];
}

Result<json> Endpoint::call(const std::string& method, json params) {
    is_method_unknown_ = false;
    const uint64_t id = next_id_++;
    const auto answer = exchange(method, body_of({method, std::move(params)}, id));
    if (!answer) {
        return Err{answer.error()};
    }
    return result_of(method, *answer, id);
}

Result<void> Endpoint::call_some(std::span<const RpcCall> calls, std::vector<json>& results) {
    json body = json::array();
    const uint64_t first = next_id_;
    for (const RpcCall& call : calls) {
        body.push_back(body_of(call, next_id_++));
    }
    const std::string what =
        calls.front().method + " and " + std::to_string(calls.size() - 1) + " more";
    const auto answer = exchange(what, body);
    if (!answer) {
        return Err{answer.error()};
    }
    if (!answer->is_array()) {
        takes_batches_ = false;
        return {};
    }
    // Answers may come in any order.
    std::vector<const json*> by_id(calls.size(), nullptr);
    for (const json& one : *answer) {
        const json id = one.is_object() ? one.value("id", json()) : json();
        if (id.is_number_unsigned() && id.get<uint64_t>() >= first &&
            id.get<uint64_t>() - first < calls.size()) {
            by_id[id.get<uint64_t>() - first] = &one;
        }
    }
    for (size_t i = 0; i < calls.size(); ++i) {
        if (by_id[i] == nullptr) {
            return lost(calls[i].method, "left unanswered in a batch");
        }
        auto result = result_of(calls[i].method, *by_id[i], first + i);
        if (!result) {
            return Err{result.error()};
        }
        results.push_back(*std::move(result));
    }
    return {};
}

Result<std::vector<json>> Endpoint::call_all(const std::vector<RpcCall>& calls) {
    std::vector<json> results;
    results.reserve(calls.size());
    std::span<const RpcCall> rest = calls;
    while (rest.size() > 1 && takes_batches_) {
        const auto some = rest.first(std::min(rest.size(), calls_a_batch));
        if (auto called = call_some(some, results); !called) {
            return Err{called.error()};
        }
        if (takes_batches_) {
            rest = rest.subspan(some.size());
        }
    }
    for (const RpcCall& call : rest) {
        auto result = this->call(call.method, call.params);
        if (!result) {
            return Err{result.error()};
        }
        results.push_back(*std::move(result));
    }
    return results;
}

}  // namespace mega::replay
