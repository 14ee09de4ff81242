#include "storage/chain_store.hpp"

#include "storage/block_codec.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace mega::storage {
namespace {

using DiffPtr = std::shared_ptr<const state::StateDiff>;

constexpr std::string_view checkpoint_key = "checkpoint";
constexpr std::string_view genesis_key = "genesis";
constexpr std::string_view genesis_source_key = "genesis source";

}  // namespace

struct ChainStore::Impl {
    struct Remembered {
        StoredBlockPtr block;
        DiffPtr diff;  // null for blocks that were read back
    };

    Database& database;
    const size_t cached_blocks;
    mutable std::shared_mutex mutex;
    // All guarded by mutex.
    std::map<uint64_t, Remembered> blocks;
    std::unordered_map<Hash256, uint64_t> numbers;
    std::unordered_map<Hash256, TransactionLocation> transactions;
    std::unordered_map<uint64_t, TransactionLocation> mini_blocks;
    uint64_t saved_number = 0;

    Impl(Database& db, size_t cached) : database(db), cached_blocks(cached) {}

    void index(const StoredBlock& block) {
        const uint64_t number = block.header.number;
        numbers[block.hash] = number;
        numbers[block.opening_hash] = number;
        for (uint32_t i = 0; i < block.transactions.size(); ++i) {
            transactions[block.transactions[i].hash] = {number, i};
        }
        for (uint32_t i = 0; i < block.mini_blocks.size(); ++i) {
            mini_blocks[block.mini_blocks[i].header.mini_block_number] = {number, i};
        }
    }

    void forget(std::map<uint64_t, Remembered>::iterator at) {
        const StoredBlock& block = *at->second.block;
        numbers.erase(block.hash);
        numbers.erase(block.opening_hash);
        for (const StoredTransaction& tx : block.transactions) {
            transactions.erase(tx.hash);
        }
        for (const StoredMiniBlock& mini_block : block.mini_blocks) {
            mini_blocks.erase(mini_block.header.mini_block_number);
        }
        blocks.erase(at);
    }

    /// Drops the oldest saved blocks beyond the cache's size.
    void trim() {
        while (blocks.size() > cached_blocks && blocks.begin()->first <= saved_number) {
            forget(blocks.begin());
        }
    }

    [[nodiscard]] Result<std::optional<Bytes>> row(Table table, uint64_t number) const {
        return database.get(table, number_key(number));
    }

    [[nodiscard]] Result<StoredBlockPtr> load(uint64_t number) const {
        auto header = row(Table::headers, number);
        auto body = row(Table::bodies, number);
        auto receipts = row(Table::receipts, number);
        for (const auto* part : {&header, &body, &receipts}) {
            if (!*part) {
                return Err{part->error()};
            }
            if (!**part) {
                return StoredBlockPtr{};
            }
        }
        auto block = decode_block_rows(**header, **body, **receipts);
        if (!block) {
            return Err{block.error()};
        }
        return std::make_shared<const StoredBlock>(std::move(*block));
    }
};

ChainStore::ChainStore(Database& database, size_t cached_blocks)
    : impl_(std::make_unique<Impl>(database, cached_blocks)) {}
ChainStore::~ChainStore() = default;

void ChainStore::remember(StoredBlockPtr block, DiffPtr diff) {
    const std::unique_lock lock(impl_->mutex);
    impl_->index(*block);
    const uint64_t number = block->header.number;
    impl_->blocks[number] = {std::move(block), std::move(diff)};
    impl_->trim();
}

void ChainStore::stage(WriteBatch& batch, const StoredBlock& block, const state::StateDiff& diff) {
    const auto key = number_key(block.header.number);
    batch.put(Table::headers, key, encode_header_row(block));
    batch.put(Table::bodies, key, encode_body_row(block));
    batch.put(Table::receipts, key, encode_receipts_row(block));
    batch.put(Table::block_diffs, key, state::encode(diff));
    batch.put(Table::block_numbers, block.hash, key);
    batch.put(Table::block_numbers, block.opening_hash, key);
    for (uint32_t i = 0; i < block.transactions.size(); ++i) {
        batch.put(
            Table::transactions,
            block.transactions[i].hash,
            encode(TransactionLocation{block.header.number, i})
        );
    }
    for (uint32_t i = 0; i < block.mini_blocks.size(); ++i) {
        batch.put(
            Table::mini_blocks,
            number_key(block.mini_blocks[i].header.mini_block_number),
            encode(TransactionLocation{block.header.number, i})
        );
    }
}

void ChainStore::stage(WriteBatch& batch, const Checkpoint& checkpoint) {
    batch.put(Table::meta, as_bytes(checkpoint_key), encode(checkpoint));
}

void ChainStore::stage_genesis(WriteBatch& batch, const Hash256& genesis_hash) {
    batch.put(Table::meta, as_bytes(genesis_key), genesis_hash);
}

void ChainStore::stage(WriteBatch& batch, const GenesisSource& source) {
    Bytes row = to_bytes(source.digest.view());
    append(row, number_key(source.chain_id));
    batch.put(Table::meta, as_bytes(genesis_source_key), row);
}

void ChainStore::saved(uint64_t number) {
    const std::unique_lock lock(impl_->mutex);
    impl_->saved_number = std::max(impl_->saved_number, number);
    impl_->trim();
}

Result<void> ChainStore::unstage(WriteBatch& batch, uint64_t number) {
    const auto found = block(number);
    if (!found) {
        return Err{found.error()};
    }
    const auto key = number_key(number);
    for (const Table table : {Table::headers, Table::bodies, Table::receipts, Table::block_diffs}) {
        batch.remove(table, key);
    }
    if (const StoredBlockPtr& stored = *found) {
        batch.remove(Table::block_numbers, stored->hash);
        batch.remove(Table::block_numbers, stored->opening_hash);
        for (const StoredTransaction& tx : stored->transactions) {
            batch.remove(Table::transactions, tx.hash);
        }
        for (const StoredMiniBlock& mini_block : stored->mini_blocks) {
            batch.remove(Table::mini_blocks, number_key(mini_block.header.mini_block_number));
        }
    }
    const std::unique_lock lock(impl_->mutex);
    if (const auto at = impl_->blocks.find(number); at != impl_->blocks.end()) {
        impl_->forget(at);
    }
    impl_->saved_number = std::min(impl_->saved_number, number - 1);
    return {};
}

Result<std::optional<Checkpoint>> ChainStore::checkpoint() const {
    auto row = impl_->database.get(Table::meta, as_bytes(checkpoint_key));
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::optional<Checkpoint>{};
    }
    auto decoded = decode_checkpoint(**row);
    if (!decoded) {
        return Err{decoded.error()};
    }
    return std::optional{*decoded};
}

Result<std::optional<Hash256>> ChainStore::genesis_hash() const {
    auto row = impl_->database.get(Table::meta, as_bytes(genesis_key));
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::optional<Hash256>{};
    }
    if ((*row)->size() != 32) {
        return Err{Error{"database: damaged genesis row"}};
    }
    return std::optional{Hash256::from(**row)};
}

Result<std::optional<GenesisSource>> ChainStore::genesis_source() const {
    auto row = impl_->database.get(Table::meta, as_bytes(genesis_source_key));
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::optional<GenesisSource>{};
    }
    if ((*row)->size() != 40) {
        return Err{Error{"database: damaged genesis source row"}};
    }
    const BytesView view = **row;
    return std::optional{GenesisSource{Hash256::from(view), u256::from_be(view.subspan(32)).low64()}
    };
}

Result<StoredBlockPtr> ChainStore::block(uint64_t number) const {
    {
        const std::shared_lock lock(impl_->mutex);
        if (const auto at = impl_->blocks.find(number); at != impl_->blocks.end()) {
            return at->second.block;
        }
    }
    return impl_->load(number);
}

Result<std::optional<StoredHeader>> ChainStore::header(uint64_t number) const {
    {
        const std::shared_lock lock(impl_->mutex);
        if (const auto at = impl_->blocks.find(number); at != impl_->blocks.end()) {
            const StoredBlock& block = *at->second.block;
            return std::optional{StoredHeader{block.header, block.hash, block.opening_hash}};
        }
    }
    auto row = impl_->row(Table::headers, number);
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::optional<StoredHeader>{};
    }
    auto decoded = decode_header_row(**row);
    if (!decoded) {
        return Err{decoded.error()};
    }
    return std::optional{std::move(*decoded)};
}

Result<std::optional<uint64_t>> ChainStore::number_of(const Hash256& hash) const {
    {
        const std::shared_lock lock(impl_->mutex);
        if (const auto at = impl_->numbers.find(hash); at != impl_->numbers.end()) {
            return std::optional{at->second};
        }
    }
    auto row = impl_->database.get(Table::block_numbers, hash);
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::optional<uint64_t>{};
    }
    auto number = decode_number_row(**row);
    if (!number) {
        return Err{number.error()};
    }
    return std::optional{*number};
}

namespace {

Result<std::optional<TransactionLocation>> location_in(const Result<std::optional<Bytes>>& row) {
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::optional<TransactionLocation>{};
    }
    auto location = decode_location(**row);
    if (!location) {
        return Err{location.error()};
    }
    return std::optional{*location};
}

}  // namespace

Result<std::optional<TransactionLocation>> ChainStore::locate(const Hash256& tx_hash) const {
    {
        const std::shared_lock lock(impl_->mutex);
        if (const auto at = impl_->transactions.find(tx_hash); at != impl_->transactions.end()) {
            return std::optional{at->second};
        }
    }
    return location_in(impl_->database.get(Table::transactions, tx_hash));
}

Result<std::optional<TransactionLocation>> ChainStore::locate_mini_block(uint64_t number) const {
    {
        const std::shared_lock lock(impl_->mutex);
        if (const auto at = impl_->mini_blocks.find(number); at != impl_->mini_blocks.end()) {
            return std::optional{at->second};
        }
    }
    return location_in(impl_->database.get(Table::mini_blocks, number_key(number)));
}

Result<DiffPtr> ChainStore::diff(uint64_t number) const {
    {
        const std::shared_lock lock(impl_->mutex);
        if (const auto at = impl_->blocks.find(number);
            at != impl_->blocks.end() && at->second.diff) {
            return at->second.diff;
        }
    }
    auto row = impl_->row(Table::block_diffs, number);
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return DiffPtr{};
    }
    auto decoded = state::decode_diff(**row);
    if (!decoded) {
        return Err{decoded.error()};
    }
    return std::make_shared<const state::StateDiff>(std::move(*decoded));
}

}  // namespace mega::storage
