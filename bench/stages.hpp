#pragma once

// Where the time of a transaction goes inside the engine, and how fast the stages are together.

#include "bench/engine.hpp"

namespace mega::bench {

/// Processor time per transaction, in microseconds, of all threads that work for the stage.
struct StageCosts {
    double decode = 0;      // envelope to fields, and its hash
    double recover = 0;     // signing hash, public key, address
    double execute = 0;     // with the changes going to the flat state
    double mini_block = 0;  // roots of its transactions and receipts, signature
    double tree = 0;        // state tree: updates and hashing
    double seal = 0;        // roots, bloom and hash of the block
    double log = 0;         // encoding, writing and syncing records (not the disk's time)
    double write = 0;       // history, indices and tree nodes to the database
    [[nodiscard]] double sum() const {
        return decode + recover + execute + mini_block + tree + seal + log + write;
    }
};

struct Workload {
    std::span<const Bytes> transactions;
    size_t batch = 100;              // transactions a mini-block
    size_t batches_per_block = 100;  // of them a block
};

/// One stage after the other, each waited for: the cost of each is known apart.
[[nodiscard]] StageCosts measure_stages(Engine& engine, const Workload& work);

/// As in the node: recovery on all cores, everything else behind it, nothing waited for but the log
/// and the database at the end. Wall seconds.
[[nodiscard]] double measure_pipeline(Engine& engine, const Workload& work);

/// Recovery of the senders alone, on all cores. Wall seconds.
[[nodiscard]] double measure_recovery(std::span<const Bytes> transactions);

}  // namespace mega::bench
