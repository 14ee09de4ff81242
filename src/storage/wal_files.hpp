#pragma once

// The files of the write-ahead log: one segment being written, and the recovery of all of them on
// open. Not thread-safe.

#include "storage/wal_format.hpp"

#include <filesystem>

namespace mega::storage::wal {

/// Owns a file descriptor.
class File {
  public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File();
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    int descriptor_ = -1;
};

/// Takes the lock that keeps a second process out of `directory`; held until the File is closed.
[[nodiscard]] Result<File> lock_directory(const std::filesystem::path& directory);
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& directory);

/// The segment at the end of the log. Space is allocated when it is created and zeroed some way
/// ahead of the data, so that a sync seldom has to write file metadata as well.
class SegmentFile {
  public:
    /// A new segment, durable with its header before this returns.
    [[nodiscard]] static Result<SegmentFile> create(
        const std::filesystem::path& path, const Hash256& chain_id_hash, size_t segment_bytes
    );
    /// Continues at `end_offset`; what lies behind it is cut off.
    [[nodiscard]] static Result<SegmentFile> reopen(
        const std::filesystem::path& path, size_t end_offset, size_t segment_bytes
    );

    [[nodiscard]] size_t offset() const { return offset_; }
    /// Hands `records` to the operating system.
    [[nodiscard]] Result<void> write(BytesView records);
    [[nodiscard]] Result<void> sync();
    /// Gives back unused space and syncs: nothing more will be written here.
    [[nodiscard]] Result<void> finish();
    /// After a failure: cuts off what lies behind `offset`, as well as it goes.
    void cut_back(size_t offset);

  private:
    SegmentFile(File file, std::filesystem::path path, size_t offset, size_t segment_bytes);
    void zero_ahead();

    File file_;
    std::filesystem::path path_;
    size_t offset_;
    size_t zeroed_until_;
    size_t segment_bytes_;
};

struct SegmentName {
    uint64_t first_sequence = 0;
    std::filesystem::path path;
};

struct Recovered {
    std::vector<SegmentName> segments;  // ascending; empty for a fresh directory
    uint64_t next_sequence = 1;
    /// Where writing goes on in the last segment.
    size_t end_offset = 0;
    /// The last segment has no header yet and must be created again.
    bool last_is_unwritten = false;
    /// Where a torn tail was copied to, in words; nothing when the end was clean.
    std::optional<std::string> repair;
};

/// Replays all segments. Copies a torn tail aside (see write_ahead_log.hpp); changes nothing else.
[[nodiscard]] Result<Recovered> recover(
    const std::filesystem::path& directory,
    const Hash256& chain_id_hash,
    const RecordVisitor& replay
);

}  // namespace mega::storage::wal
