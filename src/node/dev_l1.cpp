#include "node/dev_l1.hpp"

#include "node/l1_options.hpp"
#include "settlement/abi.hpp"
#include "settlement/child_process.hpp"
#include "settlement/deployer.hpp"

#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <thread>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;

constexpr uint32_t start_patience_ms = 60'000;
constexpr uint64_t slots_in_an_epoch = 4;
constexpr uint32_t state_interval_s = 5;
const u256 one_mega{1'000'000'000'000'000'000ULL};

bool is_free(uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound =
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(socket);
    return bound;
}

/// Any that is free now.
uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const bool named =
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(socket);
    return named ? ntohs(address.sin_port) : 0;
}

/// node_modules beside the working directory or above the binary, then PATH. The wrapper in
/// node_modules/.bin would be in between when signals come, so the program itself is preferred.
std::optional<std::filesystem::path> find_anvil() {
    std::error_code error;
    std::vector<std::filesystem::path> roots{std::filesystem::current_path(error)};
    for (auto place = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
         place.has_relative_path();
         place = place.parent_path()) {
        roots.push_back(place);
    }
    std::vector<std::filesystem::path> directories;
    for (const auto& root : roots) {
        directories.push_back(root / "node_modules/@foundry-rs/anvil-linux-amd64/bin");
        directories.push_back(root / "node_modules/@foundry-rs/anvil-linux-arm64/bin");
    }
    return l1::find_program("anvil", directories);
}

}  // namespace

DevRoles dev_roles(const Config& config) {
    const std::string_view mnemonic =
        config.mnemonic.empty() ? test_mnemonic : std::string_view(config.mnemonic);
    const auto accounts = derive_accounts(mnemonic, config.accounts + 3);
    return {
        .batcher = accounts[config.accounts].key,
        .proposer = accounts[config.accounts + 1].key,
        .deployer = accounts[config.accounts + 2].key,
    };
}

l1::DeployConfig dev_deploy_config(
    const Config& config, uint64_t l2_chain_id, uint64_t genesis_timestamp
) {
    const DevRoles roles = dev_roles(config);
    const Address sequencer = *crypto::address_of(roles.batcher);
    const Address deployer = *crypto::address_of(roles.deployer);
    l1::DeployConfig deploy;
    l1::use_development_windows(deploy);
    deploy.l1_chain_id = dev_l1_chain_id;
    deploy.l2_chain_id = l2_chain_id;
    deploy.l1_start_block = dev_l1_start_block;
    deploy.genesis_timestamp = genesis_timestamp;
    deploy.deployer = deployer;
    deploy.guardian = deployer;
    deploy.sequencer = sequencer;
    deploy.fee_vault = deployer;
    // SystemConfig has bounds of its own; a development chain may be below them.
    deploy.gas_limit = std::max<uint64_t>(config.gas_limit, 30'000'000);
    deploy.min_base_fee = config.min_base_fee;
    deploy.mini_block_ms = std::clamp<uint32_t>(config.mini_block_interval_ms, 1, 1'000);
    deploy.beneficiary = fixed_from_hex<20>(config.beneficiary).value_or(sequencer);
    return deploy;
}

struct DevL1::Impl {
    Config config;
    DevL1Genesis genesis;
    Settlement::Parts parts;
    l1::DeployConfig deploy;
    l1::DeploymentPlan plan;

    l1::StopSignal stop;
    std::unique_ptr<l1::ChildProcess> anvil;
    std::string url;
    mutable std::mutex mutex;
    std::unique_ptr<Settlement> settlement;  // guarded by mutex
    std::thread thread;

    Impl(const Config& c, DevL1Genesis g, const Settlement::Parts& p)
        : config(c),
          genesis(std::move(g)),
          parts(p),
          deploy(dev_deploy_config(config, genesis.chain_id, genesis.facts.header.timestamp)) {}

    void run();
    [[nodiscard]] Result<void> start_anvil(const std::filesystem::path& program);
    [[nodiscard]] Result<void> bring_up();
    [[nodiscard]] Result<void> wait_for_anvil(l1::L1Client& client);
    [[nodiscard]] Result<uint64_t> set_clock(l1::L1Client& client);
    [[nodiscard]] Result<void> give_tokens(l1::L1Client& client, l1::TxManager& sender);
    [[nodiscard]] SettlementOptions options() const;
    void print_banner() const;
    void supervise();
    [[nodiscard]] std::filesystem::path directory() const { return config.data_directory / "l1"; }
};

Result<void> DevL1::Impl::start_anvil(const std::filesystem::path& program) {
    const bool is_wanted_free = config.l1.dev_port != 0 && is_free(config.l1.dev_port);
    const uint16_t port = is_wanted_free ? config.l1.dev_port : free_port();
    if (config.l1.dev_port != 0 && !is_wanted_free) {
        spdlog::warn("port {} is taken: L1 listens on {}", config.l1.dev_port, port);
    }
    std::error_code error;
    std::filesystem::create_directories(directory(), error);
    std::vector<std::string> arguments{
        "--host",
        config.rpc_address,
        "--port",
        std::to_string(port),
        "--hardfork",
        "osaka",
        "--chain-id",
        std::to_string(dev_l1_chain_id),
        "--mnemonic",
        config.mnemonic.empty() ? std::string(test_mnemonic) : config.mnemonic,
        "--accounts",
        std::to_string(config.accounts + 3),
        "--slots-in-an-epoch",
        std::to_string(slots_in_an_epoch),
    };
    if (!config.is_ephemeral) {
        arguments.insert(
            arguments.end(),
            {"--state",
             (directory() / "anvil.json").string(),
             "--state-interval",
             std::to_string(state_interval_s),
             "--preserve-historical-states"}
        );
    }
    auto started = l1::ChildProcess::start(
        {.program = program,
         .arguments = std::move(arguments),
         .output_file = directory() / "anvil.out",
         .grace_ms = 10'000}
    );
    if (!started) {
        return Err{started.error()};
    }
    anvil = *std::move(started);
    url = "http://" + config.rpc_address + ":" + std::to_string(port);
    return {};
}

Result<void> DevL1::Impl::wait_for_anvil(l1::L1Client& client) {
    constexpr uint32_t step_ms = 20;
    for (uint32_t waited = 0; waited < start_patience_ms; waited += step_ms) {
        if (client.chain_id()) {
            return {};
        }
        if (const auto ended = anvil->ended()) {
            return Err{Error{
                "anvil ended with " + *ended + "; see " + (directory() / "anvil.out").string()
            }};
        }
        if (!stop.wait_ms(step_ms)) {
            return Err{Error{"stopped"}};
        }
    }
    return Err{Error{"anvil does not answer"}};
}

/// Mines a block with the time of now: anvil's clock goes on where it stopped, and a chain whose L1
/// lags behind is not taken from its sequencer. The time of L1's first block, from which epochs are
/// counted: anvil keeps it over restarts.
Result<uint64_t> DevL1::Impl::set_clock(l1::L1Client& client) {
    const auto latest = client.block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{"anvil has no latest block"}};
    }
    const auto now = static_cast<uint64_t>(::time(nullptr));
    if (now > (*latest)->timestamp) {
        if (const auto set = client.raw_call("anvil_setNextBlockTimestamp", {now}); !set) {
            return Err{set.error()};
        }
    }
    if (const auto mined = client.raw_call("evm_mine", replay::json::array()); !mined) {
        return Err{mined.error()};
    }
    const auto first = client.block(dev_l1_start_block);
    if (!first || !*first) {
        return Err{!first ? first.error() : Error{"anvil has no first block"}};
    }
    return (*first)->timestamp;
}

/// MEGA on L1 for those who have some on L2.
Result<void> DevL1::Impl::give_tokens(l1::L1Client& client, l1::TxManager& sender) {
    for (const Address& account : genesis.accounts) {
        const auto has = client.call(
            {.to = plan.contracts.token,
             .data = l1::abi::Encoder().word(account).call("balanceOf(address)")}
        );
        if (!has) {
            return Err{has.error()};
        }
        if (!l1::abi::Decoder(*has).number().is_zero()) {
            continue;
        }
        const auto sent = sender.send(
            {.to = plan.contracts.token,
             .data = l1::abi::Encoder()
                         .word(account)
                         .word(u256{config.balance} * one_mega)
                         .call("transfer(address,uint256)"),
             .value = {},
             .gas_limit = 100'000,
             .sidecar = {}}
        );
        if (!sent) {
            return Err{Error{"giving out MEGA on L1: " + sent.error().message}};
        }
    }
    return {};
}

Result<void> DevL1::Impl::bring_up() {
    auto client = l1::L1Client::open({.url = url, .beacon_url = {}});
    if (!client) {
        return Err{client.error()};
    }
    if (auto up = wait_for_anvil(**client); !up) {
        return up;
    }
    const auto epochs_begin = set_clock(**client);
    if (!epochs_begin) {
        return Err{epochs_begin.error()};
    }
    deploy.staking.genesis_time = *epochs_begin;
    plan = l1::plan_deployment(deploy);
    l1::TxManager sender(
        **client, dev_roles(config).deployer, dev_l1_chain_id, {.poll_ms = 5}, stop
    );
    l1::Deployer deployer(**client, sender, [](const std::string& words) {
        spdlog::debug("L1: {}", words);
    });
    if (auto deployed = deployer.deploy(plan); !deployed) {
        return deployed;
    }
    if (auto wired = deployer.wire(l1::plan_wiring(deploy, plan.contracts, genesis.facts));
        !wired) {
        return wired;
    }
    if (auto given = give_tokens(**client, sender); !given) {
        return given;
    }
    // Until here each transaction had a block of its own, at once.
    const auto mining = (*client)->raw_call("evm_setIntervalMining", {config.l1.dev_block_time_s});
    if (!mining) {
        return Err{mining.error()};
    }
    const auto rollup = l1::make_rollup_file(deploy, plan.contracts, genesis.facts.header);
    for (const auto& [name, text] :
         {std::pair{"rollup.json", l1::to_json(rollup)},
          std::pair{"addresses.json", l1::addresses_json(plan.contracts)}}) {
        if (auto written = l1::write_text(directory() / name, text); !written) {
            return written;
        }
    }
    return {};
}

SettlementOptions DevL1::Impl::options() const {
    const DevRoles roles = dev_roles(config);
    SettlementOptions options;
    options.l1 = {.url = url, .beacon_url = {}};
    options.rollup = l1::make_rollup_file(deploy, plan.contracts, genesis.facts.header);
    options.batcher_key = roles.batcher;
    options.proposer_key = roles.proposer;
    options.auto_relay = true;
    options.watcher.depth = config.l1.depth;
    options.batcher = batcher_options(config);
    options.proposal_interval_s = config.l1.proposal_interval_s.value_or(5);
    options.blob_archive =
        config.l1.blob_archive.empty() ? config.data_directory / "blobs" : config.l1.blob_archive;
    options.batcher_lock = config.data_directory / "batcher.lock";
    return options;
}

void DevL1::Impl::print_banner() const {
    std::printf(
        "\nL1         %s (anvil, chain id %llu)\n",
        url.c_str(),
        static_cast<unsigned long long>(dev_l1_chain_id)
    );
    l1::Contracts contracts = plan.contracts;
    for (const auto& [name, address] : l1::named_addresses(contracts)) {
        std::printf("  %-17s %s\n", name.c_str(), to_hex(*address).c_str());
    }
    for (const auto& [name, address] : l1::named_addresses(contracts.mega)) {
        std::printf("  %-17s %s\n", name.c_str(), to_hex(*address).c_str());
    }
    std::printf("L1 is ready: the accounts have ETH and MEGA there, too\n");
    std::fflush(stdout);
}

/// The kernel ends anvil with this thread: it stays until it is told to stop.
void DevL1::Impl::supervise() {
    constexpr uint32_t look_ms = 500;
    while (stop.wait_ms(look_ms)) {
        if (const auto ended = anvil->ended()) {
            spdlog::error(
                "L1 (anvil) ended with {}; the L2 goes on alone. See {}",
                *ended,
                (directory() / "anvil.out").string()
            );
            break;
        }
    }
}

void DevL1::Impl::run() {
    const auto program = find_anvil();
    if (!program) {
        spdlog::warn(
            "anvil is neither in node_modules nor in PATH: no L1, the L2 runs alone "
            "(npm ci --ignore-scripts installs it; --no-l1 says that none is wanted)"
        );
        return;
    }
    auto up = start_anvil(*program);
    if (up) {
        up = bring_up();
    }
    if (!up) {
        if (!stop.is_stopped()) {
            spdlog::error("no L1: {}", up.error().message);
        }
        anvil.reset();
        return;
    }
    auto started = Settlement::start(options(), parts);
    if (!started) {
        spdlog::error("no settlement: {}", started.error().message);
    } else {
        const std::lock_guard lock(mutex);
        settlement = *std::move(started);
    }
    print_banner();
    supervise();
    std::unique_ptr<Settlement> ending;
    {
        const std::lock_guard lock(mutex);
        ending = std::move(settlement);
    }
    ending.reset();
    anvil.reset();
}

DevL1::DevL1(const Config& config, DevL1Genesis genesis, const Settlement::Parts& parts)
    : impl_(std::make_unique<Impl>(config, std::move(genesis), parts)) {
    impl_->thread = std::thread([this] { impl_->run(); });
}

DevL1::~DevL1() {
    impl_->stop.stop();
    impl_->thread.join();
}

void DevL1::add_metrics(MetricsText& out) const {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->settlement) {
        impl_->settlement->add_metrics(out);
    }
}

}  // namespace mega::node
