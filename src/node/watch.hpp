#pragma once

// `mega validate --l1`: beside its own work a validator watches others, and reports them.

#include "staking/watch.hpp"

namespace mega::node {

struct WatchFiles {
    std::string l1_url;
    std::filesystem::path rollup_file;
    std::filesystem::path reporter_key_file;
    std::filesystem::path evidence_directory;
    std::vector<std::string> urls;  // of the nodes that are watched
};

/// Fails on files, not on nodes or an L1 that are away. Says what it does on standard error.
[[nodiscard]] Result<std::unique_ptr<staking::Watch>> start_watch(const WatchFiles& files);

}  // namespace mega::node
