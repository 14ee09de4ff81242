#pragma once

// Blocks from an Ethereum JSON-RPC endpoint, with the state they read fetched as they run.

#include "replay/replay_block.hpp"

namespace mega::replay {

struct RpcSourceOptions {
    std::string url;
    uint64_t from = 0;
    uint64_t to = 0;  // inclusive
    /// Blocks that matched are kept here, and taken from here when the endpoint's block still has
    /// the same hash; empty keeps nothing.
    std::string cache_directory;
    /// Check every account and slot against the parent block's state root, and the state root
    /// after.
    bool with_proofs = false;
    /// The fork of every block; deduced when empty.
    std::string fork;
    uint32_t timeout_ms = 30'000;
};

/// Asks for the chain id and finds out which rules hold: mainnet's schedule for chain 1, mega's for
/// its own chain or a node that says it is one, otherwise one fork: the named one, else what
/// anvil_nodeInfo or eth_config say, else what the header's fields show.
[[nodiscard]] Result<std::unique_ptr<BlockSource>> open_rpc(const RpcSourceOptions& options);

}  // namespace mega::replay
