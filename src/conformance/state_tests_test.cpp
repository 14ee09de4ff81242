// The official state tests.
//
//   MEGA_FIXTURES           where the fixtures lie (default ~/.cache/mega/fixtures)
//   MEGA_FIXTURE_FORK       one fork, as the fixtures spell it; all by default
//   MEGA_FIXTURE_FILTER     only files whose path contains this
//   MEGA_FIXTURE_STRIDE     every n-th file only; 1 is all

#include "conformance/state_tests.hpp"
#include "base/fixtures_test.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

std::string setting(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::vector<fs::path> wanted_files(const fs::path& root) {
    const std::string filter = setting("MEGA_FIXTURE_FILTER");
    const std::string stride_text = setting("MEGA_FIXTURE_STRIDE");
    const size_t stride = stride_text.empty() ? 1 : std::stoul(stride_text);
    std::vector<fs::path> files;
    for (const fs::path& file : json_files_below(root)) {
        if (file.string().find(filter) != std::string::npos) {
            files.push_back(file);
        }
    }
    std::vector<fs::path> taken;
    for (size_t i = 0; i < files.size(); i += stride) {
        taken.push_back(files[i]);
    }
    return taken;
}

bool takes_all() {
    const std::string stride = setting("MEGA_FIXTURE_STRIDE");
    return setting("MEGA_FIXTURE_FORK").empty() && setting("MEGA_FIXTURE_FILTER").empty() &&
           (stride.empty() || stride == "1");
}

void run_set(const std::string& set, size_t at_least, size_t skipped) {
    const fs::path root = fixtures_root().value_or("") / "state_tests" / set;
    if (!fs::exists(root)) {
        GTEST_SKIP() << fixtures_missing("state_tests/" + set);
    }
    StateTestOptions options;
    options.fork = setting("MEGA_FIXTURE_FORK");
    options.checks_diffs = true;
    std::map<std::string, Counts> by_fork;
    RunOptions run{.split = state_test_splitter(options)};
    run.on_result = [&](const fs::path&, const CaseResult& result) {
        by_fork[result.fork].add(result.outcome);
    };
    const Counts counts = run_files(wanted_files(root), state_test_runner(options), run);
    for (const auto& [fork, of_fork] : by_fork) {
        std::cout << "  " << fork << ": " << to_string(of_fork) << '\n';
    }
    std::cout << set << ": " << to_string(counts) << '\n';
    EXPECT_GT(counts.passed + counts.failed, 0U) << "no test was found";
    EXPECT_EQ(counts.failed, 0U);
    if (takes_all()) {
        EXPECT_GE(counts.passed, at_least);
        EXPECT_EQ(counts.skipped, skipped);
    }
}

TEST(StateTests, Eest) { run_set("eest_v5.4.0", 28'760, 0); }
TEST(StateTests, LegacyCancun) { run_set("legacytests_cancun/GeneralStateTests", 86'588, 0); }
TEST(StateTests, LegacyConstantinople) {
    run_set("legacytests_constantinople/GeneralStateTests", 26'308, 0);
}
TEST(StateTests, Evmone) { run_set("evmone_v0.13.0_exported", 55, 3); }

}  // namespace
}  // namespace mega::conformance
