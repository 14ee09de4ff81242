#pragma once

// Running a log query against the chain.

#include "rpc/log_query.hpp"

namespace mega::rpc {

struct BlockRange {
    uint64_t from = 0;
    uint64_t to = 0;
};
/// Latest where nothing is named. Errors as the specification has them: a reversed range, and one
/// beyond the open block.
[[nodiscard]] Read<BlockRange> range_of(
    const sequencer::ChainReader& reader, const LogQuery& query
);

[[nodiscard]] Read<std::vector<sequencer::FoundLog>> find_logs(
    const Backend& backend, const LogQuery& query
);
/// A JSON array.
[[nodiscard]] std::string logs_json(std::span<const sequencer::FoundLog> logs);

}  // namespace mega::rpc
