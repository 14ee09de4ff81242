#include "bench/funding.hpp"
#include "bench/node_command.hpp"
#include "bench/node_tables.hpp"
#include "bench/stages.hpp"
#include "bench/throughput.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mega::bench {
namespace {

constexpr size_t sender_count = 1000;
constexpr uint64_t recipients = 10'000;
constexpr uint64_t warm_up_transactions = 10'000;
constexpr uint64_t engine_transactions = 20'000;

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
    const auto senders = make_senders("breakdown", sender_count);
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

}  // namespace

Result<std::vector<Table>> throughput_tables(
    const NodeBenchOptions& options, const std::filesystem::path& work
) {
    auto node = NodeProcess::start(dev_node(options, work / "throughput"));
    if (!node) {
        return Err{node.error()};
    }
    RpcClient rpc((*node)->http());
    auto senders = fund_senders(rpc, dev_chain_id, "throughput", sender_count, 1);
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

}  // namespace mega::bench
