#pragma once

// Gathers the steps of a deployment plan, in an order in which each finds what it needs.

#include "settlement/deployment.hpp"

namespace mega::settlement {

class DeploymentPlanner {
  public:
    explicit DeploymentPlanner(const Hash256& salt) { plan_.salt = salt; }

    /// Where it will be: CREATE2, so that its arguments decide.
    Address deploy(const std::string& name, std::string_view artifact, BytesView arguments = {});
    /// Behind a proxy whose admin belongs to the timelock, initialised in the same transaction.
    Address deploy_proxied(
        const std::string& name, std::string_view artifact, BytesView initialize
    );

    [[nodiscard]] Contracts& contracts() { return plan_.contracts; }
    [[nodiscard]] DeploymentPlan take() { return std::move(plan_); }

  private:
    DeploymentPlan plan_;
};

}  // namespace mega::settlement
