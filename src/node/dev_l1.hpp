#pragma once

// The L1 of a development chain: anvil as a child process with mainnet's limits, the contracts
// deployed on it, and the settlement of this node with it. All of it happens on a thread of its
// own: the L2 does not wait for it, and goes on without it where anvil is not found.

#include "node/settlement.hpp"
#include "node/setup.hpp"

namespace mega::node {

/// anvil's own default.
inline constexpr uint64_t dev_l1_chain_id = 31337;
/// Before the deployment's first transaction, on an L1 that starts from nothing.
inline constexpr uint64_t dev_l1_start_block = 1;

/// Derived accounts beyond the prefunded ones.
struct DevRoles {
    crypto::SecretKey batcher;  // the sequencer's key
    crypto::SecretKey proposer;
    crypto::SecretKey deployer;
};
[[nodiscard]] DevRoles dev_roles(const Config& config);

/// What the contracts of a development chain are made of: known before anything is deployed.
[[nodiscard]] settlement::DeployConfig dev_deploy_config(
    const Config& config, uint64_t l2_chain_id, uint64_t genesis_timestamp
);
struct DevL1Genesis {
    uint64_t chain_id = 0;
    settlement::GenesisFacts facts;
    std::vector<Address> accounts;  // that get MEGA on L1
};

class DevL1 {
  public:
    /// Returns at once.
    DevL1(const Config& config, DevL1Genesis genesis, const Settlement::Parts& parts);
    /// Stops settlement, then anvil.
    ~DevL1();
    DevL1(const DevL1&) = delete;
    DevL1& operator=(const DevL1&) = delete;

    void add_metrics(MetricsText& out) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::node
