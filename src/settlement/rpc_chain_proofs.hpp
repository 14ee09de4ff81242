#pragma once

// ChainProofs from any node of the chain, over JSON-RPC.

#include "settlement/chain_proofs.hpp"

namespace mega::settlement {

class RpcChainProofs final : public ChainProofs {
  public:
    explicit RpcChainProofs(L1Client& node) : node_(&node) {}

    [[nodiscard]] Result<std::optional<BlockHeader>> header(uint64_t number) override;
    [[nodiscard]] Result<MessagePasserProof> prove_message_passer(
        uint64_t block_number, const std::vector<u256>& slots
    ) override;
    [[nodiscard]] Result<std::vector<Sent>> withdrawals(uint64_t from, uint64_t to) override;

  private:
    L1Client* node_;
};

}  // namespace mega::settlement
