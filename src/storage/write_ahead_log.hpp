#pragma once

// The write-ahead log: the inputs of execution in the order in which they were executed, made
// durable by group commit. Records are opaque here (sequencer/log_record.hpp gives them meaning).
//
//   file    = segments "wal-<first sequence, 16 hex digits>.log", each beginning with magic
//   "MEGAWAL1" ‖ chain id hash[8] record  = length u32 LE ‖ crc32c u32 LE (of sequence and payload)
//   ‖ sequence u64 LE ‖ payload
//
// A torn or damaged tail (the last record of the last segment, or anything after the first bad
// record of the last segment) is cut off on open, after copying it to "<segment>.damaged"; damage
// before that is an error that names file and offset.
//
// One writer thread of its own performs the syncs: the next one starts as soon as the last one
// ends, and covers every record appended meanwhile. append() never blocks on the disk (bounded: see
// Options::max_pending_bytes).
//
// Threads: append() from one thread at a time; everything else from any. Callbacks run one at a
// time on the log's thread, in the order of their sequences; the next sync waits for them, so they
// hand work over rather than do it, and they must not call flush() or destroy the log.

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mega::storage {

enum class Durability : uint8_t {
    sync,     // durable means fdatasync returned
    relaxed,  // durable means handed to the operating system: survives kill -9 of the process, not
              // of the machine
};

struct WriteAheadLogOptions {
    std::filesystem::path directory;
    Hash256 chain_id_hash;  // a log of another chain is refused
    Durability durability = Durability::sync;
    size_t segment_bytes = 64u << 20;
    size_t max_pending_bytes = 64u << 20;
};

class WriteAheadLog {
  public:
    using Sequence = uint64_t;

    /// Opens or creates; `replay` sees every intact record in order before open returns, and may
    /// refuse (false ends the opening with an error).
    [[nodiscard]] static Result<std::unique_ptr<WriteAheadLog>> open(
        const WriteAheadLogOptions& options,
        const std::function<bool(Sequence, BytesView payload)>& replay
    );
    ~WriteAheadLog();
    WriteAheadLog(const WriteAheadLog&) = delete;
    WriteAheadLog& operator=(const WriteAheadLog&) = delete;

    /// Appends and returns its sequence number (from 1). One thread appends. Blocks only while
    /// max_pending_bytes wait.
    [[nodiscard]] Sequence append(BytesView payload);
    /// Calls `done` on the log's own thread once `sequence` is durable (soon when it already is).
    /// After a write error (disk full) `done` gets the error, and so does everything later: the log
    /// refuses further work and keeps what it has.
    void when_durable(Sequence sequence, std::function<void(const Result<void>&)> done);
    [[nodiscard]] Sequence durable() const;
    /// Blocks until everything appended is durable.
    [[nodiscard]] Result<void> flush();
    /// Segments that hold only records up to `sequence` may go. The segment being written always
    /// stays.
    void truncate_before(Sequence sequence);
    /// What opening had to cut off and where it was kept, in words for the operator; nothing when
    /// the end was clean.
    [[nodiscard]] const std::optional<std::string>& repair() const;

  private:
    struct Impl;
    explicit WriteAheadLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::storage
