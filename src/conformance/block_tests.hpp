#pragma once

// Blockchain tests: each case builds a genesis, imports blocks as they travel, and names the head
// and the state that must come of it.
//
//   file = { name: { network, config?, genesisBlockHeader, genesisRLP?, pre, blocks: [ { rlp,
//            blockHeader?, receipts?, expectException…? } ], lastblockhash, postState |
//            postStateHash } }
//
// A block that must be refused says so by `expectException`, `expectExceptionALL` or
// `expectException<network>`, or, in the legacy sets, by having no `blockHeader`. Which rule it
// breaks is taken as a hint: the refusal is what counts.
//
// Seals of proof of work are not checked. The few cases whose only fault is the seal are skipped by
// name.

#include "conformance/file_runner.hpp"
#include "ethereum/block_transition.hpp"

namespace mega::conformance {

struct BlockTestOptions {
    std::string fork;           // this network only; all when empty
    std::string test;           // names that contain this
    bool with_details = false;  // results for the JSON report
    /// Another way to execute transactions. Called on as many threads as there are jobs.
    ethereum::TransactionsExecutor executor{};
};

/// The cases of one file. Throws what its JSON throws.
[[nodiscard]] std::vector<CaseResult> run_block_tests(
    const nlohmann::json& file, const BlockTestOptions& options
);

/// For run_files.
[[nodiscard]] RunFile block_test_runner(const BlockTestOptions& options);

/// For run_files: the file that takes most of the time, network by network.
[[nodiscard]] SplitFile block_test_splitter(const BlockTestOptions& options);

}  // namespace mega::conformance
