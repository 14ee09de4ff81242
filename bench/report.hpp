#pragma once

// What a benchmark hands over: tables of figures, as aligned text and as JSON, and the machine they
// were measured on.

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace mega::bench {

struct Column {
    std::string key;      // in JSON
    std::string heading;  // in text, with the unit
    int decimals = 0;     // of numbers in text; JSON has them as they are
};

/// Nothing where there was nothing to measure ("-" in text, null in JSON).
using Cell = std::variant<std::monostate, std::string, double>;

struct Table {
    std::string key;
    std::string title;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows{};
    std::vector<std::string> notes{};
};

struct Machine {
    std::string processor;
    unsigned cores = 0;
    double memory_gib = 0;
    std::string system;    // kernel
    std::string compiler;  // of this program, with the kind of build
    std::string time;      // UTC, ISO 8601
    double sync_us = 0;    // median of appending 4 KiB and fdatasync in the work directory
};
/// `directory` is where the benchmark keeps its data.
[[nodiscard]] Machine describe_machine(const std::filesystem::path& directory);

[[nodiscard]] std::string to_text(const Machine& machine);
[[nodiscard]] std::string to_text(const Table& table);
[[nodiscard]] std::string to_json(const Machine& machine, const std::vector<Table>& tables);

/// Prints to stdout; writes JSON when `json_file` is not empty.
[[nodiscard]] Result<void> deliver(
    const Machine& machine, const std::vector<Table>& tables, const std::filesystem::path& json_file
);

/// A line on stderr: what is being measured now.
void progress(const std::string& line);

}  // namespace mega::bench
