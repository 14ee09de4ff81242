#include "storage/write_ahead_log.hpp"

#include "storage/wal_files.hpp"

#include <fmt/format.h>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace mega::storage {

struct WriteAheadLog::Impl {
    using Done = std::function<void(const Result<void>&)>;
    using Waiters = std::multimap<Sequence, Done>;

    Impl(
        WriteAheadLogOptions options,
        wal::File lock,
        wal::SegmentFile segment,
        wal::Recovered recovered
    )
        : options_(std::move(options)),
          lock_(std::move(lock)),
          segment_(std::move(segment)),
          repair_(std::move(recovered.repair)),
          segments_(std::move(recovered.segments)),
          appended_(recovered.next_sequence - 1),
          durable_(appended_) {}

    void work();
    [[nodiscard]] Result<void> make_durable(BytesView records, Sequence first);
    [[nodiscard]] Result<void> begin_segment(Sequence first);
    [[nodiscard]] Waiters take_ready();
    void stop();

    const WriteAheadLogOptions options_;
    const wal::File lock_;
    wal::SegmentFile segment_;  // the log's thread alone, once it runs
    const std::optional<std::string> repair_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;     // the log's thread waits for work
    std::condition_variable settled_;  // append and flush wait for the log's thread
    // All below are guarded by mutex_.
    std::vector<wal::SegmentName> segments_;
    Bytes pending_;
    Sequence appended_;
    Sequence durable_;
    std::optional<Error> failure_;
    Waiters waiters_;
    bool stopping_ = false;

    std::thread thread_;
};

// ------------------------------------------------------------------------------------------------
// the log's thread

void WriteAheadLog::Impl::work() {
    Bytes writing;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [&] {
            return stopping_ || !pending_.empty() ||
                   (!waiters_.empty() && (failure_ || waiters_.begin()->first <= durable_));
        });
        if (stopping_ && pending_.empty()) {
            break;
        }
        writing.clear();
        writing.swap(pending_);
        const Sequence first = durable_ + 1;
        const Sequence last = appended_;
        if (!writing.empty()) {
            lock.unlock();
            const auto result = make_durable(writing, first);
            lock.lock();
            if (result) {
                durable_ = last;
            } else {
                failure_ = result.error();
                pending_.clear();
            }
            settled_.notify_all();
        }
        Waiters ready = take_ready();
        if (!ready.empty()) {
            const Result<void> outcome = failure_ ? Result<void>{Err{*failure_}} : Result<void>{};
            const Sequence durable = durable_;
            lock.unlock();
            for (auto& [sequence, done] : ready) {
                done(sequence <= durable ? Result<void>{} : outcome);
            }
            ready.clear();
            lock.lock();
        }
    }
}

WriteAheadLog::Impl::Waiters WriteAheadLog::Impl::take_ready() {
    Waiters ready;
    while (!waiters_.empty() && (failure_ || waiters_.begin()->first <= durable_)) {
        ready.insert(ready.end(), waiters_.extract(waiters_.begin()));
    }
    return ready;
}

Result<void> WriteAheadLog::Impl::make_durable(BytesView records, Sequence first) {
    const bool has_records = segment_.offset() > wal::header_size;
    if (has_records && segment_.offset() + records.size() > options_.segment_bytes) {
        if (auto begun = begin_segment(first); !begun) {
            return begun;
        }
    }
    const size_t start = segment_.offset();
    auto result = segment_.write(records);
    if (result && options_.durability == Durability::sync) {
        result = segment_.sync();
    }
    if (!result) {
        segment_.cut_back(start);
    }
    return result;
}

/// The old segment is complete on disk before the new one exists, so only the last segment of a log
/// can be torn.
Result<void> WriteAheadLog::Impl::begin_segment(Sequence first) {
    if (auto finished = segment_.finish(); !finished) {
        return finished;
    }
    const auto path = options_.directory / wal::segment_name(first);
    auto created = wal::SegmentFile::create(path, options_.chain_id_hash, options_.segment_bytes);
    if (!created) {
        return Err{created.error()};
    }
    segment_ = std::move(*created);
    const std::lock_guard lock(mutex_);
    segments_.push_back({first, path});
    return {};
}

void WriteAheadLog::Impl::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    if (!failure_ && options_.durability == Durability::relaxed) {
        (void)segment_.sync();
    }
    const Result<void> closed = Err{failure_.value_or(Error{"write-ahead log: closed"})};
    for (auto& [sequence, done] : waiters_) {
        done(sequence <= durable_ ? Result<void>{} : closed);
    }
}

// --------------------------------------------------------------------------------------------------------
// interface

namespace {

Result<wal::SegmentFile> last_segment(
    const WriteAheadLogOptions& options, wal::Recovered& recovered
) {
    if (recovered.segments.empty()) {
        const auto name = wal::segment_name(recovered.next_sequence);
        recovered.segments.push_back({recovered.next_sequence, options.directory / name});
        recovered.last_is_unwritten = true;
    }
    const auto& path = recovered.segments.back().path;
    return recovered.last_is_unwritten
               ? wal::SegmentFile::create(path, options.chain_id_hash, options.segment_bytes)
               : wal::SegmentFile::reopen(path, recovered.end_offset, options.segment_bytes);
}

}  // namespace

Result<std::unique_ptr<WriteAheadLog>> WriteAheadLog::open(
    const WriteAheadLogOptions& options,
    const std::function<bool(Sequence, BytesView payload)>& replay
) {
    std::error_code code;
    std::filesystem::create_directories(options.directory, code);
    if (code) {
        return Err{Error{fmt::format(
            "write-ahead log: cannot create {}: {}", options.directory.string(), code.message()
        )}};
    }
    auto lock = wal::lock_directory(options.directory);
    if (!lock) {
        return Err{lock.error()};
    }
    auto recovered = wal::recover(options.directory, options.chain_id_hash, replay);
    if (!recovered) {
        return Err{recovered.error()};
    }
    auto segment = last_segment(options, *recovered);
    if (!segment) {
        return Err{segment.error()};
    }
    auto impl = std::make_unique<Impl>(
        options, std::move(*lock), std::move(*segment), std::move(*recovered)
    );
    return std::unique_ptr<WriteAheadLog>(new WriteAheadLog(std::move(impl)));
}

WriteAheadLog::WriteAheadLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
    impl_->thread_ = std::thread([impl = impl_.get()] { impl->work(); });
}

WriteAheadLog::~WriteAheadLog() { impl_->stop(); }

WriteAheadLog::Sequence WriteAheadLog::append(BytesView payload) {
    Impl& log = *impl_;
    const size_t size = wal::record_header_size + payload.size();
    std::unique_lock lock(log.mutex_);
    log.settled_.wait(lock, [&] {
        return log.failure_ || log.pending_.empty() ||
               log.pending_.size() + size <= log.options_.max_pending_bytes;
    });
    const Sequence sequence = ++log.appended_;
    if (log.failure_) {
        return sequence;  // whoever waits for it learns of the failure
    }
    const bool was_empty = log.pending_.empty();
    wal::append_record(log.pending_, sequence, payload);
    lock.unlock();
    if (was_empty) {
        log.wake_.notify_one();
    }
    return sequence;
}

void WriteAheadLog::when_durable(Sequence sequence, std::function<void(const Result<void>&)> done) {
    {
        const std::lock_guard lock(impl_->mutex_);
        impl_->waiters_.emplace(sequence, std::move(done));
        if (!impl_->failure_ && sequence > impl_->durable_) {
            return;  // the sync that covers it will look
        }
    }
    impl_->wake_.notify_one();
}

WriteAheadLog::Sequence WriteAheadLog::durable() const {
    const std::lock_guard lock(impl_->mutex_);
    return impl_->durable_;
}

Result<void> WriteAheadLog::flush() {
    std::unique_lock lock(impl_->mutex_);
    const Sequence target = impl_->appended_;
    impl_->settled_.wait(lock, [&] { return impl_->failure_ || impl_->durable_ >= target; });
    if (impl_->durable_ < target) {
        return Err{*impl_->failure_};
    }
    return {};
}

void WriteAheadLog::truncate_before(Sequence sequence) {
    std::vector<wal::SegmentName> obsolete;
    {
        const std::lock_guard lock(impl_->mutex_);
        auto& segments = impl_->segments_;
        size_t count = 0;
        while (count + 1 < segments.size() && segments[count + 1].first_sequence <= sequence + 1) {
            ++count;
        }
        const auto end = segments.begin() + static_cast<std::ptrdiff_t>(count);
        obsolete.assign(segments.begin(), end);
        segments.erase(segments.begin(), end);
    }
    // Oldest first: a crash in between leaves no gap. A file that stays is replayed again, which
    // does no harm.
    for (const wal::SegmentName& segment : obsolete) {
        std::error_code ignored;
        std::filesystem::remove(segment.path, ignored);
    }
}

const std::optional<std::string>& WriteAheadLog::repair() const { return impl_->repair_; }

}  // namespace mega::storage
