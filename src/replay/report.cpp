#include "replay/report.hpp"

#include "replay/execution_report.hpp"
#include "rpc/execution_report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace mega::replay {
namespace {

std::string_view word_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed:
            return "yes";
        case Outcome::failed:
            return "NO";
        case Outcome::skipped:
            return "skipped";
    }
    return "";
}

double mgas_per_second_of(uint64_t gas, double milliseconds) {
    return milliseconds > 0 ? static_cast<double>(gas) / milliseconds / 1000.0 : 0;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return text;
}

constexpr std::string_view row = "{:>10}  {:<17}  {:>5}  {:>11}  {:>9}  {:>8}  {:<7}  {}\n";

std::string row_of(const BlockReport& report) {
    if (report.outcome == Outcome::skipped || !report.number) {
        return fmt::format(
            fmt::runtime(row),
            report.number ? std::to_string(*report.number) : "?",
            "-",
            "-",
            "-",
            "-",
            "-",
            word_of(report.outcome),
            ""
        );
    }
    return fmt::format(
        fmt::runtime(row),
        report.number ? std::to_string(*report.number) : "?",
        to_string(report.fork),
        report.transactions,
        report.gas_used,
        fmt::format("{:.2f}", report.milliseconds),
        fmt::format("{:.1f}", report.mgas_per_second()),
        word_of(report.outcome),
        joined(report.checked)
    );
}

}  // namespace

double BlockReport::mgas_per_second() const { return mgas_per_second_of(gas_used, milliseconds); }

std::string BlockReport::title() const {
    return number ? "block " + std::to_string(*number) : name;
}

Totals totals_of(const std::vector<BlockReport>& reports) {
    Totals totals;
    for (const BlockReport& report : reports) {
        size_t& count = report.outcome == Outcome::passed   ? totals.passed
                        : report.outcome == Outcome::failed ? totals.failed
                                                            : totals.skipped;
        ++count;
        totals.transactions += report.transactions;
        totals.gas_used += report.gas_used;
        totals.milliseconds += report.milliseconds;
        totals.sequential_milliseconds += report.sequential_milliseconds.value_or(0);
    }
    return totals;
}

std::string table_of(const std::vector<BlockReport>& reports) {
    std::string text = fmt::format(
        fmt::runtime(row), "block", "fork", "txs", "gas", "ms", "Mgas/s", "match", "checked"
    );
    for (const BlockReport& report : reports) {
        text += row_of(report);
    }
    const Totals totals = totals_of(reports);
    text += fmt::format(
        fmt::runtime(row),
        "total",
        fmt::format("{} blocks", reports.size()),
        totals.transactions,
        totals.gas_used,
        fmt::format("{:.2f}", totals.milliseconds),
        fmt::format("{:.1f}", mgas_per_second_of(totals.gas_used, totals.milliseconds)),
        totals.failed == 0 && totals.skipped == 0 ? "yes" : "NO",
        ""
    );
    for (const BlockReport& report : reports) {
        if (!report.detail.empty()) {
            text += report.title() + ": " + report.detail + "\n";
        }
    }
    return text +
           fmt::format(
               "{} passed, {} failed, {} skipped\n", totals.passed, totals.failed, totals.skipped
           );
}

std::string json_of(const std::vector<BlockReport>& reports) {
    nlohmann::ordered_json blocks = nlohmann::ordered_json::array();
    for (const BlockReport& report : reports) {
        nlohmann::ordered_json block{{"name", report.name}};
        if (report.number) {
            block["number"] = *report.number;
            block["fork"] = to_string(report.fork);
        }
        block["transactions"] = report.transactions;
        block["gas_used"] = report.gas_used;
        block["milliseconds"] = report.milliseconds;
        block["mgas_per_second"] = report.mgas_per_second();
        block["match"] = report.outcome == Outcome::passed;
        block["skipped"] = report.outcome == Outcome::skipped;
        if (report.sequential_milliseconds) {
            block["sequential_milliseconds"] = *report.sequential_milliseconds;
            block["ratio"] = ratio_of(*report.sequential_milliseconds, report.milliseconds);
        }
        if (report.execution) {
            block["execution"] = rpc::execution_json(*report.execution);
        }
        block["checked"] = report.checked;
        block["detail"] = report.detail;
        blocks.push_back(std::move(block));
    }
    const Totals totals = totals_of(reports);
    nlohmann::ordered_json whole{
        {"blocks", std::move(blocks)},
        {"passed", totals.passed},
        {"failed", totals.failed},
        {"skipped", totals.skipped},
        {"transactions", totals.transactions},
        {"gas_used", totals.gas_used},
        {"milliseconds", totals.milliseconds},
    };
    if (totals.sequential_milliseconds > 0) {
        whole["sequential_milliseconds"] = totals.sequential_milliseconds;
        whole["ratio"] = ratio_of(totals.sequential_milliseconds, totals.milliseconds);
    }
    return whole.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string progress_line(size_t done, size_t total, const std::string& next) {
    constexpr size_t width = 30;
    const size_t filled = total == 0 ? width : std::min(width, done * width / total);
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
           fmt::format("{:>5}/{}  ", done, total) + next;
}

}  // namespace mega::replay
