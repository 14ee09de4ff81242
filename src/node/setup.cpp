#include "node/setup.hpp"

#include "crypto/keccak.hpp"
#include "node/dev_l1.hpp"
#include "node/files.hpp"
#include "node/genesis_file.hpp"
#include "node/keystore.hpp"
#include "node/predeploys.hpp"

namespace mega::node {
namespace {

constexpr uint64_t default_dev_chain_id = 6342;
constexpr size_t max_genesis_bytes = 1U << 30;
constexpr u256 one_mega = 1'000'000'000'000'000'000ULL;

Result<crypto::SecretKey> read_key(const Config& config) {
    const auto file = read_file(config.key_file, 1U << 20);
    if (!file) {
        return Err{file.error()};
    }
    std::string password;
    if (!config.password_file.empty()) {
        auto line = read_first_line(config.password_file);
        if (!line) {
            return Err{line.error()};
        }
        password = std::move(*line);
    }
    return decrypt_keystore(*file, password);
}

Result<std::string> read_genesis_text(const Config& config) {
    return config.genesis_file.empty() ? std::string{}
                                       : read_file(config.genesis_file, max_genesis_bytes);
}

Hash256 digest_of(const Config& config, const Setup& setup) {
    Bytes source = to_bytes(crypto::keccak256(as_bytes(setup.genesis_text)).view());
    for (const uint64_t number :
         {uint64_t{config.is_development},
          config.chain_id,
          config.balance,
          config.gas_limit,
          config.min_base_fee}) {
        append(source, u256{number}.to_hash().view());
    }
    if (config.has_dev_l1_genesis()) {
        append(source, as_bytes("predeploys of L2"));
    }
    for (const DevAccount& account : setup.accounts) {
        append(source, account.address.view());
    }
    return crypto::keccak256(source);
}

GenesisFile built_in_genesis(const Config& config) {
    GenesisFile file;
    file.chain_id = default_dev_chain_id;
    file.spec.gas_limit = config.gas_limit;
    file.spec.base_fee_per_gas = config.min_base_fee;
    add_predeploys(file.spec.alloc);
    return file;
}

void add_dev_accounts(const Config& config, Setup& setup) {
    const std::string_view mnemonic =
        config.mnemonic.empty() ? test_mnemonic : std::string_view(config.mnemonic);
    // One more than shown: the sequencer's own.
    setup.accounts = derive_accounts(mnemonic, config.accounts + 1);
    setup.sequencer_key = setup.accounts.back().key;
    setup.accounts.pop_back();
}

}  // namespace

Result<Setup> prepare(const Config& config) {
    Setup setup;
    auto text = read_genesis_text(config);
    if (!text) {
        return Err{text.error()};
    }
    setup.genesis_text = std::move(*text);
    if (config.is_development) {
        add_dev_accounts(config, setup);
    } else if (config.l1.only_follows) {
        // Signs nothing that anybody is meant to trust.
        setup.sequencer_key = crypto::keccak256(as_bytes("mega.only-follows"));
    } else if (config.follow.empty()) {
        const auto key = read_key(config);
        if (!key) {
            return Err{key.error()};
        }
        setup.sequencer_key = *key;
    }
    if (config.follow.empty()) {
        setup.sequencer = *crypto::address_of(setup.sequencer_key);
    }
    setup.genesis_source = digest_of(config, setup);
    return setup;
}

Result<ChainGenesis> build_genesis(const Config& config, const Setup& setup) {
    auto file = config.genesis_file.empty() ? Result<GenesisFile>(built_in_genesis(config))
                                            : parse_genesis(setup.genesis_text);
    if (!file) {
        return Err{file.error()};
    }
    if (config.is_development && config.chain_id != 0) {
        file->chain_id = config.chain_id;
    }
    for (const DevAccount& account : setup.accounts) {
        file->spec.alloc[account.address].balance = u256{config.balance} * one_mega;
    }
    if (config.has_dev_l1_genesis()) {
        const auto deploy = dev_deploy_config(config, file->chain_id, file->spec.timestamp);
        settlement::add_l2_predeploys(
            file->spec.alloc, settlement::plan_deployment(deploy).contracts, deploy.fee_vault
        );
    }
    return ChainGenesis{file->chain_id, execution::make_genesis(current_fork, file->spec)};
}

}  // namespace mega::node
