#pragma once

// `mega replay`: executes real blocks, from files or from an endpoint, and compares what comes out
// with what the chain says.

#include "replay/parallel_runner.hpp"
#include "replay/report.hpp"

#include <functional>

namespace mega::replay {

struct ReplayOptions {
    std::vector<std::string> paths;
    // From an endpoint instead.
    std::string rpc_url;
    std::optional<uint64_t> from;
    std::optional<uint64_t> to;
    std::string cache_directory;
    bool with_proofs = false;
    std::string fork;  // deduced when empty
    uint32_t timeout_ms = 30'000;

    uint32_t repeat = 1;
    uint32_t threads = 0;  // 0: one a core; 1: one transaction after the other
    bool compares = false;
    bool learns = false;
    bool with_execution_report = false;
    std::string timeline_file;
    std::string json_file;
    std::string traced_transaction;  // its hash; prints its call trace
};

/// How blocks are executed.
struct Method {
    uint32_t repeat = 1;
    /// One transaction after the other when empty.
    Executor executor{};
    /// Whose executor it is, if one's: its report is kept.
    ParallelRunner* runner = nullptr;
    /// Executes without the executor, too: both must come to the same, bit for bit, each time.
    bool compares = false;
    /// Lets the runner profit from having executed the same block before.
    bool learns = false;

    [[nodiscard]] static Method with(ParallelRunner& runner) {
        return {.executor = runner.executor(), .runner = &runner};
    }
};

/// One block: loads, executes, compares, and executes again for its time.
[[nodiscard]] BlockReport replay_block(
    BlockSource& source, size_t index, evm::Vm& vm, const Method& method = {}
);

/// All blocks of all sources; `progress` is told how many are done, of how many, and what comes
/// next. When a source is lost the rest of it is skipped.
[[nodiscard]] std::vector<BlockReport> replay_all(
    std::span<const std::unique_ptr<BlockSource>> sources,
    const Method& method,
    const std::function<void(size_t done, size_t total, const std::string& next)>& progress
);

/// The command. Exit status: 0 when every block matched, else 1; words on stderr when it could not
/// begin.
[[nodiscard]] int run_replay(const ReplayOptions& options);

}  // namespace mega::replay
