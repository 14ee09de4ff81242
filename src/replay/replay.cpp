#include "replay/replay.hpp"

#include "replay/comparison.hpp"
#include "replay/execution_report.hpp"
#include "replay/file_source.hpp"
#include "replay/rpc_source.hpp"
#include "replay/timeline.hpp"
#include "replay/transaction_trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace mega::replay {
namespace {

using execution::BlockResult;

double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

void fail(BlockReport& report, std::string why) {
    report.outcome = Outcome::failed;
    report.detail = std::move(why);
}

void list_checks(const ChainRules& rules, const ReplayBlock& block, BlockReport& report) {
    report.checked = {"gas", "bloom"};
    if (fork_of(rules, block.header) >= Fork::byzantium) {
        report.checked.emplace_back("receipts root");
    }
    if (block.header.requests_hash) {
        report.checked.emplace_back("requests");
    }
    if (block.receipts) {
        report.checked.emplace_back("each receipt");
    }
    if (!block.traces.calls.is_null()) {
        report.checked.emplace_back("call traces");
    }
    if (!block.traces.diffs.is_null()) {
        report.checked.emplace_back("state diffs");
    }
}

Difference state_root_difference(
    const ReplayBlock& block, const BlockResult& result, BlockReport& report
) {
    const RootCheck root = check_state_root(block, result);
    if (root == RootCheck::differs) {
        return "the state root differs from " + to_hex(block.header.state_root);
    }
    if (root == RootCheck::matches) {
        report.checked.emplace_back("state root");
    }
    return std::nullopt;
}

/// One block on its way: what is executed, how, and what came of it.
class Replay {
  public:
    Replay(
        evm::Vm& vm,
        const ChainRules& rules,
        const ReplayBlock& block,
        const Method& method,
        BlockReport& report
    )
        : vm_(vm), rules_(rules), block_(block), method_(method), report_(report) {}

    /// Executes once; false when the report says why the block does not match.
    [[nodiscard]] bool check() {
        const auto start = std::chrono::steady_clock::now();
        const auto result = execute_block(vm_, rules_, block_, method_.executor);
        report_.milliseconds = milliseconds_since(start);
        // A read that failed makes everything after it meaningless.
        if (const auto failure = find_failure()) {
            return refuse(failure->message);
        }
        if (!result) {
            return refuse(result.error().message);
        }
        report_.gas_used = result->gas_used;
        list_checks(rules_, block_, report_);
        auto difference = check_outcome(rules_, block_, *result);
        if (!difference) {
            difference = check_traces(vm_, rules_, block_);
        }
        if (!difference) {
            difference = state_root_difference(block_, *result, report_);
        }
        if (difference) {
            return refuse(*difference);
        }
        report_.outcome = Outcome::passed;
        return true;
    }

    /// The medians of all repetitions with all of the state in memory.
    void measure() {
        std::vector<double> times;
        std::vector<double> sequential_times;
        for (uint32_t i = 0; i < std::max<uint32_t>(method_.repeat, 1); ++i) {
            const auto sequential = method_.compares ? timed({}, sequential_times) : std::nullopt;
            if (method_.runner != nullptr && !method_.learns) {
                method_.runner->forget();
            }
            const auto result = timed(method_.executor, times);
            if (!result || (method_.compares && !agree(sequential, *result))) {
                return;
            }
        }
        report_.milliseconds = median(times);
        if (method_.compares) {
            report_.sequential_milliseconds = median(sequential_times);
            report_.checked.emplace_back("same as sequential");
        }
        if (method_.runner != nullptr) {
            report_.execution = method_.runner->report();
        }
    }

  private:
    [[nodiscard]] bool refuse(std::string why) {
        fail(report_, std::move(why));
        return false;
    }

    /// A transaction that ran too early may look for what no transaction needs in the end.
    [[nodiscard]] std::optional<Error> find_failure() {
        if (block_.state->failure() && method_.executor) {
            block_.state->forget_failure();
            (void)execute_block(vm_, rules_, block_);
        }
        return block_.state->failure();
    }

    /// Nothing when the block, which has been executed before, fails now: then the report says why.
    [[nodiscard]] std::optional<BlockResult> timed(
        const Executor& executor, std::vector<double>& times
    ) {
        const auto start = std::chrono::steady_clock::now();
        auto result = execute_block(vm_, rules_, block_, executor);
        times.push_back(milliseconds_since(start));
        Difference difference;
        if (const auto failure = find_failure()) {
            difference = failure->message;
        } else if (!result) {
            difference = result.error().message;
        } else {
            difference = check_outcome(rules_, block_, *result);
        }
        if (difference) {
            fail(report_, "executed again: " + *difference);
            return std::nullopt;
        }
        return *std::move(result);
    }

    [[nodiscard]] bool agree(
        const std::optional<BlockResult>& sequential, const BlockResult& parallel
    ) {
        if (!sequential) {
            return false;
        }
        const auto difference = first_difference(*sequential, parallel);
        return !difference || refuse("parallel execution differs: " + *difference);
    }

    [[nodiscard]] static double median(std::vector<double>& times) {
        const auto middle = times.begin() + static_cast<ptrdiff_t>(times.size() / 2);
        std::ranges::nth_element(times, middle);
        return *middle;
    }

    evm::Vm& vm_;
    const ChainRules& rules_;
    const ReplayBlock& block_;
    const Method& method_;
    BlockReport& report_;
};

class Progress {
  public:
    void operator()(size_t done, size_t total, const std::string& next) {
        if (is_terminal_) {
            std::fprintf(stderr, "\r\x1b[K%s", progress_line(done, total, next).c_str());
            (void)std::fflush(stderr);
        }
    }
    void clear() const {
        if (is_terminal_) {
            std::fputs("\r\x1b[K", stderr);
        }
    }

  private:
    bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
};

using Sources = std::vector<std::unique_ptr<BlockSource>>;

Result<Sources> open_sources(const ReplayOptions& options) {
    Sources sources;
    if (!options.rpc_url.empty()) {
        auto source = open_rpc({
            .url = options.rpc_url,
            .from = options.from.value_or(options.to.value_or(0)),
            .to = options.to.value_or(options.from.value_or(0)),
            .cache_directory = options.cache_directory,
            .with_proofs = options.with_proofs,
            .fork = options.fork,
            .timeout_ms = options.timeout_ms,
        });
        if (!source) {
            return Err{source.error()};
        }
        sources.push_back(*std::move(source));
    }
    for (const std::string& path : options.paths) {
        auto opened = open_path(path);
        if (!opened) {
            return Err{opened.error()};
        }
        std::ranges::move(*opened, std::back_inserter(sources));
    }
    return sources;
}

Result<void> write_file(const std::string& file, const std::string& text) {
    std::FILE* out = std::fopen(file.c_str(), "wb");
    if (out == nullptr) {
        return Err{Error{"cannot write " + file}};
    }
    const bool is_written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
    return std::fclose(out) == 0 && is_written ? Result<void>{}
                                               : Err{Error{"cannot write " + file}};
}

int complain(const Error& error) {
    std::fprintf(stderr, "mega replay: %s\n", error.message.c_str());
    return 1;
}

Result<void> check_usage(const ReplayOptions& options) {
    const bool is_rpc = !options.rpc_url.empty();
    if (!is_rpc && options.paths.empty()) {
        return Err{Error{"nothing to replay: name a PATH, or --rpc URL with --from and --to"}};
    }
    if (is_rpc && !options.from && !options.to) {
        return Err{Error{"--rpc needs --from and --to"}};
    }
    if (!is_rpc && (options.from || options.to || options.with_proofs ||
                    !options.cache_directory.empty() || !options.fork.empty())) {
        return Err{Error{"--from, --to, --proofs, --cache and --fork belong to --rpc"}};
    }
    if (options.from && options.to && *options.from > *options.to) {
        return Err{Error{"--from is above --to"}};
    }
    return {};
}

}  // namespace

BlockReport replay_block(BlockSource& source, size_t index, evm::Vm& vm, const Method& method) {
    BlockReport report{.name = source.name(index)};
    const auto block = source.load(index);
    if (!block) {
        fail(report, block.error().message);
        return report;
    }
    report.number = block->header.number;
    report.fork = fork_of(source.rules(), block->header);
    report.transactions = block->transactions.size();
    if (auto difference = check_inputs(source.rules(), *block)) {
        fail(report, *difference);
        return report;
    }
    Replay replay{vm, source.rules(), *block, method, report};
    if (!replay.check()) {
        return report;
    }
    if (const auto kept = source.keep(index, *block); !kept) {
        fail(report, kept.error().message);
        return report;
    }
    replay.measure();
    return report;
}

std::vector<BlockReport> replay_all(
    std::span<const std::unique_ptr<BlockSource>> sources,
    const Method& method,
    const std::function<void(size_t done, size_t total, const std::string& next)>& progress
) {
    size_t total = 0;
    for (const auto& source : sources) {
        total += source->size();
    }
    const auto vm = std::make_unique<evm::Vm>();
    std::vector<BlockReport> reports;
    for (const auto& source : sources) {
        bool is_lost = false;
        for (size_t i = 0; i < source->size(); ++i) {
            if (is_lost) {
                reports.push_back({.name = source->name(i), .outcome = Outcome::skipped});
                continue;
            }
            progress(reports.size(), total, source->name(i));
            reports.push_back(replay_block(*source, i, *vm, method));
            is_lost = source->is_lost();
        }
    }
    return reports;
}

namespace {

/// Null when one transaction after the other is all that is asked for.
std::unique_ptr<ParallelRunner> make_runner(const ReplayOptions& options) {
    parallel::ExecutorOptions executor;
    executor.threads =
        options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    // Compared on one thread, it is the parallel path that is meant.
    executor.is_always_parallel = options.compares && executor.threads == 1;
    executor.round.records_spans = !options.timeline_file.empty();
    const bool is_wanted = options.compares || options.with_execution_report ||
                           !options.timeline_file.empty() || executor.threads > 1;
    return is_wanted ? std::make_unique<ParallelRunner>(executor) : nullptr;
}

void print_tables(const ReplayOptions& options, const std::vector<BlockReport>& reports) {
    if (options.with_execution_report) {
        std::printf("%s\n", execution_table_of(reports).c_str());
    }
    if (options.compares) {
        std::printf("%s\n", comparison_table_of(reports).c_str());
    }
    std::fputs(table_of(reports).c_str(), stdout);
}

Result<void> write_files(const ReplayOptions& options, const std::vector<BlockReport>& reports) {
    if (!options.json_file.empty()) {
        if (auto written = write_file(options.json_file, json_of(reports)); !written) {
            return written;
        }
    }
    return options.timeline_file.empty() ? Result<void>{}
                                         : write_file(options.timeline_file, timeline_of(reports));
}

}  // namespace

int run_replay(const ReplayOptions& options) {
    if (const auto usage = check_usage(options); !usage) {
        return complain(usage.error());
    }
    const auto sources = open_sources(options);
    if (!sources) {
        return complain(sources.error());
    }
    if (!options.traced_transaction.empty()) {
        const auto trace = trace_transaction(*sources, options.traced_transaction);
        if (!trace) {
            return complain(trace.error());
        }
        std::printf("%s\n", trace->c_str());
        return 0;
    }
    const auto runner = make_runner(options);
    Method method;
    if (runner) {
        method = Method::with(*runner);
    }
    method.repeat = options.repeat;
    method.compares = options.compares;
    method.learns = options.learns;
    Progress progress;
    const auto reports = replay_all(*sources, method, std::ref(progress));
    progress.clear();
    print_tables(options, reports);
    if (const auto written = write_files(options, reports); !written) {
        return complain(written.error());
    }
    return totals_of(reports).passed == reports.size() ? 0 : 1;
}

}  // namespace mega::replay
