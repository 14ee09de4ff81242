#pragma once

// A mainnet block that comes with the witness another client made of it, as
// stateless-block-verifier keeps it: one JSON file of header, transactions, withdrawals, trie nodes
// ("states"), codes and block hashes.

#include "replay/replay_block.hpp"
#include "witness/witness.hpp"

#include <filesystem>

namespace mega::bench {

struct GivenBlock {
    /// Its state is what the block looks at, laid out flat.
    replay::ReplayBlock block;
    /// As given: it may have more than is needed.
    witness::Witness witness;
};

/// A file, and not one that `mega replay` takes.
[[nodiscard]] bool may_be_given_block(const std::filesystem::path& path);

/// The error names the field that is wrong, or what the witness lacks.
[[nodiscard]] Result<GivenBlock> read_given_block(const std::filesystem::path& file);

}  // namespace mega::bench
