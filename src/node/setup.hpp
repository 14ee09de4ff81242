#pragma once

// What a node needs to know before it can open its data: the chain's genesis and the sequencer's
// key.

#include "execution/genesis.hpp"
#include "node/config.hpp"
#include "node/dev_accounts.hpp"

namespace mega::node {

struct Setup {
    uint64_t chain_id = 0;
    execution::Genesis genesis;
    crypto::SecretKey sequencer_key;
    Address sequencer;
    std::vector<DevAccount> accounts;
};

/// Reads the files that the configuration names; words when one is missing or wrong.
[[nodiscard]] Result<Setup> prepare(const Config& config);

}  // namespace mega::node
