#include "bench/bench.hpp"
#include "bench/clock.hpp"
#include "bench/report.hpp"
#include "bench/stateless_deploys.hpp"
#include "bench/stateless_given.hpp"
#include "bench/stateless_measure.hpp"
#include "bench/stateless_tree.hpp"
#include "replay/file_source.hpp"

#include <fmt/format.h>

#include <functional>

namespace mega::bench {
namespace {

/// Slots that nobody looks at, in the contracts of each workload together.
constexpr size_t filler_slot_count = 1'000'000;
constexpr double ratio_target = 1.5;
constexpr double witness_target_bytes = 1229;  // 1.2 KiB
constexpr double recording_target = 10;        // percent
constexpr double resident_target_mib = 64;

struct Row {
    std::optional<uint64_t> accounts;  // nothing: mainnet's own
    StatelessFigures figures;
    AloneFigures alone;
};

struct Grown {
    uint64_t accounts = 0;
    double seconds = 0;
    double mib = 0;
};

Cell cell_of(const std::optional<uint64_t>& count) {
    return count ? Cell{static_cast<double>(*count)} : Cell{};
}

double per_tx(double value, const StatelessFigures& figures) {
    return value / static_cast<double>(figures.transactions);
}

/// Nothing where it was not measured.
Cell added_percent(double without_ms, double with_ms) {
    return without_ms == 0 ? Cell{} : Cell{100 * (with_ms / without_ms - 1)};
}

Table time_table(const std::vector<Row>& rows) {
    Table table{
        .key = "stateless_time",
        .title = "Validation against sequential execution by a full node, one core",
        .columns =
            {
                {"accounts", "accounts"},
                {"workload", "workload"},
                {"transactions", "txs"},
                {"full_ms", "full ms", 2},
                {"validate_ms", "validate ms", 2},
                {"ratio", fmt::format("ratio (target {})", ratio_target), 2},
                {"ratio_without_recovery", "without recovery", 2},
                {"execute_us", "execute us/tx", 2},
                {"recover_us", "recover us/tx", 2},
                {"tree_us", "root us/tx", 2},
                {"decode_us", "decode us/tx", 2},
            },
    };
    for (const Row& row : rows) {
        const StatelessFigures& one = row.figures;
        const StatelessTimes& times = one.times;
        table.rows.push_back(
            {cell_of(row.accounts),
             one.name,
             static_cast<double>(one.transactions),
             one.full_ms(),
             one.stateless_ms(),
             one.stateless_ms() / one.full_ms(),
             (one.stateless_ms() - times.recover_ms) / (one.full_ms() - times.recover_ms),
             per_tx(times.execute_ms, one) * 1e3,
             per_tx(times.recover_ms, one) * 1e3,
             per_tx(times.tree_ms, one) * 1e3,
             per_tx(times.decode_ms, one) * 1e3}
        );
    }
    table.notes = {
        "full: decode and recover, execute on the flat state, roots of transactions and receipts, "
        "tree in memory with root; validate: the compact witness decoded, then all of "
        "validate_block. "
        "Recovery is on both sides, and in the next column on neither. Processor time of one "
        "thread."
    };
    return table;
}

Table size_table(const std::vector<Row>& rows) {
    Table table{
        .key = "stateless_size",
        .title = "Witness: bytes a transaction, and what recording costs",
        .columns =
            {
                {"accounts", "accounts"},
                {"workload", "workload"},
                {"transactions", "txs"},
                {"nodes", "nodes/tx", 2},
                {"lists_bytes", "lists B/tx"},
                {"raw_bytes", "compact B/tx"},
                {"zstd_bytes", fmt::format("zstd B/tx (target {:.0f})", witness_target_bytes)},
                {"recording_percent",
                 fmt::format("recording % (target {:.0f})", recording_target),
                 1},
                {"noting_percent", fmt::format("noting % (target {:.0f})", recording_target), 1},
                {"noting_in_rounds_percent",
                 fmt::format("noting in rounds % (target {:.0f})", recording_target),
                 1},
                {"make_us", "from tree us/tx", 2},
                {"encode_us", "encode us/tx", 2},
                {"resident_mib",
                 fmt::format("validator MiB (target {:.0f})", resident_target_mib),
                 1},
            },
    };
    for (const Row& row : rows) {
        const StatelessFigures& one = row.figures;
        const StatelessTimes& times = one.times;
        table.rows.push_back(
            {cell_of(row.accounts),
             one.name,
             static_cast<double>(one.transactions),
             per_tx(static_cast<double>(one.nodes), one),
             per_tx(static_cast<double>(one.list_bytes), one),
             per_tx(static_cast<double>(one.body_bytes), one),
             per_tx(static_cast<double>(one.compact_bytes), one),
             100 * (times.record_ms / times.execute_ms - 1),
             added_percent(times.sequence_ms, times.sequence_noting_ms),
             added_percent(times.round_ms, times.round_noting_ms),
             one.has_whole_tree ? Cell{per_tx(times.make_ms, one) * 1e3} : Cell{},
             per_tx(times.encode_ms, one) * 1e3,
             row.alone.peak_mib}
        );
    }
    table.notes = {
        "lists: nodes and codes as debug_executionWitness has them. recording: noting what is "
        "looked "
        "at while a block is executed again, against the same execution without. noting: the log "
        "that a sequencer keeps while it executes, against none, one after the other and by the "
        "parallel path with one worker; in turns, medians. from tree: the nodes gathered once the "
        "block is "
        "closed. validator: largest resident memory of a process that validates the block 20 "
        "times.",
        "A block with a witness of its own stands in a tree of no more than that: the size of its "
        "state is not known here, and the walk through all of it is not measured. Its bytes are "
        "those of the witness recorded again from the one given, without what is not needed."
    };
    return table;
}

Table tree_table(const std::vector<Grown>& grown) {
    Table table{
        .key = "stateless_tree",
        .title = "The states: accounts put into the tree in memory, root included",
        .columns =
            {{"accounts", "accounts"},
             {"seconds", "processor s", 1},
             {"mib", "MiB"},
             {"bytes", "B/account", 1}},
    };
    for (const Grown& one : grown) {
        table.rows.push_back(
            {static_cast<double>(one.accounts),
             one.seconds,
             one.mib,
             one.mib * (1 << 20) / static_cast<double>(one.accounts)}
        );
    }
    return table;
}

class Bench {
  public:
    explicit Bench(const StatelessBenchOptions& options) : options_(options) {}

    [[nodiscard]] Result<void> run() {
        auto contracts = read_contracts(options_.contracts);
        if (!contracts) {
            return Err{contracts.error()};
        }
        contracts_ = *std::move(contracts);
        if (auto done = run_given(); !done) {
            return done;
        }
        for (const uint64_t accounts : options_.accounts) {
            if (auto done = run_on(accounts); !done) {
                return done;
            }
        }
        return {};
    }
    [[nodiscard]] std::vector<Table> tables() const {
        return {time_table(rows_), size_table(rows_), tree_table(grown_)};
    }

  private:
    [[nodiscard]] Result<void> run_on(uint64_t accounts) {
        progress(fmt::format("a tree of {} accounts", accounts));
        const auto told = [&](uint64_t count) {
            if (accounts >= 1'000'000) {
                progress(fmt::format("  {} are in", count));
            }
        };
        const NoNodes nothing;
        trie::StateTree tree(nothing, empty_trie_root);
        const uint64_t began = thread_cpu_ns();
        fill(tree, accounts, told);
        grown_.push_back(
            {accounts,
             static_cast<double>(thread_cpu_ns() - began) / 1e9,
             static_cast<double>(tree.memory_bytes()) / (1 << 20)}
        );
        accounts_ = accounts;
        for (const uint64_t count : options_.block_sizes) {
            const WorkloadSize size{.transfers = count};
            if (auto done = run_synthetic(tree, size, is_of_transfers); !done) {
                return done;
            }
        }
        const WorkloadSize size{.transfers = 1000, .calls = 1000, .swaps = 500, .seed = 1};
        if (auto done = run_synthetic(tree, size, std::not_fn(is_of_transfers)); !done) {
            return done;
        }
        if (auto done = run_block(
                tree, "deployments", [&] { return StatelessBlock(deploys(contracts_, size.swaps)); }
            );
            !done) {
            return done;
        }
        return run_recorded(tree);
    }

    /// Independent ones: their blocks come in several sizes.
    [[nodiscard]] static bool is_of_transfers(std::string_view name) {
        return name.starts_with("transfers, ");
    }

    /// Those whose names are `wanted`, of all that the parallel bench has.
    [[nodiscard]] Result<void> run_synthetic(
        trie::StateTree& tree,
        const WorkloadSize& size,
        const std::function<bool(std::string_view)>& wanted
    ) {
        for (const NamedWorkload& workload : synthetic_workloads(contracts_, size)) {
            if (!wanted(workload.name)) {
                continue;
            }
            const auto make = [&] { return StatelessBlock(workload.make()); };
            if (auto done = run_block(tree, workload.name, make); !done) {
                return done;
            }
        }
        return {};
    }

    [[nodiscard]] Result<void> run_recorded(trie::StateTree& tree) {
        for (const auto& path : options_.blocks) {
            if (may_be_given_block(path)) {
                continue;  // stands on its own
            }
            auto sources = replay::open_path(path);
            if (!sources) {
                return Err{sources.error()};
            }
            for (const auto& source : *sources) {
                for (size_t i = 0; i < source->size(); ++i) {
                    auto block = source->load(i);
                    if (!block) {
                        return Err{Error{source->name(i) + ": " + block.error().message}};
                    }
                    if (replay::fork_of(source->rules(), block->header) < Fork::byzantium) {
                        progress(source->name(i) + " is left out: its receipts hold state roots");
                        continue;
                    }
                    if (auto done = run_block(
                            tree,
                            source->name(i),
                            [&] { return StatelessBlock(source->rules(), *std::move(block)); }
                        );
                        !done) {
                        return done;
                    }
                }
            }
        }
        return {};
    }

    /// Blocks that bring their witness: on what that shows of mainnet's state.
    [[nodiscard]] Result<void> run_given() {
        for (const auto& path : options_.blocks) {
            if (!may_be_given_block(path)) {
                continue;
            }
            auto given = read_given_block(path);
            if (!given) {
                return Err{given.error()};
            }
            trie::StateTree tree(given->witness.nodes, given->witness.parent_state_root);
            StatelessBlock block(replay::mainnet_rules(), std::move(given->block));
            if (!is_wanted(block.name())) {
                continue;
            }
            progress(block.name() + " and its witness");
            if (!block.settle_on(tree)) {
                return Err{Error{path.string() + ": it does not come out as its header says"}};
            }
            if (auto done = add_row(std::nullopt, block, tree); !done) {
                return done;
            }
        }
        return {};
    }

    [[nodiscard]] bool is_wanted(std::string_view name) const {
        return name.find(options_.filter) != std::string_view::npos;
    }

    template <class Make>
    [[nodiscard]] Result<void> run_block(trie::StateTree& tree, std::string_view name, Make make) {
        if (!is_wanted(name)) {
            return {};
        }
        progress(fmt::format("{} accounts: {}", accounts_, name));
        StatelessBlock block = make();
        block.settle_in(tree, filler_slot_count);
        if (auto done = add_row(accounts_, block, tree); !done) {
            return done;
        }
        block.leave(tree);
        return {};
    }

    [[nodiscard]] Result<void> add_row(
        std::optional<uint64_t> accounts, StatelessBlock& block, trie::StateTree& tree
    ) {
        auto figures = measure(block, tree, options_.runs, accounts.has_value());
        const auto alone = validate_alone(block, options_.work_directory / "stateless-block");
        if (!alone) {
            return Err{alone.error()};
        }
        rows_.push_back({accounts, std::move(figures), *alone});
        return {};
    }

    const StatelessBenchOptions& options_;
    Contracts contracts_;
    uint64_t accounts_ = 0;
    std::vector<Row> rows_;
    std::vector<Grown> grown_;
};

}  // namespace

int run_bench_stateless(const StatelessBenchOptions& options) {
    if (!options.alone.empty()) {
        return run_validate_alone(options.alone);
    }
    if (options.runs == 0) {
        progress("runs must not be 0");
        return 1;
    }
    std::error_code error;
    std::filesystem::create_directories(options.work_directory, error);
    if (error) {
        progress("cannot create " + options.work_directory.string() + ": " + error.message());
        return 1;
    }
    const Machine machine = describe_machine(options.work_directory);
    Bench bench(options);
    auto done = bench.run();
    if (done) {
        done = deliver(machine, bench.tables(), options.json_file);
    }
    if (!done) {
        progress(done.error().message);
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
