#pragma once

// A node under test: a process of its own, and the little that is asked of it by RPC beside the
// measured calls. Everything here waits for a bounded time.

#include "base/result.hpp"
#include "net/http_client.hpp"
#include "types/u256.hpp"

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mega::bench {

/// A program that serves JSON-RPC on `port` of the loopback interface. Ended with the object.
class NodeProcess {
  public:
    struct Command {
        std::filesystem::path program;
        std::vector<std::string> arguments;
        uint16_t port = 0;
        std::filesystem::path output;  // of stdout and stderr
        uint32_t start_timeout_ms = 600'000;
    };

    /// Returns once eth_chainId is answered; `start_ms` tells how long that took.
    [[nodiscard]] static Result<std::unique_ptr<NodeProcess>> start(const Command& command);
    ~NodeProcess();
    NodeProcess(const NodeProcess&) = delete;
    NodeProcess& operator=(const NodeProcess&) = delete;

    [[nodiscard]] net::Url http() const;
    [[nodiscard]] net::Url ws() const;
    [[nodiscard]] double start_ms() const { return start_ms_; }

    /// kill -9, and waits until it is gone.
    void kill();

    struct Usage {
        double resident_mib = 0;
        double peak_resident_mib = 0;
        double cpu_s = 0;
    };
    [[nodiscard]] Usage usage() const;

  private:
    NodeProcess(pid_t pid, uint16_t port) : pid_(pid), port_(port) {}
    void end(int signal);

    pid_t pid_;
    uint16_t port_;
    double start_ms_ = 0;
};

/// A port that nothing listens on now.
[[nodiscard]] uint16_t free_port();

/// Small calls to one node, over one connection.
class RpcClient {
  public:
    explicit RpcClient(const net::Url& url) : http_(url), url_(url) {}

    /// The "result" when it is a string; fails with the node's words.
    [[nodiscard]] Result<std::string> call(std::string_view method, std::string_view params);
    [[nodiscard]] Result<u256> quantity(std::string_view method, std::string_view params);
    [[nodiscard]] Result<u256> balance(const Address& address);
    [[nodiscard]] Result<uint64_t> nonce(const Address& address);
    /// eth_sendRawTransaction for each, in JSON-RPC batches; fails with the first error.
    [[nodiscard]] Result<void> send_all(const std::vector<Bytes>& transactions);
    /// A metric of /metrics (without "mega_"); an error when it is not there.
    [[nodiscard]] Result<double> metric(std::string_view name);

  private:
    net::HttpClient http_;
    net::Url url_;
};

/// `{"jsonrpc":"2.0","id":…,"method":…,"params":["0x…"]}`
[[nodiscard]] std::string send_request(std::string_view method, BytesView transaction, uint64_t id);

}  // namespace mega::bench
