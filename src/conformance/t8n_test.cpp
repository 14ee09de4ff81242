// The transition tool on the blocks of the official blockchain tests: what it makes out of a
// block's transactions must be what the block's header says.

#include "conformance/t8n.hpp"

#include "base/fixtures_test.hpp"
#include "conformance/file_runner.hpp"
#include "conformance/prestate.hpp"
#include "ethereum/block_transition.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

json withdrawals_of(const Block& block) {
    json list = json::array();
    for (const Withdrawal& each : *block.withdrawals) {
        list.push_back(
            {{"index", to_hex_quantity(each.index)},
             {"validatorIndex", to_hex_quantity(each.validator_index)},
             {"address", to_hex(each.address)},
             {"amount", to_hex_quantity(each.amount_gwei)}}
        );
    }
    return list;
}

/// States the parent's fields, so that base fee, difficulty and excess are computed.
json env_of(const Block& block, const BlockHeader& parent, const json& hashes) {
    const BlockHeader& header = block.header;
    json env{
        {"currentCoinbase", to_hex(header.beneficiary)},
        {"currentGasLimit", to_hex_quantity(header.gas_limit)},
        {"currentNumber", to_hex_quantity(header.number)},
        {"currentTimestamp", to_hex_quantity(header.timestamp)},
        {"parentTimestamp", to_hex_quantity(parent.timestamp)},
        {"parentDifficulty", to_hex_quantity(parent.difficulty)},
        {"parentUncleHash", to_hex(parent.ommers_hash)},
        {"parentGasUsed", to_hex_quantity(parent.gas_used)},
        {"parentGasLimit", to_hex_quantity(parent.gas_limit)},
        {"blockHashes", hashes},
        {"ommers", json::array()}
    };
    if (header.difficulty.is_zero()) {
        env["currentRandom"] = to_hex(header.prev_randao);
    }
    // At its first block the base fee does not follow from the parent.
    if (parent.base_fee_per_gas) {
        env["parentBaseFee"] = to_hex_quantity(*parent.base_fee_per_gas);
    } else if (header.base_fee_per_gas) {
        env["currentBaseFee"] = to_hex_quantity(*header.base_fee_per_gas);
    }
    if (parent.excess_blob_gas) {
        env["parentExcessBlobGas"] = to_hex_quantity(*parent.excess_blob_gas);
        env["parentBlobGasUsed"] = to_hex_quantity(parent.blob_gas_used.value_or(0));
    }
    if (header.parent_beacon_block_root) {
        env["parentBeaconBlockRoot"] = to_hex(*header.parent_beacon_block_root);
    }
    if (block.withdrawals) {
        env["withdrawals"] = withdrawals_of(block);
    }
    for (const BlockHeader& ommer : block.ommers) {
        env["ommers"].push_back(
            {{"delta", to_hex_quantity(header.number - ommer.number)},
             {"address", to_hex(ommer.beneficiary)}}
        );
    }
    return env;
}

json body_of(const Block& block) {
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    for (const Bytes& envelope : block.transactions) {
        envelope[0] >= 0xc0 ? writer.write_raw(envelope) : writer.write(BytesView{envelope});
    }
    writer.end_list(list);
    return to_hex(writer.view());
}

std::optional<u256> reward_of(Fork fork) {
    if (fork >= Fork::paris) {
        return std::nullopt;
    }
    const uint64_t ether = fork >= Fork::constantinople ? 2 : fork >= Fork::byzantium ? 3 : 5;
    return u256{ether} * u256{1'000'000'000'000'000'000};
}

void expect(std::string& fault, const json& result, const char* name, const std::string& wanted) {
    if (fault.empty() && result.value(name, json{}) != wanted) {
        fault = std::string(name) + ": " + result.value(name, json{}).dump() + ", not " + wanted;
    }
}

/// The first field of the result that is not the header's; empty when there is none.
std::string compare(const json& result, const BlockHeader& header, Fork fork) {
    std::string fault;
    if (result.contains("rejected")) {
        return "rejected: " + result["rejected"].dump();
    }
    expect(fault, result, "txRoot", to_hex(header.transactions_root));
    expect(fault, result, "gasUsed", to_hex_quantity(header.gas_used));
    expect(fault, result, "logsBloom", to_hex(header.logs_bloom));
    expect(fault, result, "receiptsRoot", to_hex(header.receipts_root));
    if (fork < Fork::paris) {
        expect(fault, result, "currentDifficulty", to_hex_quantity(header.difficulty));
    }
    if (header.base_fee_per_gas) {
        expect(fault, result, "currentBaseFee", to_hex_quantity(*header.base_fee_per_gas));
    }
    if (header.withdrawals_root) {
        expect(fault, result, "withdrawalsRoot", to_hex(*header.withdrawals_root));
    }
    if (header.blob_gas_used && header.excess_blob_gas) {
        expect(fault, result, "blobGasUsed", to_hex_quantity(*header.blob_gas_used));
        expect(fault, result, "currentExcessBlobGas", to_hex_quantity(*header.excess_blob_gas));
    }
    if (header.requests_hash) {
        expect(fault, result, "requestsHash", to_hex(*header.requests_hash));
    }
    expect(fault, result, "stateRoot", to_hex(header.state_root));
    return fault;
}

ethereum::BlobSchedules schedules_of(const json& test) {
    ethereum::BlobSchedules schedules;
    if (test.contains("config") && test["config"].contains("blobSchedule")) {
        for (const auto& [fork, entry] : test["config"]["blobSchedule"].items()) {
            schedules[fork] = {
                read_u64(entry.at("target")),
                read_u64(entry.at("max")),
                read_u64(entry.at("baseFeeUpdateFraction"))
            };
        }
    }
    return schedules;
}

bool is_invalid(const json& block) {
    if (!block.contains("blockHeader") || !block.contains("rlp")) {
        return true;
    }
    return std::ranges::any_of(block.items(), [](const auto& field) {
        return field.key().starts_with("expectException");
    });
}

/// The blocks of one test in a row, each on the state that the tool wrote after the one before,
/// up to the first that is invalid or elsewhere in the tree.
class Walk {
  public:
    explicit Walk(const json& test)
        : test_(test),
          alloc_(test.at("pre")),
          parent_(decode_block(read_data(test.at("genesisRLP"))).value().header) {
        hashes_[std::to_string(parent_.number)] = to_hex(hash_of(parent_));
    }

    void run(CaseResult& report) {
        for (const json& each : test_.at("blocks")) {
            const auto block =
                is_invalid(each) ? std::nullopt : read_block(read_data(each.at("rlp")));
            if (!block || block->header.parent_hash != hash_of(parent_)) {
                break;
            }
            report.message = step(*block, each);
            if (!report.message.empty()) {
                report.outcome = Outcome::failed;
                return;
            }
            ++blocks_;
        }
        if (blocks_ == 0) {
            report.outcome = Outcome::skipped;
        }
    }

  private:
    static std::optional<Block> read_block(const Bytes& rlp) {
        auto block = decode_block(rlp);
        return block ? std::optional(std::move(*block)) : std::nullopt;
    }

    std::string step(const Block& block, const json& fields) {
        const std::string network = test_.at("network");
        const json env_json = env_of(block, parent_, hashes_);
        T8nEnv env = read_t8n_env(env_json, network, 1);
        if (const auto schedules = schedules_of(test_); !schedules.empty()) {
            env = with_schedules(env_json, network, schedules);
        }
        const json txs = blocks_ % 2 == 0 && fields.contains("transactions") &&
                                 fields["transactions"].size() == block.transactions.size()
                             ? fields["transactions"]
                             : body_of(block);
        T8nOptions options;
        options.reward = reward_of(env.fork);
        const T8nOutput out = run_t8n(alloc_, env, read_t8n_transactions(txs, env), options);
        const std::string fault = compare(out.result, block.header, env.fork);
        if (fault.empty() && out.body != body_of(block)) {
            return "another body";
        }
        alloc_ = out.alloc;
        parent_ = block.header;
        hashes_[std::to_string(parent_.number)] = to_hex(hash_of(parent_));
        return fault.empty() && root_of(read_alloc(alloc_)) != parent_.state_root
                   ? "the alloc written has another root"
                   : fault;
    }

    /// The tool has no flag for blob schedules of a test's own.
    static T8nEnv with_schedules(
        const json& fields, const std::string& network, const ethereum::BlobSchedules& schedules
    ) {
        T8nEnv env = read_t8n_env(fields, network, 1);
        env.config = ethereum::config_of_network(network, schedules).value();
        return env;
    }

    const json& test_;
    json alloc_;
    BlockHeader parent_;
    json hashes_ = json::object();
    size_t blocks_ = 0;
};

std::vector<CaseResult> walk_file(const fs::path& path) {
    std::vector<CaseResult> results;
    for (const auto& [name, test] : read_json_file(path).items()) {
        if (name == "_info" || !test.contains("genesisRLP")) {
            continue;
        }
        CaseResult& result = results.emplace_back();
        result.name = name;
        result.fork = test.at("network");
        Walk{test}.run(result);
    }
    return results;
}

void walk_set(const std::string& set, size_t at_least) {
    const fs::path root = fixtures_root().value_or("") / "blockchain_tests" / set;
    if (!fs::exists(root)) {
        GTEST_SKIP() << fixtures_missing("blockchain_tests/" + set);
    }
    RunOptions options;
    options.is_quiet = true;
    options.on_result = [](const fs::path& file, const CaseResult& result) {
        EXPECT_NE(result.outcome, Outcome::failed) << file.filename() << ' ' << result.name << " ["
                                                   << result.fork << "]: " << result.message;
    };
    const Counts counts = run_files(json_files_below(root), walk_file, options);
    std::cout << "t8n, " << set << ": " << to_string(counts) << " (no valid first block)\n";
    EXPECT_GE(counts.passed, at_least);
}

TEST(T8n, MakesTheBlocksOfEest) { walk_set("eest_v5.4.0", 900); }
TEST(T8n, MakesTheBlocksOfEestBal) { walk_set("eest_bal_v5.7.0_prefork", 750); }
TEST(T8n, MakesTheBlocksOfLegacyValid) { walk_set("legacytests_cancun/ValidBlocks", 1000); }
TEST(T8n, MakesTheBlocksOfLegacyConstantinople) {
    walk_set("legacytests_constantinople/ValidBlocks", 800);
}

// ------------------------------------------------------------------------------------------------
// by hand

constexpr const char* key = "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8";
constexpr const char* sender = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b";

json simple_alloc() { return {{sender, {{"balance", "0xde0b6b3a7640000"}, {"nonce", "0x0"}}}}; }

json simple_env() {
    return {
        {"currentCoinbase", "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"},
        {"currentGasLimit", "0x1c9c380"},
        {"currentNumber", "0x1"},
        {"currentTimestamp", "0x3e8"},
        {"currentRandom", "0x0"},
        {"currentBaseFee", "0x7"},
        {"withdrawals", json::array()}
    };
}

json transfer(const std::string& nonce) {
    return {
        {"type", "0x2"},
        {"chainId", "0x1"},
        {"nonce", nonce},
        {"gas", "0x5208"},
        {"maxFeePerGas", "0xa"},
        {"maxPriorityFeePerGas", "0x1"},
        {"to", "0x00000000000000000000000000000000000000aa"},
        {"value", "0x1"},
        {"input", "0x"},
        {"secretKey", key}
    };
}

T8nOutput run_simple(const json& txs, const std::string& fork = "Shanghai") {
    const T8nEnv env = read_t8n_env(simple_env(), fork, 1);
    return run_t8n(simple_alloc(), env, read_t8n_transactions(txs, env), {});
}

TEST(T8n, ListsWhatItRejectsAndGoesOn) {
    json malformed = transfer("0x1");
    malformed.erase("value");
    json unsigned_tx = transfer("0x1");
    unsigned_tx.erase("secretKey");
    const T8nOutput out =
        run_simple({transfer("0x0"), transfer("0x7"), malformed, unsigned_tx, transfer("0x1")});
    ASSERT_EQ(out.result["rejected"].size(), 3U);
    EXPECT_EQ(out.result["rejected"][0]["index"], 1);
    EXPECT_NE(out.result["rejected"][0]["error"].dump().find("nonce too high"), std::string::npos);
    EXPECT_EQ(out.result["rejected"][1]["index"], 2);
    EXPECT_EQ(out.result["rejected"][2]["index"], 3);
    EXPECT_EQ(out.result["receipts"].size(), 2U);
    EXPECT_EQ(out.result["receipts"][1]["transactionIndex"], "0x1");
    EXPECT_EQ(out.result["gasUsed"], "0xa410");
    EXPECT_EQ(out.alloc["0x00000000000000000000000000000000000000aa"]["balance"], "0x2");
    EXPECT_EQ(out.alloc[sender]["nonce"], "0x2");
}

TEST(T8n, BlobParametersTakeThePlaceOfTheForks) {
    const auto max_of = [](const char* fork, const json& params) {
        const T8nEnv env = read_t8n_env(simple_env(), fork, 1, params);
        return ethereum::block_env(env.config, env.fork, env.header).max_blobs;
    };
    const json params{{"target", "0x1"}, {"max", "0x2"}, {"baseFeeUpdateFraction", "0x5"}};
    EXPECT_EQ(max_of("Cancun", nullptr), 6U);
    EXPECT_EQ(max_of("Cancun", params), 2U);
    EXPECT_EQ(max_of("BPO1", nullptr), 15U);
    EXPECT_EQ(max_of("BPO1", params), 2U);
    // Of a transition they are the later fork's.
    EXPECT_EQ(max_of("CancunToPragueAtTime0", nullptr), 9U);
    EXPECT_EQ(max_of("CancunToPragueAtTime0", params), 2U);
    EXPECT_EQ(max_of("CancunToPragueAtTime999999k", params), 6U);
    json impossible = params;
    impossible["target"] = "0x3";
    EXPECT_THROW((void)max_of("Cancun", impossible), T8nError);
    EXPECT_THROW((void)max_of("Cancun", json{{"target", "0x1"}}), std::exception);
}

TEST(T8n, TheRewardIsTheCallers) {
    json env = simple_env();
    env["currentDifficulty"] = "0x20000";
    env["ommers"] = {{{"delta", "0x2"}, {"address", "0x00000000000000000000000000000000000000bb"}}};
    const T8nEnv read = read_t8n_env(env, "Berlin", 1);
    T8nOptions options;
    EXPECT_EQ(run_t8n(simple_alloc(), read, {}, options).alloc.size(), 1U);
    options.reward = 3200;
    const json alloc = run_t8n(simple_alloc(), read, {}, options).alloc;
    EXPECT_EQ(alloc["0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"]["balance"], "0xce4");
    EXPECT_EQ(alloc["0x00000000000000000000000000000000000000bb"]["balance"], "0x960");
}

TEST(T8n, NamesWhatTheEnvironmentLacks) {
    const auto fault_of = [](const char* field, const char* fork) {
        json env = simple_env();
        env.erase(field);
        try {
            (void)read_t8n_env(env, fork, 1);
        } catch (const T8nError& error) {
            EXPECT_EQ(error.fault, T8nFault::config);
            return std::string(error.what());
        }
        return std::string{};
    };
    EXPECT_NE(fault_of("currentRandom", "Paris").find("currentRandom"), std::string::npos);
    EXPECT_NE(fault_of("currentBaseFee", "Paris").find("parentBaseFee"), std::string::npos);
    EXPECT_NE(fault_of("withdrawals", "Shanghai").find("withdrawals"), std::string::npos);
    EXPECT_NE(fault_of("currentRandom", "Berlin").find("parentDifficulty"), std::string::npos);
    EXPECT_NE(fault_of("ommers", "Nowhere").find("unknown fork"), std::string::npos);
    EXPECT_EQ(fault_of("ommers", "Osaka"), "");
    json env = simple_env();
    env.erase("currentCoinbase");
    EXPECT_THROW((void)read_t8n_env(env, "Osaka", 1), std::exception);
}

TEST(T8n, ABlockHashThatIsAskedForMustBeThere) {
    json alloc = simple_alloc();
    // BLOCKHASH(0)
    alloc["0x00000000000000000000000000000000000000aa"] = {
        {"balance", "0x0"}, {"code", "0x600040"}
    };
    json env = simple_env();
    json tx = transfer("0x0");
    tx["gas"] = "0x7530";
    const auto run = [&] {
        const T8nEnv read = read_t8n_env(env, "Shanghai", 1);
        (void)run_t8n(alloc, read, read_t8n_transactions(json::array({tx}), read), {});
    };
    EXPECT_THROW(run(), T8nError);
    env["blockHashes"] = {{"0", to_hex(Hash256{})}};
    EXPECT_NO_THROW(run());
}

TEST(T8n, ListsOfTransactionsThatAreNoneAreRefused) {
    const T8nEnv env = read_t8n_env(simple_env(), "Shanghai", 1);
    EXPECT_THROW((void)read_t8n_transactions("0x80", env), T8nError);
    EXPECT_THROW((void)read_t8n_transactions("0xc201", env), T8nError);
    EXPECT_THROW((void)read_t8n_transactions(json::object(), env), Malformed);
    EXPECT_TRUE(read_t8n_transactions("0xc0", env).empty());
    const auto junk = read_t8n_transactions("0xc101", env);
    ASSERT_EQ(junk.size(), 1U);
    EXPECT_FALSE(junk[0].has_value());
}

TEST(T8n, TracesEachTransactionInEip3155) {
    json alloc = simple_alloc();
    alloc["0x00000000000000000000000000000000000000aa"] = {{"balance", "0x0"}, {"code", "0x6001"}};
    const T8nEnv env = read_t8n_env(simple_env(), "Shanghai", 1);
    json tx = transfer("0x0");
    tx["gas"] = "0x7530";
    struct Sink : std::ostringstream {
        explicit Sink(std::string& target) : target_(target) {}
        ~Sink() override { target_ = str(); }
        std::string& target_;
    };
    std::string trace;
    T8nOptions options;
    options.open_trace = [&](size_t index, const Hash256&) {
        EXPECT_EQ(index, 0U);
        return std::make_unique<Sink>(trace);
    };
    (void)run_t8n(alloc, env, read_t8n_transactions(json::array({tx}), env), options);
    EXPECT_EQ(
        trace,
        R"({"pc":0,"op":96,"gas":"0x2328","gasCost":"0x3","memSize":0,"stack":[],"depth":1,)"
        R"("returnData":"0x","refund":0,"opName":"PUSH1"})"
        "\n"
        R"({"pc":2,"op":0,"gas":"0x2325","gasCost":"0x0","memSize":0,"stack":["0x1"],"depth":1,)"
        R"("returnData":"0x","refund":0,"opName":"STOP"})"
        "\n"
        R"({"output":"","gasUsed":"0x520b"})"
        "\n"
    );
}

}  // namespace
}  // namespace mega::conformance
