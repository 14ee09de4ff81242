#pragma once

// Brings contradictions before the Slasher on L1:
//
//   evidence file -> the batch that dates it is on L1 -> transaction -> what came of it, in a file
//
// What cannot be proven yet waits. What L1 does not take for a passing reason is brought again,
// less and less often, for about a week; what can never succeed is said and dropped. One thread.

#include "settlement/rollup_file.hpp"
#include "settlement/tx_manager.hpp"
#include "staking/evidence_folder.hpp"
#include "staking/l1_history.hpp"
#include "staking/l1_staking.hpp"

#include <chrono>
#include <deque>

namespace mega::staking {

class Reporter {
  public:
    static constexpr size_t max_cases = EvidenceFolder::max_cases;
    struct Parts {
        settlement::L1Client& client;
        settlement::TxManager& sender;
        const L1History& history;
    };
    Reporter(
        Parts parts,
        settlement::RollupFile rollup,
        EvidenceFolder folder,
        std::function<void(const std::string&)> log
    );

    /// Goes on with what earlier processes found.
    void read_folder();
    /// On disk before anything is done with it; once is enough.
    void take(Contradiction found);
    /// Tries each case whose time has come; the first error of them.
    [[nodiscard]] Result<void> step(L1Staking& staking);
    [[nodiscard]] size_t open_cases() const { return cases_.size(); }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr auto first_pause = std::chrono::minutes(1);
    struct Case {
        Contradiction evidence;
        uint32_t id = 0;  // of the validator, once it is known
        Clock::time_point next_try{};
        std::chrono::seconds pause = first_pause;
        uint32_t refusals = 0;
        std::string last_words{};
    };

    void open(Contradiction found);
    /// True when there is no more to do about it.
    [[nodiscard]] Result<bool> bring(Case& open_case, L1Staking& staking);
    [[nodiscard]] Result<bool> send(Case& open_case, const rollup::PostedBatch& batch);
    [[nodiscard]] bool close(const Case& open_case, const std::string& outcome);
    [[nodiscard]] bool put_off(Case& open_case, const std::string& words);
    [[nodiscard]] bool may_be_void(const Contradiction& found) const;

    Parts parts_;
    settlement::RollupFile rollup_;
    EvidenceFolder folder_;
    std::function<void(const std::string&)> log_;
    std::deque<Case> cases_;
};

}  // namespace mega::staking
