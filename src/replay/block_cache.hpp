#pragma once

// A block with all that its execution reads, as a file that can be replayed without the endpoint.
//
//   mega-replay 1 0x<keccak256 of the rest>\n
//   {"chainId", "rules", "block", "ommers", "receipts", "provenRoot"?, "nodes", "accounts",
//    "storage", "codes", "blockHashes"}
//
// A file is written whole or not at all: beside its place, synced, then renamed.

#include "replay/json_fields.hpp"
#include "replay/replay_block.hpp"

#include <filesystem>

namespace mega::replay {

/// A block as the endpoint gave it, and the state before it.
struct CachedBlock {
    uint64_t chain_id = 1;
    std::string rules{};  // "mainnet", "mega", or a fork
    json block{};
    json ommers = json::array();  // headers
    json receipts{};
    std::shared_ptr<RecordedState> state{};  // shared with the block made of it
};

/// `directory`/`chain id`/`number`.block
[[nodiscard]] std::filesystem::path cache_file(
    const std::filesystem::path& directory, uint64_t chain_id, uint64_t number
);
[[nodiscard]] bool is_cache_file(const std::filesystem::path& path);
/// Fails when any byte has changed since it was written.
[[nodiscard]] Result<CachedBlock> read_cache(const std::filesystem::path& path);
[[nodiscard]] Result<void> write_cache(const std::filesystem::path& path, const CachedBlock& block);

[[nodiscard]] std::optional<ChainRules> rules_from_word(std::string_view word, uint64_t chain_id);
/// Everything but `state`.
[[nodiscard]] Result<ReplayBlock> block_of(const CachedBlock& cached);

[[nodiscard]] Result<std::unique_ptr<BlockSource>> open_cached_block(
    const std::filesystem::path& path
);

}  // namespace mega::replay
