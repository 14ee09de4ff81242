#include "replay/replay.hpp"

#include "replay/checks.hpp"
#include "replay/file_source.hpp"
#include "replay/rpc_source.hpp"
#include "replay/transaction_trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

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

/// Executes once; false when the report says why the block does not match.
bool execute_and_check(
    evm::Vm& vm,
    const ChainRules& rules,
    const ReplayBlock& block,
    const Executor& executor,
    BlockReport& report
) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = execute_block(vm, rules, block, executor);
    report.milliseconds = milliseconds_since(start);
    // A read that failed makes everything after it meaningless.
    if (const auto failure = block.state->failure()) {
        fail(report, failure->message);
        return false;
    }
    if (!result) {
        fail(report, result.error().message);
        return false;
    }
    report.gas_used = result->gas_used;
    list_checks(rules, block, report);
    auto difference = check_outcome(rules, block, *result);
    if (!difference) {
        difference = check_traces(vm, rules, block);
    }
    if (!difference) {
        const RootCheck root = check_state_root(block, *result);
        if (root == RootCheck::differs) {
            difference = "the state root differs from " + to_hex(block.header.state_root);
        } else if (root == RootCheck::matches) {
            report.checked.emplace_back("state root");
        }
    }
    if (difference) {
        fail(report, *difference);
        return false;
    }
    report.outcome = Outcome::passed;
    return true;
}

/// The median of `repeat` executions with all of the state in memory.
double measure(
    evm::Vm& vm,
    const ChainRules& rules,
    const ReplayBlock& block,
    const Executor& executor,
    uint32_t repeat
) {
    std::vector<double> times;
    for (uint32_t i = 0; i < repeat; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const auto result = execute_block(vm, rules, block, executor);
        times.push_back(milliseconds_since(start));
        if (!result) {
            break;
        }
    }
    std::ranges::nth_element(times, times.begin() + static_cast<ptrdiff_t>(times.size() / 2));
    return times[times.size() / 2];
}

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

Result<void> write_report(const std::string& file, const std::vector<BlockReport>& reports) {
    std::FILE* out = std::fopen(file.c_str(), "wb");
    if (out == nullptr) {
        return Err{Error{"cannot write " + file}};
    }
    const std::string text = json_of(reports);
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

BlockReport replay_block(
    BlockSource& source, size_t index, evm::Vm& vm, uint32_t repeat, const Executor& executor
) {
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
    if (!execute_and_check(vm, source.rules(), *block, executor, report)) {
        return report;
    }
    if (const auto kept = source.keep(index, *block); !kept) {
        fail(report, kept.error().message);
        return report;
    }
    report.milliseconds =
        measure(vm, source.rules(), *block, executor, std::max<uint32_t>(repeat, 1));
    return report;
}

std::vector<BlockReport> replay_all(
    std::span<const std::unique_ptr<BlockSource>> sources,
    uint32_t repeat,
    const std::function<void(size_t done, size_t total, const std::string& next)>& progress,
    const Executor& executor
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
            reports.push_back(replay_block(*source, i, *vm, repeat, executor));
            is_lost = source->is_lost();
        }
    }
    return reports;
}

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
    Progress progress;
    const auto reports = replay_all(*sources, options.repeat, std::ref(progress));
    progress.clear();
    std::fputs(table_of(reports).c_str(), stdout);
    if (!options.json_file.empty()) {
        if (const auto written = write_report(options.json_file, reports); !written) {
            return complain(written.error());
        }
    }
    return totals_of(reports).passed == reports.size() ? 0 : 1;
}

}  // namespace mega::replay
