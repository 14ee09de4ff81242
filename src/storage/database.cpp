#include "storage/database.hpp"

#include "storage/database_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <system_error>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The packaged RocksDB is not instrumented: ThreadSanitizer sees its memory accesses without the
// atomics that order them.
extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() {
    return "called_from_lib:librocksdb.so\nrace:librocksdb.so\nrace:rocksdb::\n";
}
#endif
#endif

namespace mega::storage {
namespace {

// In the order of the enumeration Table. Names are on disk: never rename, only append. The first
// lives in the column family that every RocksDB database has.
constexpr std::array<std::string_view, 14> table_names{
    "default",
    "accounts",
    "slots",
    "codes",
    "nodes",
    "headers",
    "block_numbers",
    "bodies",
    "receipts",
    "transactions",
    "mini_blocks",
    "account_history",
    "slot_history",
    "block_diffs",
};
constexpr size_t table_count = table_names.size();
static_assert(static_cast<size_t>(Table::block_diffs) + 1 == table_count);

constexpr size_t write_buffer_bytes = 32u << 20;  // per table
constexpr size_t total_write_buffer_bytes =
    128u << 20;  // of all tables: the largest is flushed when it is reached
constexpr int max_open_files = 512;
constexpr int bloom_bits_per_key = 10;

rocksdb::Slice slice(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
BytesView view(const rocksdb::Slice& bytes) {
    return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

Err<Error> failure(std::string_view action, const rocksdb::Status& status) {
    return Err{Error{fmt::format("database: cannot {}: {}", action, status.ToString())}};
}

/// RocksDB reports through Status; what still throws (allocation, its dependencies) stops here.
template <class Work>
auto guarded(std::string_view action, Work&& work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception& exception) {
        return Err{Error{fmt::format("database: cannot {}: {}", action, exception.what())}};
    }
}

rocksdb::CompressionType best_compression() {
    for (const auto wanted : {rocksdb::kLZ4Compression, rocksdb::kZSTD}) {
        if (std::ranges::count(rocksdb::GetSupportedCompressions(), wanted) != 0) {
            return wanted;
        }
    }
    return rocksdb::kNoCompression;
}

rocksdb::DBOptions database_options() {
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.db_write_buffer_size = total_write_buffer_bytes;
    options.max_open_files = max_open_files;
    options.max_file_opening_threads = 2;
    options.max_background_jobs = 2;
    options.bytes_per_sync = 1u << 20;
    options.max_total_wal_size = 2 * total_write_buffer_bytes;
    // Opening must be quick, and nobody reads these.
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.skip_stats_update_on_db_open = true;
    return options;
}

rocksdb::ColumnFamilyOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions blocks;
    blocks.block_cache = cache;
    blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
    blocks.cache_index_and_filter_blocks = true;  // so that cache_bytes bounds them too
    blocks.pin_l0_filter_and_index_blocks_in_cache = true;
    blocks.format_version = 5;
    rocksdb::ColumnFamilyOptions options;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
    options.compression = best_compression();
    options.write_buffer_size = write_buffer_bytes;
    options.max_write_buffer_number = 3;
    options.level_compaction_dynamic_level_bytes = true;
    return options;
}

std::string words_for(const rocksdb::Status& status, const std::filesystem::path& path) {
    const std::string text = status.ToString();
    if (status.IsCorruption()) {
        return fmt::format(
            "database {} is damaged ({}). Nothing was changed: restore a copy, or move the "
            "directory away and start "
            "afresh from L1 or another node",
            path.string(),
            text
        );
    }
    if (status.IsIOError() && text.find("lock") != std::string::npos) {
        return fmt::format("database {} is in use by another process ({})", path.string(), text);
    }
    if (status.IsInvalidArgument()) {
        return fmt::format(
            "database {} was not made by this program or is newer than it ({})", path.string(), text
        );
    }
    return fmt::format("database {} cannot be opened: {}", path.string(), text);
}

// --------------------------------------------------------------------------------------------------
// a fresh database

// Creating the tables makes RocksDB sync some thirty times, a tenth of a second and more on many
// disks, for a database in which nothing is worth keeping yet. Syncs are held back until all is
// there; then every file is synced once.

using SyncSwitch = std::shared_ptr<std::atomic<bool>>;

class QuietFile final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    QuietFile(std::unique_ptr<rocksdb::FSWritableFile> file, SyncSwitch is_syncing)
        : FSWritableFileOwnerWrapper(std::move(file)), is_syncing_(std::move(is_syncing)) {}

    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug)
        override {
        return *is_syncing_ ? FSWritableFileOwnerWrapper::Sync(options, debug)
                            : Flush(options, debug);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug)
        override {
        return *is_syncing_ ? FSWritableFileOwnerWrapper::Fsync(options, debug)
                            : Flush(options, debug);
    }

  private:
    SyncSwitch is_syncing_;
};

class QuietDirectory final : public rocksdb::FSDirectoryWrapper {
  public:
    QuietDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, SyncSwitch is_syncing)
        : FSDirectoryWrapper(std::move(directory)), is_syncing_(std::move(is_syncing)) {}

    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug)
        override {
        return *is_syncing_ ? FSDirectoryWrapper::Fsync(options, debug) : rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus FsyncWithDirOptions(
        const rocksdb::IOOptions& options,
        rocksdb::IODebugContext* debug,
        const rocksdb::DirFsyncOptions& directory_options
    ) override {
        return *is_syncing_
                   ? FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory_options)
                   : rocksdb::IOStatus::OK();
    }

  private:
    SyncSwitch is_syncing_;
};

class QuietFileSystem final : public rocksdb::FileSystemWrapper {
  public:
    explicit QuietFileSystem(SyncSwitch is_syncing)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), is_syncing_(std::move(is_syncing)) {}

    const char* Name() const override { return "QuietFileSystem"; }
    rocksdb::IOStatus NewWritableFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* result,
        rocksdb::IODebugContext* debug
    ) override {
        auto status = FileSystemWrapper::NewWritableFile(name, options, result, debug);
        if (status.ok()) {
            *result = std::make_unique<QuietFile>(std::move(*result), is_syncing_);
        }
        return status;
    }
    rocksdb::IOStatus NewDirectory(
        const std::string& name,
        const rocksdb::IOOptions& options,
        std::unique_ptr<rocksdb::FSDirectory>* result,
        rocksdb::IODebugContext* debug
    ) override {
        auto status = FileSystemWrapper::NewDirectory(name, options, result, debug);
        if (status.ok()) {
            *result = std::make_unique<QuietDirectory>(std::move(*result), is_syncing_);
        }
        return status;
    }

  private:
    SyncSwitch is_syncing_;
};

Result<void> sync_path(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int code = errno;
    if (descriptor >= 0) {
        ::close(descriptor);
    }
    return is_synced ? Result<void>{}
                     : Err{Error{fmt::format(
                           "database: cannot sync {}: {}",
                           path.string(),
                           std::system_category().message(code)
                       )}};
}

Result<void> sync_all_files(const std::filesystem::path& directory) {
    std::error_code code;
    for (std::filesystem::directory_iterator at{directory, code}, end; !code && at != end;
         at.increment(code)) {
        const auto name = at->path().filename().string();
        if (!at->is_regular_file() || name == "LOG" || name == "LOCK") {
            continue;  // read by people alone, or empty
        }
        if (auto synced = sync_path(at->path()); !synced) {
            return synced;
        }
    }
    if (auto synced = sync_path(directory); !synced) {
        return synced;
    }
    return sync_path(std::filesystem::absolute(directory).parent_path());
}

}  // namespace

// ------------------------------------------------------------------------------------------------------
// write batch

// Operations are kept in our own form because RocksDB's batch wants the handles of an open
// database. Keys and values lie one after the other in one buffer.
struct WriteBatch::Impl {
    enum class Kind : uint8_t { put, remove, remove_range };
    struct Operation {
        Kind kind;
        Table table;
        size_t key_size;
        size_t value_size;  // of the end key for remove_range
    };

    void add(Kind kind, Table table, BytesView key, BytesView value) {
        operations.push_back({kind, table, key.size(), value.size()});
        append(buffer, key);
        append(buffer, value);
    }

    std::vector<Operation> operations;
    Bytes buffer;
};

WriteBatch::WriteBatch() : impl_(std::make_unique<Impl>()) {}
WriteBatch::~WriteBatch() = default;
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;

void WriteBatch::put(Table table, BytesView key, BytesView value) {
    impl_->add(Impl::Kind::put, table, key, value);
}
void WriteBatch::remove(Table table, BytesView key) {
    impl_->add(Impl::Kind::remove, table, key, {});
}
void WriteBatch::remove_range(Table table, BytesView begin, BytesView end) {
    impl_->add(Impl::Kind::remove_range, table, begin, end);
}
size_t WriteBatch::size_bytes() const { return impl_->buffer.size(); }

// ---------------------------------------------------------------------------------------------------------
// database

struct Database::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl();

    [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Table table) const {
        return handles[static_cast<size_t>(table)];
    }
    [[nodiscard]] Result<void> open(const DatabaseOptions& options);
    [[nodiscard]] Result<void> open_tables(
        const DatabaseOptions& options, const rocksdb::DBOptions& settings
    );
    [[nodiscard]] Result<void> create_missing_tables(const rocksdb::ColumnFamilyOptions& options);

    std::unique_ptr<rocksdb::Env> env;  // of a database created in this run; must outlive `db`
    SyncSwitch is_syncing = std::make_shared<std::atomic<bool>>(true);
    std::unique_ptr<rocksdb::DB> db;
    std::array<rocksdb::ColumnFamilyHandle*, table_count> handles{};
};

Database::Impl::~Impl() {
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
        if (handle != nullptr) {
            (void)db->DestroyColumnFamilyHandle(handle);
        }
    }
    if (db != nullptr) {
        (void)db->Close();
    }
}

namespace {

/// The tables that the directory holds already; the first alone for a fresh one.
Result<std::vector<std::string>> existing_tables(const DatabaseOptions& options) {
    std::error_code code;
    if (!std::filesystem::exists(options.path / "CURRENT", code)) {
        if (options.read_only) {
            return Err{Error{fmt::format("database {} does not exist", options.path.string())}};
        }
        return std::vector<std::string>{std::string{table_names[0]}};
    }
    std::vector<std::string> names;
    const auto status =
        rocksdb::DB::ListColumnFamilies(database_options(), options.path.string(), &names);
    if (!status.ok()) {
        return Err{Error{words_for(status, options.path)}};
    }
    return names;
}

}  // namespace

Result<void> Database::Impl::open(const DatabaseOptions& options) {
    rocksdb::DBOptions settings = database_options();
    if (!options.read_only) {
        settings.info_log = open_database_log(options.path);
    }
    const bool is_fresh = !options.read_only && !std::filesystem::exists(options.path / "CURRENT");
    if (!is_fresh) {
        return open_tables(options, settings);
    }
    *is_syncing = false;
    env = rocksdb::NewCompositeEnv(std::make_shared<QuietFileSystem>(is_syncing));
    settings.env = env.get();
    if (auto opened = open_tables(options, settings); !opened) {
        return opened;
    }
    *is_syncing = true;
    return sync_all_files(options.path);
}

Result<void> Database::Impl::open_tables(
    const DatabaseOptions& options, const rocksdb::DBOptions& settings
) {
    const auto names = existing_tables(options);
    if (!names) {
        return Err{names.error()};
    }
    const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
    const rocksdb::ColumnFamilyOptions tables = table_options(cache);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const std::string& name : *names) {
        if (std::ranges::count(table_names, name) == 0) {
            return Err{Error{fmt::format(
                "database {} holds a table \"{}\" unknown to this program: it was made by a newer "
                "one",
                options.path.string(),
                name
            )}};
        }
        descriptors.emplace_back(name, tables);
    }
    rocksdb::DB* opened = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> opened_handles;
    const auto path = options.path.string();
    const auto status =
        options.read_only
            ? rocksdb::DB::OpenForReadOnly(settings, path, descriptors, &opened_handles, &opened)
            : rocksdb::DB::Open(settings, path, descriptors, &opened_handles, &opened);
    if (!status.ok()) {
        return Err{Error{words_for(status, options.path)}};
    }
    db.reset(opened);
    for (size_t i = 0; i < opened_handles.size(); ++i) {
        const auto at = std::ranges::find(table_names, std::string_view{(*names)[i]});
        handles[static_cast<size_t>(at - table_names.begin())] = opened_handles[i];
    }
    return options.read_only ? Result<void>{} : create_missing_tables(tables);
}

/// All in one call: RocksDB writes its options file once per call, which is most of the cost.
Result<void> Database::Impl::create_missing_tables(const rocksdb::ColumnFamilyOptions& options) {
    std::vector<std::string> missing;
    std::vector<size_t> places;
    for (size_t i = 0; i < table_count; ++i) {
        if (handles[i] == nullptr) {
            missing.emplace_back(table_names[i]);
            places.push_back(i);
        }
    }
    if (missing.empty()) {
        return {};
    }
    std::vector<rocksdb::ColumnFamilyHandle*> created;
    const auto status = db->CreateColumnFamilies(options, missing, &created);
    for (size_t i = 0; i < created.size(); ++i) {
        handles[places[i]] = created[i];
    }
    return status.ok() ? Result<void>{} : failure("create tables", status);
}

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
    return guarded("open", [&]() -> Result<std::unique_ptr<Database>> {
        std::error_code code;
        if (!options.read_only) {
            std::filesystem::create_directories(options.path, code);
        }
        if (code) {
            return Err{Error{
                fmt::format("database: cannot create {}: {}", options.path.string(), code.message())
            }};
        }
        auto impl = std::make_unique<Impl>();
        if (auto opened = impl->open(options); !opened) {
            return Err{opened.error()};
        }
        return std::unique_ptr<Database>(new Database(std::move(impl)));
    });
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::optional<Bytes>> Database::get(Table table, BytesView key) const {
    return guarded("read", [&]() -> Result<std::optional<Bytes>> {
        rocksdb::PinnableSlice value;
        auto* handle = impl_->handle(table);
        if (handle == nullptr) {
            return std::optional<Bytes>{};  // read-only, and made before this table existed
        }
        const auto status = impl_->db->Get({}, handle, slice(key), &value);
        if (status.IsNotFound()) {
            return std::optional<Bytes>{};
        }
        if (!status.ok()) {
            return failure("read", status);
        }
        return std::optional{to_bytes(view(value))};
    });
}

namespace {

Result<void> translate_one(
    rocksdb::WriteBatch& to,
    rocksdb::ColumnFamilyHandle* handle,
    bool is_put,
    BytesView key,
    BytesView value
) {
    const auto status =
        is_put ? to.Put(handle, slice(key), slice(value)) : to.Delete(handle, slice(key));
    return status.ok() ? Result<void>{} : failure("assemble a batch", status);
}

}  // namespace

Result<void> Database::write(WriteBatch batch, bool sync) {
    return guarded("write", [&]() -> Result<void> {
        using Kind = WriteBatch::Impl::Kind;
        const WriteBatch::Impl& from = *batch.impl_;
        rocksdb::WriteBatch to(from.buffer.size() + 16 * from.operations.size());
        BytesView rest = from.buffer;
        for (const auto& operation : from.operations) {
            const BytesView key = rest.first(operation.key_size);
            const BytesView value = rest.subspan(operation.key_size, operation.value_size);
            rest = rest.subspan(operation.key_size + operation.value_size);
            rocksdb::ColumnFamilyHandle* handle = impl_->handle(operation.table);
            if (operation.kind == Kind::remove_range) {
                if (const auto status = to.DeleteRange(handle, slice(key), slice(value));
                    !status.ok()) {
                    return failure("assemble a batch", status);
                }
                continue;
            }
            if (auto done = translate_one(to, handle, operation.kind == Kind::put, key, value);
                !done) {
                return done;
            }
        }
        rocksdb::WriteOptions options;
        options.sync = sync;
        const auto status = impl_->db->Write(options, &to);
        return status.ok() ? Result<void>{} : failure("write", status);
    });
}

Result<void> Database::scan(
    Table table, BytesView from, const std::function<bool(BytesView key, BytesView value)>& visit
) const {
    return guarded("scan", [&]() -> Result<void> {
        if (impl_->handle(table) == nullptr) {
            return {};
        }
        const std::unique_ptr<rocksdb::Iterator> at{impl_->db->NewIterator({}, impl_->handle(table))
        };
        for (at->Seek(slice(from)); at->Valid(); at->Next()) {
            if (!visit(view(at->key()), view(at->value()))) {
                return {};
            }
        }
        return at->status().ok() ? Result<void>{} : failure("scan", at->status());
    });
}

}  // namespace mega::storage
