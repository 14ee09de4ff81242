// The official transaction vectors, judged by the newest fork that each file names.

#include "base/fixtures_test.hpp"
#include "types/transaction.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace mega {
namespace {

using nlohmann::json;

/// Refusals that need a chain, a fork or gas rules: such a transaction may decode here and falls in
/// execution.
const std::set<std::string>& exceptions_of_execution() {
    static const std::set<std::string> names{
        "TransactionException.INVALID_CHAINID",
        "TransactionException.GASLIMIT_PRICE_PRODUCT_OVERFLOW",
        "TransactionException.INTRINSIC_GAS_TOO_LOW",
        "TransactionException.NONCE_TOO_BIG",
        "TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2",
    };
    return names;
}

const json& newest_result(const json& test) {
    const json& results = test.at("result");
    for (const char* fork : {"Prague", "Cancun", "Shanghai", "Paris", "London"}) {
        if (results.contains(fork)) {
            return results.at(fork);
        }
    }
    return results.at("Berlin");
}

struct Tally {
    size_t accepted = 0;
    size_t refused = 0;
    std::map<std::string, size_t> left_to_execution;
};

void check(const std::string& name, const json& test, Tally& tally) {
    const auto envelope = from_hex(test.at("txbytes").get<std::string>());
    ASSERT_TRUE(envelope) << name;
    const json& expected = newest_result(test);
    const auto decoded = decode_signed_transaction(*envelope);
    if (!expected.contains("exception")) {
        ASSERT_TRUE(decoded) << name << ": " << to_string(decoded.error());
        EXPECT_EQ(to_hex(decoded->hash), expected.at("hash").get<std::string>()) << name;
        EXPECT_EQ(to_hex(decoded->sender), expected.at("sender").get<std::string>()) << name;
        EXPECT_EQ(encode(decoded->tx), *envelope) << name;
        ++tally.accepted;
        return;
    }
    const auto exception = expected.at("exception").get<std::string>();
    if (!decoded) {
        ++tally.refused;
    } else {
        EXPECT_TRUE(exceptions_of_execution().contains(exception)) << name << ' ' << exception;
        EXPECT_EQ(encode(decoded->tx), *envelope) << name;
        ++tally.left_to_execution[exception];
    }
}

}  // namespace

TEST(transaction_vectors, newest_fork_matches) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("TransactionTests");
    }
    Tally tally;
    const auto directory = *root / "misc_tests/ethereum_tests_develop/TransactionTests";
    for (const auto& file : json_files_below(directory)) {
        const json tests = json::parse(read_fixture(file));
        for (const auto& [name, test] : tests.items()) {
            if (name != "_info") {
                check(name, test, tally);
            }
        }
    }
    size_t left = 0;
    for (const auto& [exception, count] : tally.left_to_execution) {
        std::printf("belongs to execution: %zu %s\n", count, exception.c_str());
        left += count;
    }
    std::printf("accepted %zu, refused %zu\n", tally.accepted, tally.refused);
    EXPECT_EQ(tally.accepted, 44U);
    EXPECT_EQ(tally.refused, 105U);
    EXPECT_EQ(left, 31U);
}

}  // namespace mega
