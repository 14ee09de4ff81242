#pragma once

// One block, executed as a full node does and validated from its witness, in turns, on one core.

#include "bench/stateless_block.hpp"

namespace mega::bench {

/// Processor time of one thread in milliseconds; medians of the runs.
struct StatelessTimes {
    double recover_ms = 0;  // decode the transactions and recover their senders
    double execute_ms = 0;  // on the flat state, with receipts
    double record_ms = 0;   // the same, noting what is looked at as a re-execution does
    // As a sequencer does it, without and with its log of accesses; mega's own blocks only.
    double sequence_ms = 0;
    double sequence_noting_ms = 0;
    double round_ms = 0;  // by the parallel path, one worker
    double round_noting_ms = 0;
    double roots_ms = 0;     // of transactions and receipts
    double tree_ms = 0;      // hash the changed keys, update the tree, its root
    double decode_ms = 0;    // the compact witness
    double validate_ms = 0;  // with the decoded witness; recovers the senders too
    double make_ms = 0;      // the witness from the tree, once the block is closed
    double encode_ms = 0;    // into the compact form, with zstd
};

struct StatelessFigures {
    std::string name;
    size_t transactions = 0;
    uint64_t gas = 0;
    size_t nodes = 0;
    size_t list_bytes = 0;       // nodes and codes, as debug_executionWitness has them
    size_t body_bytes = 0;       // the compact form before zstd
    size_t compact_bytes = 0;    // as it travels
    bool has_whole_tree = true;  // false: a tree of no more than the block's own witness
    StatelessTimes times;

    [[nodiscard]] double full_ms() const {
        return times.recover_ms + times.execute_ms + times.roots_ms + times.tree_ms;
    }
    [[nodiscard]] double stateless_ms() const { return times.decode_ms + times.validate_ms; }
};

/// The block stands in the tree (StatelessBlock::settle_in); the tree is as before afterwards.
/// Making a witness out of a tree that holds nothing else is not measured.
[[nodiscard]] StatelessFigures measure(
    StatelessBlock& block, trie::StateTree& tree, uint32_t runs, bool has_whole_tree = true
);

/// What a process of its own that validates the block so many times takes: its largest resident
/// memory, and the milliseconds of a validation. Starts this program again.
struct AloneFigures {
    double peak_mib = 0;
    double validate_ms = 0;
};
[[nodiscard]] Result<AloneFigures> validate_alone(
    const StatelessBlock& block, const std::filesystem::path& file
);
/// The other side: prints one line. An exit status.
int run_validate_alone(const std::filesystem::path& file);

}  // namespace mega::bench
