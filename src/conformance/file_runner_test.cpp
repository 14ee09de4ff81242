#include "conformance/file_runner.hpp"

#include "conformance/json_fields.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

class FileRunner : public testing::Test {
  protected:
    FileRunner()
        : folder_(
              fs::path(testing::TempDir()) /
              ("file_runner_" + std::to_string(testing::UnitTest::GetInstance()->random_seed()) +
               testing::UnitTest::GetInstance()->current_test_info()->name())
          ) {
        fs::create_directories(folder_ / "below");
    }
    ~FileRunner() override { fs::remove_all(folder_); }

    fs::path write(const std::string& name, const std::string& text) const {
        std::ofstream{folder_ / name} << text;
        return folder_ / name;
    }
    [[nodiscard]] std::string at(const std::string& name) const {
        return (folder_ / name).string();
    }

    fs::path folder_;
};

TEST_F(FileRunner, FindsJsonFilesBelowAFolderInOrder) {
    write("b.json", "{}");
    write("below/a.json", "{}");
    write("a.json", "{}");
    write("notes.txt", "");
    const auto files = collect_json_files({folder_.string(), at("notes.txt")});
    ASSERT_TRUE(files.has_value());
    EXPECT_EQ(
        *files,
        (std::vector<fs::path>{at("a.json"), at("b.json"), at("below/a.json"), at("notes.txt")})
    );
}

TEST_F(FileRunner, NamesAPathThatHoldsNothing) {
    const auto absent = collect_json_files({at("absent")});
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().message, at("absent") + ": no such file or folder");
    const auto empty = collect_json_files({at("below")});
    ASSERT_FALSE(empty.has_value());
    EXPECT_EQ(empty.error().message, at("below") + ": holds no .json file");
}

TEST_F(FileRunner, ReportsInTheOrderOfFilesOnAnyNumberOfThreads) {
    std::vector<fs::path> files;
    std::vector<std::string> expected;
    for (size_t i = 0; i < 50; ++i) {
        files.push_back(write(std::to_string(i) + ".json", std::string(i, ' ')));
        expected.push_back(files.back().string());
    }
    for (const size_t jobs : {1, 2, 7}) {
        std::vector<std::string> seen;
        RunOptions options{.jobs = jobs, .is_quiet = true};
        options.on_result = [&](const fs::path&, const CaseResult& result) {
            seen.push_back(result.name);
        };
        const auto run = [](const fs::path& file) {
            return std::vector<CaseResult>{{file.string(), "", Outcome::passed, "", {}}};
        };
        EXPECT_EQ(run_files(files, run, options), (Counts{50, 0, 0}));
        EXPECT_EQ(seen, expected);
    }
}

TEST_F(FileRunner, RunsTheHeaviestFirstAndPiecesOfAFileBeforeThem) {
    const std::vector<fs::path> files{
        write("small.json", "{}"), write("split.json", "{}"), write("large.json", "{    }")
    };
    std::vector<std::string> begun;
    std::vector<std::string> shown;
    const auto named = [&](const std::string& name) {
        return [&begun, name](const fs::path& file) {
            begun.push_back(file.stem().string() + name);
            return std::vector<CaseResult>{{begun.back(), "", Outcome::passed, "", {}}};
        };
    };
    RunOptions options{.jobs = 1, .is_quiet = true};
    options.on_result = [&](const fs::path&, const CaseResult& result) {
        shown.push_back(result.name);
    };
    options.split = [&](const fs::path& file) {
        return file.stem() == "split" ? std::vector<RunFile>{named(" a"), named(" b")}
                                      : std::vector<RunFile>{};
    };
    EXPECT_EQ(run_files(files, named(""), options), (Counts{4, 0, 0}));
    EXPECT_EQ(begun, (std::vector<std::string>{"split a", "split b", "large", "small"}));
    EXPECT_EQ(shown, (std::vector<std::string>{"small", "split a", "split b", "large"}));
}

TEST_F(FileRunner, AFileThatThrowsIsOneFailureAndTheRestRuns) {
    const std::vector<fs::path> files{write("a.json", "{"), write("b.json", "{}")};
    std::vector<std::string> messages;
    RunOptions options{.is_quiet = true};
    options.on_result = [&](const fs::path&, const CaseResult& result) {
        messages.push_back(result.message);
    };
    const auto run = [](const fs::path& file) {
        (void)read_json_file(file);
        return std::vector<CaseResult>(2);
    };
    EXPECT_EQ(run_files(files, run, options), (Counts{2, 1, 0}));
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_NE(messages[0].find("parse error"), std::string::npos) << messages[0];
}

TEST_F(FileRunner, ExitStatusIsZeroOnlyWhenSomethingPassedAndNothingFailed) {
    const std::vector<std::string> file{write("a.json", "{}").string()};
    const auto with = [](std::vector<CaseResult> results) {
        return [results](const fs::path&) { return results; };
    };
    const CaseResult passed{"p", "", Outcome::passed, "", {}};
    const CaseResult failed{"f", "", Outcome::failed, "for a reason", {}};
    const CaseResult skipped{"s", "", Outcome::skipped, "for another", {}};
    EXPECT_EQ(run_paths(file, with({passed, skipped}), {}), 0);
    EXPECT_EQ(run_paths(file, with({passed, failed}), {}), 1);
    EXPECT_EQ(run_paths(file, with({skipped}), {}), 1);
    EXPECT_EQ(run_paths(file, with({}), {}), 1);
    EXPECT_EQ(run_paths({at("absent")}, with({passed}), {}), 1);
}

TEST_F(FileRunner, PrintsWhatDidNotPassAndTheCounts) {
    const std::vector<std::string> file{write("a.json", "{}").string()};
    const auto run = [](const fs::path&) {
        return std::vector<CaseResult>{
            {"one", "Osaka", Outcome::failed, "wrong root", {}},
            {"two", "", Outcome::skipped, "no data", {}},
            {"three", "Osaka", Outcome::passed, "", {{"gasUsed", 1}}}
        };
    };
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_paths(file, run, {}), 1);
    EXPECT_EQ(
        testing::internal::GetCapturedStdout(),
        "FAIL one [Osaka]: wrong root\nSKIP two: no data\n1 passed, 1 failed, 1 skipped\n"
    );
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_paths(file, run, {.as_json = true}), 1);
    EXPECT_EQ(
        testing::internal::GetCapturedStdout(),
        R"({"error":"wrong root","fork":"Osaka","name":"one","pass":false})"
        "\n"
        R"({"error":"no data","fork":"","name":"two","pass":false,"skipped":true})"
        "\n"
        R"({"fork":"Osaka","gasUsed":1,"name":"three","pass":true})"
        "\n"
    );
}

TEST(JsonFields, ReadNumbersInHexAndDecimal) {
    EXPECT_EQ(read_word("0x00ff"), u256{255});
    EXPECT_EQ(read_word("255"), u256{255});
    EXPECT_EQ(read_word(json(255U)), u256{255});
    EXPECT_EQ(read_u64("0xffffffffffffffff"), UINT64_MAX);
    EXPECT_EQ(read_data("0x0102"), (Bytes{1, 2}));
    EXPECT_EQ(read_data("0102"), (Bytes{1, 2}));
}

TEST(JsonFields, RefuseWhatDoesNotFit) {
    EXPECT_THROW((void)read_u64("0x10000000000000000"), Malformed);
    EXPECT_THROW((void)read_word("0x1" + std::string(64, '0')), Malformed);
    EXPECT_THROW((void)read_word("0x:bigint 0x1"), Malformed);
    EXPECT_THROW((void)read_word(json(-1)), Malformed);
    EXPECT_THROW((void)read_word(json::array()), Malformed);
    EXPECT_THROW((void)read_data("0x012"), Malformed);
    EXPECT_THROW((void)read_address("0x01"), Malformed);
    EXPECT_THROW((void)read_hash("0x01"), Malformed);
    EXPECT_THROW((void)read_alloc(json::array()), Malformed);
}

TEST(JsonFields, AnAllocationIsTheChangeFromNothing) {
    const std::string a = "0x00000000000000000000000000000000000000aa";
    const std::string b = "0x00000000000000000000000000000000000000bb";
    const auto diff = read_alloc(
        {{b, {{"balance", "0x5"}}},
         {a,
          {{"balance", "0x0"},
           {"nonce", "0x1"},
           {"code", "0x60"},
           {"storage", {{"0x02", "0x3"}, {"0x01", "0x00"}}}}}}
    );
    ASSERT_EQ(diff.accounts.size(), 2U);
    EXPECT_EQ(to_hex(diff.accounts[0].address), a);
    EXPECT_EQ(diff.accounts[0].after->nonce, 1U);
    EXPECT_EQ(diff.accounts[1].after->balance, u256{5});
    ASSERT_EQ(diff.slots.size(), 1U);
    EXPECT_EQ(diff.slots[0].slot, u256{2});
    EXPECT_EQ(diff.codes.size(), 1U);
}

TEST(JsonFields, AnAllocationNamesNothingTwice) {
    const std::string a = "00000000000000000000000000000000000000aa";
    const json account{{"balance", "0x0"}};
    EXPECT_THROW((void)read_alloc({{a, account}, {"0x" + a, account}}), Malformed);
    const json storage{{"balance", "0x0"}, {"storage", {{"0x1", "0x1"}, {"0x01", "0x2"}}}};
    EXPECT_THROW((void)read_alloc({{a, storage}}), Malformed);
}

}  // namespace
}  // namespace mega::conformance
