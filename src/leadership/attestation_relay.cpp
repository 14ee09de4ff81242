#include "leadership/attestation_relay.hpp"

#include "net/http_client.hpp"

namespace mega::leadership {
namespace {

constexpr size_t max_waiting = 1'024;
constexpr uint32_t timeout_ms = 1'000;
constexpr size_t max_answer_bytes = 4'096;
/// A peer may seal a block a little later than the validator's node did.
constexpr size_t max_tries = 25;
constexpr uint32_t retry_ms = 20;
constexpr std::string_view too_early = "is not sealed yet";  // rpc/attestations.cpp

}  // namespace

AttestationRelay::AttestationRelay(const std::vector<Peer>& peers) {
    for (const Peer& peer : peers) {
        if (auto url = net::parse_url(peer.url)) {
            url->scheme = "http";
            lines_.push_back(std::make_unique<Line>());
            lines_.back()->url = *std::move(url);
        }
    }
    for (const auto& line : lines_) {
        threads_.emplace_back([this, one = line.get()] { serve(*one); });
    }
}

AttestationRelay::~AttestationRelay() {
    stop_.stop();
    for (const auto& line : lines_) {
        const std::lock_guard lock(line->mutex);
        line->has_work.notify_all();
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void AttestationRelay::pass_on(const std::string& method, const std::string& parameter_json) {
    const std::string request = R"({"jsonrpc":"2.0","id":1,"method":")" + method +
                                R"(","params":[)" + parameter_json + "]}";
    for (const auto& line : lines_) {
        const std::lock_guard lock(line->mutex);
        line->waiting.push_back(request);
        if (line->waiting.size() > max_waiting) {
            line->waiting.pop_front();
        }
        line->has_work.notify_one();
    }
}

void AttestationRelay::serve(Line& line) {
    net::HttpClient client(
        line.url, {.timeout_ms = timeout_ms, .max_response_bytes = max_answer_bytes}
    );
    while (true) {
        std::string request;
        {
            std::unique_lock lock(line.mutex);
            line.has_work.wait(lock, [&] { return stop_.is_stopped() || !line.waiting.empty(); });
            if (stop_.is_stopped()) {
                return;
            }
            request = std::move(line.waiting.front());
            line.waiting.pop_front();
        }
        for (size_t tries = 0; tries < max_tries; ++tries) {
            const auto answer = client.post(request);
            const bool is_early = answer && answer->body.find(too_early) != std::string::npos;
            if (!is_early || !stop_.wait_ms(retry_ms)) {
                break;
            }
        }
    }
}

}  // namespace mega::leadership
