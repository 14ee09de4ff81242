#pragma once

// ChainProofs from the node in this process.

#include "sequencer/chain_reader.hpp"
#include "settlement/chain_proofs.hpp"

namespace mega::settlement {

class NodeChainProofs final : public ChainProofs {
  public:
    explicit NodeChainProofs(const sequencer::ChainReader& reader) : reader_(&reader) {}

    [[nodiscard]] Result<std::optional<BlockHeader>> header(uint64_t number) override;
    [[nodiscard]] Result<MessagePasserProof> prove_message_passer(
        uint64_t block_number, const std::vector<u256>& slots
    ) override;
    [[nodiscard]] Result<std::vector<Sent>> withdrawals(uint64_t from, uint64_t to) override;

  private:
    const sequencer::ChainReader* reader_;
};

}  // namespace mega::settlement
