#include "rpc/log_query.hpp"

#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::FoundLog;

constexpr size_t max_topics = 4;

Err<RpcError> invalid(std::string message) { return fail(invalid_params, std::move(message)); }

const json& member(const json& object, const char* name) {
    static const json missing;
    const auto at = object.find(name);
    return at == object.end() ? missing : *at;
}

/// One value, several, or none (null or an empty list).
template <class T, class Reader>
Read<std::vector<T>> read_alternatives(
    const json& value, std::string_view name, size_t max_count, Reader reader
) {
    std::vector<T> values;
    if (value.is_null()) {
        return values;
    }
    const json single = value.is_array() ? json() : json::array({value});
    const json& list = value.is_array() ? value : single;
    if (list.size() > max_count) {
        return fail(
            limit_exceeded,
            "too many values of " + std::string(name) + ": at most " + std::to_string(max_count)
        );
    }
    for (const json& item : list) {
        auto read = reader(item, name);
        if (!read) {
            return Err{read.error()};
        }
        values.push_back(*read);
    }
    return values;
}

/// A list with null in it stands for any value, as geth has it.
bool allows_any(const json& position) {
    return position.is_array() &&
           std::any_of(position.begin(), position.end(), [](const json& v) { return v.is_null(); });
}

Read<std::vector<std::vector<Hash256>>> read_topics(const json& value, size_t max_alternatives) {
    std::vector<std::vector<Hash256>> topics;
    if (value.is_null()) {
        return topics;
    }
    if (!value.is_array()) {
        return invalid("invalid argument topics: not an array");
    }
    if (value.size() > max_topics) {
        return invalid("exceed max topics");
    }
    for (const json& position : value) {
        if (allows_any(position)) {
            topics.emplace_back();
            continue;
        }
        auto read = read_alternatives<Hash256>(position, "topics", max_alternatives, read_hash);
        if (!read) {
            return Err{read.error()};
        }
        topics.push_back(std::move(*read));
    }
    return topics;
}

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

Read<LogQuery> read_log_query(const json& value, const MethodLimits& limits) {
    if (!value.is_object()) {
        return invalid("invalid argument: the filter is missing or not an object");
    }
    LogQuery query;
    auto addresses = read_alternatives<Address>(
        member(value, "address"), "address", limits.max_log_addresses, read_address
    );
    if (!addresses) {
        return Err{addresses.error()};
    }
    query.filter.addresses = std::move(*addresses);
    auto topics = read_topics(member(value, "topics"), limits.max_log_topics);
    if (!topics) {
        return Err{topics.error()};
    }
    query.filter.topics = std::move(*topics);
    const json& block_hash = member(value, "blockHash");
    const json& from = member(value, "fromBlock");
    const json& to = member(value, "toBlock");
    if (!block_hash.is_null()) {
        if (!from.is_null() || !to.is_null()) {
            return invalid(
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
            );
        }
        auto hash = read_hash(block_hash, "blockHash");
        if (!hash) {
            return Err{hash.error()};
        }
        query.block_hash = *hash;
        return query;
    }
    auto first = read_block_id(from, "fromBlock");
    auto last = read_block_id(to, "toBlock");
    if (!first || !last) {
        return Err{!first ? first.error() : last.error()};
    }
    query.from = *first;
    query.to = *last;
    return query;
}

Read<BlockRange> range_of(const sequencer::ChainReader& reader, const LogQuery& query) {
    auto from = number_of(reader, query.from);
    auto to = number_of(reader, query.to);
    if (!from || !to) {
        return Err{!from ? from.error() : to.error()};
    }
    // Asked for by tags alone, the head may move between the two.
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
