#include "settlement/deployment_planner.hpp"

#include "crypto/keccak.hpp"
#include "settlement/abi.hpp"
#include "settlement/contract_bundle.hpp"

namespace mega::settlement {

Address DeploymentPlanner::deploy(
    const std::string& name, std::string_view artifact, BytesView arguments
) {
    Bytes init_code = ContractBundle::embedded().init_code_of(artifact);
    append(init_code, arguments);
    Bytes preimage{0xff};
    append(preimage, deployment_proxy);
    append(preimage, plan_.salt);
    append(preimage, crypto::keccak256(init_code));
    const Address address = abi::to_address(crypto::keccak256(preimage));
    plan_.steps.push_back({name, std::move(init_code), address});
    return address;
}

Address DeploymentPlanner::deploy_proxied(
    const std::string& name, std::string_view artifact, BytesView initialize
) {
    const Address implementation = deploy(name + "Implementation", artifact);
    const Bytes arguments =
        abi::Encoder().word(implementation).word(plan_.contracts.timelock).bytes(initialize).take();
    return deploy(name, "TransparentUpgradeableProxy", arguments);
}

}  // namespace mega::settlement
