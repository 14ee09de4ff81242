#include "bench/process.hpp"

#include "base/hex.hpp"
#include "bench/clock.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace mega::bench {
namespace {

constexpr uint32_t end_timeout_ms = 10'000;

/// The child between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* arguments, int output) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

Result<pid_t> spawn(const NodeProcess::Command& command) {
    std::vector<std::string> words{command.program.string()};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    const int output =
        ::open(command.output.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (output < 0) {
        return Err{Error{"cannot write " + command.output.string()}};
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(pointers.data(), output);
    }
    ::close(output);
    if (pid < 0) {
        return Err{Error{"cannot start " + command.program.string()}};
    }
    return pid;
}

std::string last_lines(const std::filesystem::path& file) {
    constexpr size_t wanted = 600;
    const std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    return all.size() > wanted ? all.substr(all.size() - wanted) : all;
}

net::Url loopback(const char* scheme, uint16_t port) {
    return {.scheme = scheme, .host = "127.0.0.1", .port = port, .target = "/"};
}

/// The string that follows `"name":"` in a flat JSON text.
std::optional<std::string> string_field(const std::string& json, const std::string& name) {
    const std::string begin = "\"" + name + "\":\"";
    const size_t at = json.find(begin);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const size_t first = at + begin.size();
    return json.substr(first, json.find('"', first) - first);
}

}  // namespace

uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const bool found =
        probe >= 0 &&
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (probe >= 0) {
        ::close(probe);
    }
    return found ? ntohs(address.sin_port) : 0;
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::start(const Command& command) {
    const uint64_t started = now_ns();
    const auto pid = spawn(command);
    if (!pid) {
        return Err{pid.error()};
    }
    std::unique_ptr<NodeProcess> node(new NodeProcess(*pid, command.port));
    RpcClient client(node->http());
    const uint64_t deadline = started + uint64_t{command.start_timeout_ms} * 1'000'000;
    while (!client.call("eth_chainId", "[]")) {
        if (::waitpid(*pid, nullptr, WNOHANG) == *pid) {
            node->pid_ = 0;
            return Err{
                Error{command.program.string() + " ended at once:\n" + last_lines(command.output)}
            };
        }
        if (now_ns() > deadline) {
            return Err{
                Error{command.program.string() + " does not answer:\n" + last_lines(command.output)}
            };
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    node->start_ms_ = static_cast<double>(now_ns() - started) / 1e6;
    return node;
}

NodeProcess::~NodeProcess() { end(SIGTERM); }

void NodeProcess::kill() { end(SIGKILL); }

void NodeProcess::end(int signal) {
    if (pid_ == 0) {
        return;
    }
    ::kill(pid_, signal);
    for (uint32_t waited = 0; ::waitpid(pid_, nullptr, WNOHANG) == 0; ++waited) {
        if (waited == end_timeout_ms) {
            ::kill(pid_, SIGKILL);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pid_ = 0;
}

net::Url NodeProcess::http() const { return loopback("http", port_); }
net::Url NodeProcess::ws() const { return loopback("ws", port_); }

NodeProcess::Usage NodeProcess::usage() const {
    Usage usage;
    const std::string directory = "/proc/" + std::to_string(pid_);
    std::ifstream status(directory + "/status");
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") {
            status >> usage.resident_mib;
            usage.resident_mib /= 1024;
        } else if (word == "VmHWM:") {
            status >> usage.peak_resident_mib;
            usage.peak_resident_mib /= 1024;
        }
    }
    // Fields 14 and 15, counted from after the name, which may hold spaces.
    std::ifstream stat(directory + "/stat");
    std::string line;
    std::getline(stat, line);
    const size_t name_end = line.rfind(')');
    std::istringstream fields(name_end == std::string::npos ? "" : line.substr(name_end + 1));
    std::string skipped;
    for (int i = 3; i < 14; ++i) {
        fields >> skipped;
    }
    double user = 0;
    double system = 0;
    fields >> user >> system;
    usage.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return usage;
}

std::string send_request(std::string_view method, BytesView transaction, uint64_t id) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" +
           std::string(method) + R"(","params":[")" + to_hex(transaction) + "\"]}";
}

Result<std::string> RpcClient::call(std::string_view method, std::string_view params) {
    auto response = http_.request(
        {.method = "POST",
         .target = url_.target,
         .headers = {{"Content-Type", "application/json"}},
         .body = R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" +
                 std::string(params) + "}",
         .remote = {}}
    );
    if (!response) {
        return Err{response.error()};
    }
    auto result = string_field(response->body, "result");
    if (!result) {
        return Err{Error{std::string(method) + ": " + response->body.substr(0, 300)}};
    }
    return std::move(*result);
}

Result<u256> RpcClient::quantity(std::string_view method, std::string_view params) {
    const auto text = call(method, params);
    if (!text) {
        return Err{text.error()};
    }
    const auto value = u256_from_text(*text);
    if (!value) {
        return Err{Error{std::string(method) + ": not a quantity: " + *text}};
    }
    return *value;
}

Result<u256> RpcClient::balance(const Address& address) {
    return quantity("eth_getBalance", "[\"" + to_hex(address) + "\",\"latest\"]");
}

Result<uint64_t> RpcClient::nonce(const Address& address) {
    const auto value =
        quantity("eth_getTransactionCount", "[\"" + to_hex(address) + "\",\"latest\"]");
    if (!value) {
        return Err{value.error()};
    }
    return value->low64();
}

Result<void> RpcClient::send_all(const std::vector<Bytes>& transactions) {
    constexpr size_t batch = 100;
    for (size_t begin = 0; begin < transactions.size(); begin += batch) {
        std::string body = "[";
        for (size_t i = begin; i < std::min(begin + batch, transactions.size()); ++i) {
            body += (i == begin ? "" : ",") +
                    send_request("eth_sendRawTransaction", transactions[i], i);
        }
        const auto response = http_.request(
            {.method = "POST",
             .target = url_.target,
             .headers = {{"Content-Type", "application/json"}},
             .body = body + "]",
             .remote = {}}
        );
        if (!response) {
            return Err{response.error()};
        }
        if (response->body.find("\"error\"") != std::string::npos) {
            return Err{Error{response->body.substr(response->body.find("\"error\""), 300)}};
        }
    }
    return {};
}

Result<double> RpcClient::metric(std::string_view name) {
    const auto response = http_.get("/metrics");
    if (!response) {
        return Err{response.error()};
    }
    const std::string line = "\nmega_" + std::string(name) + " ";
    const size_t at = response->body.find(line);
    if (at == std::string::npos) {
        return Err{Error{"/metrics has no mega_" + std::string(name)}};
    }
    return std::strtod(response->body.c_str() + at + line.size(), nullptr);
}

}  // namespace mega::bench
