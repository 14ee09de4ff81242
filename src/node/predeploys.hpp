#pragma once

// Contracts that exist from block 0 on a development chain, at the addresses where users of
// Ethereum expect them.

#include "execution/genesis.hpp"

namespace mega::node {

/// The system contracts of EIP-4788 and EIP-2935, and the deterministic deployment proxy that forge
/// scripts use for CREATE2.
void add_predeploys(std::map<Address, execution::GenesisAccount>& alloc);

}  // namespace mega::node
