#include "base/hex.hpp"
#include "node/commands.hpp"
#include "node/node.hpp"
#include "node/version.hpp"
#include "settlement/child_process.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <ctime>

namespace mega::node {
namespace {

constexpr int success = 0;
constexpr int failed = 1;

void set_up_logging(const Config& config) {
    auto logger = spdlog::stderr_color_mt("mega");
    logger->set_level(spdlog::level::from_str(config.log_level));
    logger->set_pattern(
        config.log_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":"%v"})"
                        : "%Y-%m-%d %H:%M:%S.%e %^%l%$ %v",
        spdlog::pattern_time_type::utc
    );
    spdlog::set_default_logger(logger);
}

void print_accounts(const Config& config, const NodeInfo& info) {
    std::printf("\nAccounts (%llu MEGA each)\n", static_cast<unsigned long long>(config.balance));
    for (size_t i = 0; i < info.accounts.size(); ++i) {
        std::printf("  (%zu) %s\n", i, to_hex(info.accounts[i].address).c_str());
    }
    std::printf("\nPrivate keys (public knowledge: never send real money here)\n");
    for (size_t i = 0; i < info.accounts.size(); ++i) {
        std::printf("  (%zu) %s\n", i, to_hex(info.accounts[i].key).c_str());
    }
    if (config.mnemonic.empty()) {
        std::printf("\nMnemonic   %s\n", std::string(test_mnemonic).c_str());
    }
}

void print_source(const Config& config, const NodeInfo& info) {
    const auto number = static_cast<unsigned long long>(info.block_number);
    if (!config.follow.empty()) {
        std::string urls;
        for (const std::string& url : config.follow) {
            urls += (urls.empty() ? "" : " or ") + url;
        }
        std::printf("Follows    %s, last sealed %llu\n", urls.c_str(), number);
        return;
    }
    std::printf(
        "Blocks     every %u ms, mini-blocks every %u ms, last sealed %llu\n",
        config.block_interval_ms,
        config.mini_block_interval_ms,
        number
    );
}

void print_banner(const Config& config, const NodeInfo& info) {
    const char* address = config.rpc_address.c_str();
    std::printf("%s\n", std::string(client_version).c_str());
    if (config.is_development && config.follow.empty()) {
        print_accounts(config, info);
    }
    std::printf("\nChain id   %llu\n", static_cast<unsigned long long>(info.chain_id));
    std::printf("Genesis    %s\n", to_hex(info.genesis_hash).c_str());
    std::printf(
        "Sequencer  %s\n",
        info.sequencer ? to_hex(*info.sequencer).c_str() : "whoever signs the first mini-block"
    );
    print_source(config, info);
    std::printf(
        "Data       %s%s\n",
        config.data_directory.c_str(),
        config.is_ephemeral ? " (removed at the end)" : ""
    );
    std::printf("\nRPC        http://%s:%u\n", address, info.rpc_port);
    std::printf("WebSocket  ws://%s:%u\n", address, info.rpc_port);
    std::fflush(stdout);
}

using Child = std::unique_ptr<settlement::ChildProcess>;

/// A development chain with L1 has a validator beside it, too: it executes each block on its
/// witness alone.
Child start_validator(const Config& config, const NodeInfo& info) {
    if (!config.has_dev_l1() || config.without_validator) {
        return nullptr;
    }
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    const bool is_anywhere = config.rpc_address == "0.0.0.0";
    const std::string address = is_anywhere ? "127.0.0.1" : config.rpc_address;
    auto started = settlement::ChildProcess::start(
        {.program = program,
         .arguments =
             {"validate",
              "ws://" + address + ":" + std::to_string(info.rpc_port),
              "--dev",
              "--min-base-fee",
              std::to_string(config.min_base_fee),
              "--evidence",
              config.data_directory.string()},
         .output_file = config.data_directory / "validator.out"}
    );
    if (!started) {
        spdlog::warn("no validator: {}", started.error().message);
        return nullptr;
    }
    std::printf("Validator  writes to %s\n", (config.data_directory / "validator.out").c_str());
    std::fflush(stdout);
    return *std::move(started);
}

void look_after(Child& validator, const Config& config) {
    if (!validator) {
        return;
    }
    if (const auto ended = validator->ended()) {
        spdlog::error(
            "the validator ended with {}: see {}",
            *ended,
            (config.data_directory / "validator.out").string()
        );
        validator.reset();
    }
}

/// Waits for SIGINT or SIGTERM, which must be blocked, or for the node to fail.
int wait_for_end(const Node& node, Child& validator, const sigset_t& signals) {
    while (true) {
        const timespec poll{.tv_sec = 0, .tv_nsec = 200'000'000};
        const int signal = ::sigtimedwait(&signals, nullptr, &poll);
        if (signal == SIGINT || signal == SIGTERM) {
            spdlog::info("stopping");
            return success;
        }
        look_after(validator, node.config());
        if (const auto words = node.failure()) {
            spdlog::error("{}", *words);
            return node.exit_status();
        }
    }
}

}  // namespace

int run_node_command(const Config& config) {
    set_up_logging(config);
    if (const auto problem = problem_of(config)) {
        spdlog::error("{}", *problem);
        return failed;
    }
    // Blocked before any thread starts, so that all inherit it and only wait_for_end sees them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // A closed socket or a full disk is an error where it happens, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);

    auto node = Node::start(config);
    if (!node) {
        spdlog::error("{}", node.error().message);
        return failed;
    }
    const NodeInfo& info = (*node)->info();
    for (const std::string& warning : info.warnings) {
        spdlog::warn("{}", warning);
    }
    if (info.replayed_transactions > 0) {
        spdlog::info("replayed {} transactions from the log", info.replayed_transactions);
    }
    print_banner((*node)->config(), info);
    Child validator = start_validator((*node)->config(), info);
    const int status = wait_for_end(**node, validator, signals);
    validator.reset();
    node->reset();
    spdlog::info("stopped");
    return status;
}

}  // namespace mega::node
