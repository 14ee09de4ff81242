// That the runner of state tests notices: every case of a sample over all sets and forks, with one
// expectation spoilt at a time, must fail and say by what. A runner that compares nothing passes
// everything.

#include "base/fixtures_test.hpp"
#include "conformance/json_fields.hpp"
#include "conformance/state_tests.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

const std::string other_hash = "0x" + std::string(64, '1');

/// One case taken out of its file: the test with that fork and entry alone.
struct Single {
    std::string name;
    std::string fork;
    json test;

    [[nodiscard]] json& expected() { return test["post"][fork][0]; }
    [[nodiscard]] bool is_refused() const {
        return test.at("post").at(fork).at(0).contains("expectException");
    }
    [[nodiscard]] CaseResult run() const {
        const auto results = run_state_tests(json{{name, test}}, {});
        EXPECT_EQ(results.size(), 1U) << name;
        return results.at(0);
    }
};

std::vector<Single> cases_of(const json& file, size_t at_most) {
    std::vector<Single> singles;
    for (const auto& [name, test] : file.items()) {
        if (name == "_info") {
            continue;
        }
        for (const auto& [fork, cases] : test.at("post").items()) {
            for (size_t i = 0; i < std::min(cases.size(), at_most); ++i) {
                Single& single = singles.emplace_back(Single{name, fork, test});
                // The last is reached too: with indexes that are not all zero.
                const size_t taken = i == 0 ? cases.size() - 1 : i - 1;
                single.test["post"] = json{{fork, json::array({cases.at(taken)})}};
            }
        }
    }
    return singles;
}

/// Another byte in the middle of hex.
std::string flip(std::string hex) {
    char& digit = hex.at(2 + (hex.size() - 2) / 2);
    digit = digit == '0' ? '1' : '0';
    return hex;
}

/// What is stated of the transaction, one field at a time; the case's own entry of a list.
std::vector<std::pair<const char*, std::function<void(json&)>>> other_statements(const json& indexes
) {
    const size_t data = indexes.at("data");
    const size_t gas = indexes.at("gas");
    const size_t value = indexes.at("value");
    return {
        {"nonce", [](json& tx) { tx["nonce"] = "0x1234567"; }},
        {"to", [](json& tx) { tx["to"] = "0x" + std::string(40, '7'); }},
        {"sender", [](json& tx) { tx["sender"] = "0x" + std::string(40, '7'); }},
        {"gas limit", [=](json& tx) { tx["gasLimit"][gas] = "0x1234567"; }},
        {"value", [=](json& tx) { tx["value"][value] = "0x1234567"; }},
        {"data", [=](json& tx) { tx["data"][data] = "0x0123456789abcdef77"; }}
    };
}

class Spoiler {
  public:
    /// Files of one folder, evenly spread.
    void run_folder(const std::string& folder, size_t count) {
        const fs::path root = fixtures_root().value_or("") / "state_tests" / folder;
        const auto files = json_files_below(root);
        ASSERT_GE(files.size(), count) << folder;
        for (size_t i = 0; i < count; ++i) {
            const fs::path& file = files[i * files.size() / count];
            for (Single& single : cases_of(read_json_file(file), cases_a_fork)) {
                SCOPED_TRACE(single.name + " [" + single.fork + "]");
                spoil(single);
            }
        }
    }

    [[nodiscard]] const std::map<std::string, size_t>& counts() const { return counts_; }
    [[nodiscard]] const std::set<std::string>& forks() const { return forks_; }

  private:
    static constexpr size_t cases_a_fork = 6;

    void spoil(Single& whole) {
        ASSERT_EQ(whole.run().message, "");
        forks_.insert(whole.fork);
        const bool is_refused = whole.is_refused();
        expect_failure("hash", whole, "wrong state root", [](Single& single) {
            single.expected()["hash"] = other_hash;
        });
        expect_failure("logs", whole, "wrong logs", [](Single& single) {
            single.expected()["logs"] = other_hash;
        });
        if (is_refused) {
            expect_failure("a refusal unannounced", whole, "", [](Single& single) {
                single.expected().erase("expectException");
            });
        } else {
            expect_failure(
                "a refusal announced",
                whole,
                "must be refused: \"Nonsense\"",
                [](Single& single) { single.expected()["expectException"] = "Nonsense"; }
            );
        }
        if (!is_refused && whole.expected().contains("txbytes")) {
            spoil_transaction(whole);
        }
    }

    void spoil_transaction(Single& whole) {
        // Every byte is signed, so that another one makes another sender at least.
        expect_failure("txbytes", whole, "", [](Single& single) {
            json& bytes = single.expected()["txbytes"];
            bytes = flip(bytes.get<std::string>());
        });
        if (!other_bytes_.empty() && whole.expected()["txbytes"] != other_bytes_) {
            expect_failure(
                "txbytes of another",
                whole,
                "txbytes and transaction differ",
                [&](Single& single) { single.expected()["txbytes"] = other_bytes_; }
            );
        }
        other_bytes_ = whole.expected()["txbytes"];
        const json indexes = whole.expected()["indexes"];
        for (const auto& [field, change] : other_statements(indexes)) {
            const std::string message = std::string("txbytes and transaction differ in ") + field;
            expect_failure(field, whole, message, [&](Single& single) {
                change(single.test["transaction"]);
            });
        }
    }

    template <class Change>
    void expect_failure(
        const std::string& what, const Single& whole, const std::string& message, Change change
    ) {
        Single spoilt = whole;
        change(spoilt);
        const CaseResult result = spoilt.run();
        EXPECT_EQ(result.outcome, Outcome::failed) << what;
        EXPECT_NE(result.message, "") << what;
        EXPECT_NE(result.message.find(message), std::string::npos)
            << what << ": " << result.message;
        ++counts_[what];
    }

    std::map<std::string, size_t> counts_;
    std::set<std::string> forks_;
    std::string other_bytes_;
};

TEST(SpoiltStateTests, AreNoticedInEverySetAndFork) {
    if (!fs::exists(fixtures_root().value_or("") / "state_tests")) {
        GTEST_SKIP() << fixtures_missing("state_tests");
    }
    Spoiler spoiler;
    spoiler.run_folder("eest_v5.4.0", 40);
    spoiler.run_folder("legacytests_cancun/GeneralStateTests", 40);
    spoiler.run_folder("legacytests_constantinople/GeneralStateTests", 40);
    // Where most of the refusals are.
    spoiler.run_folder("eest_v5.4.0/static/state_tests/stEIP1559", 4);
    spoiler.run_folder("eest_v5.4.0/cancun/eip4844_blobs", 6);
    spoiler.run_folder("legacytests_cancun/GeneralStateTests/stTransactionTest", 20);
    spoiler.run_folder("legacytests_cancun/GeneralStateTests/stEIP3607", 4);
    size_t total = 0;
    for (const auto& [what, count] : spoiler.counts()) {
        std::printf("  %s: %zu\n", what.c_str(), count);
        total += count;
    }
    std::printf("spoilt state tests: %zu noticed\n", total);
    EXPECT_GT(total, 1000U);
    EXPECT_EQ(spoiler.counts().size(), 12U) << "a way to spoil was never tried";
    EXPECT_EQ(spoiler.forks().size(), 15U) << "Frontier to Osaka";
}

// ------------------------------------------------------------------------------------------------
// Without the fixtures: a transfer that is refused, since the sender owns nothing.

json refused_test() {
    return json::parse(R"({
        "env": {
            "currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba",
            "currentGasLimit": "0x1000000", "currentNumber": "0x1", "currentTimestamp": "0x3e8",
            "currentDifficulty": "0x20000", "currentBaseFee": "0x7", "currentRandom": "0x0"
        },
        "config": {"chainid": "0x01"},
        "pre": {},
        "transaction": {
            "nonce": "0x0", "to": "0x00000000000000000000000000000000000000aa",
            "sender": "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b", "gasPrice": "0xa",
            "data": ["0x"], "gasLimit": ["0x5208"], "value": ["0x1"]
        },
        "post": {"London": [{
            "indexes": {"data": 0, "gas": 0, "value": 0},
            "hash": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
            "logs": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
            "expectException": "INSUFFICIENT_ACCOUNT_FUNDS"
        }]}
    })");
}

std::string message_of(const json& test) {
    const auto results = run_state_tests(json{{"a", test}}, {});
    EXPECT_EQ(results.size(), 1U);
    EXPECT_EQ(results.at(0).outcome == Outcome::passed, results.at(0).message.empty());
    return results.at(0).message;
}

TEST(StateTestRunner, ARefusalIsARefusalAndLeavesNothing) {
    json test = refused_test();
    EXPECT_EQ(message_of(test), "");
    test["post"]["London"][0]["hash"] = other_hash;
    EXPECT_NE(message_of(test).find("wrong state root after a refusal"), std::string::npos);
    test = refused_test();
    test["post"]["London"][0]["logs"] = other_hash;
    EXPECT_EQ(message_of(test), "wrong logs after a refusal");
    test = refused_test();
    test["post"]["London"][0].erase("expectException");
    EXPECT_NE(message_of(test).find("refused: insufficient funds"), std::string::npos);
}

TEST(StateTestRunner, ExecutesBytesWhoseStatementCannotBeRead) {
    json test = refused_test();
    Transaction tx;
    tx.type = TxType::legacy;
    tx.gas_limit = 0x5208;
    tx.value = u256{1};
    tx.max_fee_per_gas = u256{10};
    tx.max_priority_fee_per_gas = u256{10};
    tx.to = read_address("0x00000000000000000000000000000000000000aa");
    sign_transaction(
        tx, read_hash("0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8")
    );
    test["post"]["London"][0]["txbytes"] = to_hex(encode(tx));
    EXPECT_EQ(message_of(test), "");
    test["transaction"]["value"] = {"0x1" + std::string(64, '0')};  // beyond 256 bits
    EXPECT_EQ(message_of(test), "");
    // Nothing but the statement is wrong now.
    test["pre"]["0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"] = {
        {"balance", "0xffffffffff"}, {"nonce", "0x0"}, {"code", "0x"}, {"storage", json::object()}
    };
    EXPECT_NE(message_of(test).find("accepted, but must be refused"), std::string::npos);
    test["post"]["London"][0].erase("expectException");
    EXPECT_NE(message_of(test).find("transaction does not decode"), std::string::npos);
}

TEST(StateTestRunner, NamesWhatIsMissingOrMalformedInItsCaseAlone) {
    for (const char* field : {"env", "pre", "transaction"}) {
        json test = refused_test();
        test.erase(field);
        EXPECT_NE(message_of(test).find(field), std::string::npos) << field;
        test[field] = 7;
        EXPECT_NE(message_of(test), "") << field;
    }
    json test = refused_test();
    test["post"]["London"][0].erase("hash");
    test["post"]["Atlantis"] = json::array();
    test["post"]["Berlin"] = json::array({refused_test()["post"]["London"][0]});
    const auto results = run_state_tests(json{{"a", test}, {"b", 1}, {"_info", {}}}, {});
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(results[0].message, "unknown fork");
    EXPECT_EQ(results[1].outcome, Outcome::passed);
    EXPECT_NE(results[2].message.find("hash"), std::string::npos);
    EXPECT_EQ(results[3].message, "not a state test");
    EXPECT_THROW((void)run_state_tests(json::array(), {}), Malformed);
}

TEST(StateTestRunner, ReadsTheBlobScheduleOfItsOwnFork) {
    json test = refused_test();
    const json expected = test["post"]["London"];
    for (const char* fork : {"Cancun", "Osaka", "BPO1", "BPO4"}) {
        test = refused_test();
        test["post"] = {{fork, expected}};
        EXPECT_EQ(message_of(test), "") << fork;
        test["config"]["blobSchedule"][fork] = {
            {"target", "0x9"}, {"max", "0x6"}, {"baseFeeUpdateFraction", "0x1"}
        };
        EXPECT_EQ(message_of(test), std::string("impossible blob schedule of ") + fork);
    }
    test["post"] = {{"BPO9", expected}};
    EXPECT_EQ(message_of(test), "unknown fork");
}

TEST(StateTestRunner, SplitsWhatTakesLongForkByFork) {
    const fs::path folder = fs::path(testing::TempDir()) / "split_state_tests";
    fs::create_directories(folder);
    json test = refused_test();
    test["post"]["Berlin"] = test["post"]["London"];
    const auto write = [&](const char* name, const std::string& text) {
        std::ofstream{folder / name} << text;
        return folder / name;
    };
    const SplitFile split = state_test_splitter({});
    const fs::path slow = write("loopMul.json", json{{"a", test}}.dump());
    const auto pieces = split(slow);
    ASSERT_EQ(pieces.size(), 2U);
    EXPECT_EQ(pieces[0](slow).at(0).fork, "Berlin");
    EXPECT_EQ(pieces[1](slow).at(0).fork, "London");
    EXPECT_TRUE(split(write("quick.json", json{{"a", test}}.dump())).empty());
    EXPECT_TRUE(split(write("loopMul.json", "{")).empty());
    fs::remove_all(folder);
}

TEST(StateTestRunner, SelectsByForkAndName) {
    const json file{{"one", refused_test()}, {"two", refused_test()}};
    EXPECT_EQ(run_state_tests(file, {.fork = "London", .test = "w"}).size(), 1U);
    EXPECT_EQ(run_state_tests(file, {.fork = "Berlin", .test = ""}).size(), 0U);
}

}  // namespace
}  // namespace mega::conformance
