#pragma once

// The staking contracts on L1, as nodes read them: who has what at stake, which epochs have been
// opened, who leads a slot, who is in a committee. What never changes is asked once, when it is
// opened. An L1 node is believed, but for what can be computed: a committee is drawn here, and must
// be the one that L1 keeps the hash of.
//
// Blocking; one thread, that of its client.

#include "settlement/deployment.hpp"
#include "settlement/l1_client.hpp"
#include "settlement/tx_manager.hpp"
#include "staking/committee.hpp"
#include "staking/draw.hpp"
#include "staking/stake_table.hpp"

#include <map>

namespace mega::staking {

/// Of an epoch that has its seed.
struct Opening {
    Hash256 seed;
    uint64_t l1_block = 0;  // the epoch's first
    uint64_t l1_timestamp = 0;
};

class L1Staking {
  public:
    /// `client` must outlive it. Fails while L1 is away.
    [[nodiscard]] static Result<std::unique_ptr<L1Staking>> open(
        settlement::L1Client& client, const settlement::StakingContracts& contracts
    );

    // What never changes.
    [[nodiscard]] const EpochClock& clock() const { return clock_; }
    [[nodiscard]] uint64_t slot_length() const { return clock_.slot_length(); }  // seconds
    [[nodiscard]] uint64_t slot_start_of(uint64_t time) const { return clock_.slot_start_of(time); }
    [[nodiscard]] uint64_t l2_chain_id() const { return l2_chain_id_; }
    [[nodiscard]] const settlement::StakingContracts& contracts() const { return contracts_; }

    // Who is who. 0 and nothing: nobody.
    [[nodiscard]] Result<uint32_t> id_of_operator(const Address& operator_address);
    [[nodiscard]] Result<uint32_t> id_of_signer(const Address& signer);
    [[nodiscard]] Result<uint32_t> id_of_attester(const crypto::bls::PublicKey& key);
    [[nodiscard]] Result<Address> operator_of(uint32_t id);
    [[nodiscard]] Result<Address> signer_of(uint32_t id);
    /// Kept once known: keys never change. Fails for an id that nobody has.
    [[nodiscard]] Result<ValidatorKeys> keys_of(uint32_t id);
    /// Jailed or out at this moment, whatever the epoch's table says.
    [[nodiscard]] Result<bool> is_barred(uint32_t id);
    /// Slashed for a contradiction, which happens once. Who is jailed or has retired is not.
    [[nodiscard]] Result<bool> is_out(uint32_t id);

    // Stake and epochs.
    [[nodiscard]] Result<StakeTable> stake_table(uint64_t epoch);
    /// Nothing while the epoch has not been opened.
    [[nodiscard]] Result<std::optional<Opening>> opening(uint64_t epoch);
    /// The greatest epoch that has been opened, + 1; 0 before the first.
    [[nodiscard]] Result<uint64_t> opened_end();
    /// The last epoch up to this one that has been opened.
    [[nodiscard]] Result<std::optional<uint64_t>> last_opened(uint64_t epoch);
    /// Of an epoch that has been opened.
    [[nodiscard]] Result<Committee> committee(uint64_t epoch);

    // Who is in charge.
    [[nodiscard]] Result<Address> leader_at(uint64_t slot_start);
    [[nodiscard]] Result<Address> leader();
    /// Ids by rank, the first in charge first.
    [[nodiscard]] Result<std::vector<uint32_t>> candidates_of(uint64_t slot_start);
    /// Seconds; governance may change them.
    [[nodiscard]] Result<uint64_t> silence();
    [[nodiscard]] Result<uint64_t> grace();
    /// Makes its sender the leader of the present slot.
    [[nodiscard]] settlement::TxRequest take_over_call() const;

  private:
    L1Staking(settlement::L1Client& client, const settlement::StakingContracts& contracts)
        : client_(&client), contracts_(contracts) {}

    settlement::L1Client* client_;
    settlement::StakingContracts contracts_;
    EpochClock clock_;
    uint64_t l2_chain_id_ = 0;
    uint64_t committee_size_ = 0;
    std::map<uint32_t, ValidatorKeys> keys_;  // bounded by the ids that L1 gives out
};

}  // namespace mega::staking
