#include "bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace mega::bench {
namespace {

using nlohmann::ordered_json;

std::string text_of(const Cell& cell, const Column& column) {
    if (const auto* words = std::get_if<std::string>(&cell)) {
        return *words;
    }
    if (const auto* number = std::get_if<double>(&cell)) {
        return fmt::format("{:.{}f}", *number, column.decimals);
    }
    return "-";
}

ordered_json json_of(const Cell& cell) {
    if (const auto* words = std::get_if<std::string>(&cell)) {
        return *words;
    }
    if (const auto* number = std::get_if<double>(&cell)) {
        return *number;
    }
    return nullptr;
}

/// A column of words is aligned to the left, one of numbers to the right.
bool holds_words(const Table& table, size_t column) {
    return std::ranges::any_of(table.rows, [column](const auto& row) {
        return std::holds_alternative<std::string>(row[column]);
    });
}

ordered_json json_of(const Machine& machine) {
    return {
        {"processor", machine.processor},
        {"cores", machine.cores},
        {"memory_gib", machine.memory_gib},
        {"system", machine.system},
        {"compiler", machine.compiler},
        {"time", machine.time},
        {"sync_us", machine.sync_us},
    };
}

ordered_json json_of(const Table& table) {
    ordered_json rows = ordered_json::array();
    for (const auto& row : table.rows) {
        ordered_json object = ordered_json::object();
        for (size_t i = 0; i < row.size(); ++i) {
            object[table.columns[i].key] = json_of(row[i]);
        }
        rows.push_back(std::move(object));
    }
    return {{"title", table.title}, {"rows", std::move(rows)}, {"notes", table.notes}};
}

}  // namespace

std::string to_text(const Machine& machine) {
    return fmt::format(
        "{}, {} cores, {:.0f} GiB, {}\n{}\n{}; append and fdatasync of 4 KiB: {:.0f} us\n",
        machine.processor,
        machine.cores,
        machine.memory_gib,
        machine.system,
        machine.compiler,
        machine.time,
        machine.sync_us
    );
}

std::string to_text(const Table& table) {
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : table.columns) {
        lines.front().push_back(column.heading);
    }
    for (const auto& row : table.rows) {
        auto& line = lines.emplace_back();
        for (size_t i = 0; i < row.size(); ++i) {
            line.push_back(text_of(row[i], table.columns[i]));
        }
    }
    std::string out = "\n" + table.title + "\n";
    std::vector<size_t> widths(table.columns.size());
    for (const auto& line : lines) {
        for (size_t i = 0; i < line.size(); ++i) {
            widths[i] = std::max(widths[i], line[i].size());
        }
    }
    for (const auto& line : lines) {
        std::string text = " ";
        for (size_t i = 0; i < line.size(); ++i) {
            text += holds_words(table, i) ? fmt::format(" {:<{}} ", line[i], widths[i])
                                          : fmt::format(" {:>{}} ", line[i], widths[i]);
        }
        out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    }
    for (const std::string& note : table.notes) {
        out += "  " + note + "\n";
    }
    return out;
}

std::string to_json(const Machine& machine, const std::vector<Table>& tables) {
    ordered_json root = {{"machine", json_of(machine)}, {"tables", ordered_json::object()}};
    for (const Table& table : tables) {
        root["tables"][table.key] = json_of(table);
    }
    return root.dump(2) + "\n";
}

Result<void> deliver(
    const Machine& machine, const std::vector<Table>& tables, const std::filesystem::path& json_file
) {
    std::string text = to_text(machine);
    for (const Table& table : tables) {
        text += to_text(table);
    }
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    if (json_file.empty()) {
        return {};
    }
    std::ofstream out(json_file);
    out << to_json(machine, tables);
    out.close();
    if (!out) {
        return Err{Error{"cannot write " + json_file.string()}};
    }
    return {};
}

void progress(const std::string& line) { std::fprintf(stderr, "bench: %s\n", line.c_str()); }

}  // namespace mega::bench
