#pragma once

// The programs that `mega bench evm` runs: files of ipsilon/evm-benchmarks and paradigmxyz/revmc,
// both written like state tests. A file holds tests, a test one contract and several inputs; each
// input is a program here.

#include "base/result.hpp"
#include "execution/transaction.hpp"
#include "state/overlay.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mega::bench {

/// What the transaction must leave behind. The state root holds its gas, too, as a fee.
struct EvmExpectation {
    Hash256 state_root;
    Hash256 logs_hash;
};

struct EvmProgram {
    std::string group;  // "main", "micro", "revmc"
    std::string name;   // "main/snailtracer/benchmark", as evmone-bench calls it
    std::shared_ptr<const state::StateDiff> pre;
    std::shared_ptr<const state::StateView> view;  // `pre` on top of nothing
    execution::BlockEnv env;
    SignedTransaction tx;
    std::optional<EvmExpectation> expected;  // revmc's files name none
};

/// All programs in the files at and below `paths` whose name contains `filter`, sorted by group
/// and name. The first file that is not what it should be is the error.
[[nodiscard]] Result<std::vector<EvmProgram>> load_evm_programs(
    const std::vector<std::filesystem::path>& paths, const std::string& filter
);

}  // namespace mega::bench
