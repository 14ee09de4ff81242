#pragma once

// Carries a deployment plan out on L1, step by step; steps that are done are left alone, so that it
// can be run again after any failure.

#include "settlement/deployment.hpp"
#include "settlement/tx_manager.hpp"

#include <functional>

namespace mega::settlement {

/// Called with words for people as each step is done.
using DeployProgress = std::function<void(const std::string&)>;

class Deployer {
  public:
    Deployer(L1Client& client, TxManager& sender, DeployProgress progress)
        : client_(&client), sender_(&sender), progress_(std::move(progress)) {}

    /// Puts the deployment proxy there if it is missing, then each contract that is missing.
    [[nodiscard]] Result<void> deploy(const DeploymentPlan& plan);
    [[nodiscard]] Result<void> wire(const std::vector<WiringStep>& steps);

  private:
    [[nodiscard]] Result<void> ensure_proxy();
    [[nodiscard]] Result<bool> is_there(const Address& address);
    [[nodiscard]] Result<bool> is_done(const WiringStep& step);
    [[nodiscard]] Result<u256> price_of(const WiringStep& step);
    [[nodiscard]] Result<void> send(const std::string& what, const TxRequest& request);

    L1Client* client_;
    TxManager* sender_;
    DeployProgress progress_;
};

}  // namespace mega::settlement
