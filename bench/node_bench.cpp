// `mega bench node`: what a client of a real node sees: latency beside anvil's, throughput, memory,
// restarts.

#include "bench/bench.hpp"
#include "bench/big_state.hpp"
#include "bench/funding.hpp"
#include "bench/latency.hpp"
#include "bench/node_command.hpp"
#include "bench/report.hpp"
#include "bench/stages.hpp"
#include "bench/throughput.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

namespace mega::bench {
namespace {

constexpr size_t latency_senders = 256;
constexpr size_t throughput_senders = 1000;
constexpr uint64_t recipients = 10'000;
constexpr uint64_t warm_up_transactions = 10'000;
constexpr uint64_t engine_transactions = 20'000;

/// Gone at the end, whatever the end is.
class WorkDirectory {
  public:
    explicit WorkDirectory(const std::filesystem::path& parent)
        : path_(std::filesystem::absolute(parent) / fmt::format("run-{}", ::getpid())) {
        std::error_code ignored;
        std::filesystem::create_directories(path_, ignored);
    }
    ~WorkDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    WorkDirectory(const WorkDirectory&) = delete;
    WorkDirectory& operator=(const WorkDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A node with paid senders, ready to be timed.
struct Contestant {
    std::string name;
    std::unique_ptr<NodeProcess> process;
    std::optional<TransactionSource> source;
};

Result<Contestant> prepare(const std::string& name, const NodeProcess::Command& command) {
    progress("latency: starting " + name);
    auto process = NodeProcess::start(command);
    if (!process) {
        return Err{process.error()};
    }
    RpcClient rpc((*process)->http());
    auto senders = fund_senders(rpc, dev_chain_id, "latency", latency_senders, 0);
    if (!senders) {
        return Err{Error{name + ": " + senders.error().message}};
    }
    Contestant contestant{name, std::move(*process), std::nullopt};
    contestant.source.emplace(std::move(*senders), dev_chain_id, transfer_template(recipients));
    return contestant;
}

LatencyRun median_of(const std::vector<LatencyRun>& runs) {
    const auto pick = [&runs](const std::function<double(const LatencyRun&)>& figure) {
        std::vector<double> values;
        for (const LatencyRun& run : runs) {
            values.push_back(figure(run));
        }
        return median(std::move(values));
    };
    LatencyRun result;
    result.latency_ns = {
        .p50 = pick([](const LatencyRun& run) { return run.latency_ns.p50; }),
        .p99 = pick([](const LatencyRun& run) { return run.latency_ns.p99; }),
        .p999 = pick([](const LatencyRun& run) { return run.latency_ns.p999; }),
        .max = pick([](const LatencyRun& run) { return run.latency_ns.max; }),
    };
    result.completed_share = pick([](const LatencyRun& run) { return run.completed_share; });
    result.achieved_rate = pick([](const LatencyRun& run) { return run.achieved_rate; });
    for (const LatencyRun& run : runs) {
        result.samples += run.samples;
        result.first_error = result.first_error ? result.first_error : run.first_error;
    }
    return result;
}

void add_latency_row(Table& table, double rate, const std::string& name, const LatencyRun& run) {
    table.rows.push_back(
        {rate,
         name,
         run.latency_ns.p50 / 1e6,
         run.latency_ns.p99 / 1e6,
         run.latency_ns.p999 / 1e6,
         run.latency_ns.max / 1e6,
         run.achieved_rate,
         run.completed_share * 100,
         static_cast<double>(run.samples)}
    );
    if (run.first_error) {
        table.notes.push_back(
            fmt::format("{} at {:.0f}/s, first error: {}", name, rate, *run.first_error)
        );
    }
}

void add_ratio_row(Table& table, double rate, const LatencyRun& ours, const LatencyRun& theirs) {
    const auto ratio = [&](double Quantiles::* figure) {
        return ours.latency_ns.*figure / theirs.latency_ns.*figure;
    };
    table.rows.push_back(
        {rate,
         "mega / anvil",
         ratio(&Quantiles::p50),
         ratio(&Quantiles::p99),
         ratio(&Quantiles::p999),
         ratio(&Quantiles::max),
         std::monostate{},
         std::monostate{},
         std::monostate{}}
    );
}

Table empty_latency_table(const NodeBenchOptions& options) {
    return {
        .key = "latency",
        .title = fmt::format(
            "eth_sendRawTransactionSync, HTTP, {} connections, open loop, latency from the "
            "scheduled time in ms (median of {} runs of {} s)",
            options.connections,
            options.runs,
            options.seconds
        ),
        .columns =
            {
                {"rate", "tx/s"},
                {"node", "node"},
                {"p50_ms", "p50", 3},
                {"p99_ms", "p99", 3},
                {"p999_ms", "p99.9", 3},
                {"max_ms", "max", 3},
                {"achieved_rate", "achieved/s"},
                {"completed_percent", "completed %", 1},
                {"samples", "samples"},
            },
        .notes =
            {"Same client for both nodes. mega answers once the transaction is synced to disk; "
             "anvil (automine) keeps its chain in memory."},
    };
}

Result<Table> latency_table(const NodeBenchOptions& options, const std::filesystem::path& work) {
    std::vector<Contestant> contestants;
    std::vector<std::pair<std::string, NodeProcess::Command>> commands{
        {"mega", dev_node(options, work / "latency")}
    };
    if (!options.skip_anvil) {
        commands.emplace_back("anvil", anvil_node(options, work));
    }
    for (const auto& [name, command] : commands) {
        auto contestant = prepare(name, command);
        if (!contestant) {
            return Err{contestant.error()};
        }
        contestants.push_back(std::move(*contestant));
        const LatencyLoad warm_up{.rate = 500, .seconds = 1, .connections = options.connections};
        (void
        )measure_latency(contestants.back().process->http(), *contestants.back().source, warm_up);
    }
    Table table = empty_latency_table(options);
    for (const uint64_t rate : options.rates) {
        std::vector<std::vector<LatencyRun>> runs(contestants.size());
        for (uint32_t run = 0; run < options.runs; ++run) {
            for (size_t i = 0; i < contestants.size(); ++i) {
                progress(fmt::format(
                    "latency: {} at {}/s, {} of {}",
                    contestants[i].name,
                    rate,
                    run + 1,
                    options.runs
                ));
                runs[i].push_back(measure_latency(
                    contestants[i].process->http(),
                    *contestants[i].source,
                    {.rate = static_cast<double>(rate),
                     .seconds = options.seconds,
                     .connections = options.connections}
                ));
            }
        }
        for (size_t i = 0; i < contestants.size(); ++i) {
            add_latency_row(
                table, static_cast<double>(rate), contestants[i].name, median_of(runs[i])
            );
        }
        if (contestants.size() == 2) {
            add_ratio_row(table, static_cast<double>(rate), median_of(runs[0]), median_of(runs[1]));
        }
    }
    return table;
}

struct Throughput {
    ThroughputLoad load;
    ThroughputRun run;
};

void add_throughput_row(Table& table, const Throughput& measured, double runs) {
    table.rows.push_back(
        {static_cast<double>(measured.load.connections),
         static_cast<double>(measured.load.batch),
         static_cast<double>(measured.load.transactions),
         runs,
         measured.run.tps,
         measured.run.node_cpu_us,
         measured.run.client_cpu_us}
    );
}

/// Where a transaction's time goes: the node's own counters where it has them, the engine measured
/// in this process where it has none, and the rest by subtraction from the node's processor time.
Table breakdown_table(const ThroughputRun& node, const StageCosts& engine) {
    Table table{
        .key = "breakdown",
        .title = "Where the time goes at that rate, processor time per transaction",
        .columns = {{"stage", "stage"}, {"us", "us", 2}, {"percent", "%", 1}, {"source", "from"}},
    };
    const std::string counter = "node's counter";
    const std::string apart = "engine, measured apart";
    const double root = engine.mini_block + engine.tree + engine.seal;
    const double known =
        engine.decode + engine.recover + node.execute_us + root + engine.log + engine.write;
    const auto add = [&](const std::string& stage, double us, const std::string& source) {
        table.rows.push_back({stage, us, us * 100 / node.node_cpu_us, source});
    };
    add("decode", engine.decode, apart);
    add("recover", engine.recover, apart);
    add("execute", node.execute_us, counter);
    add("root (tree, mini-block, seal)", root, apart);
    add("log", engine.log, apart);
    add("write (database)", engine.write, apart);
    add("rest (JSON, WebSocket, pool, answers)", node.node_cpu_us - known, "difference");
    add("all", node.node_cpu_us, "node's processor time");
    table.notes = {fmt::format(
        "Of the root, sealing kept the sequencer's thread {:.2f} us a transaction (wall time, "
        "node's counter); the tree has a thread of its own.",
        node.seal_us
    )};
    return table;
}

StageCosts engine_costs(const std::filesystem::path& work) {
    progress("throughput: the engine's stages, for the breakdown");
    const auto senders = make_senders("breakdown", throughput_senders);
    Engine engine({.directory = work / "engine", .accounts = recipients, .senders = senders});
    TransactionSource source(senders, engine_chain_id, transfer_template(recipients));
    (void)measure_stages(engine, {source.take(engine_transactions / 4)});
    return measure_stages(engine, {source.take(engine_transactions)});
}

Table empty_throughput_table(const NodeBenchOptions& options) {
    return {
        .key = "throughput",
        .title = fmt::format(
            "Transfers over WebSocket in JSON-RPC batches of eth_sendRawTransaction, 2 batches of "
            "a connection under way, signatures checked, synced to disk (runs of about {} s)",
            options.seconds
        ),
        .columns =
            {
                {"connections", "connections"},
                {"batch", "batch"},
                {"transactions", "transactions"},
                {"runs", "runs"},
                {"tps", "tx/s"},
                {"node_cpu_us", "node CPU us/tx", 1},
                {"client_cpu_us", "client CPU us/tx", 1},
            },
        .notes = {"The client shares the machine's cores with the node. Last row: the best load "
                  "again, median."},
    };
}

Result<std::vector<Throughput>> try_loads(
    const NodeBenchOptions& options, const NodeProcess& node, TransactionSource& source
) {
    auto warm = measure_throughput(
        node, source, {.connections = 2, .batch = 100, .transactions = warm_up_transactions}
    );
    if (!warm) {
        return Err{warm.error()};
    }
    const auto count = static_cast<uint64_t>(warm->tps) * options.seconds;
    std::vector<Throughput> measured;
    for (const uint32_t connections : {1U, 2U, 4U}) {
        for (const uint32_t batch : {100U, 500U}) {
            progress(fmt::format(
                "throughput: {} connections, batches of {}, {} transactions",
                connections,
                batch,
                count
            ));
            const ThroughputLoad load{
                .connections = connections, .batch = batch, .transactions = count
            };
            const auto run = measure_throughput(node, source, load);
            if (!run) {
                return Err{run.error()};
            }
            measured.push_back({load, *run});
        }
    }
    return measured;
}

Result<std::vector<Table>> throughput_tables(
    const NodeBenchOptions& options, const std::filesystem::path& work
) {
    auto node = NodeProcess::start(dev_node(options, work / "throughput"));
    if (!node) {
        return Err{node.error()};
    }
    RpcClient rpc((*node)->http());
    auto senders = fund_senders(rpc, dev_chain_id, "throughput", throughput_senders, 1);
    if (!senders) {
        return Err{senders.error()};
    }
    TransactionSource source(std::move(*senders), dev_chain_id, transfer_template(recipients));
    const auto measured = try_loads(options, **node, source);
    if (!measured) {
        return Err{measured.error()};
    }
    Table table = empty_throughput_table(options);
    for (const Throughput& one : *measured) {
        add_throughput_row(table, one, 1);
    }
    const auto by_tps = [](const Throughput& one) { return one.run.tps; };
    const Throughput best = *std::ranges::max_element(*measured, {}, by_tps);
    std::vector<Throughput> again;
    for (uint32_t run = 0; run < options.runs; ++run) {
        progress(fmt::format("throughput: best load again, {} of {}", run + 1, options.runs));
        const auto repeated = measure_throughput(**node, source, best.load);
        if (!repeated) {
            return Err{repeated.error()};
        }
        again.push_back({best.load, *repeated});
    }
    std::ranges::sort(again, {}, by_tps);
    const Throughput& middle = again[(again.size() - 1) / 2];
    add_throughput_row(table, middle, options.runs);
    node->reset();
    return std::vector{std::move(table), breakdown_table(middle.run, engine_costs(work))};
}

Result<Table> big_state_table(const NodeBenchOptions& options, const std::filesystem::path& work) {
    Table table{
        .key = "state",
        .title = fmt::format(
            "Memory and restart with many accounts (restart: kill -9, then until eth_chainId is "
            "answered, median of {})",
            options.runs
        ),
        .columns =
            {
                {"accounts", "accounts"},
                {"first_start_s", "first start s", 1},
                {"resident_mib", "resident MiB"},
                {"peak_mib", "peak MiB"},
                {"resident_after_transfers_mib", "after 10k transfers MiB"},
                {"restart_ms", "restart ms"},
                {"restarted_mib", "resident after restart MiB"},
                {"nothing_lost", "nothing lost"},
                {"disk_mib", "data MiB"},
            },
    };
    for (const uint64_t accounts : options.accounts) {
        const auto directory = work / fmt::format("state-{}", accounts);
        std::filesystem::create_directories(directory);
        const auto state = measure_big_state(options, accounts, directory);
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
        if (!state) {
            return Err{state.error()};
        }
        table.rows.push_back(
            {static_cast<double>(accounts),
             state->first_start_s,
             state->first_start.resident_mib,
             state->first_start.peak_resident_mib,
             state->used.resident_mib,
             state->restart_ms,
             state->restarted.resident_mib,
             state->nothing_lost ? "yes" : "NO",
             state->database_mib}
        );
    }
    return table;
}

Result<std::vector<Table>> measure_all(
    const NodeBenchOptions& options, const std::filesystem::path& work
) {
    std::vector<Table> tables;
    if (!options.skip_latency) {
        auto table = latency_table(options, work);
        if (!table) {
            return Err{table.error()};
        }
        tables.push_back(std::move(*table));
    }
    if (!options.skip_throughput) {
        auto more = throughput_tables(options, work);
        if (!more) {
            return Err{more.error()};
        }
        std::ranges::move(*more, std::back_inserter(tables));
    }
    if (!options.skip_memory) {
        auto table = big_state_table(options, work);
        if (!table) {
            return Err{table.error()};
        }
        tables.push_back(std::move(*table));
    }
    return tables;
}

/// Words when the options cannot be measured.
std::optional<std::string> problem_of(const NodeBenchOptions& options) {
    if (options.runs == 0 || options.seconds == 0 || options.connections == 0) {
        return "runs, seconds and connections must not be 0";
    }
    if (std::ranges::count(options.rates, 0U) > 0 || std::ranges::count(options.accounts, 0U) > 0) {
        return "a rate or a number of accounts of 0 cannot be measured";
    }
    if (!options.skip_latency && !options.skip_anvil && !std::filesystem::exists(options.anvil)) {
        return options.anvil.string() +
               " is missing: run npm ci, or leave anvil out with --skip-anvil";
    }
    return std::nullopt;
}

}  // namespace

int run_bench_node(const NodeBenchOptions& options) {
    if (const auto problem = problem_of(options)) {
        progress(*problem);
        return 1;
    }
    const WorkDirectory work(options.work_directory);
    const Machine machine = describe_machine(work.path());
    const auto tables = measure_all(options, work.path());
    if (!tables) {
        progress(tables.error().message);
        return 1;
    }
    if (auto delivered = deliver(machine, *tables, options.json_file); !delivered) {
        progress(delivered.error().message);
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
