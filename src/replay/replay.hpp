#pragma once

// `mega replay`: executes real blocks, from files or from an endpoint, and compares what comes out
// with what the chain says.

#include "replay/report.hpp"
#include "replay/transition.hpp"

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
    std::string json_file;
    std::string traced_transaction;  // its hash; prints its call trace
};

/// One block: loads, executes, compares, and executes again for its time.
[[nodiscard]] BlockReport replay_block(
    BlockSource& source,
    size_t index,
    evm::Vm& vm,
    uint32_t repeat = 1,
    const Executor& executor = {}
);

/// All blocks of all sources; `progress` is told how many are done, of how many, and what comes
/// next. When a source is lost the rest of it is skipped.
[[nodiscard]] std::vector<BlockReport> replay_all(
    std::span<const std::unique_ptr<BlockSource>> sources,
    uint32_t repeat,
    const std::function<void(size_t done, size_t total, const std::string& next)>& progress,
    const Executor& executor = {}
);

/// The command. Exit status: 0 when every block matched, else 1; words on stderr when it could not
/// begin.
[[nodiscard]] int run_replay(const ReplayOptions& options);

}  // namespace mega::replay
