#include "rpc/log_query.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr size_t max_topic_positions = 4;

Err<RpcError> too_many(std::string_view what, size_t limit) {
    return fail(
        invalid_params, "exceed max " + std::string(what) + " in a filter: " + std::to_string(limit)
    );
}

const json& member(const json& object, const char* name) {
    static const json missing;
    const auto at = object.find(name);
    return at == object.end() ? missing : *at;
}

Read<std::vector<Address>> read_addresses(const json& value, size_t limit) {
    std::vector<Address> addresses;
    if (value.is_null()) {
        return addresses;
    }
    const json list = value.is_array() ? value : json::array({value});
    if (list.size() > limit) {
        return too_many("addresses", limit);
    }
    for (const json& item : list) {
        const auto address = read_address(item, "address");
        if (!address) {
            return Err{address.error()};
        }
        addresses.push_back(*address);
    }
    return addresses;
}

/// What one position may be: empty means anything, also when null is among the alternatives.
Read<std::vector<Hash256>> read_alternatives(const json& value, size_t limit) {
    std::vector<Hash256> topics;
    if (value.is_null()) {
        return topics;
    }
    const json list = value.is_array() ? value : json::array({value});
    if (list.size() > limit) {
        return too_many("topics", limit);
    }
    for (const json& item : list) {
        if (item.is_null()) {
            return std::vector<Hash256>{};
        }
        const auto topic = read_hash(item, "topics");
        if (!topic) {
            return Err{topic.error()};
        }
        topics.push_back(*topic);
    }
    return topics;
}

Read<std::vector<std::vector<Hash256>>> read_topics(const json& value, size_t limit) {
    std::vector<std::vector<Hash256>> positions;
    if (value.is_null()) {
        return positions;
    }
    if (!value.is_array()) {
        return fail(invalid_params, "invalid argument topics: not an array");
    }
    if (value.size() > max_topic_positions) {
        return too_many("topics", max_topic_positions);
    }
    for (const json& position : value) {
        auto alternatives = read_alternatives(position, limit);
        if (!alternatives) {
            return Err{alternatives.error()};
        }
        positions.push_back(std::move(*alternatives));
    }
    return positions;
}

Read<std::optional<BlockId>> read_bound(const json& object, const char* name) {
    const json& value = member(object, name);
    if (value.is_null()) {
        return std::optional<BlockId>{};
    }
    const auto id = read_block_id(value, name);
    if (!id) {
        return Err{id.error()};
    }
    return std::optional<BlockId>{*id};
}

Read<void> read_range(const json& object, LogQuery& query) {
    auto from = read_bound(object, "fromBlock");
    if (!from) {
        return Err{from.error()};
    }
    auto to = read_bound(object, "toBlock");
    if (!to) {
        return Err{to.error()};
    }
    query.from = *from;
    query.to = *to;
    const json& hash = member(object, "blockHash");
    if (hash.is_null()) {
        return {};
    }
    if (query.from || query.to) {
        return fail(
            invalid_params, "cannot specify both BlockHash and FromBlock/ToBlock, choose one"
        );
    }
    const auto block_hash = read_hash(hash, "blockHash");
    if (!block_hash) {
        return Err{block_hash.error()};
    }
    query.block_hash = *block_hash;
    return {};
}

}  // namespace

Read<LogQuery> read_log_query(const json& value, const MethodLimits& limits) {
    LogQuery query;
    if (value.is_null()) {
        return query;
    }
    if (!value.is_object()) {
        return fail(invalid_params, "invalid argument filter: not an object");
    }
    auto addresses = read_addresses(member(value, "address"), limits.max_log_addresses);
    if (!addresses) {
        return Err{addresses.error()};
    }
    auto topics = read_topics(member(value, "topics"), limits.max_log_topics);
    if (!topics) {
        return Err{topics.error()};
    }
    query.filter = {std::move(*addresses), std::move(*topics)};
    if (auto range = read_range(value, query); !range) {
        return Err{range.error()};
    }
    return query;
}

}  // namespace mega::rpc
