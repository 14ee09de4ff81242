// `mega bench evm`: contracts in the interpreter, and precompiles, one thread, processor time.

#include "bench/bench.hpp"
#include "bench/evm_figures.hpp"
#include "bench/evm_measure.hpp"
#include "bench/evm_precompiles.hpp"
#include "bench/evm_programs.hpp"
#include "bench/evm_run.hpp"

#include <fmt/format.h>

namespace mega::bench {
namespace {

struct Measured {
    std::vector<FigureRow> rows;
    FiguresByName figures;
    size_t unchecked = 0;  // programs whose files say nothing about what they leave
};

Result<Measured> measure_programs(const EvmBenchOptions& options) {
    auto programs = load_evm_programs(options.paths, options.filter);
    if (!programs) {
        return Err{programs.error()};
    }
    Measured measured;
    for (const EvmProgram& program : *programs) {
        progress("evm: " + program.name);
        const auto run = run_evm_program(program, options.seconds);
        if (!run) {
            return Err{Error{program.name + ": " + run.error().message}};
        }
        measured.rows.push_back({program.name, static_cast<double>(run->gas)});
        measured.figures[program.name] = run->figures;
        measured.unchecked += program.expected ? 0 : 1;
    }
    return measured;
}

Result<Measured> measure_precompiles(const EvmBenchOptions& options) {
    auto calls = load_precompile_calls(options.paths, options.filter);
    if (!calls) {
        return Err{calls.error()};
    }
    Measured measured;
    for (const PrecompileCall& call : *calls) {
        progress("evm: " + call.name);
        const auto run = run_precompile_call(call, options.seconds);
        if (!run) {
            return Err{Error{call.name + ": " + run.error().message}};
        }
        measured.rows.push_back({call.name, static_cast<double>(run->gas)});
        measured.figures[call.name] = run->figures;
    }
    return measured;
}

Table table_of(
    const EvmBenchOptions& options,
    const Measured& measured,
    const FiguresByName& figures,
    const FiguresByName& baseline
) {
    Table table = figures_table(
        fmt::format(
            "{}, one thread, processor time of one execution (median and fastest of {} run{})",
            options.precompiles ? "Precompiles" : "Contracts in the interpreter",
            options.merged.size() + 1,
            options.merged.empty() ? "" : "s"
        ),
        measured.rows,
        figures,
        baseline
    );
    if (options.precompiles) {
        table.notes.emplace_back("Outputs are those that the vectors' files state.");
        return table;
    }
    table.notes.emplace_back(
        "Gas is that of the frame, without the transaction's own. total: with the analysis of the "
        "code."
    );
    table.notes.push_back(fmt::format(
        "{} programs left the state root and logs that their files state (as whole transactions); "
        "{} have files that state nothing.",
        measured.rows.size() - measured.unchecked,
        measured.unchecked
    ));
    return table;
}

Result<void> run(const EvmBenchOptions& options) {
    const auto baseline = read_figures(options.baselines);
    if (!baseline) {
        return Err{baseline.error()};
    }
    const auto measured =
        options.precompiles ? measure_precompiles(options) : measure_programs(options);
    if (!measured) {
        return Err{measured.error()};
    }
    if (measured->rows.empty()) {
        return Err{
            Error{"nothing to measure in these files has '" + options.filter + "' in its name"}
        };
    }
    const auto figures = merge_runs(measured->figures, options.merged);
    if (!figures) {
        return Err{figures.error()};
    }
    const Machine machine = describe_machine(std::filesystem::temp_directory_path());
    return deliver(machine, {table_of(options, *measured, *figures, *baseline)}, options.json_file);
}

}  // namespace

int run_bench_evm(const EvmBenchOptions& options) {
    if (!(options.seconds > 0)) {
        progress("seconds must be above 0");
        return 1;
    }
    if (const auto done = run(options); !done) {
        progress(done.error().message);
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
