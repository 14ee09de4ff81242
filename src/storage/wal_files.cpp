#include "storage/wal_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>

namespace mega::storage::wal {
namespace {

// How far zeros are written ahead of the data. Large enough that most syncs find their blocks
// allocated and written before, small enough to be cheap at once.
constexpr size_t zero_ahead_bytes = 256u << 10;

Err<Error> failure(std::string_view action, const std::filesystem::path& path, int code) {
    return Err{Error{fmt::format(
        "write-ahead log: cannot {} {}: {}",
        action,
        path.string(),
        std::system_category().message(code)
    )}};
}

Result<File> open_file(const std::filesystem::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return failure("open", path, errno);
    }
    return File{descriptor};
}

/// 0, or the error number.
int write_at(int descriptor, BytesView bytes, size_t offset) {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        offset += static_cast<size_t>(written);
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return 0;
}

Result<Bytes> read_whole(const std::filesystem::path& path) {
    const auto file = open_file(path, O_RDONLY);
    if (!file) {
        return Err{file.error()};
    }
    struct stat status{};
    if (::fstat(file->descriptor(), &status) != 0) {
        return failure("read", path, errno);
    }
    Bytes bytes(static_cast<size_t>(status.st_size));
    size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::pread(
            file->descriptor(),
            bytes.data() + filled,
            bytes.size() - filled,
            static_cast<off_t>(filled)
        );
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return failure("read", path, errno);
        }
        if (count == 0) {
            bytes.resize(filled);
        }
        filled += static_cast<size_t>(count);
    }
    return bytes;
}

}  // namespace

File::~File() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<File> lock_directory(const std::filesystem::path& directory) {
    const auto path = directory / "LOCK";
    auto file = open_file(path, O_RDWR | O_CREAT);
    if (file && ::flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0) {
        return Err{Error{
            fmt::format("write-ahead log: {} is in use by another process", directory.string())
        }};
    }
    return file;
}

Result<void> sync_directory(const std::filesystem::path& directory) {
    const auto file = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!file) {
        return Err{file.error()};
    }
    if (::fsync(file->descriptor()) != 0) {
        return failure("sync", directory, errno);
    }
    return {};
}

// -------------------------------------------------------------------------------------------------
// the last segment

SegmentFile::SegmentFile(File file, std::filesystem::path path, size_t offset, size_t segment_bytes)
    : file_(std::move(file)),
      path_(std::move(path)),
      offset_(offset),
      zeroed_until_(offset),
      segment_bytes_(segment_bytes) {
    // Best effort: without it writes merely have to allocate as they go.
    if (segment_bytes_ > offset_) {
        (void)::posix_fallocate(
            file_.descriptor(),
            static_cast<off_t>(offset_),
            static_cast<off_t>(segment_bytes_ - offset_)
        );
    }
}

Result<SegmentFile> SegmentFile::create(
    const std::filesystem::path& path, const Hash256& chain_id_hash, size_t segment_bytes
) {
    auto file = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
    if (!file) {
        return Err{file.error()};
    }
    SegmentFile segment{std::move(*file), path, 0, segment_bytes};
    if (auto written = segment.write(make_header(chain_id_hash)); !written) {
        return Err{written.error()};
    }
    if (::fsync(segment.file_.descriptor()) != 0) {
        return failure("sync", path, errno);
    }
    if (auto synced = sync_directory(path.parent_path()); !synced) {
        return Err{synced.error()};
    }
    return segment;
}

Result<SegmentFile> SegmentFile::reopen(
    const std::filesystem::path& path, size_t end_offset, size_t segment_bytes
) {
    auto file = open_file(path, O_RDWR);
    if (!file) {
        return Err{file.error()};
    }
    if (::ftruncate(file->descriptor(), static_cast<off_t>(end_offset)) != 0) {
        return failure("cut", path, errno);
    }
    SegmentFile segment{std::move(*file), path, end_offset, segment_bytes};
    // Records replayed from here were perhaps never synced (durability relaxed, or a crash between
    // write and sync). They count as durable from now on.
    if (::fsync(segment.file_.descriptor()) != 0) {
        return failure("sync", path, errno);
    }
    return segment;
}

Result<void> SegmentFile::write(BytesView records) {
    if (const int code = write_at(file_.descriptor(), records, offset_); code != 0) {
        return failure("write to", path_, code);
    }
    offset_ += records.size();
    if (offset_ > zeroed_until_) {
        zero_ahead();
    }
    return {};
}

void SegmentFile::zero_ahead() {
    static const Bytes zeros(zero_ahead_bytes);
    zeroed_until_ = offset_;
    if (offset_ >= segment_bytes_) {
        return;
    }
    const size_t count = std::min(zeros.size(), segment_bytes_ - offset_);
    // Best effort: on a full disk the space at hand is still to be used up.
    if (write_at(file_.descriptor(), BytesView{zeros}.first(count), offset_) == 0) {
        zeroed_until_ = offset_ + count;
    }
}

Result<void> SegmentFile::sync() {
    // After a failed sync the kernel may have dropped the dirty pages: there is no second try.
    if (::fdatasync(file_.descriptor()) != 0) {
        return failure("sync", path_, errno);
    }
    return {};
}

Result<void> SegmentFile::finish() {
    if (::ftruncate(file_.descriptor(), static_cast<off_t>(offset_)) != 0) {
        return failure("trim", path_, errno);
    }
    if (::fsync(file_.descriptor()) != 0) {
        return failure("sync", path_, errno);
    }
    return {};
}

void SegmentFile::cut_back(size_t offset) {
    (void)!::ftruncate(file_.descriptor(), static_cast<off_t>(offset));
    (void)::fdatasync(file_.descriptor());
    offset_ = offset;
    zeroed_until_ = offset;
}

// ---------------------------------------------------------------------------------------------------------
// recovery

namespace {

Result<std::vector<SegmentName>> list_segments(const std::filesystem::path& directory) {
    std::vector<SegmentName> segments;
    std::error_code code;
    for (std::filesystem::directory_iterator at{directory, code}, end; !code && at != end;
         at.increment(code)) {
        if (const auto sequence = parse_segment_name(at->path().filename().string())) {
            segments.push_back({*sequence, at->path()});
        }
    }
    if (code) {
        return failure("list", directory, code.value());
    }
    std::ranges::sort(segments, {}, &SegmentName::first_sequence);
    return segments;
}

Err<Error> damaged_at(const SegmentName& segment, size_t offset, std::string_view reason) {
    return Err{Error{fmt::format(
        "write-ahead log: {} is damaged at offset {}: {}", segment.path.string(), offset, reason
    )}};
}

/// Keeps the bytes of a segment whose tail is about to be cut off. Never overwrites an earlier
/// copy.
Result<std::filesystem::path> copy_aside(const SegmentName& segment, BytesView bytes) {
    while (!bytes.empty() && bytes.back() == 0) {
        bytes = bytes.first(bytes.size() - 1);
    }
    std::filesystem::path copy = segment.path.string() + ".damaged";
    for (int attempt = 2; std::filesystem::exists(copy) && attempt < 1000; ++attempt) {
        copy = fmt::format("{}.damaged-{}", segment.path.string(), attempt);
    }
    const auto file = open_file(copy, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) {
        return Err{file.error()};
    }
    if (const int code = write_at(file->descriptor(), bytes, 0); code != 0) {
        return failure("write to", copy, code);
    }
    if (::fsync(file->descriptor()) != 0) {
        return failure("sync", copy, errno);
    }
    return copy;
}

Result<void> check_segment_header(const SegmentName& segment, HeaderState state) {
    switch (state) {
        case HeaderState::good:
            return {};
        case HeaderState::unwritten:
            return damaged_at(segment, 0, "it has no header, yet segments follow it");
        case HeaderState::bad_magic:
            return damaged_at(segment, 0, "this is not the header of a log segment");
        case HeaderState::other_chain:
            return Err{Error{
                fmt::format("write-ahead log: {} belongs to another chain", segment.path.string())
            }};
    }
    return {};
}

Result<void> accept_tail(
    Recovered& into, const SegmentName& segment, BytesView bytes, const ParsedSegment& parsed
) {
    into.end_offset = parsed.end_offset;
    if (!parsed.damage) {
        return {};
    }
    const auto copy = copy_aside(segment, bytes);
    if (!copy) {
        return Err{copy.error()};
    }
    into.repair = fmt::format(
        "{} was cut at offset {} ({}); its bytes are kept in {}",
        segment.path.string(),
        parsed.end_offset,
        *parsed.damage,
        copy->string()
    );
    return {};
}

Result<void> recover_segment(
    Recovered& into,
    const SegmentName& segment,
    const Hash256& chain_id_hash,
    const RecordVisitor& replay
) {
    const bool is_last = &segment == &into.segments.back();
    const auto bytes = read_whole(segment.path);
    if (!bytes) {
        return Err{bytes.error()};
    }
    if (segment.first_sequence != into.next_sequence) {
        return damaged_at(
            segment, 0, fmt::format("records from {} on are missing before it", into.next_sequence)
        );
    }
    const HeaderState header = check_header(*bytes, chain_id_hash);
    if (header == HeaderState::unwritten && is_last) {
        into.last_is_unwritten = true;
        return {};
    }
    if (auto checked = check_segment_header(segment, header); !checked) {
        return checked;
    }
    const ParsedSegment parsed = parse_records(*bytes, segment.first_sequence, replay);
    if (parsed.stopped) {
        return Err{Error{fmt::format(
            "write-ahead log: record {} in {} at offset {} was refused",
            parsed.next_sequence,
            segment.path.string(),
            parsed.end_offset
        )}};
    }
    into.next_sequence = parsed.next_sequence;
    if (is_last) {
        return accept_tail(into, segment, *bytes, parsed);
    }
    if (parsed.damage) {
        return damaged_at(segment, parsed.end_offset, *parsed.damage);
    }
    return {};
}

}  // namespace

Result<Recovered> recover(
    const std::filesystem::path& directory,
    const Hash256& chain_id_hash,
    const RecordVisitor& replay
) {
    auto segments = list_segments(directory);
    if (!segments) {
        return Err{segments.error()};
    }
    Recovered recovered;
    recovered.segments = std::move(*segments);
    if (!recovered.segments.empty()) {
        recovered.next_sequence = recovered.segments.front().first_sequence;
    }
    for (const SegmentName& segment : recovered.segments) {
        if (auto done = recover_segment(recovered, segment, chain_id_hash, replay); !done) {
            return Err{done.error()};
        }
    }
    return recovered;
}

}  // namespace mega::storage::wal
