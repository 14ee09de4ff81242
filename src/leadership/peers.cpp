#include "leadership/peers.hpp"

#include "base/hex.hpp"
#include "jsonrpc/endpoint.hpp"
#include "net/http_client.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace mega::leadership {
namespace {

using nlohmann::json;

constexpr size_t max_answer_bytes = 4096;

uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()
    );
}

template <size_t size>
std::optional<FixedBytes<size>> fixed_at(const json& object, const char* name) {
    const auto at = object.find(name);
    if (at == object.end() || !at->is_string()) {
        return std::nullopt;
    }
    const auto fixed = fixed_from_hex<size>(at->get_ref<const std::string&>());
    return fixed ? std::optional{*fixed} : std::nullopt;
}

}  // namespace

Result<Peer> parse_peer(const std::string& text) {
    const size_t equals = text.find('=');
    const auto address = fixed_from_hex<20>(text.substr(0, std::min(equals, text.size())));
    if (equals == std::string::npos || !address) {
        return Err{Error{"peer " + text + ": want 0xOPERATOR=ws://HOST:PORT"}};
    }
    Peer peer{*address, text.substr(equals + 1)};
    if (const auto url = net::parse_url(peer.url); !url) {
        return Err{Error{"peer " + text + ": " + url.error().message}};
    }
    return peer;
}

std::string to_json(const Standing& standing) {
    return json{
        {"operator", to_hex(standing.operator_address)},
        {"isLeading", standing.is_leading},
        {"leader", standing.leader ? json(to_hex(*standing.leader)) : json(nullptr)},
        {"sealedNumber", to_hex_quantity(standing.sealed_number)},
        {"sealedHash", to_hex(standing.sealed_hash)}
    }.dump();
}

Result<Standing> parse_standing(std::string_view json_rpc_answer) {
    const json parsed = json::parse(json_rpc_answer, nullptr, false);
    const json result = parsed.is_object() ? parsed.value("result", json{}) : json{};
    if (!result.is_object()) {
        return Err{Error{"mega_getLeadership answers no object"}};
    }
    const auto who = fixed_at<20>(result, "operator");
    const auto hash = fixed_at<32>(result, "sealedHash");
    const json leading = result.value("isLeading", json{});
    const auto sealed = jsonrpc::read_quantity(result.value("sealedNumber", json{}));
    if (!who || !hash || !leading.is_boolean() || !sealed) {
        return Err{Error{"mega_getLeadership answers something malformed"}};
    }
    return Standing{*who, leading.get<bool>(), fixed_at<20>(result, "leader"), *sealed, *hash};
}

Peers::Peers(std::vector<Peer> peers, uint32_t heartbeat_ms, uint32_t timeout_ms)
    : peers_(std::move(peers)), heartbeat_ms_(heartbeat_ms), timeout_ms_(timeout_ms) {
    seen_.resize(peers_.size());
    for (Seen& seen : seen_) {
        seen.heard_ms = now_ms();
    }
    for (size_t i = 0; i < peers_.size(); ++i) {
        threads_.emplace_back([this, i] { watch(i); });
    }
}

Peers::~Peers() {
    stop_.stop();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Peers::watch(size_t index) {
    auto url = net::parse_url(peers_[index].url);
    url->scheme = "http";
    net::HttpClient client(
        *url, {.timeout_ms = timeout_ms_, .max_response_bytes = max_answer_bytes}
    );
    do {
        const auto response =
            client.post(R"({"jsonrpc":"2.0","id":1,"method":"mega_getLeadership","params":[]})");
        const auto standing =
            response ? parse_standing(response->body) : Result<Standing>(Err{response.error()});
        // Somebody else behind the URL is nobody.
        if (standing && standing->operator_address == peers_[index].operator_address) {
            const std::lock_guard lock(mutex_);
            seen_[index] = {true, now_ms(), *standing};
        }
    } while (stop_.wait_ms(heartbeat_ms_));
}

std::vector<PeerView> Peers::views() const {
    std::vector<PeerView> views;
    const std::lock_guard lock(mutex_);
    const uint64_t now = now_ms();
    for (size_t i = 0; i < peers_.size(); ++i) {
        const Seen& seen = seen_[i];
        views.push_back(
            {.operator_address = peers_[i].operator_address,
             .was_heard = seen.was_heard,
             .is_leading = seen.standing.is_leading,
             .silent_ms = now - seen.heard_ms,
             .sealed_number = seen.standing.sealed_number}
        );
    }
    return views;
}

const Peer* Peers::find(const Address& operator_address) const {
    const auto at = std::ranges::find(peers_, operator_address, &Peer::operator_address);
    return at == peers_.end() ? nullptr : &*at;
}

}  // namespace mega::leadership
