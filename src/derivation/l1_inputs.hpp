#pragma once

// Where a node that follows L1 reads it: an Ethereum node with a blob archive in earnest
// (settlement), blocks in memory in tests.

#include "rollup/derivation.hpp"

namespace mega::derivation {

class L1Inputs {
  public:
    virtual ~L1Inputs() = default;
    /// Numbers of the newest block, and of the last finalised one (0 while there is none).
    struct Heads {
        uint64_t newest = 0;
        uint64_t finalized = 0;
    };
    [[nodiscard]] virtual Result<Heads> heads() = 0;
    /// Nothing when L1 has no such block.
    [[nodiscard]] virtual Result<std::optional<Hash256>> hash_of(uint64_t number) = 0;
    /// Consecutive blocks from `from` on, up to `to` or fewer, with their entries and batches. An
    /// error when something cannot be had (a blob that nobody keeps); bad data is no error.
    [[nodiscard]] virtual Result<std::vector<rollup::L1BlockInput>> read(
        uint64_t from, uint64_t to
    ) = 0;

    L1Inputs() = default;
    L1Inputs(const L1Inputs&) = delete;
    L1Inputs& operator=(const L1Inputs&) = delete;
};

}  // namespace mega::derivation
