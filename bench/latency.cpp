#include "bench/latency.hpp"

#include "bench/clock.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace mega::bench {
namespace {

constexpr uint64_t ns_per_s = 1'000'000'000;
constexpr uint64_t lead_in_ns = 50'000'000;  // until all threads wait for their first transaction
constexpr uint32_t request_timeout_ms = 10'000;

/// A receipt that says success, and no error.
bool is_good_receipt(const std::string& body) {
    return body.find(R"("status":"0x1")") != std::string::npos &&
           body.find("\"error\"") == std::string::npos;
}

class Run {
  public:
    Run(const net::Url& url, const LatencyLoad& load, std::vector<std::string> requests)
        : url_(url),
          requests_(std::move(requests)),
          latencies_(requests_.size(), 0),
          interval_ns_(static_cast<double>(ns_per_s) / load.rate),
          started_ns_(now_ns() + lead_in_ns),
          cut_off_ns_(due_ns(requests_.size()) + uint64_t{load.grace_ms} * 1'000'000) {}

    void send_what_comes() {
        net::HttpClient client(url_, {.timeout_ms = request_timeout_ms});
        // Connects before the clock runs.
        (void)client.request(post(R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]})")
        );
        while (now_ns() < cut_off_ns_) {
            const size_t k = next_++;
            if (k >= requests_.size()) {
                return;
            }
            sleep_until_ns(due_ns(k));
            const auto response = client.request(post(std::move(requests_[k])));
            latencies_[k] = std::max<uint64_t>(1, now_ns() - due_ns(k));
            if (response && is_good_receipt(response->body)) {
                ++good_;
            } else {
                note_error(response ? response->body.substr(0, 300) : response.error().message);
            }
        }
    }

    [[nodiscard]] size_t sent() const { return std::min<size_t>(next_, requests_.size()); }

    [[nodiscard]] LatencyRun result() {
        const uint64_t ended = now_ns();
        for (size_t k = 0; k < latencies_.size(); ++k) {
            if (latencies_[k] == 0) {
                latencies_[k] = ended - std::min(ended, due_ns(k));
            }
        }
        LatencyRun run;
        run.samples = latencies_.size();
        run.latency_ns = quantiles_of(std::move(latencies_));
        run.completed_share = static_cast<double>(good_) / static_cast<double>(run.samples);
        run.achieved_rate =
            static_cast<double>(good_) * 1e9 / static_cast<double>(ended - started_ns_);
        run.first_error = first_error_;
        return run;
    }

  private:
    [[nodiscard]] uint64_t due_ns(size_t k) const {
        return started_ns_ + static_cast<uint64_t>(interval_ns_ * static_cast<double>(k));
    }
    [[nodiscard]] net::Request post(std::string body) const {
        return {
            .method = "POST",
            .target = url_.target,
            .headers = {{"Content-Type", "application/json"}},
            .body = std::move(body),
            .remote = {}
        };
    }
    void note_error(const std::string& words) {
        const std::lock_guard lock(mutex_);
        if (!first_error_) {
            first_error_ = words;
        }
    }

    net::Url url_;
    std::vector<std::string> requests_;
    std::vector<uint64_t> latencies_;  // each written by the thread that took the transaction
    double interval_ns_;
    uint64_t started_ns_;
    uint64_t cut_off_ns_;
    std::atomic<size_t> next_{0};
    std::atomic<uint64_t> good_{0};
    std::mutex mutex_;
    std::optional<std::string> first_error_;  // guarded by mutex_
};

}  // namespace

LatencyRun measure_latency(
    const net::Url& url, TransactionSource& source, const LatencyLoad& load
) {
    const auto count = static_cast<uint64_t>(load.rate * load.seconds);
    std::vector<std::string> requests;
    requests.reserve(count);
    for (const Bytes& tx : source.peek(count)) {
        requests.push_back(send_request("eth_sendRawTransactionSync", tx, requests.size()));
    }
    Run run(url, load, std::move(requests));
    std::vector<std::thread> threads;
    threads.reserve(load.connections);
    for (uint32_t i = 0; i < load.connections; ++i) {
        threads.emplace_back([&run] { run.send_what_comes(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    source.advance(run.sent());
    return run.result();
}

}  // namespace mega::bench
