#pragma once

// The filter object of eth_getLogs, eth_newFilter and log subscriptions.

#include "rpc/backend.hpp"
#include "rpc/block_id.hpp"

namespace mega::rpc {

struct LogQuery {
    sequencer::LogFilter filter;
    BlockId from;  // latest when not given
    BlockId to;    // latest when not given
    /// Alone: not together with a range.
    std::optional<Hash256> block_hash;
};

/// {address, topics, fromBlock, toBlock, blockHash}: an address or several, topics by position with
/// null or [] for any.
[[nodiscard]] Read<LogQuery> read_log_query(
    const nlohmann::json& value, const MethodLimits& limits
);

struct BlockRange {
    uint64_t from = 0;
    uint64_t to = 0;
};
/// Errors as the specification has them: a reversed range, and one beyond the open block.
[[nodiscard]] Read<BlockRange> range_of(
    const sequencer::ChainReader& reader, const LogQuery& query
);

/// Runs the query now.
[[nodiscard]] Read<std::vector<sequencer::FoundLog>> find_logs(
    const Backend& backend, const LogQuery& query
);
/// A JSON array.
[[nodiscard]] std::string logs_json(std::span<const sequencer::FoundLog> logs);

}  // namespace mega::rpc
