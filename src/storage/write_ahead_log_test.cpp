#include "storage/write_ahead_log.hpp"

#include "storage/crc32c.hpp"
#include "storage/test_directory.hpp"
#include "storage/wal_format.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <random>

namespace mega::storage {
namespace {

namespace fs = std::filesystem;
using Records = std::vector<Bytes>;

WriteAheadLogOptions options_for(const fs::path& directory) {
    return {
        .directory = directory,
        .chain_id_hash = Hash256{{1, 2, 3, 4, 5, 6, 7, 8}},
        .durability = Durability::sync,
        .segment_bytes = 4096,
        .max_pending_bytes = 1u << 20,
    };
}

struct Opened {
    std::unique_ptr<WriteAheadLog> log;
    Records records;
    uint64_t first = 0;
    std::string error;
};

Opened open_log(const WriteAheadLogOptions& options) {
    Opened opened;
    auto log = WriteAheadLog::open(options, [&](uint64_t sequence, BytesView payload) {
        if (opened.records.empty()) {
            opened.first = sequence;
        }
        EXPECT_EQ(sequence, opened.first + opened.records.size());
        opened.records.push_back(to_bytes(payload));
        return true;
    });
    if (log) {
        opened.log = std::move(*log);
    } else {
        opened.error = log.error().message;
    }
    return opened;
}

Bytes random_payload(std::mt19937_64& random, size_t limit) {
    Bytes payload(random() % limit);
    std::ranges::generate(payload, [&] { return static_cast<uint8_t>(random()); });
    return payload;
}

/// Writes `count` random records and closes the log again.
Records fill(const WriteAheadLogOptions& options, size_t count, size_t limit, uint64_t seed) {
    std::mt19937_64 random{seed};
    Records records;
    auto opened = open_log(options);
    EXPECT_TRUE(opened.log) << opened.error;
    for (size_t i = 0; i < count; ++i) {
        records.push_back(random_payload(random, limit));
        EXPECT_EQ(opened.log->append(records.back()), i + 1);
        if (i % 8 == 7) {
            EXPECT_TRUE(opened.log->flush());  // one write never spans segments
        }
    }
    EXPECT_TRUE(opened.log->flush());
    EXPECT_EQ(opened.log->durable(), count);
    return records;
}

std::vector<fs::path> segments_in(const fs::path& directory) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator{directory}) {
        if (wal::parse_segment_name(entry.path().filename().string())) {
            paths.push_back(entry.path());
        }
    }
    std::ranges::sort(paths);
    return paths;
}

Bytes read_file(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return Bytes{std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const fs::path& path, BytesView bytes) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
    );
}

bool is_prefix(const Records& shorter, const Records& longer) {
    return shorter.size() <= longer.size() &&
           std::equal(shorter.begin(), shorter.end(), longer.begin());
}

TEST(crc32c, matches_the_published_check_values) {
    EXPECT_EQ(crc32c(0, as_bytes("123456789")), 0xe3069283u);
    EXPECT_EQ(crc32c_portable(0, as_bytes("123456789")), 0xe3069283u);
    EXPECT_EQ(crc32c(0, Bytes(32, 0)), 0x8a9136aau);  // RFC 3720 B.4
}

TEST(crc32c, continues_where_it_stopped_and_agrees_with_the_table) {
    std::mt19937_64 random{7};
    for (int i = 0; i < 200; ++i) {
        const Bytes bytes = random_payload(random, 300);
        const size_t cut = bytes.empty() ? 0 : random() % bytes.size();
        const BytesView view = bytes;
        EXPECT_EQ(crc32c(0, view), crc32c_portable(0, view));
        EXPECT_EQ(crc32c(crc32c(0, view.first(cut)), view.subspan(cut)), crc32c(0, view));
    }
}

TEST(write_ahead_log, replays_what_was_appended_over_many_segments) {
    const TestDirectory directory;
    const auto options = options_for(directory.path());
    std::mt19937_64 random{1};
    Records all;
    for (int round = 0; round < 5; ++round) {
        auto opened = open_log(options);
        ASSERT_TRUE(opened.log) << opened.error;
        ASSERT_EQ(opened.records, all);
        EXPECT_FALSE(opened.log->repair().has_value());
        for (int i = 0; i < 200; ++i) {
            all.push_back(random_payload(random, 400));
            ASSERT_EQ(opened.log->append(all.back()), all.size());
            if (i % 17 == 0) {
                ASSERT_TRUE(opened.log->flush());
            }
        }
    }
    EXPECT_EQ(open_log(options).records, all);
    EXPECT_GT(segments_in(directory.path()).size(), 10u);
}

TEST(write_ahead_log, keeps_a_record_larger_than_a_segment) {
    const TestDirectory directory;
    const auto options = options_for(directory.path());
    const Bytes large(100'000, 7);
    {
        auto opened = open_log(options);
        (void)opened.log->append(as_bytes("small"));
        ASSERT_TRUE(opened.log->flush());
        (void)opened.log->append(large);
        (void)opened.log->append({});
    }
    EXPECT_EQ(open_log(options).records, (Records{to_bytes(as_bytes("small")), large, {}}));
}

TEST(write_ahead_log, reports_durability_in_order) {
    const TestDirectory directory;
    auto opened = open_log(options_for(directory.path()));
    std::vector<uint64_t> order;
    std::promise<void> all_done;
    constexpr uint64_t count = 300;
    for (uint64_t i = 1; i <= count; ++i) {
        const uint64_t sequence = opened.log->append(as_bytes("x"));
        opened.log->when_durable(sequence, [&, sequence](const Result<void>& result) {
            EXPECT_TRUE(result);
            EXPECT_LE(sequence, opened.log->durable());
            order.push_back(sequence);
            if (sequence == count) {
                all_done.set_value();
            }
        });
    }
    all_done.get_future().wait();
    ASSERT_EQ(order.size(), count);
    EXPECT_TRUE(std::ranges::is_sorted(order));
    std::promise<bool> again;
    opened.log->when_durable(1, [&](const Result<void>& result) {
        again.set_value(result.has_value());
    });
    EXPECT_TRUE(again.get_future().get());
}

TEST(write_ahead_log, tells_waiters_for_what_never_came_that_it_closed) {
    const TestDirectory directory;
    std::string reason;
    {
        auto opened = open_log(options_for(directory.path()));
        opened.log->when_durable(99, [&](const Result<void>& result) {
            reason = result.error().message;
        });
    }
    EXPECT_EQ(reason, "write-ahead log: closed");
}

TEST(write_ahead_log, blocks_only_while_too_much_waits) {
    const TestDirectory directory;
    auto options = options_for(directory.path());
    options.max_pending_bytes = 1000;
    const Records records = fill(options, 500, 300, 3);
    EXPECT_EQ(open_log(options).records, records);
}

TEST(write_ahead_log, drops_whole_segments_only) {
    const TestDirectory directory;
    const auto options = options_for(directory.path());
    const Records records = fill(options, 300, 200, 5);
    const auto segments = segments_in(directory.path());
    ASSERT_GT(segments.size(), 4u);
    const uint64_t third = *wal::parse_segment_name(segments[2].filename().string());
    {
        auto opened = open_log(options);
        opened.log->truncate_before(third - 2);
        EXPECT_EQ(segments_in(directory.path()).size(), segments.size() - 1);
        opened.log->truncate_before(third - 1);
        EXPECT_EQ(segments_in(directory.path()).size(), segments.size() - 2);
    }
    auto opened = open_log(options);
    EXPECT_EQ(opened.first, third);
    EXPECT_EQ(opened.records.size(), records.size() - third + 1);
    opened.log->truncate_before(1'000'000);
    EXPECT_EQ(segments_in(directory.path()).size(), 1u);
    EXPECT_EQ(opened.log->append(as_bytes("next")), records.size() + 1);
}

TEST(write_ahead_log, refuses_another_chain_and_a_second_opener) {
    const TestDirectory directory;
    auto options = options_for(directory.path());
    {
        auto opened = open_log(options);
        const auto second = open_log(options);
        EXPECT_NE(second.error.find("in use"), std::string::npos) << second.error;
    }
    const Bytes before = read_file(segments_in(directory.path())[0]);
    options.chain_id_hash[0] ^= 1;
    const auto other = open_log(options);
    EXPECT_NE(other.error.find("another chain"), std::string::npos) << other.error;
    EXPECT_EQ(read_file(segments_in(directory.path())[0]), before);
}

TEST(write_ahead_log, stops_opening_when_replay_refuses) {
    const TestDirectory directory;
    const auto options = options_for(directory.path());
    fill(options, 5, 50, 1);
    const auto log =
        WriteAheadLog::open(options, [](uint64_t sequence, BytesView) { return sequence < 3; });
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().message.find("record 3"), std::string::npos) << log.error().message;
}

// A machine that stops mid-write leaves any prefix of the tail. Every one opens, yields a prefix of
// the records, keeps the torn bytes, and accepts new records.
TEST(write_ahead_log, recovers_from_truncation_at_every_offset) {
    const TestDirectory original{TestDirectory::in_memory};
    auto options = options_for(original.path());
    options.segment_bytes = 1u << 20;
    const Records records = fill(options, 12, 40, 11);
    const Bytes whole = read_file(segments_in(original.path())[0]);
    const auto parsed = wal::parse_records(whole, 1, [](uint64_t, BytesView) { return true; });
    size_t torn = 0;
    for (size_t size = wal::header_size; size <= parsed.end_offset; ++size) {
        const TestDirectory directory{TestDirectory::in_memory};
        options.directory = directory.path();
        write_file(directory.path() / wal::segment_name(1), BytesView{whole}.first(size));
        auto opened = open_log(options);
        ASSERT_TRUE(opened.log) << size << ": " << opened.error;
        ASSERT_TRUE(is_prefix(opened.records, records));
        torn += opened.log->repair().has_value() ? 1 : 0;
        Records expected = opened.records;
        expected.push_back(to_bytes(as_bytes("after")));
        ASSERT_EQ(opened.log->append(expected.back()), expected.size());
        opened.log.reset();
        ASSERT_EQ(open_log(options).records, expected) << size;
    }
    EXPECT_GT(torn, parsed.end_offset - wal::header_size - 2 * records.size() - 20);
}

TEST(write_ahead_log, cuts_off_flipped_bytes_in_the_last_segment_and_keeps_them_aside) {
    const TestDirectory original{TestDirectory::in_memory};
    auto options = options_for(original.path());
    options.segment_bytes = 1u << 20;
    const Records records = fill(options, 12, 40, 13);
    const Bytes whole = read_file(segments_in(original.path())[0]);
    const auto parsed = wal::parse_records(whole, 1, [](uint64_t, BytesView) { return true; });
    for (size_t at = wal::header_size; at < parsed.end_offset; ++at) {
        const TestDirectory directory{TestDirectory::in_memory};
        options.directory = directory.path();
        Bytes damaged{
            whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(parsed.end_offset)
        };
        damaged[at] ^= static_cast<uint8_t>(1u << (at % 8));
        const auto path = directory.path() / wal::segment_name(1);
        write_file(path, damaged);
        const auto opened = open_log(options);
        ASSERT_TRUE(opened.log) << at << ": " << opened.error;
        ASSERT_TRUE(is_prefix(opened.records, records));
        ASSERT_LT(opened.records.size(), records.size());
        ASSERT_TRUE(opened.log->repair().has_value());
        while (damaged.back() == 0) {
            damaged.pop_back();
        }
        ASSERT_EQ(read_file(path.string() + ".damaged"), damaged);
    }
}

TEST(write_ahead_log, refuses_damage_before_the_last_segment_and_changes_nothing) {
    const TestDirectory directory;
    const auto options = options_for(directory.path());
    fill(options, 200, 200, 17);
    const auto segments = segments_in(directory.path());
    const Bytes whole = read_file(segments[1]);
    for (size_t at = 0; at < whole.size(); at += 37) {
        Bytes damaged = whole;
        damaged[at] ^= 0x10;
        write_file(segments[1], damaged);
        const auto opened = open_log(options);
        ASSERT_FALSE(opened.log) << at;
        ASSERT_NE(opened.error.find(segments[1].string()), std::string::npos) << opened.error;
        ASSERT_EQ(read_file(segments[1]), damaged);
    }
    write_file(segments[1], BytesView{whole}.first(whole.size() - 1));
    EXPECT_NE(open_log(options).error.find("offset"), std::string::npos);
    fs::remove(segments[1]);
    EXPECT_NE(open_log(options).error.find("missing"), std::string::npos);
}

TEST(write_ahead_log, takes_an_empty_or_zero_last_segment_for_unwritten) {
    for (const size_t size : {0u, 7u, 16u, 5000u}) {
        const TestDirectory directory;
        const auto options = options_for(directory.path());
        const Records records = fill(options, 100, 200, 19);
        const auto last = segments_in(directory.path()).back();
        // What a crash leaves between finishing one segment and writing the next.
        const Bytes bytes = read_file(last);
        const uint64_t first = *wal::parse_segment_name(last.filename().string());
        const auto parsed =
            wal::parse_records(bytes, first, [](uint64_t, BytesView) { return true; });
        write_file(last, BytesView{bytes}.first(parsed.end_offset));
        write_file(directory.path() / wal::segment_name(parsed.next_sequence), Bytes(size, 0));
        auto opened = open_log(options);
        ASSERT_TRUE(opened.log) << opened.error;
        EXPECT_EQ(opened.records, records);
        EXPECT_EQ(opened.log->append(as_bytes("x")), records.size() + 1);
        opened.log.reset();
        EXPECT_EQ(open_log(options).records.size(), records.size() + 1);
    }
}

// -------------------------------------------------------------------------------------------------------
// kill -9

/// Child: appends for as long as it lives and tells the parent each sequence once it is durable.
[[noreturn]] void append_until_killed(const WriteAheadLogOptions& options, int report) {
    auto log = WriteAheadLog::open(options, [](uint64_t, BytesView) { return true; });
    if (!log) {
        ::_exit(1);
    }
    for (;;) {
        Bytes payload(8 + (*log)->durable() % 100);
        const uint64_t next = (*log)->append(payload);
        (*log)->when_durable(next, [next, report](const Result<void>& result) {
            if (!result || ::write(report, &next, sizeof(next)) != sizeof(next)) {
                ::_exit(1);
            }
        });
    }
}

/// Kills the child once it has acknowledged `enough`, and gives the last that it did acknowledge.
uint64_t last_acknowledged_before_kill(const WriteAheadLogOptions& options, uint64_t enough) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        append_until_killed(options, ends[1]);
    }
    ::close(ends[1]);
    uint64_t acknowledged = 0;
    uint64_t sequence = 0;
    bool is_killed = false;
    // After the kill, too: what it managed to say before its end.
    while (::read(ends[0], &sequence, sizeof(sequence)) == sizeof(sequence)) {
        acknowledged = sequence;
        if (!is_killed && acknowledged >= enough) {
            is_killed = true;
            ::kill(child, SIGKILL);
        }
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    return acknowledged;
}

TEST(write_ahead_log, loses_nothing_acknowledged_to_kill_9) {
    for (const Durability durability : {Durability::sync, Durability::relaxed}) {
        const TestDirectory directory;
        auto options = options_for(directory.path());
        options.durability = durability;
        options.segment_bytes = 64u << 10;
        size_t held = 0;
        for (uint64_t round = 0; round < 6; ++round) {
            const uint64_t enough = held + 10 + 17 * round;
            const uint64_t acknowledged = last_acknowledged_before_kill(options, enough);
            EXPECT_GE(acknowledged, enough);
            const auto opened = open_log(options);
            ASSERT_TRUE(opened.log) << opened.error;
            ASSERT_GE(opened.records.size(), acknowledged);
            held = opened.records.size();
        }
    }
}

// -------------------------------------------------------------------------------------------------------
// disk full

/// Files may not grow beyond `limit` while this lives.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t limit) {
        old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &old_limit_);
        const rlimit wanted{limit, old_limit_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &wanted);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &old_limit_);
        std::signal(SIGXFSZ, old_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit old_limit_{};
    void (*old_handler_)(int) = nullptr;
};

TEST(write_ahead_log, fails_every_waiter_when_the_disk_is_full_and_keeps_the_rest) {
    const TestDirectory directory;
    auto options = options_for(directory.path());
    options.segment_bytes = 1u << 20;
    uint64_t good = 0;
    uint64_t bad = 0;
    constexpr uint64_t count = 200;
    {
        const FileSizeLimit limit{10'000};
        auto opened = open_log(options);
        ASSERT_TRUE(opened.log) << opened.error;
        for (uint64_t i = 0; i < count; ++i) {
            const uint64_t sequence = opened.log->append(Bytes(100, 1));
            opened.log->when_durable(sequence, [&](const Result<void>& result) {
                ++(result ? good : bad);
            });
            (void)opened.log->flush().has_value();
        }
        const auto flushed = opened.log->flush();
        ASSERT_FALSE(flushed);
        EXPECT_NE(flushed.error().message.find("cannot write"), std::string::npos)
            << flushed.error().message;
        std::promise<bool> later;
        opened.log->when_durable(
            opened.log->append(as_bytes("more")),
            [&](const Result<void>& result) { later.set_value(result.has_value()); }
        );
        EXPECT_FALSE(later.get_future().get());
        std::promise<bool> earlier;
        opened.log->when_durable(1, [&](const Result<void>& result) {
            earlier.set_value(result.has_value());
        });
        EXPECT_TRUE(earlier.get_future().get());
    }
    EXPECT_EQ(good + bad, count);
    EXPECT_GT(good, 50u);
    EXPECT_GT(bad, 50u);
    const auto opened = open_log(options);
    ASSERT_TRUE(opened.log) << opened.error;
    EXPECT_EQ(opened.records.size(), good);
}

}  // namespace
}  // namespace mega::storage
