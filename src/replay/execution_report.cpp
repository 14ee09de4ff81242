#include "replay/execution_report.hpp"

#include "base/hex.hpp"

#include <fmt/format.h>

namespace mega::replay {
namespace {

std::string milliseconds(double value) { return fmt::format("{:.2f}", value); }
std::string milliseconds(uint64_t ns) { return milliseconds(static_cast<double>(ns) / 1e6); }
std::string factor(double value) { return fmt::format("{:.2f}", value); }

std::string number_of(const BlockReport& report) {
    return report.number ? std::to_string(*report.number) : "?";
}

constexpr std::string_view comparison_row = "{:>10}  {:>5}  {:>11}  {:>13}  {:>11}  {:>6}\n";

constexpr std::string_view execution_row =
    "{:>10}  {:>5}  {:>6}  {:>6}  {:>9}  {:>10}  {:>8}  {:>8}  {:>11}  {:>12}  {:>9}  {:>13}  "
    "{:>7}  {:>7}\n";

std::string row_of(const std::string& name, const parallel::Report& report) {
    return fmt::format(
        fmt::runtime(execution_row),
        name,
        report.transactions,
        report.executions,
        report.aborts,
        report.native_transfers,
        report.sequential_transactions,
        factor(report.foreseen_parallelism),
        factor(report.parallelism),
        milliseconds(report.analysis_ns),
        milliseconds(report.transfers_ns),
        milliseconds(report.rounds_ns),
        milliseconds(report.sequential_ns),
        milliseconds(report.wall_ns),
        milliseconds(report.cpu_ns)
    );
}

/// Everything added up; what is foreseen has no sum.
parallel::Report sum_of(const std::vector<BlockReport>& reports) {
    parallel::Report sum;
    for (const BlockReport& block : reports) {
        if (!block.execution) {
            continue;
        }
        const parallel::Report& one = *block.execution;
        sum.transactions += one.transactions;
        sum.executions += one.executions;
        sum.aborts += one.aborts;
        sum.native_transfers += one.native_transfers;
        sum.tracked_executions += one.tracked_executions;
        sum.sequential_transactions += one.sequential_transactions;
        sum.analysis_ns += one.analysis_ns;
        sum.transfers_ns += one.transfers_ns;
        sum.rounds_ns += one.rounds_ns;
        sum.sequential_ns += one.sequential_ns;
        sum.wall_ns += one.wall_ns;
        sum.cpu_ns += one.cpu_ns;
        // Of the whole: weighted by work.
        sum.foreseen_parallelism += one.foreseen_parallelism * static_cast<double>(one.cpu_ns);
    }
    if (sum.cpu_ns != 0 && sum.wall_ns != 0) {
        const auto cpu_ns = static_cast<double>(sum.cpu_ns);
        sum.foreseen_parallelism = (sum.foreseen_parallelism - 1) / cpu_ns;
        sum.parallelism = cpu_ns / static_cast<double>(sum.wall_ns);
    }
    return sum;
}

std::string words_of(const parallel::Abort& abort) {
    std::string words = fmt::format("transaction {} had not seen ", abort.tx);
    words += abort.writer ? fmt::format("transaction {}", *abort.writer) : "a change";
    words += " at " + to_hex(abort.address);
    return abort.slot ? words + " slot " + to_hex_quantity(*abort.slot) : words;
}

}  // namespace

double ratio_of(double sequential_milliseconds, double milliseconds) {
    return milliseconds > 0 ? sequential_milliseconds / milliseconds : 0;
}

std::string comparison_table_of(const std::vector<BlockReport>& reports) {
    std::string text = fmt::format(
        fmt::runtime(comparison_row), "block", "txs", "gas", "sequential ms", "parallel ms", "ratio"
    );
    Totals totals;
    const auto row = [](const std::string& name, const Totals& of) {
        return fmt::format(
            fmt::runtime(comparison_row),
            name,
            of.transactions,
            of.gas_used,
            milliseconds(of.sequential_milliseconds),
            milliseconds(of.milliseconds),
            factor(ratio_of(of.sequential_milliseconds, of.milliseconds))
        );
    };
    for (const BlockReport& report : reports) {
        if (!report.sequential_milliseconds) {
            continue;
        }
        const Totals one = totals_of({report});
        text += row(number_of(report), one);
        totals.transactions += one.transactions;
        totals.gas_used += one.gas_used;
        totals.sequential_milliseconds += one.sequential_milliseconds;
        totals.milliseconds += one.milliseconds;
    }
    return text + row("total", totals);
}

std::string execution_table_of(const std::vector<BlockReport>& reports, size_t most_aborts) {
    std::string text = fmt::format(
        fmt::runtime(execution_row),
        "block",
        "txs",
        "runs",
        "aborts",
        "transfers",
        "sequential",
        "foreseen",
        "achieved",
        "analysis ms",
        "transfers ms",
        "rounds ms",
        "sequential ms",
        "wall ms",
        "cpu ms"
    );
    std::string aborts;
    for (const BlockReport& report : reports) {
        if (!report.execution) {
            continue;
        }
        text += row_of(number_of(report), *report.execution);
        const auto& listed = report.execution->first_aborts;
        for (size_t i = 0; i < std::min(most_aborts, listed.size()); ++i) {
            aborts += report.title() + ": " + words_of(listed[i]) + "\n";
        }
    }
    return text + row_of("total", sum_of(reports)) + aborts;
}

}  // namespace mega::replay
