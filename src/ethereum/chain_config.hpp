#pragma once

// Which rules hold when: the fork schedule of an Ethereum chain, by block number before the merge,
// by total difficulty at it, by timestamp after it (EIP-6122), with the blob schedule that
// blob-parameter-only forks change without touching the rules of execution (EIP-7840, EIP-7892),
// and the delays of the difficulty bomb, which some forks changed alone.

#include "execution/block.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mega::ethereum {

struct ForkByBlock {
    uint64_t block_number = 0;
    Fork fork = Fork::frontier;
};
struct ForkByTime {
    uint64_t timestamp = 0;  // seconds
    Fork fork = Fork::shanghai;
};
struct BlobsByTime {
    uint64_t timestamp = 0;  // seconds
    execution::BlobSchedule schedule;
};
/// From `block_number` on the difficulty bomb counts as many blocks less.
struct BombDelay {
    uint64_t block_number = 0;
    uint64_t delay_blocks = 0;
};

struct ChainConfig {
    uint64_t chain_id = 1;
    std::vector<ForkByBlock> by_block;  // ascending; up to London
    /// Paris from the first block whose parent has at least this total difficulty; never when
    /// absent.
    std::optional<u256> terminal_total_difficulty;
    std::vector<ForkByTime> by_time;     // ascending; Shanghai and later
    std::vector<BlobsByTime> blobs;      // ascending; Cancun's, Prague's, BPO1 to BPO4
    std::optional<uint64_t> dao_block;   // where the accounts of the DAO are drained (EIP-779)
    std::vector<BombDelay> bomb_delays;  // ascending; EIP-649, 1234, 2384, 3554, 4345, 5133
};

/// Ethereum mainnet, up to BPO2.
[[nodiscard]] const ChainConfig& mainnet();

/// Blob schedules by the name of their fork ("Cancun", "BPO1"): what the official tests set in
/// `config.blobSchedule`.
using BlobSchedules = std::map<std::string, execution::BlobSchedule, std::less<>>;

/// The networks of the official tests: a fork ("Osaka", "BPO1") or a transition
/// ("CancunToPragueAtTime15k", "HomesteadToDaoAt5", "ArrowGlacierToParisAtDiffC0000"). A schedule
/// in `overrides` replaces the fork's own.
[[nodiscard]] std::optional<ChainConfig> config_of_network(
    std::string_view network, const BlobSchedules& overrides = {}
);

/// The rules of a block; `is_merged`: its parent has reached the terminal total difficulty.
[[nodiscard]] Fork fork_at(
    const ChainConfig& config, uint64_t block_number, uint64_t timestamp, bool is_merged
);
/// Zeros before Cancun.
[[nodiscard]] execution::BlobSchedule blobs_at(const ChainConfig& config, uint64_t timestamp);
/// Zero before Byzantium.
[[nodiscard]] uint64_t bomb_delay_at(const ChainConfig& config, uint64_t block_number);

}  // namespace mega::ethereum
