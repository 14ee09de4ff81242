#pragma once

// What a header must be beside its parent's, before anything is executed (Yellow Paper section
// 4.4.4 and the EIPs named at each rule). Seals of proof of work are not checked: everything else
// about such blocks is.

#include "ethereum/block_fault.hpp"
#include "ethereum/chain_config.hpp"

namespace mega::ethereum {

/// 10 MiB less the 2 MiB that the consensus layer's part may take (EIP-7934).
inline constexpr size_t max_block_size_bytes = 8'388'608;

[[nodiscard]] Result<void, BlockFault> check_header(
    const ChainConfig& config, Fork fork, const BlockHeader& parent, const BlockHeader& header
);

/// The block's RLP, from Osaka on (EIP-7934).
[[nodiscard]] Result<void, BlockFault> check_block_size(Fork fork, size_t size_bytes);

/// What `excess_blob_gas` must be after `parent` (EIP-4844, 7691, 7918); `fork` and `blobs` are
/// those of the block itself.
[[nodiscard]] uint64_t next_excess_blob_gas(
    Fork fork, const execution::BlobSchedule& blobs, const BlockHeader& parent
);

}  // namespace mega::ethereum
