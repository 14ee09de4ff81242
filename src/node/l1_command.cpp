#include "base/hex.hpp"
#include "execution/genesis.hpp"
#include "node/commands.hpp"
#include "node/files.hpp"
#include "node/genesis_file.hpp"
#include "node/l1_options.hpp"
#include "node/predeploys.hpp"
#include "replay/json_fields.hpp"
#include "settlement/deployer.hpp"

#include <cstdio>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;
using replay::json;

constexpr size_t max_genesis_bytes = 1U << 30;

/// What a deployment must find unchanged when it is taken up again.
struct Begun {
    uint64_t l1_start_block = 0;
    uint64_t genesis_timestamp = 0;
    uint64_t staking_genesis_time = 0;
};

Result<Begun> begin_or_resume(
    l1::L1Client& client, const l1::DeployConfig& config, const std::filesystem::path& directory
) {
    const auto file = directory / "deployment.json";
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
        const auto text = l1::read_text(file);
        const auto parsed = text ? replay::parse_json(*text) : Result<json>(Err{text.error()});
        if (!parsed) {
            return Err{parsed.error()};
        }
        replay::Problem problem;
        const replay::Fields in(*parsed, file.string(), problem);
        const Begun begun{
            in.u64("l1StartBlock"), in.u64("l2GenesisTimestamp"), in.u64("stakingGenesisTime")
        };
        return problem.is_noted() ? Result<Begun>(problem.error()) : Result<Begun>(begun);
    }
    const auto head = client.block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    const Begun begun{
        (*head)->number + 1,
        config.genesis_timestamp != 0 ? config.genesis_timestamp : (*head)->timestamp,
        config.staking.genesis_time != 0 ? config.staking.genesis_time : (*head)->timestamp
    };
    const json state = {
        {"l1StartBlock", begun.l1_start_block},
        {"l2GenesisTimestamp", begun.genesis_timestamp},
        {"stakingGenesisTime", begun.staking_genesis_time}
    };
    if (auto written = l1::write_text(file, state.dump(4) + "\n"); !written) {
        return Err{written.error()};
    }
    return begun;
}

/// The genesis of L2: what the operator allocates, Ethereum's system contracts, our predeploys.
Result<GenesisFile> make_l2_genesis(
    const L1DeployCommand& command, const l1::DeployConfig& config, const l1::Contracts& contracts
) {
    GenesisFile genesis;
    if (!command.genesis_file.empty()) {
        const auto text = read_file(command.genesis_file, max_genesis_bytes);
        if (!text) {
            return Err{text.error()};
        }
        auto parsed = parse_genesis(*text);
        if (!parsed) {
            return Err{parsed.error()};
        }
        genesis = *std::move(parsed);
    }
    genesis.chain_id = config.l2_chain_id;
    genesis.spec.timestamp = config.genesis_timestamp;
    genesis.spec.gas_limit = config.gas_limit;
    genesis.spec.base_fee_per_gas = config.min_base_fee;
    genesis.spec.beneficiary = config.beneficiary;
    add_predeploys(genesis.spec.alloc);
    l1::add_l2_predeploys(genesis.spec.alloc, contracts, config.fee_vault);
    return genesis;
}

Result<void> deploy(const L1DeployCommand& command) {
    const auto key = read_l1_key(command.key_file, command.password_file);
    const auto text = l1::read_text(command.config_file);
    if (!key || !text) {
        return Err{!key ? key.error() : text.error()};
    }
    auto config = l1::parse_deploy_config(*text);
    auto client = l1::L1Client::open({.url = command.l1_url, .beacon_url = {}});
    if (!config || !client) {
        return Err{!config ? config.error() : client.error()};
    }
    const auto chain_id = (*client)->chain_id();
    if (!chain_id) {
        return Err{chain_id.error()};
    }
    std::error_code error;
    std::filesystem::create_directories(command.out_directory, error);
    const auto begun = begin_or_resume(**client, *config, command.out_directory);
    if (!begun) {
        return Err{begun.error()};
    }
    config->l1_chain_id = *chain_id;
    config->l1_start_block = begun->l1_start_block;
    config->genesis_timestamp = begun->genesis_timestamp;
    config->staking.genesis_time = begun->staking_genesis_time;
    config->deployer = *crypto::address_of(*key);
    const l1::DeploymentPlan plan = l1::plan_deployment(*config);
    const auto genesis = make_l2_genesis(command, *config, plan.contracts);
    if (!genesis) {
        return Err{genesis.error()};
    }
    l1::GenesisFacts facts;
    facts.header = execution::make_genesis(current_fork, genesis->spec).header;
    for (const auto& [address, account] : genesis->spec.alloc) {
        facts.supply += account.balance;
    }
    const l1::StopSignal never;
    l1::TxManager sender(
        **client, *key, *chain_id, {.confirmations = command.confirmations}, never
    );
    l1::Deployer deployer(**client, sender, [](const std::string& words) {
        std::printf("%s\n", words.c_str());
        std::fflush(stdout);
    });
    if (auto deployed = deployer.deploy(plan); !deployed) {
        return deployed;
    }
    if (auto wired = deployer.wire(l1::plan_wiring(*config, plan.contracts, facts)); !wired) {
        return wired;
    }
    const l1::RollupFile rollup = l1::make_rollup_file(*config, plan.contracts, facts.header);
    for (const auto& [name, content] :
         {std::pair{"addresses.json", l1::addresses_json(plan.contracts)},
          std::pair{"rollup.json", l1::to_json(rollup)},
          std::pair{"genesis.json", l1::genesis_json(genesis->chain_id, genesis->spec)}}) {
        if (auto written = l1::write_text(command.out_directory / name, content); !written) {
            return written;
        }
        std::printf("wrote %s\n", (command.out_directory / name).c_str());
    }
    std::printf("genesis of L2: %s\n", to_hex(hash_of(facts.header)).c_str());
    return {};
}

}  // namespace

int run_l1_deploy(const L1DeployCommand& command) {
    if (const auto deployed = deploy(command); !deployed) {
        std::fprintf(stderr, "mega l1 deploy: %s\n", deployed.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace mega::node
