#pragma once

// Precompiles on one vector each of their published ones (`precompiles/` of the fixtures), and one
// more where the published ones hold none.

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "bench/evm_measure.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace mega::bench {

struct PrecompileCall {
    std::string name;  // "precompiles/ecrecover"
    Address address;
    Bytes input;
    Bytes output;
};

/// Looks for the vectors' files at and below `paths`; a file that is not there is an error.
[[nodiscard]] Result<std::vector<PrecompileCall>> load_precompile_calls(
    const std::vector<std::filesystem::path>& paths, const std::string& filter
);
/// Fails when the output is not the stated one.
[[nodiscard]] Result<EvmRun> run_precompile_call(const PrecompileCall& call, double seconds);

}  // namespace mega::bench
