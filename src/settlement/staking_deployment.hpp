#pragma once

// MEGA, staking and governance as part of the deployment plan (contracts/DEPLOYMENT.md).
//
// The timelock owns each of them from its constructor on, so there is no ownership to be accepted.
// It begins without a delay and with the deployer as the only one who may propose; one batch of
// calls wires everything, lets the Governor propose instead, and sets the delay. What the deployer
// could do ends with that batch.

#include "settlement/deployment_planner.hpp"

namespace mega::settlement {

/// The genesis distribution: what the configuration lists, or by default.
[[nodiscard]] std::vector<Allocation> distribution_of(
    const DeployConfig& config, const Address& timelock
);
/// keccak256 of its ABI encoding, with which the Distributor is made.
[[nodiscard]] Hash256 list_hash(const std::vector<Allocation>& list);

void plan_timelock(DeploymentPlanner& planner, const DeployConfig& config);
/// Distributor and MegaToken, or the token that the configuration names.
void plan_token(DeploymentPlanner& planner, const DeployConfig& config);
/// After settlement: duties and slashing look at the batch inbox and the state claims.
void plan_staking(DeploymentPlanner& planner, const DeployConfig& config);

/// Hands the supply out.
[[nodiscard]] std::vector<WiringStep> plan_distribution(
    const DeployConfig& config, const Contracts& contracts
);
/// The timelock's batch; needs the supply handed out.
[[nodiscard]] std::vector<WiringStep> plan_staking_wiring(
    const DeployConfig& config, const Contracts& contracts
);

}  // namespace mega::settlement
