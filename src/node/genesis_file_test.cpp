#include "node/genesis_file.hpp"

#include "node/setup.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::node {
namespace {

using nlohmann::json;

json good() {
    return json::parse(R"({
        "config": {"chainId": 4242, "londonBlock": 0},
        "nonce": "0x42",
        "timestamp": "0x65000000",
        "extraData": "0x1234",
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x0",
        "difficulty": "0x1",
        "number": "0x7",
        "mixHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
        "parentHash": "0x2222222222222222222222222222222222222222222222222222222222222222",
        "coinbase": "0x3333333333333333333333333333333333333333",
        "baseFeePerGas": "0x3b9aca00",
        "alloc": {
            "0x4444444444444444444444444444444444444444": {"balance": "0xde0b6b3a7640000"},
            "5555555555555555555555555555555555555555": {
                "balance": "1000", "nonce": "0x1", "code": "0x6001",
                "storage": {
                    "0x0000000000000000000000000000000000000000000000000000000000000002": "0x3"
                }
            }
        }
    })");
}

/// The words about a file in which the value at `pointer` is `value`; removed when null.
std::string problem_with(const char* pointer, const json& value) {
    json root = good();
    root[json::json_pointer(pointer)] = value;
    const auto parsed = parse_genesis(root.dump());
    return parsed ? "" : parsed.error().message;
}

std::string problem_without(const char* name) {
    json root = good();
    root.erase(name);
    const auto parsed = parse_genesis(root.dump());
    return parsed ? "" : parsed.error().message;
}

Config good_config() {
    Config config;
    config.is_development = true;
    return config;
}

std::string problem_after(const std::function<void(Config&)>& change) {
    Config config = good_config();
    change(config);
    return problem_of(config).value_or("");
}

}  // namespace

TEST(genesis_file, every_field_is_read) {
    const auto parsed = parse_genesis(good().dump());
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed->chain_id, 4242u);
    const execution::GenesisSpec& spec = parsed->spec;
    EXPECT_EQ(spec.nonce, (FixedBytes<8>{{0, 0, 0, 0, 0, 0, 0, 0x42}}));
    EXPECT_EQ(spec.timestamp, 0x65000000u);
    EXPECT_EQ(spec.extra_data, (Bytes{0x12, 0x34}));
    EXPECT_EQ(spec.gas_limit, 30'000'000u);
    EXPECT_EQ(spec.difficulty, u256{1});
    EXPECT_EQ(spec.number, 7u);
    EXPECT_EQ(spec.prev_randao.bytes[0], 0x11);
    EXPECT_EQ(spec.parent_hash.bytes[31], 0x22);
    EXPECT_EQ(spec.beneficiary.bytes[19], 0x33);
    EXPECT_EQ(spec.base_fee_per_gas, std::optional{u256{1'000'000'000}});
    ASSERT_EQ(spec.alloc.size(), 2u);
    const auto& rich = spec.alloc.begin()->second;
    EXPECT_EQ(rich.balance, u256{1'000'000'000'000'000'000ULL});
    const auto& contract = std::next(spec.alloc.begin())->second;
    EXPECT_EQ(contract.balance, u256{1000});
    EXPECT_EQ(contract.nonce, 1u);
    EXPECT_EQ(contract.code, (Bytes{0x60, 0x01}));
    EXPECT_EQ(contract.storage, (std::map<u256, u256>{{2, 3}}));
}

TEST(genesis_file, what_is_left_out_has_a_default) {
    const auto parsed = parse_genesis(R"({"config":{"chainId":1},"alloc":{}})");
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed->spec.gas_limit, execution::GenesisSpec{}.gas_limit);
    EXPECT_FALSE(parsed->spec.base_fee_per_gas);
    EXPECT_TRUE(parsed->spec.alloc.empty());
}

TEST(genesis_file, a_field_that_is_wrong_is_named) {
    for (const char* name : {"nonce", "timestamp", "gasLimit", "gasUsed", "number"}) {
        const std::string field = "genesis: \"" + std::string(name) + "\" ";
        const std::string at = "/" + std::string(name);
        EXPECT_EQ(
            problem_with(at.c_str(), "0x1ffffffffffffffff"), field + "is larger than 64 bits"
        );
        for (const json& value : {json("x"), json(-1), json(1.5), json::array(), json(nullptr)}) {
            EXPECT_EQ(problem_with(at.c_str(), value), field + "is not a number");
        }
    }
    for (const char* name : {"difficulty", "baseFeePerGas"}) {
        const std::string at = "/" + std::string(name);
        EXPECT_EQ(
            problem_with(at.c_str(), "0x1" + std::string(64, '0')),
            "genesis: \"" + std::string(name) + "\" is not a number"
        );
    }
    for (const char* name : {"mixHash", "parentHash", "coinbase"}) {
        const std::string field = "genesis: \"" + std::string(name) + "\" ";
        const std::string at = "/" + std::string(name);
        EXPECT_EQ(problem_with(at.c_str(), "0x1234"), field + "has the wrong length");
        EXPECT_EQ(problem_with(at.c_str(), "0x123"), field + "is not a hex string");
        EXPECT_EQ(problem_with(at.c_str(), 5), field + "is not a hex string");
    }
    EXPECT_EQ(problem_with("/extraData", "zz"), "genesis: \"extraData\" is not a hex string");
}

TEST(genesis_file, an_allocation_that_is_wrong_is_named) {
    const std::string rich = "/alloc/0x4444444444444444444444444444444444444444";
    EXPECT_EQ(
        problem_with((rich + "/balance").c_str(), "a lot"), "genesis: \"balance\" is not a number"
    );
    EXPECT_EQ(
        problem_with((rich + "/code").c_str(), "0x6"), "genesis: \"code\" is not a hex string"
    );
    EXPECT_EQ(
        problem_with((rich + "/storage").c_str(), {{"what", "0x1"}}),
        "genesis: \"storage key\" is not a number"
    );
    EXPECT_EQ(
        problem_with((rich + "/storage").c_str(), {{"0x1", "what"}}),
        "genesis: \"storage value\" is not a number"
    );
    for (const json& value : {json(5), json("0x1"), json::array({1})}) {
        EXPECT_EQ(
            problem_with((rich + "/storage").c_str(), value),
            "genesis: \"storage\" is not an object"
        );
    }
    EXPECT_EQ(
        problem_with(rich.c_str(), 5),
        "genesis: \"0x4444444444444444444444444444444444444444\" is not an object"
    );
    EXPECT_EQ(problem_with("/alloc/0x12", json::object()), "genesis: \"0x12\" is not an address");
    EXPECT_EQ(
        problem_with("/alloc", json::array()), "genesis: \"alloc\" is missing or not an object"
    );
    EXPECT_EQ(problem_without("alloc"), "genesis: \"alloc\" is missing or not an object");
}

TEST(genesis_file, an_address_written_twice_is_named) {
    json root = good();
    root["alloc"]["0x5555555555555555555555555555555555555555"] = {{"balance", "0x1"}};
    const auto parsed = parse_genesis(root.dump());
    ASSERT_FALSE(parsed.has_value());
    EXPECT_NE(parsed.error().message.find("5555"), std::string::npos);
    EXPECT_NE(parsed.error().message.find("twice"), std::string::npos);
}

TEST(genesis_file, the_chain_id_is_needed) {
    EXPECT_EQ(problem_without("config"), "genesis: \"config.chainId\" is missing");
    EXPECT_EQ(problem_with("/config", 5), "genesis: \"config.chainId\" is missing");
    EXPECT_EQ(problem_with("/config", json::object()), "genesis: \"config.chainId\" is missing");
    EXPECT_EQ(problem_with("/config/chainId", 0), "genesis: \"config.chainId\" must not be 0");
    EXPECT_EQ(problem_with("/config/chainId", "x"), "genesis: \"chainId\" is not a number");
}

TEST(genesis_file, what_is_not_json_is_refused) {
    for (const char* text : {"", "{", "[]", "5", "\"x\"", "null", "{\"config\":{}}}"}) {
        const auto parsed = parse_genesis(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().message, "genesis: the file is not a JSON object");
    }
}

TEST(config, good_values_pass_and_borders_are_exact) {
    EXPECT_EQ(problem_after([](Config&) {}), "");
    EXPECT_EQ(problem_after([](Config& c) { c.block_interval_ms = 100; }), "");
    EXPECT_EQ(problem_after([](Config& c) { c.gas_limit = 5000; }), "");
    EXPECT_EQ(problem_after([](Config& c) { c.accounts = 1000; }), "");
    EXPECT_EQ(problem_after([](Config& c) { c.mini_block_interval_ms = c.block_interval_ms; }), "");
}

TEST(config, a_bad_value_is_named_by_its_key) {
    const auto names = [](const std::string& key, const std::function<void(Config&)>& change) {
        EXPECT_EQ(problem_after(change).find(key), 0u) << key << ": " << problem_after(change);
    };
    names("mini-block-interval-ms", [](Config& c) { c.mini_block_interval_ms = 0; });
    names("block-interval-ms", [](Config& c) { c.block_interval_ms = 99; });
    names("block-interval-ms", [](Config& c) { c.mini_block_interval_ms = 1001; });
    names("gas-limit", [](Config& c) { c.gas_limit = 4999; });
    names("rpc-threads", [](Config& c) { c.rpc_threads = 0; });
    names("rpc-threads and rpc-workers", [](Config& c) { c.rpc_workers = 0; });
    names("checkpoint-interval-blocks", [](Config& c) { c.checkpoint_interval_blocks = 0; });
    names("beneficiary", [](Config& c) { c.beneficiary = "0x12"; });
    names("accounts", [](Config& c) { c.accounts = 1001; });
    names("genesis", [](Config& c) { c.is_development = false; });
    names("key", [](Config& c) {
        c.is_development = false;
        c.genesis_file = "genesis.json";
    });
}

TEST(setup, a_development_chain_needs_no_files) {
    Config config = good_config();
    config.accounts = 3;
    config.balance = 7;
    const auto setup = prepare(config);
    ASSERT_TRUE(setup.has_value());
    const auto built = build_genesis(config, *setup);
    ASSERT_TRUE(built.has_value());
    EXPECT_EQ(built->chain_id, 6342u);
    ASSERT_EQ(setup->accounts.size(), 3u);
    EXPECT_EQ(setup->sequencer, *crypto::address_of(setup->sequencer_key));
    for (const DevAccount& account : setup->accounts) {
        EXPECT_NE(account.address, setup->sequencer);
        const auto& changes = built->genesis.diff.accounts;
        const auto funded = std::ranges::find_if(changes, [&](const auto& change) {
            return change.address == account.address;
        });
        ASSERT_NE(funded, changes.end());
        EXPECT_EQ(funded->after->balance, u256{7} * u256{1'000'000'000'000'000'000ULL});
    }
}

TEST(setup, whatever_changes_the_genesis_changes_its_digest) {
    const auto digest_after = [](const std::function<void(Config&)>& change) {
        Config config = good_config();
        change(config);
        return prepare(config)->genesis_source;
    };
    const Hash256 digest = digest_after([](Config&) {});
    EXPECT_EQ(digest_after([](Config& c) { c.rpc_port = 1; }), digest);
    EXPECT_NE(digest_after([](Config& c) { c.chain_id = 99; }), digest);
    EXPECT_NE(digest_after([](Config& c) { c.balance = 99; }), digest);
    EXPECT_NE(digest_after([](Config& c) { c.accounts = 9; }), digest);
    EXPECT_NE(digest_after([](Config& c) { c.gas_limit = 6000; }), digest);
    EXPECT_NE(digest_after([](Config& c) { c.min_base_fee = 9; }), digest);
}

TEST(setup, a_missing_file_is_named) {
    Config config;
    config.genesis_file = "/nowhere/genesis.json";
    config.key_file = "/nowhere/key.json";
    const auto setup = prepare(config);
    ASSERT_FALSE(setup.has_value());
    EXPECT_NE(setup.error().message.find("/nowhere/genesis.json"), std::string::npos);
}

TEST(setup, an_empty_genesis_file_is_not_the_built_in_genesis) {
    Config config = good_config();
    config.genesis_file = "empty.json";
    EXPECT_FALSE(build_genesis(config, mega::node::Setup{}).has_value());
}

}  // namespace mega::node
