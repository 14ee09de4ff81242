#pragma once

// The filter object of eth_getLogs, eth_newFilter and eth_subscribe: which logs, of which blocks.

#include "rpc/backend.hpp"
#include "rpc/block_id.hpp"

namespace mega::rpc {

struct LogQuery {
    sequencer::LogFilter filter;
    /// Absent when not named; what that means is the method's business.
    std::optional<BlockId> from;
    std::optional<BlockId> to;
    /// One block, named by hash; excludes the range.
    std::optional<Hash256> block_hash;
};

/// {address: one or many, topics: [null, one or many, …], fromBlock, toBlock, blockHash}; null or
/// missing matches everything. The limits bound addresses and topics.
[[nodiscard]] Read<LogQuery> read_log_query(
    const nlohmann::json& value, const MethodLimits& limits
);

}  // namespace mega::rpc
