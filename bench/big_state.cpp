#include "bench/big_state.hpp"

#include "bench/funding.hpp"
#include "bench/node_command.hpp"
#include "bench/statistics.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace mega::bench {
namespace {

constexpr uint64_t transfers = 10'000;
constexpr size_t sender_count = 100;

/// Written by hand: ten million accounts do not want to be a document in memory first.
Result<void> write_genesis(const std::filesystem::path& path, uint64_t accounts) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) {
        return Err{Error{"cannot write " + path.string()}};
    }
    std::fprintf(
        file,
        R"({"config":{"chainId":%llu},"gasLimit":"0x3b9aca00","baseFeePerGas":"0xf4240","alloc":{)",
        static_cast<unsigned long long>(dev_chain_id)
    );
    for (uint64_t i = 0; i < accounts; ++i) {
        std::fprintf(
            file,
            "%s\"%s\":{\"balance\":\"0xde0b6b3a7640000\"}",
            i == 0 ? "" : ",\n",
            to_hex_digits(synthetic_address(i).view()).c_str()
        );
    }
    std::fputs("}}\n", file);
    return std::fclose(file) == 0 ? Result<void>{} : Err{Error{"cannot write " + path.string()}};
}

double size_mib(const std::filesystem::path& directory) {
    uintmax_t bytes = 0;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, ignored)) {
        if (entry.is_regular_file(ignored)) {
            bytes += entry.file_size(ignored);
        }
    }
    return static_cast<double>(bytes) / (1 << 20);
}

/// All senders' nonces are what the source says was sent.
Result<bool> has_everything(RpcClient& rpc, const TransactionSource& source) {
    for (size_t i = 0; i < source.senders().size(); ++i) {
        const auto nonce = rpc.nonce(source.senders()[i].address);
        if (!nonce) {
            return Err{nonce.error()};
        }
        if (*nonce != source.nonce_of(i)) {
            return false;
        }
    }
    return true;
}

/// Kills the node right after it has acknowledged transactions, and starts it again.
Result<void> restart(
    BigState& result,
    std::vector<double>& times,
    std::unique_ptr<NodeProcess>& node,
    const NodeProcess::Command& command,
    TransactionSource& source
) {
    {
        RpcClient rpc(node->http());
        if (auto sent = rpc.send_all(source.take(sender_count)); !sent) {
            return sent;
        }
    }
    node->kill();
    auto started = NodeProcess::start(command);
    if (!started) {
        return Err{started.error()};
    }
    node = std::move(*started);
    times.push_back(node->start_ms());
    result.restarted = node->usage();
    RpcClient rpc(node->http());
    const auto complete = has_everything(rpc, source);
    if (!complete) {
        return Err{complete.error()};
    }
    result.nothing_lost = result.nothing_lost && *complete;
    return {};
}

}  // namespace

Result<BigState> measure_big_state(
    const NodeBenchOptions& options, uint64_t accounts, const std::filesystem::path& directory
) {
    BigState result;
    result.accounts = accounts;
    result.nothing_lost = true;
    progress(fmt::format("state: writing a genesis file of {} accounts", accounts));
    const std::filesystem::path genesis = directory / "genesis.json";
    if (auto written = write_genesis(genesis, accounts); !written) {
        return Err{written.error()};
    }
    const auto command = dev_node(options, directory / "data", {"--genesis", genesis.string()});
    progress("state: first start");
    auto node = NodeProcess::start(command);
    if (!node) {
        return Err{node.error()};
    }
    result.first_start_s = (*node)->start_ms() / 1e3;
    result.first_start = (*node)->usage();

    progress(fmt::format("state: {} transfers to random accounts", transfers));
    std::optional<TransactionSource> source;
    {
        RpcClient rpc((*node)->http());
        auto senders = fund_senders(rpc, dev_chain_id, "state", sender_count, 0);
        if (!senders) {
            return Err{senders.error()};
        }
        source.emplace(std::move(*senders), dev_chain_id, transfer_template(accounts));
        if (auto sent = rpc.send_all(source->take(transfers)); !sent) {
            return Err{sent.error()};
        }
    }
    result.used = (*node)->usage();
    std::vector<double> times;
    for (uint32_t run = 0; run < options.runs; ++run) {
        progress(fmt::format("state: kill -9 and restart, {} of {}", run + 1, options.runs));
        if (auto done = restart(result, times, *node, command, *source); !done) {
            return Err{done.error()};
        }
    }
    result.restart_ms = median(times);
    result.database_mib = size_mib(directory / "data");
    return result;
}

}  // namespace mega::bench
