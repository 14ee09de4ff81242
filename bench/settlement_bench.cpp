// `mega bench settlement`: how small batches get, how fast they are made and read, and how fast a
// chain is made from them.

#include "bench/bench.hpp"
#include "bench/clock.hpp"
#include "bench/derivation_run.hpp"
#include "bench/report.hpp"
#include "bench/settlement_live.hpp"
#include "bench/settlement_workload.hpp"
#include "bench/statistics.hpp"
#include "rollup/blobs.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace mega::bench {
namespace {

constexpr SettlementLoad loads[] = {
    SettlementLoad::transfer,
    SettlementLoad::erc20,
    SettlementLoad::swap,
    SettlementLoad::mix,
    SettlementLoad::mix_known
};
constexpr double gas_per_blob = 131'072;
constexpr double floor_gas_nonzero = 40;  // EIP-7623
constexpr double floor_gas_zero = 10;
constexpr int strongest_level = 19;
constexpr double megabyte = 1e6;

struct Load {
    std::string name;
    std::vector<rollup::BatchBlock> blocks;
    Bytes rlp;  // all envelopes, back to back
    double transactions = 0;
};

Load make_load(SettlementLoad kind, size_t transactions) {
    Load load;
    load.name = to_string(kind);
    load.blocks = make_settlement_blocks(kind, transactions, 1);
    load.transactions = static_cast<double>(transactions);
    for (const rollup::BatchBlock& block : load.blocks) {
        for (const Transaction& tx : block.transactions) {
            append(load.rlp, encode(tx));
        }
    }
    return load;
}

size_t zstd_size(BytesView data, int level) {
    Bytes out(ZSTD_compressBound(data.size()));
    return ZSTD_compress(out.data(), out.size(), data.data(), data.size(), level);
}

Bytes payload_of(const Load& load, int level) {
    auto payload = rollup::encode_batch(settlement_chain_id, load.blocks, {level});
    if (!payload) {
        std::fprintf(stderr, "bench: %s\n", payload.error().message.c_str());
        std::exit(1);
    }
    return std::move(*payload);
}

double calldata_gas(BytesView data) {
    double gas = 0;
    for (const uint8_t byte : data) {
        gas += byte == 0 ? floor_gas_zero : floor_gas_nonzero;
    }
    return gas;
}

Table size_table(const std::vector<Load>& all, int level) {
    Table table{
        .key = "size",
        .title = "Bytes and L1 gas per L2 transaction, signatures kept",
        .columns =
            {{"load", "load"},
             {"transactions", "tx"},
             {"rlp", "RLP", 1},
             {"zstd_rows", fmt::format("zstd-{} of RLP", strongest_level), 1},
             {"columns", fmt::format("columns zstd-{}", level), 1},
             {"columns_strongest", fmt::format("columns zstd-{}", strongest_level), 1},
             {"ratio_rows", "RLP / zstd", 2},
             {"ratio", "RLP / columns", 2},
             {"blob_gas", "blob gas", 1},
             {"calldata_gas", "calldata gas", 0}},
    };
    for (const Load& load : all) {
        const Bytes payload = payload_of(load, level);
        const double rlp = static_cast<double>(load.rlp.size()) / load.transactions;
        const double rows =
            static_cast<double>(zstd_size(load.rlp, strongest_level)) / load.transactions;
        const double ours = static_cast<double>(payload.size()) / load.transactions;
        const double strongest =
            static_cast<double>(payload_of(load, strongest_level).size()) / load.transactions;
        table.rows.push_back(
            {load.name,
             load.transactions,
             rlp,
             rows,
             ours,
             strongest,
             rlp / rows,
             rlp / ours,
             ours * gas_per_blob / static_cast<double>(rollup::data_bytes_per_blob),
             calldata_gas(payload) / load.transactions}
        );
    }
    table.notes = {
        "Of every transaction 64 bytes are r and s and one bit the parity: they do not compress.",
        "Blob gas as if blobs were full; calldata gas at the floor price of EIP-7623. Both without "
        "the transaction's own 21,000 and the inbox, which a batch shares."
    };
    return table;
}

Table speed_table(const std::vector<Load>& all, int level, uint32_t runs) {
    Table table{
        .key = "codec",
        .title = "Making and reading batches on one core, MB of RLP per second",
        .columns =
            {{"load", "load"},
             {"encode", "encode", 0},
             {"encode_columns", "columns alone", 0},
             {"decode", "decode", 0},
             {"decode_columns", "columns alone", 0},
             {"encode_tx", "encode tx/s", 0},
             {"decode_tx", "decode tx/s", 0}},
    };
    for (const Load& load : all) {
        const Bytes payload = payload_of(load, level);
        const Bytes columns = *rollup::open_payload(payload);
        const auto measure = [&](const auto& work) {
            std::vector<double> seconds;
            for (uint32_t run = 0; run < runs; ++run) {
                const uint64_t start = thread_cpu_ns();
                for (int i = 0; i < 5; ++i) {
                    work();
                }
                seconds.push_back(static_cast<double>(thread_cpu_ns() - start) * 1e-9 / 5);
            }
            return median(std::move(seconds));
        };
        const double encode_s = measure([&] { (void)payload_of(load, level); });
        const double encode_columns_s = measure([&] {
            (void)rollup::encode_columns(settlement_chain_id, load.blocks).has_value();
        });
        const double decode_s =
            measure([&] { (void)rollup::decode_batch(settlement_chain_id, payload).has_value(); });
        const double decode_columns_s = measure([&] {
            (void)rollup::decode_columns(settlement_chain_id, columns).has_value();
        });
        const double mb = static_cast<double>(load.rlp.size()) / megabyte;
        table.rows.push_back(
            {load.name,
             mb / encode_s,
             mb / encode_columns_s,
             mb / decode_s,
             mb / decode_columns_s,
             load.transactions / encode_s,
             load.transactions / decode_s}
        );
    }
    table.notes = {fmt::format(
        "zstd level {}. Decoding checks that the columns are in their one form by encoding them "
        "again.",
        level
    )};
    return table;
}

Table derivation_table(const SettlementBenchOptions& options) {
    progress(fmt::format("settlement: derivation of {} transfers", options.derived));
    const DerivationRun run = run_derivation(
        options.work_directory / fmt::format("settlement-{}", ::getpid()),
        options.derived,
        options.level
    );
    const auto transactions = static_cast<double>(run.transactions);
    const double without_recovery = run.derive_s + run.build_s;
    const double whole = without_recovery + run.recover_s;
    Table table{
        .key = "derivation",
        .title = "A chain made from batches of transfers",
        .columns =
            {{"step", "step"},
             {"seconds", "s", 2},
             {"us_per_tx", "us/tx", 2},
             {"tx_per_s", "tx/s", 0},
             {"blocks_per_s", "blocks/s", 1}},
    };
    const auto add = [&](const char* name, double seconds) {
        table.rows.push_back(
            {name,
             seconds,
             seconds * 1e6 / transactions,
             transactions / seconds,
             static_cast<double>(run.blocks) / seconds}
        );
    };
    add("payloads to block inputs", run.derive_s);
    add("senders recovered, all cores", run.recover_s);
    add("executed, rooted, logged, stored", run.build_s);
    add("all but recovery", without_recovery);
    add("all", whole);
    table.notes = {fmt::format(
        "{} transfers in {} blocks and {} batches; {:.1f} bytes a transfer, {:.1f} in RLP.",
        run.transactions,
        run.blocks,
        run.batches,
        static_cast<double>(run.payload_bytes) / transactions,
        static_cast<double>(run.rlp_bytes) / transactions
    )};
    return table;
}

}  // namespace

int run_bench_settlement(const SettlementBenchOptions& options) {
    std::error_code ignored;
    std::filesystem::create_directories(options.work_directory, ignored);
    std::vector<Load> all;
    for (const SettlementLoad kind : loads) {
        progress(fmt::format(
            "settlement: {} signed transactions of {}", options.transactions, to_string(kind)
        ));
        all.push_back(make_load(kind, options.transactions));
    }
    progress("settlement: sizes and speed");
    std::vector<Table> tables{
        size_table(all, options.level), speed_table(all, options.level, options.runs)
    };
    tables.push_back(derivation_table(options));
    if (options.live_seconds != 0) {
        auto live = settlement_live_tables(options);
        if (!live) {
            std::fprintf(stderr, "bench: %s\n", live.error().message.c_str());
            return 1;
        }
        std::ranges::move(*live, std::back_inserter(tables));
    }
    const auto delivered =
        deliver(describe_machine(options.work_directory), tables, options.json_file);
    if (!delivered) {
        std::fprintf(stderr, "bench: %s\n", delivered.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
