// `mega bench node`: what a client of a real node sees: latency beside anvil's, throughput, memory,
// restarts.

#include "bench/bench.hpp"
#include "bench/node_tables.hpp"
#include "bench/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace mega::bench {
namespace {

/// Gone at the end, whatever the end is.
class WorkDirectory {
  public:
    explicit WorkDirectory(const std::filesystem::path& parent)
        : path_(std::filesystem::absolute(parent) / fmt::format("run-{}", ::getpid())) {
        std::error_code ignored;
        std::filesystem::create_directories(path_, ignored);
    }
    ~WorkDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    WorkDirectory(const WorkDirectory&) = delete;
    WorkDirectory& operator=(const WorkDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

Result<std::vector<Table>> measure_all(
    const NodeBenchOptions& options, const std::filesystem::path& work
) {
    std::vector<Table> tables;
    if (!options.skip_latency) {
        auto table = latency_table(options, work);
        if (!table) {
            return Err{table.error()};
        }
        tables.push_back(std::move(*table));
    }
    if (!options.skip_throughput) {
        auto more = throughput_tables(options, work);
        if (!more) {
            return Err{more.error()};
        }
        std::ranges::move(*more, std::back_inserter(tables));
    }
    if (!options.skip_memory) {
        auto table = state_table(options, work);
        if (!table) {
            return Err{table.error()};
        }
        tables.push_back(std::move(*table));
    }
    return tables;
}

/// Words when the options cannot be measured.
std::optional<std::string> problem_of(const NodeBenchOptions& options) {
    if (options.runs == 0 || options.seconds == 0 || options.connections == 0) {
        return "runs, seconds and connections must not be 0";
    }
    if (std::ranges::count(options.rates, 0U) > 0 || std::ranges::count(options.accounts, 0U) > 0) {
        return "a rate or a number of accounts of 0 cannot be measured";
    }
    if (!options.skip_latency && !options.skip_anvil && !std::filesystem::exists(options.anvil)) {
        return options.anvil.string() +
               " is missing: run npm ci, or leave anvil out with --skip-anvil";
    }
    return std::nullopt;
}

}  // namespace

int run_bench_node(const NodeBenchOptions& options) {
    if (const auto problem = problem_of(options)) {
        progress(*problem);
        return 1;
    }
    const WorkDirectory work(options.work_directory);
    const Machine machine = describe_machine(work.path());
    const auto tables = measure_all(options, work.path());
    if (!tables) {
        progress(tables.error().message);
        return 1;
    }
    if (auto delivered = deliver(machine, *tables, options.json_file); !delivered) {
        progress(delivered.error().message);
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
