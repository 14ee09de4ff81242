#pragma once

// Runs one program of `mega bench evm`: once as a whole transaction whose outcome is checked, then
// its code again and again in the interpreter alone, over the world that transactions have.

#include "bench/evm_measure.hpp"
#include "bench/evm_programs.hpp"

namespace mega::bench {

/// Fails when the transaction leaves another state or other logs than expected, or when the
/// interpreter alone uses other gas than in the transaction.
[[nodiscard]] Result<EvmRun> run_evm_program(const EvmProgram& program, double seconds);

}  // namespace mega::bench
