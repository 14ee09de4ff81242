#pragma once

// Runs the cases of many fixture files on several threads. What one file holds is the caller's
// business: it gives a function from a file to the results of its cases. Results are shown in the
// order of the files, whatever the order in which they end, so that two runs print the same.
//
//   FAIL name [fork]: message
//   SKIP name [fork]: message
//   N passed, N failed, N skipped
//
// As JSON: one object a case and line, {"name", "fork", "pass", …details}; the last line goes to
// stderr then.

#include "base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mega::conformance {

enum class Outcome : uint8_t { passed, failed, skipped };

struct CaseResult {
    std::string name;
    std::string fork;
    Outcome outcome = Outcome::passed;
    std::string message;     // why it failed or was skipped
    nlohmann::json details;  // an object, for the JSON report; null when there is nothing to add
};

/// Called on several threads at once. What it throws becomes a failed case of that file.
using RunFile = std::function<std::vector<CaseResult>(const std::filesystem::path&)>;

struct Counts {
    size_t passed = 0;
    size_t failed = 0;
    size_t skipped = 0;

    void add(Outcome outcome);
    void add(const Counts& other);
    friend bool operator==(const Counts&, const Counts&) = default;
};
/// "N passed, N failed, N skipped"
[[nodiscard]] std::string to_string(const Counts& counts);

/// A file that takes long, as pieces that may run side by side; empty: as one. Their results are
/// shown in this order. Called on the thread that called run_files; throws nothing.
using SplitFile = std::function<std::vector<RunFile>(const std::filesystem::path&)>;

struct RunOptions {
    size_t jobs = 0;  // threads; 0 is one a core
    bool as_json = false;
    bool is_quiet = false;  // no lines for cases: on_result alone
    /// Sees every result, in order, on the thread that called run_files; may be empty.
    std::function<void(const std::filesystem::path&, const CaseResult&)> on_result{};
    SplitFile split{};  // may be empty
};

/// The .json files among `paths` and in the folders among them, sorted within each folder. Names
/// the path that cannot be read or holds no such file. A file named by itself may end in anything.
[[nodiscard]] Result<std::vector<std::filesystem::path>> collect_json_files(
    const std::vector<std::string>& paths
);

/// The document in `file`; throws Malformed when it cannot be read or is no JSON.
[[nodiscard]] nlohmann::json read_json_file(const std::filesystem::path& file);

[[nodiscard]] Counts run_files(
    const std::vector<std::filesystem::path>& files,
    const RunFile& run_file,
    const RunOptions& options
);

/// collect_json_files, run_files, the last line. The exit status: 0 when nothing failed, 1 when
/// something did, nothing ran at all or a path is wrong.
[[nodiscard]] int run_paths(
    const std::vector<std::string>& paths, const RunFile& run_file, const RunOptions& options
);

}  // namespace mega::conformance
