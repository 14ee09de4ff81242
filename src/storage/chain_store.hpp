#pragma once

// Blocks and what was executed in them: headers, transactions with their senders, receipts,
// mini-blocks, state diffs, and the indices by hash. Sealed blocks that no checkpoint has written
// yet are served from memory.
//
//   headers       number u64 BE -> rlp([header, hash, opening hash])
//   block_numbers hash or opening hash -> number u64 BE
//   bodies        number u64 BE -> rlp([[[raw, sender, hash], ...], [[mini-block header, first,
//   count], ...]]) receipts      number u64 BE -> rlp([[receipt, gas used, effective gas price,
//   created or empty], ...]) transactions  tx hash -> number u64 BE ‖ index u32 BE mini_blocks
//   mini-block number u64 BE -> block number u64 BE ‖ index u32 BE block_diffs   number u64 BE ->
//   state::encode(diff) meta          "checkpoint" -> rlp([block number, log sequence, next
//   mini-block number]), "genesis" -> block hash,
//                 "genesis source" -> digest[32] ‖ chain id u64 BE

#include "state/diff.hpp"
#include "storage/database.hpp"
#include "types/block.hpp"
#include "types/mini_block.hpp"
#include "types/receipt.hpp"

#include <memory>

namespace mega::storage {

struct StoredTransaction {
    Bytes raw;
    Address sender;
    Hash256 hash;
    Receipt receipt;
    uint64_t gas_used = 0;
    u256 effective_gas_price{};
    std::optional<Address> created{};
};

struct StoredMiniBlock {
    MiniBlockHeader header;
    uint32_t first_transaction = 0;  // index within the block
    uint32_t transaction_count = 0;
};

struct StoredBlock {
    BlockHeader header;
    Hash256 hash;
    /// The name that the block had while it was open: it keeps leading here.
    Hash256 opening_hash;
    std::vector<StoredTransaction> transactions;
    std::vector<StoredMiniBlock> mini_blocks;
};
using StoredBlockPtr = std::shared_ptr<const StoredBlock>;

struct StoredHeader {
    BlockHeader header;
    Hash256 hash;
    Hash256 opening_hash;
};

struct TransactionLocation {
    uint64_t block_number = 0;
    uint32_t index = 0;
};

/// Up to where the database is written.
struct Checkpoint {
    uint64_t block_number = 0;
    uint64_t log_sequence = 0;  // replay starts after it
    uint64_t next_mini_block_number = 0;
};

/// What the genesis block was made from, so that it need not be made again to be compared.
struct GenesisSource {
    Hash256 digest;
    uint64_t chain_id = 0;
};

/// Thread-safe.
class ChainStore {
  public:
    /// `cached_blocks`: how many of the last blocks stay decoded in memory.
    explicit ChainStore(Database& database, size_t cached_blocks = 64);
    ~ChainStore();
    ChainStore(const ChainStore&) = delete;
    ChainStore& operator=(const ChainStore&) = delete;

    /// Sealed: readable from now on, in memory until `saved`.
    void remember(StoredBlockPtr block, std::shared_ptr<const state::StateDiff> diff);
    /// Adds the rows of a block to `batch`.
    static void stage(WriteBatch& batch, const StoredBlock& block, const state::StateDiff& diff);
    static void stage(WriteBatch& batch, const Checkpoint& checkpoint);
    static void stage_genesis(WriteBatch& batch, const Hash256& genesis_hash);
    static void stage(WriteBatch& batch, const GenesisSource& source);
    /// The blocks up to `number` are in the database.
    void saved(uint64_t number);
    /// Adds the removal of a block's rows to `batch`, and forgets it.
    [[nodiscard]] Result<void> unstage(WriteBatch& batch, uint64_t number);

    [[nodiscard]] Result<std::optional<Checkpoint>> checkpoint() const;
    [[nodiscard]] Result<std::optional<Hash256>> genesis_hash() const;
    [[nodiscard]] Result<std::optional<GenesisSource>> genesis_source() const;

    // Nothing or null when there is no such thing; an error when the database cannot be read or
    // holds rubbish.
    [[nodiscard]] Result<StoredBlockPtr> block(uint64_t number) const;
    [[nodiscard]] Result<std::optional<StoredHeader>> header(uint64_t number) const;
    /// By hash or opening hash.
    [[nodiscard]] Result<std::optional<uint64_t>> number_of(const Hash256& hash) const;
    [[nodiscard]] Result<std::optional<TransactionLocation>> locate(const Hash256& tx_hash) const;
    [[nodiscard]] Result<std::optional<TransactionLocation>> locate_mini_block(uint64_t number
    ) const;
    [[nodiscard]] Result<std::shared_ptr<const state::StateDiff>> diff(uint64_t number) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::storage
