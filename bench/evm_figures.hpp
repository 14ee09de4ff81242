#pragma once

// Figures of single-thread benchmarks by name, over several runs, and those of a peer beside them.

#include "base/result.hpp"
#include "bench/report.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace mega::bench {

/// Nanoseconds of processor time for one execution.
struct Figure {
    double median_ns = 0;
    double min_ns = 0;
};

/// What was measured of one program or precompile.
struct EvmFigures {
    Figure execute;  // code analysed before
    Figure total;    // with analysis; zeros where there is none
};
using FiguresByName = std::map<std::string, EvmFigures>;

/// Of samples of one run.
[[nodiscard]] Figure figure_of(std::vector<double> samples_ns);

/// Reads results of evmone-bench ("baseline/execute/…" and "baseline/total/…" in Google Benchmark's
/// JSON, processor time) or of `mega bench evm --json`. Several files are several runs: the lowest
/// minimum and the median of the medians count.
[[nodiscard]] Result<FiguresByName> read_figures(const std::vector<std::filesystem::path>& files);
/// `figures` as one more run beside those of `files`; what only the files have is left out.
[[nodiscard]] Result<FiguresByName> merge_runs(
    const FiguresByName& figures, const std::vector<std::filesystem::path>& files
);

/// One row of the table: a name with a group in front ("main/…") and what it used.
struct FigureRow {
    std::string name;
    double gas = 0;
};
/// The columns are read back by read_figures. Where `baseline` has figures, they and ratios
/// (baseline / ours: above 1 is faster) stand beside, with a geometric mean for each group below.
[[nodiscard]] Table figures_table(
    const std::string& title,
    const std::vector<FigureRow>& rows,
    const FiguresByName& ours,
    const FiguresByName& baseline
);

}  // namespace mega::bench
