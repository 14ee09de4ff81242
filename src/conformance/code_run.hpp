#pragma once

// One frame by itself: code, calldata and a state in, output and gas out. No transaction around it:
// no intrinsic gas, fees, nonce or refund.

#include "evm/vm.hpp"
#include "state/diff.hpp"

#include <iosfwd>
#include <vector>

namespace mega::conformance {

struct CodeRun {
    Fork fork = current_fork;
    Bytes code;  // init code when `is_creation`
    Bytes input;
    uint64_t gas = 10'000'000'000;  // at most 2^63 - 1
    u256 value;
    Address sender;
    Address receiver;
    state::StateDiff prestate;  // the change from nothing; `code` replaces the receiver's
    bool is_creation = false;
};

struct CodeRunResult {
    evm::Status status = evm::Status::success;
    Bytes output;
    uint64_t gas_used = 0;
    Address created;  // of a creation that succeeded
};

/// `trace`: EIP-3155 lines; may be null.
[[nodiscard]] CodeRunResult run_code(const CodeRun& run, std::ostream* trace);

struct CodeBench {
    CodeRunResult result;
    std::vector<uint64_t> times_ns;  // sorted
    [[nodiscard]] uint64_t median_ns() const { return times_ns[times_ns.size() / 2]; }
    [[nodiscard]] double gas_per_second() const {
        const uint64_t ns = median_ns() == 0 ? 1 : median_ns();
        return static_cast<double>(result.gas_used) * 1e9 / static_cast<double>(ns);
    }
};
/// The same `runs` times, each on the prestate; `runs` above 0.
[[nodiscard]] CodeBench bench_code(const CodeRun& run, size_t runs);

}  // namespace mega::conformance
