#include "ethereum/difficulty.hpp"

#include "base/fixtures_test.hpp"
#include "ethereum/chain_config.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::ethereum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

u256 word(const json& text) { return u256_from_text(text.get<std::string>()).value(); }

bool has_ommers(const json& parent_uncles) {
    const auto text = parent_uncles.get<std::string>();
    return text.size() == 66 ? text != to_hex(empty_ommers_hash) : !word(parent_uncles).is_zero();
}

/// The rules by the chain's own schedule, at the test's block number.
std::string fault_of(const json& test, const ChainConfig& config) {
    DifficultyInput input;
    input.number = word(test.at("currentBlockNumber")).low64();
    input.fork = fork_at(config, input.number, 0, false);
    input.bomb_delay_blocks = bomb_delay_at(config, input.number);
    input.timestamp = word(test.at("currentTimestamp")).low64();
    input.parent_timestamp = word(test.at("parentTimestamp")).low64();
    input.parent_difficulty = word(test.at("parentDifficulty"));
    input.parent_has_ommers = test.contains("parentUncles") && has_ommers(test.at("parentUncles"));
    const u256 expected = word(test.at("currentDifficulty"));
    const u256 found = difficulty_of(input);
    return found == expected ? "" : to_decimal(found) + ", not " + to_decimal(expected);
}

/// Some old files start below the least difficulty there is, and mean other rules by that.
bool starts_below_minimum(const json& test) {
    return word(test.at("parentDifficulty")) < u256{131072};
}

size_t run_cases(const json& cases, const ChainConfig& config, const std::string& file) {
    size_t count = 0;
    for (const auto& [name, test] : cases.items()) {
        if (name != "_info" && !starts_below_minimum(test)) {
            ++count;
            EXPECT_EQ(fault_of(test, config), "") << file << ' ' << name;
        }
    }
    return count;
}

fs::path fixtures() { return fixtures_root().value_or("") / "misc_tests/ethereum_tests_develop"; }

TEST(Difficulty, AgreesWithTheOfficialTests) {
    const fs::path root = fixtures() / "DifficultyTests";
    if (!fs::exists(root)) {
        GTEST_SKIP() << fixtures_missing("misc_tests/ethereum_tests_develop/DifficultyTests");
    }
    size_t count = 0;
    size_t files = 0;
    for (const fs::path& file : json_files_below(root)) {
        ++files;
        const json document = json::parse(read_fixture(file));
        for (const auto& [network, cases] : document.begin()->items()) {
            if (network != "_info") {
                const auto config = config_of_network(network);
                ASSERT_TRUE(config) << network;
                count += run_cases(cases, *config, file.filename().string());
            }
        }
    }
    std::printf("%zu difficulties in %zu files\n", count, files);
    EXPECT_GE(files, 14U);
    EXPECT_GT(count, 10'000U);
}

TEST(Difficulty, AgreesWithTheBasicTests) {
    const fs::path root = fixtures() / "BasicTests";
    if (!fs::exists(root)) {
        GTEST_SKIP() << fixtures_missing("misc_tests/ethereum_tests_develop/BasicTests");
    }
    ChainConfig ropsten = mainnet();  // the parts that bear on difficulty
    ropsten.by_block = {
        {0, Fork::homestead}, {1'700'000, Fork::byzantium}, {4'230'000, Fork::constantinople}
    };
    ropsten.bomb_delays = {{1'700'000, 3'000'000}, {4'230'000, 5'000'000}};
    const std::pair<const char*, ChainConfig> files[] = {
        {"difficulty.json", mainnet()},
        {"difficultyMainNetwork.json", mainnet()},
        {"difficultyCustomMainNetwork.json", mainnet()},
        {"difficultyCustomHomestead.json", config_of_network("Homestead").value()},
        {"difficultyRopsten.json", ropsten},
    };
    size_t count = 0;
    for (const auto& [name, config] : files) {
        count += run_cases(json::parse(read_fixture(root / name)), config, name);
    }
    std::printf("%zu difficulties\n", count);
    EXPECT_GT(count, 4'000U);
}

DifficultyInput frontier_at(uint64_t number, uint64_t elapsed) {
    return {Fork::frontier, 0, number, 1000 + elapsed, u256{1'000'000}, 1000, false};
}

TEST(Difficulty, FrontierTurnsAtThirteenSeconds) {
    EXPECT_EQ(difficulty_of(frontier_at(1, 12)), u256{1'000'000 + 488});
    EXPECT_EQ(difficulty_of(frontier_at(1, 13)), u256{1'000'000 - 488});
}

TEST(Difficulty, NeverFallsBelowTheMinimum) {
    DifficultyInput input = frontier_at(1, 1000);
    input.parent_difficulty = 131072;
    EXPECT_EQ(difficulty_of(input), u256{131072});
}

TEST(Difficulty, TheBombStartsWithTheSecondPeriodAndWaitsForItsDelay) {
    EXPECT_EQ(difficulty_of(frontier_at(199'999, 12)), u256{1'000'488});
    EXPECT_EQ(difficulty_of(frontier_at(200'000, 12)), u256{1'000'489});
    DifficultyInput delayed = frontier_at(3'200'000, 5);
    delayed.fork = Fork::byzantium;
    delayed.bomb_delay_blocks = 3'000'000;
    EXPECT_EQ(difficulty_of(delayed), u256{1'000'489});
    delayed.number -= 1;
    EXPECT_EQ(difficulty_of(delayed), u256{1'000'488});
}

TEST(Difficulty, ByzantiumCountsTheParentsOmmers) {
    DifficultyInput input = frontier_at(1, 5);
    input.fork = Fork::byzantium;
    EXPECT_EQ(difficulty_of(input), u256{1'000'000 + 488});
    input.parent_has_ommers = true;
    EXPECT_EQ(difficulty_of(input), u256{1'000'000 + 2 * 488});
    input.fork = Fork::homestead;
    EXPECT_EQ(difficulty_of(input), u256{1'000'000 + 488});
}

TEST(Difficulty, FallsByAtMostNinetyNineSteps) {
    DifficultyInput input = frontier_at(1, 100'000);
    input.fork = Fork::homestead;
    EXPECT_EQ(difficulty_of(input), u256{1'000'000 - 99 * 488});
}

}  // namespace
}  // namespace mega::ethereum
