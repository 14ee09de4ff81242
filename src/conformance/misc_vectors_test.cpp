// The smaller official sets that need a fork's rules: TransactionTests in every fork, BasicTests,
// GenesisTests. Difficulty is ethereum/difficulty_test.cpp's, RLP rlp_test.cpp's, tries
// trie_fixtures_test.cpp's.
//
// Left out, with the reason:
//   PoWTests            seals of proof of work are not checked by this project: no ethash
//   blockgenesistest    genesis blocks of a header form older than Frontier's
//   sig_of_emptystring  in keyaddrtest: no such signatures. Were both of one digest z, then s*R -
//   r*Q
//                       = z*G would be one point; it is not, whichever way r, s and v are read
//   trietestnextprev    walks of a trie by key; our trees commit and prove, they do not iterate

#include "base/fixtures_test.hpp"
#include "conformance/json_fields.hpp"
#include "ethereum/body_rules.hpp"
#include "execution/genesis.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

fs::path misc(const char* name) {
    return fixtures_root().value_or("") / "misc_tests/ethereum_tests_develop" / name;
}

json read(const fs::path& file) { return json::parse(read_fixture(file)); }

/// What a block would refuse without knowing any state; empty when nothing.
std::string fault_of(Fork fork, const SignedTransaction& signed_tx) {
    const Transaction& tx = signed_tx.tx;
    if (const auto checked = execution::check_stateless(fork, 1, tx); !checked) {
        return checked.error().message;
    }
    return multiply_overflows(tx.gas_limit, tx.max_fee_per_gas) ? "fees exceed 256 bits" : "";
}

void check_transaction(
    const std::string& name, const std::string& fork_name, const json& test, size_t& refused
) {
    SCOPED_TRACE(name + " [" + fork_name + "]");
    const json& expected = test.at("result").at(fork_name);
    const auto fork = fork_from_name(fork_name);
    ASSERT_TRUE(fork);
    const Bytes envelope = read_data(test.at("txbytes"));
    const auto decoded = ethereum::decode_transactions(*fork, std::span{&envelope, 1});
    const std::string fault =
        decoded ? fault_of(*fork, decoded->front()) : decoded.error().message();
    if (expected.contains("exception")) {
        EXPECT_NE(fault, "") << "accepted, though " << expected["exception"];
        ++refused;
        return;
    }
    ASSERT_EQ(fault, "");
    EXPECT_EQ(to_hex(decoded->front().hash), expected.at("hash").get<std::string>());
    EXPECT_EQ(to_hex(decoded->front().sender), expected.at("sender").get<std::string>());
    EXPECT_EQ(
        execution::intrinsic_gas(*fork, decoded->front().tx).intrinsic,
        read_u64(expected.at("intrinsicGas"))
    );
}

TEST(TransactionVectors, AgreeInEveryFork) {
    if (!fs::exists(misc("TransactionTests"))) {
        GTEST_SKIP() << fixtures_missing("TransactionTests");
    }
    size_t files = 0;
    size_t results = 0;
    size_t refused = 0;
    for (const fs::path& file : json_files_below(misc("TransactionTests"))) {
        ++files;
        for (const auto& [name, test] : read(file).items()) {
            if (name == "_info") {
                continue;
            }
            for (const auto& [fork, expected] : test.at("result").items()) {
                check_transaction(name, fork, test, refused);
                ++results;
            }
        }
    }
    std::printf("%zu files, %zu results, %zu of them refusals\n", files, results, refused);
    EXPECT_EQ(files, 180U);
    EXPECT_EQ(results, 2287U);
}

TEST(BasicVectors, KeysAndAddresses) {
    const fs::path file = misc("BasicTests/keyaddrtest.json");
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing("BasicTests");
    }
    for (const json& test : read(file)) {
        const Hash256 key = read_hash(test.at("key"));
        EXPECT_EQ(crypto::keccak256(as_bytes(test.at("seed").get<std::string>())), key);
        EXPECT_EQ(crypto::address_of(key), read_address(test.at("addr")));
    }
}

TEST(BasicVectors, Transactions) {
    const fs::path file = misc("BasicTests/txtest.json");
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing("BasicTests");
    }
    for (const json& test : read(file)) {
        Transaction tx;
        tx.nonce = read_u64(test.at("nonce"));
        tx.max_fee_per_gas = read_word(test.at("gasprice"));
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
        tx.gas_limit = read_u64(test.at("startgas"));
        tx.value = read_word(test.at("value"));
        tx.data = read_data(test.at("data"));
        if (test.at("to") != "") {
            tx.to = read_address(test.at("to"));
        }
        const Bytes envelope = read_data(test.at("signed"));
        const auto decoded = decode_transaction(envelope);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(encode(*decoded), envelope);
        tx.signature = decoded->signature;
        EXPECT_EQ(*decoded, tx);
        const auto signer = crypto::recover_address(signing_hash(*decoded), decoded->signature);
        EXPECT_EQ(signer, crypto::address_of(read_hash(test.at("key"))));
    }
}

TEST(GenesisVectors, MainnetsGenesisHash) {
    const fs::path file = misc("BasicTests/genesishashestest.json");
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing("BasicTests");
    }
    const json test = read(file);
    const auto block = decode_block(read_data(test.at("genesis_rlp_hex")));
    ASSERT_TRUE(block);
    EXPECT_EQ(hash_of(block->header), read_hash(test.at("genesis_hash")));
    EXPECT_EQ(block->header.state_root, read_hash(test.at("genesis_state_root")));
}

execution::GenesisAccount read_genesis_account(const json& fields) {
    execution::GenesisAccount account;
    for (const char* name : {"balance", "wei"}) {
        if (fields.contains(name)) {
            account.balance = read_word(fields[name]);
        }
    }
    if (fields.contains("nonce")) {
        account.nonce = read_u64(fields["nonce"]);
    }
    if (fields.contains("code")) {
        account.code = read_data(fields["code"]);
    }
    if (fields.contains("storage")) {
        for (const auto& [slot, value] : fields["storage"].items()) {
            account.storage[read_word(slot)] = read_word(value);
        }
    }
    return account;
}

TEST(GenesisVectors, BlocksOutOfAllocations) {
    const fs::path file = misc("GenesisTests/basic_genesis_tests.json");
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing("GenesisTests");
    }
    for (const auto& [name, test] : read(file).items()) {
        execution::GenesisSpec spec;
        for (const auto& [address, fields] : test.at("alloc").items()) {
            spec.alloc[read_address(address)] = read_genesis_account(fields);
        }
        const json& timestamp = test.at("timestamp");
        spec.timestamp = timestamp == "0x" ? 0 : read_u64(timestamp);
        spec.gas_limit = read_u64(test.at("gasLimit"));
        spec.parent_hash = read_hash(test.at("parentHash"));
        spec.beneficiary = read_address(test.at("coinbase"));
        spec.difficulty = read_word(test.at("difficulty"));
        spec.prev_randao = read_hash(test.at("mixHash"));
        spec.nonce = FixedBytes<8>::from(read_data(test.at("nonce")));
        spec.extra_data = read_data(test.at("extraData"));
        Block block;
        block.header = execution::make_genesis(Fork::frontier, spec).header;
        EXPECT_EQ(to_hex_digits(encode(block)), test.at("result").get<std::string>()) << name;
    }
}

}  // namespace
}  // namespace mega::conformance
