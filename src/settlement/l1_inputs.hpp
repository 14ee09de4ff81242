#pragma once

// L1 as `derivation` reads it: an Ethereum node, and an archive for blobs that it has dropped.

#include "derivation/l1_inputs.hpp"
#include "settlement/l1_source.hpp"

namespace mega::settlement {

class ClientL1Inputs final : public derivation::L1Inputs {
  public:
    /// `depth`: blocks that must stand on top of one before it is read.
    ClientL1Inputs(
        L1Client& client,
        const rollup::RollupConfig& config,
        const BlobArchive& archive,
        uint64_t depth
    )
        : client_(&client), config_(config), archive_(&archive), depth_(depth) {}

    [[nodiscard]] Result<Heads> heads() override;
    [[nodiscard]] Result<std::optional<Hash256>> hash_of(uint64_t number) override;
    [[nodiscard]] Result<std::vector<rollup::L1BlockInput>> read(uint64_t from, uint64_t to)
        override;

  private:
    L1Client* client_;
    rollup::RollupConfig config_;
    const BlobArchive* archive_;
    uint64_t depth_;
};

}  // namespace mega::settlement
