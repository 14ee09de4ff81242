#pragma once

// Writes the state of a data directory's last checkpoint into a file. The database must be opened
// by nobody else, which opening it makes sure of: of a running node, export is refused in words.

#include "snapshot/format.hpp"
#include "storage/database.hpp"

#include <filesystem>
#include <functional>

namespace mega::snapshot {

/// Called now and then: how much of 1 is done, as far as can be told.
using Progress = std::function<void(double part)>;

struct Exported {
    uint64_t block_number = 0;
    Hash256 block_hash;
    Hash256 state_root;
    Totals totals;
    uint64_t file_bytes = 0;
};

/// `file` must not exist; it appears when it is complete.
[[nodiscard]] Result<Exported> export_to(
    const std::filesystem::path& file, storage::Database& database, const Progress& progress
);

}  // namespace mega::snapshot
