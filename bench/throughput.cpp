#include "bench/throughput.hpp"

#include "bench/clock.hpp"
#include "net/ws_client.hpp"

#include <algorithm>
#include <optional>
#include <thread>

namespace mega::bench {
namespace {

constexpr uint32_t answer_timeout_ms = 30'000;
constexpr uint64_t execution_timeout_ns = 30'000'000'000;

using Messages = std::vector<std::string>;

/// Transactions of one sender stay on one connection and in order.
std::vector<Messages> write_messages(
    const std::vector<Bytes>& transactions, size_t senders, const ThroughputLoad& load
) {
    std::vector<Messages> by_connection(load.connections);
    std::vector<uint32_t> fill(load.connections, 0);
    for (size_t i = 0; i < transactions.size(); ++i) {
        const size_t connection = i % senders % load.connections;
        Messages& messages = by_connection[connection];
        if (fill[connection]++ % load.batch == 0) {
            messages.emplace_back("[");
        } else {
            messages.back() += ',';
        }
        messages.back() += send_request("eth_sendRawTransaction", transactions[i], i);
    }
    for (Messages& messages : by_connection) {
        for (std::string& message : messages) {
            message += ']';
        }
    }
    return by_connection;
}

Result<void> check_answer(const std::string& answer) {
    const size_t error = answer.find("\"error\"");
    if (error != std::string::npos) {
        return Err{Error{"refused: " + answer.substr(error, 300)}};
    }
    return {};
}

/// Sends all messages of one connection, `under_way` at a time, and reads all answers.
Result<void> drive(net::WsClient& client, const Messages& messages, uint32_t under_way) {
    size_t sent = 0;
    for (size_t answered = 0; answered < messages.size(); ++answered) {
        for (; sent < messages.size() && sent < answered + under_way; ++sent) {
            if (auto done = client.send(messages[sent]); !done) {
                return done;
            }
        }
        const auto answer = client.receive(answer_timeout_ms);
        if (!answer) {
            return Err{answer.error()};
        }
        if (!*answer) {
            return Err{Error{"no answer in time"}};
        }
        if (auto good = check_answer(**answer); !good) {
            return good;
        }
    }
    return {};
}

Result<void> drive_all(
    std::vector<net::WsClient>& clients, const std::vector<Messages>& messages, uint32_t under_way
) {
    std::vector<Result<void>> results(clients.size());
    std::vector<std::thread> threads;
    threads.reserve(clients.size());
    for (size_t i = 0; i < clients.size(); ++i) {
        threads.emplace_back([&, i] { results[i] = drive(clients[i], messages[i], under_way); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const Result<void>& result : results) {
        if (!result) {
            return result;
        }
    }
    return {};
}

struct Counters {
    double executed = 0;
    double execute_ns = 0;
    double seal_ns = 0;
};

Result<Counters> read_counters(RpcClient& rpc) {
    const auto executed = rpc.metric("transactions_executed_total");
    const auto execute_ns = rpc.metric("execution_nanoseconds_total");
    const auto seal_ns = rpc.metric("seal_nanoseconds_total");
    for (const auto* value : {&executed, &execute_ns, &seal_ns}) {
        if (!*value) {
            return Err{value->error()};
        }
    }
    return Counters{*executed, *execute_ns, *seal_ns};
}

Result<Counters> wait_for_execution(RpcClient& rpc, double executed) {
    const uint64_t deadline = now_ns() + execution_timeout_ns;
    while (now_ns() < deadline) {
        auto counters = read_counters(rpc);
        if (!counters || counters->executed >= executed) {
            return counters;
        }
        sleep_until_ns(now_ns() + 2'000'000);
    }
    return Err{Error{"accepted transactions are not executed"}};
}

Result<std::vector<net::WsClient>> connect(const net::Url& url, uint32_t count) {
    std::vector<net::WsClient> clients;
    for (uint32_t i = 0; i < count; ++i) {
        auto client = net::WsClient::connect(url);
        if (!client) {
            return Err{client.error()};
        }
        clients.push_back(std::move(*client));
    }
    return clients;
}

}  // namespace

Result<ThroughputRun> measure_throughput(
    const NodeProcess& node, TransactionSource& source, const ThroughputLoad& load
) {
    const auto messages =
        write_messages(source.take(load.transactions), source.senders().size(), load);
    auto clients = connect(node.ws(), load.connections);
    if (!clients) {
        return Err{clients.error()};
    }
    RpcClient rpc(node.http());
    const auto before = read_counters(rpc);
    if (!before) {
        return Err{before.error()};
    }
    const auto count = static_cast<double>(load.transactions);
    const double cpu_before = node.usage().cpu_s;
    const uint64_t client_cpu_before = process_cpu_ns();
    const uint64_t started = now_ns();
    if (auto driven = drive_all(*clients, messages, load.under_way); !driven) {
        return Err{driven.error()};
    }
    const auto after = wait_for_execution(rpc, before->executed + count);
    const double seconds = static_cast<double>(now_ns() - started) / 1e9;
    if (!after) {
        return Err{after.error()};
    }
    return ThroughputRun{
        .tps = count / seconds,
        .node_cpu_us = (node.usage().cpu_s - cpu_before) * 1e6 / count,
        .execute_us = (after->execute_ns - before->execute_ns) / 1e3 / count,
        .seal_us = (after->seal_ns - before->seal_ns) / 1e3 / count,
        .client_cpu_us = static_cast<double>(process_cpu_ns() - client_cpu_before) / 1e3 / count,
    };
}

}  // namespace mega::bench
