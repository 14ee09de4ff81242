#pragma once

// Petersburg: Constantinople without net gas metering (EIP-1716).

#include "evm/forks/constantinople.hpp"

namespace mega::evm {

struct PetersburgRules : ConstantinopleRules {
    static constexpr Fork fork = Fork::petersburg;
    static constexpr StorageGas storage_gas = ByzantiumRules::storage_gas;
};

}  // namespace mega::evm
