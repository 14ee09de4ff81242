#include "rpc/log_search.hpp"

#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"

namespace mega::rpc {
namespace {

using sequencer::FoundLog;

Err<RpcError> invalid(std::string message) { return fail(invalid_params, std::move(message)); }

Read<std::vector<FoundLog>> logs_of_block(
    const sequencer::BlockView& block, const sequencer::LogFilter& filter, size_t max_logs
) {
    std::vector<FoundLog> found;
    for (const auto& executed : block.transactions) {
        for (size_t i = 0; i < executed->receipt.logs.size(); ++i) {
            if (!matches(filter, executed->receipt.logs[i])) {
                continue;
            }
            if (found.size() == max_logs) {
                return fail(
                    limit_exceeded, "query returned more than " + std::to_string(max_logs) + " logs"
                );
            }
            found.push_back(
                {executed, block.hash, block.header.timestamp, executed->first_log_index + i}
            );
        }
    }
    return found;
}

}  // namespace

Read<BlockRange> range_of(const sequencer::ChainReader& reader, const LogQuery& query) {
    auto from = number_of(reader, query.from.value_or(BlockId{}));
    auto to = number_of(reader, query.to.value_or(BlockId{}));
    if (!from || !to) {
        return Err{!from ? from.error() : to.error()};
    }
    if (*from > *to) {
        return invalid("invalid block range params");
    }
    if (*to > reader.open_block()->header.number) {
        return invalid("block range extends beyond current head block");
    }
    return BlockRange{*from, *to};
}

Read<std::vector<FoundLog>> find_logs(const Backend& backend, const LogQuery& query) {
    if (query.block_hash) {
        auto block = backend.reader.block(*query.block_hash);
        if (!block) {
            return Err{to_rpc_error(block.error())};
        }
        if (*block == nullptr) {
            return fail(server_error, "unknown block");
        }
        return logs_of_block(**block, query.filter, backend.limits.logs.max_logs);
    }
    auto range = range_of(backend.reader, query);
    if (!range) {
        return Err{range.error()};
    }
    auto logs = backend.reader.logs(query.filter, range->from, range->to, backend.limits.logs);
    if (!logs) {
        return fail(limit_exceeded, logs.error().message);
    }
    return std::move(*logs);
}

std::string logs_json(std::span<const FoundLog> logs) {
    JsonWriter out;
    out.begin_array();
    for (const FoundLog& log : logs) {
        write_log(out, log);
    }
    return out.end_array().take();
}

}  // namespace mega::rpc
