#pragma once

// The flat state of the chain: a versioned cache in memory over the database.
//
// The sequencer is the one writer: it applies a diff per executed batch and publishes a new
// version. Readers (RPC, workers) open a snapshot and see exactly one version for as long as they
// hold it, without blocking the writer: every key keeps its values by version, newest first; a
// version no snapshot needs is dropped when its key is written or evicted. The cache is partitioned
// into 256 segments, each behind its own lock held for one lookup.
//
// Changes stay pinned in memory until a checkpoint has written them to the database; clean entries
// are evicted to keep the cache within its size, so state may be larger than memory.
//
// History: each checkpointed block leaves the values before it in the history tables, from which
// `at_block` serves any past state.

#include "state/diff.hpp"
#include "state/view.hpp"
#include "storage/database.hpp"
#include "storage/versioned_table.hpp"

#include <memory>

namespace mega::storage {

/// A consistent state; cheap to open, to be closed soon (it keeps old values alive), and before the
/// store. Any thread.
using Snapshot = std::shared_ptr<const state::StateView>;

struct StateStoreOptions {
    size_t cache_bytes = 512u << 20;
    size_t code_cache_bytes = 64u << 20;
};

class StateStore {
  public:
    /// Starts from the database's checkpointed state.
    StateStore(Database& database, const StateStoreOptions& options);
    ~StateStore();
    StateStore(const StateStore&) = delete;
    StateStore& operator=(const StateStore&) = delete;

    /// The writer's own view: always the newest values, no snapshot bookkeeping. Writer thread, or
    /// others while it waits.
    [[nodiscard]] const state::StateView& writer_view() const;
    /// Writer thread only. Visible to snapshots opened from now on.
    StateVersion apply(const state::StateDiff& diff);
    /// Hash of a sealed block, for BLOCKHASH. Writer thread only.
    void set_block_hash(uint64_t number, const Hash256& hash);
    /// The newest state is that after block `number`, the one after the last sealed; `diff` is what
    /// the block changed. From now on at_block serves it. The diff stays in memory until a
    /// checkpoint covers it. Writer thread only.
    void seal_block(uint64_t number, std::shared_ptr<const state::StateDiff> diff);

    /// Whether the code is known, here or in the database. Any thread.
    [[nodiscard]] bool has_code(const Hash256& code_hash) const;

    [[nodiscard]] Snapshot latest() const;
    /// State after sealed block `number`: the first change after that block tells what was there
    /// before it; where there is none, the present value is still that of then. Fails when that
    /// block is not sealed or its history is not kept. Once its block has been taken back the view
    /// shows the state that the chain went back to.
    [[nodiscard]] Result<Snapshot> at_block(uint64_t number) const;

    /// Writes the state that a chain begins with, before any StateStore is opened on it.
    static void stage_genesis(WriteBatch& batch, const state::StateDiff& diff, uint64_t number = 0);
    /// Adds to `batch` what brings the database from its checkpoint to the end of block `number`,
    /// where `diff` is that block's. To be called block by block, then `checkpointed` once the
    /// batch is written, with a version at or before the end of the last of them. One thread at a
    /// time, which need not be the writer's.
    void stage_block(WriteBatch& batch, uint64_t number, const state::StateDiff& diff);
    void checkpointed(StateVersion version);

    /// Takes back the last sealed block, which a checkpoint has written: adds to `batch` what
    /// brings the database back before it. To be called block by block, newest first; then the
    /// writer applies the inverse diffs, writes the batch and calls `checkpointed` with the version
    /// of the last. Storage cleared as a whole (before Cancun only) comes back in the database, but
    /// in memory only as far as the diff lists its slots. Writer thread only, while nothing is
    /// being staged.
    void unstage_block(WriteBatch& batch, uint64_t number, const state::StateDiff& diff);

    /// The number of the last sealed block.
    [[nodiscard]] uint64_t sealed_block() const;
    /// The first error that a view met while reading the database. Views cannot report errors:
    /// after one they show nothing where the database should have answered, so whoever publishes
    /// results asks here first.
    [[nodiscard]] Result<void> health() const;
    [[nodiscard]] size_t cache_bytes() const;

  private:
    friend class SnapshotView;
    friend class HistoricalView;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::storage
