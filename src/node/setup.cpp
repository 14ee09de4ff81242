#include "node/setup.hpp"

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

Result<GenesisFile> read_genesis(const Config& config) {
    if (config.genesis_file.empty()) {
        GenesisFile file;
        file.chain_id = default_dev_chain_id;
        file.spec.gas_limit = config.gas_limit;
        file.spec.base_fee_per_gas = config.min_base_fee;
        add_predeploys(file.spec.alloc);
        return file;
    }
    const auto text = read_file(config.genesis_file, max_genesis_bytes);
    if (!text) {
        return Err{text.error()};
    }
    return parse_genesis(*text);
}

}  // namespace

Result<Setup> prepare(const Config& config) {
    auto file = read_genesis(config);
    if (!file) {
        return Err{file.error()};
    }
    Setup setup;
    setup.chain_id =
        config.is_development && config.chain_id != 0 ? config.chain_id : file->chain_id;
    if (config.is_development) {
        const std::string_view mnemonic =
            config.mnemonic.empty() ? test_mnemonic : std::string_view(config.mnemonic);
        // One more than shown: the sequencer's own.
        setup.accounts = derive_accounts(mnemonic, config.accounts + 1);
        setup.sequencer_key = setup.accounts.back().key;
        setup.accounts.pop_back();
        for (const DevAccount& account : setup.accounts) {
            file->spec.alloc[account.address].balance = u256{config.balance} * one_mega;
        }
    } else {
        const auto key = read_key(config);
        if (!key) {
            return Err{key.error()};
        }
        setup.sequencer_key = *key;
    }
    setup.sequencer = *crypto::address_of(setup.sequencer_key);
    setup.genesis = execution::make_genesis(current_fork, file->spec);
    return setup;
}

}  // namespace mega::node
