#pragma once

// Proposals of MegaGovernor from the user's side: what there is, where each stands, and the next
// step of one (docs/governance.md). Every step first asks L1 whether it can be done, and says what
// is missing where it cannot.

#include "settlement/governance_calls.hpp"
#include "settlement/rollup_file.hpp"
#include "settlement/tx_manager.hpp"

#include <optional>

namespace mega::settlement {

/// In the order of OpenZeppelin's IGovernor.
enum class ProposalState : uint8_t {
    pending,
    active,
    canceled,
    defeated,
    succeeded,
    queued,
    expired,
    executed,
};
[[nodiscard]] std::string_view name_of(ProposalState state);

struct Proposal {
    u256 id{};
    Address proposer{};
    std::vector<GovernanceCall> calls;
    std::string description;
    uint64_t vote_start = 0;  // L1 time; votes are those of this moment
};

struct ProposalStatus {
    ProposalState state = ProposalState::pending;
    u256 against{};
    u256 in_favour{};
    u256 abstaining{};
    u256 quorum{};                 // for and abstaining; 0 until the vote begins
    uint64_t vote_end = 0;         // a late quorum moves it
    uint64_t executable_from = 0;  // 0 until it is queued
    uint64_t l1_time = 0;          // now
};

enum class Choice : uint8_t { against, in_favour, abstain };

class Governance {
  public:
    /// `sender` may be null for one who only looks.
    Governance(L1Client& client, TxManager* sender, const RollupFile& rollup)
        : client_(&client), sender_(sender), rollup_(&rollup) {}

    /// In the order in which they were made.
    [[nodiscard]] Result<std::vector<Proposal>> proposals();
    /// By its place in that order, from 1, or by its id.
    [[nodiscard]] Result<Proposal> find(const std::string& text);
    [[nodiscard]] Result<ProposalStatus> status(const Proposal& proposal);

    /// The id; that of one which is there already is no error.
    [[nodiscard]] Result<u256> propose(
        const std::vector<GovernanceCall>& calls, const std::string& description
    );
    [[nodiscard]] Result<void> vote(const Proposal& proposal, Choice choice);
    /// Done already is no error, here and below.
    [[nodiscard]] Result<void> queue(const Proposal& proposal);
    [[nodiscard]] Result<void> execute(const Proposal& proposal);
    /// Carries the chain's parameters to L2.
    [[nodiscard]] Result<void> push_parameters();
    /// Votes of MEGA held and of MEGA staked; what says so already is left alone.
    [[nodiscard]] Result<void> delegate(const Address& to);

  private:
    [[nodiscard]] Result<u256> number(const Address& contract, const Bytes& question);
    [[nodiscard]] Result<uint64_t> l1_time();
    [[nodiscard]] Result<void> check_threshold(const Address& proposer);
    [[nodiscard]] Result<void> send(
        const std::string& what, const Address& to, Bytes data, const u256& value = {}
    );

    L1Client* client_;
    TxManager* sender_;
    const RollupFile* rollup_;
};

/// Amounts of MEGA for people: whole ones, and what is behind the point where there is something.
[[nodiscard]] std::string mega_words(const u256& wei);

}  // namespace mega::settlement
