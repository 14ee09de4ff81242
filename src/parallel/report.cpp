#include "parallel/report.hpp"

#include "base/hex.hpp"

#include <cstdio>

namespace mega::parallel {

namespace {

std::string to_milliseconds(uint64_t ns) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f ms", static_cast<double>(ns) / 1e6);
    return text;
}

std::string to_text(double ratio) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2f", ratio);
    return text;
}

std::string to_text(const Abort& abort) {
    std::string line = "transaction " + std::to_string(abort.tx) + " had not seen ";
    line += abort.writer ? "transaction " + std::to_string(*abort.writer) : std::string{"a change"};
    line += " at " + to_hex(abort.address);
    return abort.slot ? line + " slot " + to_hex(abort.slot->to_hash()) : line;
}

}  // namespace

std::string to_text(const Report& report, size_t most_aborts) {
    std::string text =
        std::to_string(report.transactions) + " transactions, " +
        std::to_string(report.executions) + " executions, " + std::to_string(report.aborts) +
        " aborts, " + std::to_string(report.native_transfers) + " native transfers, " +
        std::to_string(report.tracked_executions) + " with origins tracked, " +
        std::to_string(report.sequential_transactions) + " sequential, " +
        std::to_string(report.rounds) + " rounds, " + std::to_string(report.lessons) +
        " lessons, " + std::to_string(report.threads) + " threads, foreseen parallelism " +
        to_text(report.foreseen_parallelism) + ", achieved " + to_text(report.parallelism) +
        ", wall " + to_milliseconds(report.wall_ns) + ", cpu " + to_milliseconds(report.cpu_ns) +
        ", analysis " + to_milliseconds(report.analysis_ns) + ", transfers " +
        to_milliseconds(report.transfers_ns) + ", rounds " + to_milliseconds(report.rounds_ns) +
        ", sequential " + to_milliseconds(report.sequential_ns) + "\n";
    for (size_t i = 0; i < std::min(most_aborts, report.first_aborts.size()); ++i) {
        text += to_text(report.first_aborts[i]) + "\n";
    }
    return text;
}

}  // namespace mega::parallel
