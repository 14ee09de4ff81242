#pragma once

// The narrow interface to the key-value engine (RocksDB): tables, atomic batches, ordered
// iteration. The only file that includes RocksDB is database.cpp. Thread-safe.

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace mega::storage {

enum class Table : uint8_t {
    meta,             // "genesis", "checkpoint", "schema", …
    accounts,         // address -> account
    slots,            // address ‖ slot -> value
    codes,            // code hash -> code
    nodes,            // tree id ‖ path -> RLP
    headers,          // number -> header RLP
    block_numbers,    // block hash, or open-block id -> number
    bodies,           // number -> transactions with senders
    receipts,         // number -> receipts with gas and creation data
    transactions,     // tx hash -> (block number, index)
    mini_blocks,      // mini-block number -> mini-block
    account_history,  // address ‖ block number -> account before that block
    slot_history,     // address ‖ slot ‖ block number -> value before that block
    block_diffs,      // number -> state diff, for rollback and replicas
};

struct DatabaseOptions {
    std::filesystem::path path;
    size_t cache_bytes = 256u << 20;
    bool read_only = false;
};

class WriteBatch {
  public:
    WriteBatch();
    ~WriteBatch();
    WriteBatch(WriteBatch&&) noexcept;
    WriteBatch& operator=(WriteBatch&&) noexcept;

    void put(Table table, BytesView key, BytesView value);
    void remove(Table table, BytesView key);
    /// Removes begin <= key < end.
    void remove_range(Table table, BytesView begin, BytesView end);
    /// Bytes of the keys and values added so far.
    [[nodiscard]] size_t size_bytes() const;

  private:
    friend class Database;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class Database {
  public:
    /// Opens or creates. Fails with words on a locked, damaged or unreadable directory, and
    /// destroys nothing.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] Result<std::optional<Bytes>> get(Table table, BytesView key) const;
    /// All or nothing, also across kill -9; `sync` makes it durable on return.
    [[nodiscard]] Result<void> write(WriteBatch batch, bool sync);
    /// Visits pairs with key >= `from` in order until `visit` returns false or the table ends: one
    /// consistent view, which later writes do not change.
    [[nodiscard]] Result<void> scan(
        Table table,
        BytesView from,
        const std::function<bool(BytesView key, BytesView value)>& visit
    ) const;

  private:
    struct Impl;
    explicit Database(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::storage
