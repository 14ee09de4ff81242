#pragma once

// What a block's body must be beside its header, and what execution must have given.

#include "ethereum/block_fault.hpp"
#include "ethereum/chain_config.hpp"

namespace mega::ethereum {

/// Roots of the lists and their presence by fork. Ommers' own validity is ommers.hpp's; the number
/// of blobs (EIP-4844) is counted while the transactions execute.
[[nodiscard]] Result<void, BlockFault> check_body(Fork fork, const Block& block);

/// Decoded, with senders. What a fork's signatures may be: any s and no chain id in Frontier, low s
/// from Homestead on (EIP-2), chain ids from EIP-155 on. Deposits of mega's L2 are unknown here.
[[nodiscard]] Result<std::vector<SignedTransaction>, BlockFault> decode_transactions(
    Fork fork, std::span<const Bytes> envelopes
);

[[nodiscard]] Result<void, BlockFault> check_blob_count(
    const execution::BlobSchedule& blobs,
    const BlockHeader& header,
    std::span<const SignedTransaction> transactions
);

/// Everything but the state root.
[[nodiscard]] Result<void, BlockFault> check_result(
    Fork fork, const BlockHeader& header, const execution::BlockResult& result
);

}  // namespace mega::ethereum
