// Round trips over loopback, client and server in one process: latency as the client sees it, with
// its percentiles.

#include "net/http_client.hpp"
#include "net/server.hpp"
#include "net/ws_client.hpp"

#include <benchmark/benchmark.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace mega::net {
namespace {

constexpr std::string_view body =
    R"({"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x0000000000000000000000000000000000000000","latest"]})";

Handlers echo_handlers() {
    Handlers handlers;
    handlers.on_http = [](Request request, const Responder& responder) {
        responder.respond({.body = std::move(request.body), .headers = {}});
    };
    handlers.on_message =
        [](const std::shared_ptr<Connection>&, std::string message, const Responder& responder) {
            responder.respond({.body = std::move(message), .headers = {}});
        };
    return handlers;
}

Url url_of(const Server& server, std::string scheme) {
    return {.scheme = std::move(scheme), .host = "127.0.0.1", .port = server.port()};
}

/// Times each call of `exchange` and reports percentiles in microseconds.
template <class Exchange>
void measure(benchmark::State& state, const Exchange& exchange) {
    std::vector<double> times_us;
    for (auto unused : state) {
        static_cast<void>(unused);
        const auto start = std::chrono::steady_clock::now();
        if (!exchange()) {
            state.SkipWithError("exchange failed");
            return;
        }
        times_us.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
                .count()
        );
    }
    std::ranges::sort(times_us);
    state.counters["p50_us"] = times_us[times_us.size() / 2];
    state.counters["p99_us"] = times_us[times_us.size() * 99 / 100];
}

void http_echo(benchmark::State& state) {
    const auto server = Server::start({}, echo_handlers());
    HttpClient client(url_of(**server, "http"));
    measure(state, [&] { return client.post(std::string(body)).has_value(); });
}
BENCHMARK(http_echo)->UseRealTime();

void ws_echo(benchmark::State& state) {
    const auto server = Server::start({}, echo_handlers());
    auto client = WsClient::connect(url_of(**server, "ws"));
    measure(state, [&] {
        if (!client->send(body)) {
            return false;
        }
        const auto message = client->receive(1000);
        return message && message->has_value();
    });
}
BENCHMARK(ws_echo)->UseRealTime();

/// The answer comes from another thread: the price of a hand-over each way.
void http_late_answer(benchmark::State& state) {
    std::mutex mutex;
    std::condition_variable_any ready;
    std::vector<Responder> waiting;
    const std::jthread answerer([&](const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        while (ready.wait(lock, stop, [&] { return !waiting.empty(); })) {
            waiting.back().respond({.body = "{}", .headers = {}});
            waiting.pop_back();
        }
    });
    Handlers handlers;
    handlers.on_http = [&](const Request&, Responder responder) {
        {
            const std::scoped_lock lock(mutex);
            waiting.push_back(std::move(responder));
        }
        ready.notify_one();
    };
    const auto server = Server::start({}, handlers);
    HttpClient client(url_of(**server, "http"));
    measure(state, [&] { return client.post(std::string(body)).has_value(); });
}
BENCHMARK(http_late_answer)->UseRealTime();

/// One message to `range(0)` subscribers, until the kernel has taken all. The clients do not read:
/// few iterations.
void ws_broadcast(benchmark::State& state) {
    std::mutex mutex;
    std::vector<std::shared_ptr<Connection>> subscribers;
    Handlers handlers = echo_handlers();
    handlers.on_open = [&](const std::shared_ptr<Connection>& connection) {
        const std::scoped_lock lock(mutex);
        subscribers.push_back(connection);
    };
    const auto server = Server::start({}, handlers);
    std::vector<WsClient> clients;
    for (int64_t i = 0; i < state.range(0); ++i) {
        auto client = WsClient::connect(url_of(**server, "ws"));
        if (client) {
            clients.push_back(std::move(*client));
        }
    }
    const auto message = std::make_shared<const std::string>(1000, 'm');
    for (auto unused : state) {
        static_cast<void>(unused);
        for (const auto& subscriber : subscribers) {
            subscriber->send(message);
        }
        while ((*server)->stats().buffered_bytes > 0) {
            std::this_thread::yield();
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ws_broadcast)->Arg(100)->Iterations(100)->UseRealTime();

/// The same while another connection keeps the worker busy.
void http_two_clients(benchmark::State& state) {
    const auto server = Server::start({}, echo_handlers());
    std::atomic<bool> is_over = false;
    const std::jthread other([&] {
        HttpClient client(url_of(**server, "http"));
        while (!is_over && client.post(std::string(body))) {
        }
    });
    HttpClient client(url_of(**server, "http"));
    measure(state, [&] { return client.post(std::string(body)).has_value(); });
    is_over = true;
}
BENCHMARK(http_two_clients)->UseRealTime();

}  // namespace
}  // namespace mega::net
