#pragma once

// Makes a data directory from a snapshot. What is in it is believed only as far as it hashes to
// what was trusted before.

#include "snapshot/export.hpp"

namespace mega::snapshot {

/// At least one of them.
struct Trust {
    std::optional<Hash256> state_root;
    std::optional<Hash256> block_hash;
};

struct ImportOptions {
    std::filesystem::path file;
    /// Gets a database; must not have one.
    std::filesystem::path data_directory;
    Trust trust;
    size_t tree_cache_bytes = 256u << 20;
    size_t database_cache_bytes = 64u << 20;
};

/// On an error the data directory is as it was; the words name the file, the frame and what is
/// wrong with it.
[[nodiscard]] Result<Exported> import_from(const ImportOptions& options, const Progress& progress);

}  // namespace mega::snapshot
