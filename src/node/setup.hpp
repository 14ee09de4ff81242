#pragma once

// What a node needs to know before it can open its data: the sequencer's key, and what the chain's
// genesis is made of.

#include "execution/genesis.hpp"
#include "node/config.hpp"
#include "node/dev_accounts.hpp"

namespace mega::node {

struct Setup {
    crypto::SecretKey sequencer_key;
    Address sequencer;
    std::vector<DevAccount> accounts;
    /// The genesis file's text; empty for the built-in one of a development chain.
    std::string genesis_text;
    /// Digest of all that the genesis is made of: a directory that was made from the same need not
    /// have it made again.
    Hash256 genesis_source;
};

/// Reads the files that the configuration names; words when one is missing or wrong.
[[nodiscard]] Result<Setup> prepare(const Config& config);

struct ChainGenesis {
    uint64_t chain_id = 0;
    execution::Genesis genesis;
};
/// Parses and executes: takes seconds for millions of accounts.
[[nodiscard]] Result<ChainGenesis> build_genesis(const Config& config, const Setup& setup);

}  // namespace mega::node
