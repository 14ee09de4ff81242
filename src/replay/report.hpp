#pragma once

// What came of a replay: a table for people, a file for programs.

#include "evm/fork.hpp"
#include "parallel/report.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mega::replay {

enum class Outcome : uint8_t { passed, failed, skipped };

struct BlockReport {
    std::string name;  // where it came from
    std::optional<uint64_t> number{};
    Fork fork = Fork::frontier;
    size_t transactions = 0;
    uint64_t gas_used = 0;
    double milliseconds = 0;  // execution alone; the median of all repetitions
    /// The same without parallel execution, when the two were compared.
    std::optional<double> sequential_milliseconds{};
    /// What parallel execution was like, the last time.
    std::optional<parallel::Report> execution{};
    Outcome outcome = Outcome::skipped;
    std::vector<std::string> checked{};  // "gas", "bloom", "receipts root", …
    std::string detail{};                // the first difference, the error, or why it was skipped

    [[nodiscard]] double mgas_per_second() const;
    /// "block 46147", or the name when there is no number.
    [[nodiscard]] std::string title() const;
};

struct Totals {
    size_t passed = 0;
    size_t failed = 0;
    size_t skipped = 0;
    size_t transactions = 0;
    uint64_t gas_used = 0;
    double milliseconds = 0;
    double sequential_milliseconds = 0;  // of the blocks that were compared
};
[[nodiscard]] Totals totals_of(const std::vector<BlockReport>& reports);

/// The table, a line for each difference, the totals, and `N passed, N failed, N skipped`.
[[nodiscard]] std::string table_of(const std::vector<BlockReport>& reports);
[[nodiscard]] std::string json_of(const std::vector<BlockReport>& reports);

/// A line that says how far it has got, for a terminal: "[#####.....]  12/57  block 2675000".
[[nodiscard]] std::string progress_line(size_t done, size_t total, const std::string& next);

}  // namespace mega::replay
