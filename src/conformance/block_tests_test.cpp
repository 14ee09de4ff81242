#include "conformance/block_tests.hpp"

#include "base/fixtures_test.hpp"
#include "conformance/json_fields.hpp"

#include <gtest/gtest.h>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

fs::path fixtures() { return fixtures_root().value_or("") / "blockchain_tests"; }

void run_set(const std::string& set, size_t at_least) {
    const fs::path root = fixtures() / set;
    if (!fs::exists(root)) {
        GTEST_SKIP() << fixtures_missing("blockchain_tests/" + set);
    }
    RunOptions options{.is_quiet = true, .split = block_test_splitter({})};
    options.on_result = [](const fs::path& file, const CaseResult& result) {
        if (result.outcome != Outcome::passed) {
            std::printf("%s %s\n", result.name.c_str(), result.message.c_str());
        }
        EXPECT_NE(result.outcome, Outcome::failed) << file << ' ' << result.name;
    };
    const Counts counts = run_files(json_files_below(root), block_test_runner({}), options);
    std::printf("%s: %s\n", set.c_str(), to_string(counts).c_str());
    EXPECT_EQ(counts.failed, 0U);
    EXPECT_GE(counts.passed, at_least);
    EXPECT_EQ(counts.skipped, 0U);
}

TEST(BlockTests, Eest) { run_set("eest_v5.4.0", 1213); }
TEST(BlockTests, EestBeforeBlockAccessLists) { run_set("eest_bal_v5.7.0_prefork", 951); }
TEST(BlockTests, LegacyCancun) { run_set("legacytests_cancun", 2232); }
TEST(BlockTests, LegacyConstantinople) { run_set("legacytests_constantinople", 1617); }

/// A file of one test with blocks that are taken and one that is refused, to be spoilt.
class SpoiltBlockTests : public testing::Test {
  protected:
    void SetUp() override {
        const fs::path file =
            fixtures() / "legacytests_cancun/InvalidBlocks/bcInvalidHeaderTest" / "timeDiff0.json";
        if (!fs::exists(file)) {
            GTEST_SKIP() << fixtures_missing(file.filename().string());
        }
        const json whole = read_json_file(file);
        for (const auto& [name, test] : whole.items()) {
            if (name != "_info" && test.at("network") == "London") {
                name_ = name;
                test_ = test;
            }
        }
        ASSERT_FALSE(test_.is_null());
    }

    [[nodiscard]] CaseResult run() const {
        const auto results = run_block_tests(json{{name_, test_}}, {});
        EXPECT_EQ(results.size(), 1U);
        return results.at(0);
    }
    [[nodiscard]] json& block(bool is_valid) {
        for (json& block : test_.at("blocks")) {
            if (block.contains("blockHeader") == is_valid) {
                return block;
            }
        }
        throw Malformed("no such block");
    }
    void expect_failure(const std::string& message) const {
        const CaseResult result = run();
        EXPECT_EQ(result.outcome, Outcome::failed);
        EXPECT_NE(result.message.find(message), std::string::npos) << result.message;
    }

    std::string name_;
    json test_;
};

const std::string other_hash = "0x" + std::string(64, '1');

TEST_F(SpoiltBlockTests, PassAsTheyAre) { EXPECT_EQ(run().outcome, Outcome::passed); }

TEST_F(SpoiltBlockTests, AnotherHead) {
    test_["lastblockhash"] = other_hash;
    expect_failure("expected " + other_hash);
}

TEST_F(SpoiltBlockTests, AnotherGenesisHash) {
    test_["genesisBlockHeader"]["hash"] = other_hash;
    expect_failure("wrong genesis hash");
}

TEST_F(SpoiltBlockTests, AnotherGenesisBlock) {
    test_["genesisRLP"] = "0xc0";
    expect_failure("genesisRLP is not that block");
}

TEST_F(SpoiltBlockTests, AnotherAllocation) {
    test_["pre"].begin().value()["balance"] = "0x01";
    expect_failure("genesis: wrong state root");
}

TEST_F(SpoiltBlockTests, AnotherBalanceAfter) {
    test_["postState"].begin().value()["balance"] = "0x01";
    expect_failure("post state: account");
}

TEST_F(SpoiltBlockTests, AnotherSlotAfter) {
    test_["postState"].begin().value()["storage"]["0x1234"] = "0x05";
    expect_failure("post state: slot 0x1234");
}

TEST_F(SpoiltBlockTests, AnAccountTooFewAfter) {
    test_["postState"].erase(test_["postState"].begin());
    expect_failure("post state: there are other accounts");
}

TEST_F(SpoiltBlockTests, AnotherStateRootAfter) {
    test_.erase("postState");
    test_["postStateHash"] = other_hash;
    expect_failure("wrong state root");
}

TEST_F(SpoiltBlockTests, ABlockThatShouldBeRefused) {
    block(true)["expectException"] = "InvalidGasUsed";
    expect_failure("accepted, but must be refused: InvalidGasUsed");
}

TEST_F(SpoiltBlockTests, ABlockThatShouldBeTaken) {
    json& refused = block(false);
    refused.erase("expectException");
    refused["blockHeader"]["hash"] = other_hash;
    expect_failure("refused: timestamp not after parent");
}

TEST_F(SpoiltBlockTests, ABlockThatNeverReachedTheRuleItShouldBreak) {
    json& refused = block(false);
    refused.erase("expectExceptionALL");
    refused["expectException"] = "InvalidTimestampEqualParent";
    EXPECT_EQ(run().outcome, Outcome::passed);
    refused["rlp"] = "0xc0";
    expect_failure("undecodable");
    refused["expectException"] = "BlockException.RLP_STRUCTURES_ENCODING";
    EXPECT_EQ(run().outcome, Outcome::passed);
}

TEST_F(SpoiltBlockTests, AnotherBlockHash) {
    block(true)["blockHeader"]["hash"] = other_hash;
    expect_failure("expected " + other_hash);
}

TEST_F(SpoiltBlockTests, OtherReceipts) {
    block(true)["receipts"] = json::array({json::object(), json::object(), json::object()});
    expect_failure("receipts, expected 3");
}

TEST_F(SpoiltBlockTests, AnUnknownNetwork) {
    test_["network"] = "Amsterdam";
    expect_failure("unknown network Amsterdam");
}

TEST_F(SpoiltBlockTests, ABlobScheduleThatCannotBe) {
    test_["config"]["blobSchedule"]["Cancun"] = {
        {"target", "0x09"}, {"max", "0x06"}, {"baseFeeUpdateFraction", "0x01"}
    };
    expect_failure("impossible blob schedule of Cancun");
}

TEST_F(SpoiltBlockTests, MissingAndMalformedFields) {
    const json whole = test_;
    for (const char* field : {"pre", "blocks", "genesisBlockHeader", "lastblockhash"}) {
        test_ = whole;
        test_.erase(field);
        expect_failure(field);
        test_ = whole;
        test_[field] = 7;
        EXPECT_EQ(run().outcome, Outcome::failed) << field;
    }
    test_ = whole;
    block(true)["rlp"] = "0xzz";
    expect_failure("wanted hex");
}

TEST(BlockTestRunner, NamesWhatIsNoBlockchainTest) {
    const auto results = run_block_tests(json::parse(R"({"a": 1, "b": {}, "_info": {}})"), {});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].outcome, Outcome::failed);
    EXPECT_EQ(results[1].message, "not a blockchain test");
    EXPECT_THROW((void)run_block_tests(json::array(), {}), Malformed);
}

TEST(BlockTestRunner, LosesNoCaseToAnotherThatIsMalformed) {
    const auto good = json::parse(R"({"network": "Frontier", "sealEngine": "Ethash"})");
    auto odd_engine = good;
    odd_engine["sealEngine"] = 7;
    const json file{
        {"a", odd_engine},
        {"b", json::parse(R"({"network": "Frontier"})")},
        {"wrongMixHash_Frontier", good}
    };
    const auto results = run_block_tests(file, {.fork = "", .test = "", .with_details = true});
    ASSERT_EQ(results.size(), 3U);
    EXPECT_EQ(results[0].outcome, Outcome::failed);
    EXPECT_EQ(results[1].outcome, Outcome::failed);
    EXPECT_EQ(results[2].outcome, Outcome::skipped);
}

TEST(BlockTestRunner, SkipsByNameWhatIsAboutSealsAlone) {
    const auto test = json::parse(R"({"network": "Frontier", "sealEngine": "Ethash"})");
    auto results = run_block_tests(json{{"wrongMixHash_Frontier", test}}, {});
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].outcome, Outcome::skipped);
    // Not where the test itself says that seals do not count.
    auto unsealed = test;
    unsealed["sealEngine"] = "NoProof";
    results = run_block_tests(json{{"wrongMixHash_Frontier", unsealed}}, {});
    EXPECT_EQ(results.at(0).outcome, Outcome::failed);
}

TEST(BlockTestRunner, SelectsByNetworkAndName) {
    const auto test = json::parse(R"({"network": "London"})");
    const json file{{"one_London", test}, {"two_London", test}};
    EXPECT_EQ(run_block_tests(file, {.fork = "London", .test = "two"}).size(), 1U);
    EXPECT_EQ(run_block_tests(file, {.fork = "Berlin", .test = ""}).size(), 0U);
}

}  // namespace
}  // namespace mega::conformance
