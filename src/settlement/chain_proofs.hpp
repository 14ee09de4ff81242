#pragma once

// What the proposer and the relayer need of the L2 chain: from the node they run in, or over
// JSON-RPC from any node (the bridge commands).

#include "settlement/claims.hpp"
#include "types/block.hpp"

namespace mega::settlement {

/// The message passer's account at the end of a block, with the slots asked for.
struct MessagePasserProof {
    Hash256 storage_root{};
    std::vector<Bytes> account_proof;
    std::vector<std::vector<Bytes>> slot_proofs;  // one for each slot
};

class ChainProofs {
  public:
    virtual ~ChainProofs() = default;
    [[nodiscard]] virtual Result<std::optional<BlockHeader>> header(uint64_t number) = 0;
    /// Fails for blocks too old to be proven.
    [[nodiscard]] virtual Result<MessagePasserProof> prove_message_passer(
        uint64_t block_number, const std::vector<u256>& slots
    ) = 0;
    struct Sent {
        uint64_t block_number = 0;
        Withdrawal withdrawal;
    };
    /// What left in the blocks [from, to], in order.
    [[nodiscard]] virtual Result<std::vector<Sent>> withdrawals(uint64_t from, uint64_t to) = 0;

    ChainProofs() = default;
    ChainProofs(const ChainProofs&) = delete;
    ChainProofs& operator=(const ChainProofs&) = delete;
};

}  // namespace mega::settlement
