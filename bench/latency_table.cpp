#include "bench/funding.hpp"
#include "bench/latency.hpp"
#include "bench/node_command.hpp"
#include "bench/node_tables.hpp"

#include <fmt/format.h>

#include <functional>

namespace mega::bench {
namespace {

// Few accounts, so that no node is measured by the size of its state. More senders than
// connections, so that no two transactions of one are under way.
constexpr size_t sender_count = 64;
constexpr uint64_t recipients = 64;

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
    auto senders = fund_senders(rpc, dev_chain_id, "latency", sender_count, 0);
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
        values.reserve(runs.size());
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
        return theirs.latency_ns.*figure / ours.latency_ns.*figure;
    };
    table.rows.push_back(
        {rate,
         "anvil / mega",
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
             "anvil (automine, --prune-history) keeps its chain in memory.",
             "anvil / mega: how many times longer anvil takes. Below 1,000 samples a run p99.9 is "
             "the maximum. A node "
             "that cannot follow the rate is cut off 3 s after the schedule; what was unsent "
             "counts as having "
             "waited until then."},
    };
}

}  // namespace

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

}  // namespace mega::bench
