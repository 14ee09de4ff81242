#pragma once

// A chain that is made from L1 alone, driven in steps so that each can be timed.

#include "bench/transfers.hpp"

#include <filesystem>

namespace mega::bench {

struct DerivationRun {
    uint64_t transactions = 0;
    uint64_t blocks = 0;
    uint64_t batches = 0;
    uint64_t payload_bytes = 0;
    uint64_t rlp_bytes = 0;
    double derive_s = 0;   // payloads to inputs of blocks
    double recover_s = 0;  // senders, on all cores
    double build_s = 0;    // execution, root, log, database, until published
};

/// Transfers from 1,000 senders in blocks of 1,000 and batches of 8, posted to an L1 in memory.
[[nodiscard]] DerivationRun run_derivation(
    const std::filesystem::path& directory, uint64_t transactions, int level
);

}  // namespace mega::bench
