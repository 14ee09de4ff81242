#pragma once

// What a report of rewards needs of L1: batches, recorded duties, stakes, shares, and the pot. What
// an epoch's stakes and shares were is asked of the L1 node at the last block before the epoch: one
// that keeps old states, where the epoch is long past.
//
// The pot is that after one of the `pot_choices` L1 blocks before the proposal: whoever proposes
// cannot know which block its transaction gets into, and anybody may add a wei to the pot
// meanwhile.

#include "settlement/rollup_file.hpp"
#include "staking/l1_staking.hpp"
#include "staking/reward_report.hpp"

namespace mega::staking {

enum class RewardStatus : uint8_t { none, proposed, disputed, final_ };

/// What Rewards on L1 has of an epoch.
struct PostedRewards {
    RewardStatus status = RewardStatus::none;
    Hash256 root{};
    u256 total{};
    u256 claimed{};
    uint64_t finalizable_at = 0;
    uint64_t l1_block = 0;  // in which the root was put there; 0 while there is none
};

/// L1 blocks before a proposal of which any may have given the pot.
inline constexpr uint64_t pot_choices = 32;

/// A report beside what L1 has.
struct CheckedReport {
    PostedRewards posted;
    RewardInputs inputs;
    RewardReport report;

    [[nodiscard]] bool matches() const {
        return posted.status != RewardStatus::none && posted.root == report.root &&
               posted.total == report.total;
    }
};

class RewardSource {
  public:
    /// All must outlive it.
    RewardSource(
        settlement::L1Client& client, L1Staking& staking, const settlement::RollupFile& rollup
    )
        : client_(&client), staking_(&staking), rollup_(&rollup) {}

    /// With the pot that the proposal on L1 was made of, if there is one that gives its root; else
    /// with that of just before it, or of now while there is none. Fails for an epoch that is not
    /// closed.
    [[nodiscard]] Result<CheckedReport> report(uint64_t epoch);
    [[nodiscard]] Result<PostedRewards> posted(uint64_t epoch);
    /// The same without the block in which the root was put there: one question.
    [[nodiscard]] Result<PostedRewards> status(uint64_t epoch);

  private:
    [[nodiscard]] Result<u256> number(
        const Address& contract, const Bytes& question, std::optional<uint64_t> block = {}
    );
    [[nodiscard]] Result<std::vector<settlement::L1Log>> logs(
        const Address& contract, const Hash256& topic, uint64_t from, uint64_t to
    );
    [[nodiscard]] Result<uint64_t> block_of_root(uint64_t epoch, const Hash256& root);
    /// The last block of L1 before this time.
    [[nodiscard]] Result<uint64_t> last_block_before(uint64_t time);
    /// Nothing where L1 had no such contract yet. What the L1 node has forgotten is an error: it is
    /// no reason to call a root wrong.
    [[nodiscard]] Result<std::optional<u256>> pot(std::optional<uint64_t> block);
    [[nodiscard]] Result<void> check_closed(uint64_t epoch);
    /// All but the pot.
    [[nodiscard]] Result<RewardInputs> duties(uint64_t epoch);
    [[nodiscard]] Result<void> add_blocks(RewardInputs& inputs, uint64_t from, uint64_t to);
    [[nodiscard]] Result<void> add_attestations(RewardInputs& inputs, uint64_t from, uint64_t to);
    [[nodiscard]] Result<void> add_shares(RewardInputs& inputs, uint64_t block);
    [[nodiscard]] static ValidatorDuty& duty_of(RewardInputs& inputs, uint32_t id);

    settlement::L1Client* client_;
    L1Staking* staking_;
    const settlement::RollupFile* rollup_;
};

}  // namespace mega::staking
