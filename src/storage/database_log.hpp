#pragma once

// RocksDB's own log, the file LOG beside its tables: warnings, for people. RocksDB's logger aborts
// the process when that file cannot be written; this one drops what the disk does not take, because
// the same fault reaches the caller as the Status of a write that matters.

#include <filesystem>
#include <memory>

namespace rocksdb {
class Logger;
}  // namespace rocksdb

namespace mega::storage {

/// At most this much a run; the log of the run before is kept as LOG.old.
inline constexpr size_t max_database_log_bytes = 4u << 20;

[[nodiscard]] std::shared_ptr<rocksdb::Logger> open_database_log(
    const std::filesystem::path& directory
);

}  // namespace mega::storage
