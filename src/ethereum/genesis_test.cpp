#include "execution/genesis.hpp"

#include "base/fixtures_test.hpp"
#include "ethereum/chain.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::ethereum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path fixtures() { return fixtures_root().value_or("") / "misc_tests/ethereum_tests_develop"; }

/// Empty data stands for zero in these old files.
u256 word(const json& text) {
    const auto digits = text.get<std::string>();
    return digits == "0x" ? u256{} : u256_from_text(digits).value();
}

Bytes data(const json& text) { return from_hex(text.get<std::string>(), false).value(); }

execution::GenesisAccount read_account(const json& fields) {
    execution::GenesisAccount account;
    for (const char* name : {"balance", "wei"}) {
        account.balance = fields.contains(name) ? word(fields.at(name)) : account.balance;
    }
    account.nonce = fields.contains("nonce") ? word(fields.at("nonce")).low64() : 0;
    account.code = fields.contains("code") ? data(fields.at("code")) : Bytes{};
    for (const auto& [slot, value] : fields.value("storage", json::object()).items()) {
        account.storage[u256_from_text(slot).value()] = word(value);
    }
    return account;
}

execution::GenesisSpec read_spec(const json& test) {
    execution::GenesisSpec spec;
    for (const auto& [address, fields] : test.at("alloc").items()) {
        spec.alloc[Address::from(from_hex(address, false).value())] = read_account(fields);
    }
    spec.timestamp = word(test.at("timestamp")).low64();
    spec.gas_limit = word(test.at("gasLimit")).low64();
    spec.parent_hash = Hash256::from(data(test.at("parentHash")));
    spec.beneficiary = Address::from(data(test.at("coinbase")));
    spec.difficulty = word(test.at("difficulty"));
    spec.prev_randao = Hash256::from(data(test.at("mixHash")));
    spec.nonce = FixedBytes<8>::from(data(test.at("nonce")));
    spec.extra_data = data(test.at("extraData"));
    return spec;
}

TEST(Genesis, BlocksAreThoseOfTheOfficialTests) {
    const fs::path file = fixtures() / "GenesisTests/basic_genesis_tests.json";
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing("misc_tests/ethereum_tests_develop/GenesisTests");
    }
    const json tests = json::parse(read_fixture(file));
    EXPECT_EQ(tests.size(), 3U);
    for (const auto& [name, test] : tests.items()) {
        const auto genesis = execution::make_genesis(Fork::frontier, read_spec(test));
        const Block block{genesis.header, {}, {}, {}};
        EXPECT_EQ(to_hex_digits(encode(block)), test.at("result").get<std::string>()) << name;
        EXPECT_TRUE(Chain::start(mainnet(), genesis.diff, genesis.header)) << name;
    }
}

TEST(Genesis, MainnetsHasItsHash) {
    const fs::path file = fixtures() / "BasicTests/genesishashestest.json";
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing("misc_tests/ethereum_tests_develop/BasicTests");
    }
    const json test = json::parse(read_fixture(file));
    const auto block = decode_block(data(test.at("genesis_rlp_hex")));
    ASSERT_TRUE(block);
    EXPECT_EQ(to_hex_digits(hash_of(block->header)), test.at("genesis_hash").get<std::string>());
    EXPECT_EQ(
        to_hex_digits(block->header.state_root), test.at("genesis_state_root").get<std::string>()
    );
}

TEST(Genesis, AHeaderOfAnotherStateStartsNoChain) {
    auto genesis = execution::make_genesis(Fork::frontier, {});
    genesis.header.state_root[0] ^= 1;
    const auto started = Chain::start(mainnet(), genesis.diff, genesis.header);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, BlockFaultCode::wrong_state_root);
}

}  // namespace
}  // namespace mega::ethereum
