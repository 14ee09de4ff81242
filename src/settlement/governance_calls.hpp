#pragma once

// What governance may have called, by the names that people use: a setting such as gasLimit becomes
// the call of the setter that holds it, with the other values as they are on L1 now; a call becomes
// words again. docs/governance.md lists the names.

#include "settlement/deployment.hpp"
#include "settlement/l1_client.hpp"

#include <string>
#include <vector>

namespace mega::settlement {

inline constexpr size_t max_governance_calls = 64;  // of one proposal

struct GovernanceCall {
    Address target{};
    u256 value{};
    Bytes data;
};

/// Settings that `calls_of_settings` knows.
[[nodiscard]] std::vector<std::string> setting_names();

/// `changes` are "NAME=VALUE", numbers decimal or hexadecimal. Those of one setter become one call.
/// Fails with words for an unknown name, a value out of range and a change that changes nothing.
[[nodiscard]] Result<std::vector<GovernanceCall>> calls_of_settings(
    L1Client& client, const Contracts& contracts, const std::vector<std::string>& changes
);

/// Lets Rewards go on behind epoch `last`: it takes roots in order, and none for an epoch in which
/// nobody earned anything. Fails for more than 64 epochs at once.
[[nodiscard]] Result<std::vector<GovernanceCall>> calls_to_skip_rewards(
    L1Client& client, const Contracts& contracts, uint64_t last
);

/// "systemConfig.setWindows: challengeWindow 60, ...", or target and selector of an unknown one.
[[nodiscard]] std::string words_of(const GovernanceCall& call, const Contracts& contracts);

/// That L2 hears of it only when the parameters are pushed.
[[nodiscard]] bool changes_l2(const GovernanceCall& call, const Contracts& contracts);

}  // namespace mega::settlement
