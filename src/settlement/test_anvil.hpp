#pragma once

// A real L1 for tests: anvil from node_modules with mainnet's limits, on a free port. Tests skip by
// name where it is not installed.

#include "settlement/child_process.hpp"
#include "settlement/l1_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace mega::settlement {

/// Key 0 of the standard test mnemonic: 10,000 ETH on anvil.
inline const crypto::SecretKey anvil_key =
    *fixed_from_hex<32>("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

class TestAnvil {
  public:
    /// Mines a block a transaction, unless `more` says otherwise. Null when there is no anvil.
    [[nodiscard]] static std::unique_ptr<TestAnvil> start(
        const std::vector<std::string>& more = {}
    ) {
        const std::filesystem::path root = MEGA_SOURCE_DIR;
        const auto program =
            find_program("anvil", {root / "node_modules/@foundry-rs/anvil-linux-amd64/bin"});
        if (!program) {
            return nullptr;
        }
        const uint16_t port = free_port();
        std::vector<std::string> arguments{
            "--port",
            std::to_string(port),
            "--hardfork",
            "osaka",
            "--slots-in-an-epoch",
            "2",
            "--silent"
        };
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto process =
            ChildProcess::start({.program = *program, .arguments = arguments, .output_file = {}});
        MEGA_ASSERT(process.has_value());
        auto anvil = std::unique_ptr<TestAnvil>(new TestAnvil(*std::move(process), port));
        for (int i = 0; i < 400; ++i) {
            if (anvil->client().chain_id()) {
                return anvil;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
        }
        return nullptr;
    }

    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] L1Client& client() { return *client_; }
    [[nodiscard]] ChildProcess& process() { return *process_; }
    /// The result of any method; must succeed.
    replay::json rpc(const std::string& method, replay::json params = replay::json::array()) {
        auto result = client_->raw_call(method, std::move(params));
        if (!result) {
            std::fprintf(stderr, "%s\n", result.error().message.c_str());
        }
        MEGA_ASSERT(result.has_value());
        return *std::move(result);
    }
    void mine(uint64_t count = 1) { rpc("anvil_mine", {to_hex_quantity(count)}); }

  private:
    TestAnvil(std::unique_ptr<ChildProcess> process, uint16_t port)
        : process_(std::move(process)), url_("http://127.0.0.1:" + std::to_string(port)) {
        client_ = *L1Client::open({.url = url_, .beacon_url = {}, .timeout_ms = 30'000});
    }

    static uint16_t free_port() {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        MEGA_ASSERT(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
        MEGA_ASSERT(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        ::close(socket);
        return ntohs(address.sin_port);
    }

    std::unique_ptr<ChildProcess> process_;
    std::string url_;
    std::unique_ptr<L1Client> client_;
};

}  // namespace mega::settlement
