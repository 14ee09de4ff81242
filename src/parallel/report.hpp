#pragma once

// What the execution of a batch was like: how much ran twice, who disturbed whom, what it cost.

#include "parallel/record.hpp"

#include <string>

namespace mega::parallel {

/// An execution that did not stand.
struct Abort {
    size_t tx = 0;  // index in the batch
    /// Whose write it had not seen; nothing when it is not known.
    std::optional<size_t> writer;
    Address address;
    std::optional<u256> slot;  // none: the account itself
    friend bool operator==(const Abort&, const Abort&) = default;
};

/// Work of one worker on one transaction, for a drawing. Times since the batch began.
struct Span {
    enum class Kind : uint8_t { execution, re_execution, commit };
    size_t tx = 0;
    uint32_t worker = 0;
    Kind kind = Kind::execution;
    uint64_t begin_ns = 0;
    uint64_t end_ns = 0;
};

struct Report {
    size_t transactions = 0;
    size_t executions = 0;  // those of sequential stretches included
    size_t aborts = 0;
    std::vector<Abort> first_aborts;  // at most max_listed_aborts
    static constexpr size_t max_listed_aborts = 1024;
    size_t native_transfers = 0;    // that never entered the interpreter
    size_t tracked_executions = 0;  // whose slot writes may be sums (origins.hpp); committed ones
    size_t sequential_transactions = 0;
    size_t rounds = 0;   // parallel ones
    size_t lessons = 0;  // short ones by the caller alone, before them
    uint32_t threads = 0;
    /// Work foreseen over the longest chain foreseen: what the schedule hoped for.
    double foreseen_parallelism = 1;
    /// CPU time of all threads over wall time.
    double parallelism = 0;
    uint64_t wall_ns = 0;
    uint64_t cpu_ns = 0;
    // Wall time of the stages. Execution and commit of a round overlap: only their sum is timed
    // unless spans are asked for.
    uint64_t analysis_ns = 0;
    uint64_t transfers_ns = 0;  // of transfers in a row, settled account by account
    uint64_t rounds_ns = 0;     // lessons included
    uint64_t sequential_ns = 0;
    std::vector<Span> spans;  // when RoundOptions::records_spans
};

/// One line of figures, then one a listed abort, at most `most_aborts` of them.
[[nodiscard]] std::string to_text(const Report& report, size_t most_aborts = 10);

}  // namespace mega::parallel
