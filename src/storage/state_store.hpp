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

#include <memory>

namespace mega::storage {

using StateVersion = uint64_t;

/// A consistent state; cheap to open, to be closed soon (it keeps old values alive). Any thread.
using Snapshot = std::shared_ptr<const state::StateView>;

struct StateStoreOptions {
    size_t cache_bytes = 512u << 20;
};

class StateStore {
  public:
    /// Starts from the database's checkpointed state.
    StateStore(Database& database, const StateStoreOptions& options);
    ~StateStore();
    StateStore(const StateStore&) = delete;
    StateStore& operator=(const StateStore&) = delete;

    /// The writer's own view: always the newest values, no snapshot bookkeeping. Writer thread
    /// only.
    [[nodiscard]] const state::StateView& writer_view() const;
    /// Writer thread only. Visible to snapshots opened from now on.
    StateVersion apply(const state::StateDiff& diff);
    /// Hash of a sealed block, for BLOCKHASH. Writer thread only.
    void set_block_hash(uint64_t number, const Hash256& hash);

    [[nodiscard]] Snapshot latest() const;
    /// State after sealed block `number`, read from the history tables; `head_snapshot` is a
    /// snapshot of the present to fall back on. Fails when the history of that block is not kept.
    [[nodiscard]] Result<Snapshot> at_block(uint64_t number) const;

    /// Adds to `batch` what brings the database from its checkpoint to the end of block `number`,
    /// where `diff` is that block's. To be called block by block, then `checkpointed` once the
    /// batch is written.
    void stage_block(WriteBatch& batch, uint64_t number, const state::StateDiff& diff);
    void checkpointed(StateVersion version);

    [[nodiscard]] size_t cache_bytes() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::storage
