#pragma once

// State tests ("GeneralStateTests"): each case executes one transaction on a given state and names
// the root and the logs that it must leave, or says that it must be refused.
//
//   file = { name: { env, pre, transaction, config?, post: { fork: [ { indexes, hash, logs,
//            txbytes?, expectException? } ] } } }
//
// What holds for them alone: BLOCKHASH(n) is keccak256 of n in decimal text; no rewards, system
// calls or withdrawals; before EIP-158, in the sets without `config`, a refused transaction leaves
// the coinbase behind as an empty account.

#include "conformance/file_runner.hpp"
#include "execution/transaction.hpp"

#include <iosfwd>

namespace mega::conformance {

struct StateTestOptions {
    std::string fork;               // this one only; all when empty
    std::string test;               // names that contain this
    bool with_details = false;      // results for the JSON report
    bool checks_diffs = false;      // also: the diff survives encoding and merging
    std::ostream* trace = nullptr;  // EIP-3155; for one thread
    /// Called once a test and fork, with the transactions of all its cases that decode, repeated
    /// until they make a block, each with a nonce one higher than the one before.
    std::function<void(
        const state::StateView& view,
        const execution::BlockEnv& env,
        std::span<const SignedTransaction> transactions
    )>
        on_block{};
};

/// The cases of one file. Throws what its JSON throws.
[[nodiscard]] std::vector<CaseResult> run_state_tests(
    const nlohmann::json& file, const StateTestOptions& options
);

/// For run_files; skips by name the tests that were published without all their inputs.
[[nodiscard]] RunFile state_test_runner(const StateTestOptions& options);

/// For run_files: the few files that take most of the time, fork by fork.
[[nodiscard]] SplitFile state_test_splitter(const StateTestOptions& options);

}  // namespace mega::conformance
