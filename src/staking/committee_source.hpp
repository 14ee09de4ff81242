#pragma once

// Keeps a board of committees up to date with L1, for those in this process who take and weigh
// attestations. Who owns it calls step() now and then, always from the same thread.

#include "staking/l1_staking.hpp"

#include <atomic>

namespace mega::staking {

/// For metrics; any thread reads.
struct CommitteeGauges {
    std::atomic<uint64_t> epoch{0};  // of L1's newest block
    std::atomic<uint64_t> committee_epoch{0};
    std::atomic<uint64_t> committee_size{0};
};

class CommitteeSource {
  public:
    /// Both must outlive it.
    CommitteeSource(
        settlement::L1Client& client,
        const settlement::StakingContracts& contracts,
        attestation::CommitteeBoard& board
    )
        : client_(&client), contracts_(contracts), board_(&board) {}

    [[nodiscard]] Result<void> step();
    [[nodiscard]] const CommitteeGauges& gauges() const { return gauges_; }

  private:
    /// Everybody in the table of an epoch that is not drawn yet.
    [[nodiscard]] Result<void> expect(uint64_t epoch);

    settlement::L1Client* client_;
    settlement::StakingContracts contracts_;
    attestation::CommitteeBoard* board_;
    std::unique_ptr<L1Staking> staking_;  // null until L1 has answered
    std::optional<uint64_t> drawn_;       // the newest epoch on the board
    std::optional<uint64_t> expected_;    // and the newest one that is expected
    CommitteeGauges gauges_;
};

}  // namespace mega::staking
