#include "replica/leader.hpp"

#include "base/hex.hpp"
#include "types/block.hpp"

namespace mega::replica {

namespace {

using nlohmann::json;
using Kind = jsonrpc::EndpointError::Kind;

// A delivery lists its records.
constexpr size_t max_values = 2048;

Err<jsonrpc::EndpointError> fail(Kind kind, std::string message) {
    return Err{jsonrpc::EndpointError{kind, std::move(message)}};
}

std::optional<Hash256> read_hash(const json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto hash = fixed_from_hex<32>(value.get_ref<const std::string&>());
    return hash ? std::optional{*hash} : std::nullopt;
}

std::optional<Bytes> read_data(const json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    auto bytes = from_hex(value.get_ref<const std::string&>());
    return bytes ? std::optional{*std::move(bytes)} : std::nullopt;
}

std::optional<Delivery> read_delivery(const json& result) {
    if (!result.is_object()) {
        return std::nullopt;
    }
    const json sealed = result.value("sealed", json{});
    const json records = result.value("records", json{});
    const json is_whole = result.value("isWhole", json{});
    const auto chain_id = jsonrpc::read_quantity(result.value("chainId", json{}));
    const auto genesis = read_hash(result.value("genesis", json{}));
    if (!sealed.is_object() || !records.is_array() || !is_whole.is_boolean() || !chain_id ||
        !genesis) {
        return std::nullopt;
    }
    const auto number = jsonrpc::read_quantity(sealed.value("number", json{}));
    const auto hash = read_hash(sealed.value("hash", json{}));
    if (!number || !hash) {
        return std::nullopt;
    }
    Delivery delivery;
    delivery.genesis_hash = *genesis;
    delivery.chain_id = *chain_id;
    delivery.sealed_number = *number;
    delivery.sealed_hash = *hash;
    delivery.is_whole = is_whole.get<bool>();
    for (const json& record : records) {
        auto bytes = read_data(record);
        if (!bytes) {
            return std::nullopt;
        }
        delivery.records.push_back(*std::move(bytes));
    }
    return delivery;
}

}  // namespace

Leader::Asked<std::unique_ptr<Leader>> Leader::connect(const LeaderOptions& options) {
    std::unique_ptr<Leader> made(new Leader(options.max_waiting_bytes));
    auto endpoint = jsonrpc::Endpoint::connect({
        .url = options.url,
        .timeout_ms = options.timeout_ms,
        .max_answer_bytes = options.max_answer_bytes,
        .max_values = max_values,
        .subscription = "megaFeed",
        .on_notification = [leader =
                                made.get()](const json& result) { leader->keep_record(result); },
        .poll_interval_ms = options.poll_interval_ms,
    });
    if (!endpoint) {
        return Err{endpoint.error()};
    }
    made->endpoint_ = *std::move(endpoint);
    return made;
}

void Leader::keep_record(const json& result) {
    auto record = read_data(result);
    if (!record) {
        return;
    }
    if (waiting_bytes_ + record->size() > max_waiting_bytes_) {
        // What follows has a gap then, which is noticed and fetched.
        forget_pushed();
        return;
    }
    waiting_bytes_ += record->size();
    waiting_.push_back(*std::move(record));
}

void Leader::forget_pushed() {
    waiting_.clear();
    waiting_bytes_ = 0;
}

Leader::Asked<Delivery> Leader::fetch(const feed::Place& from) {
    const json place{
        {"block", to_hex_quantity(from.block_number)},
        {"miniBlock", to_hex_quantity(from.mini_block_number)}
    };
    const auto result = endpoint_->call("mega_getFeed", json::array({place}));
    if (!result) {
        return Err{result.error()};
    }
    auto delivery = read_delivery(*result);
    return delivery
               ? Asked<Delivery>{*std::move(delivery)}
               : fail(
                     Kind::garbage, origin() + ": mega_getFeed: the result is not what it should be"
                 );
}

Leader::Asked<std::optional<Bytes>> Leader::next(uint32_t timeout_ms) {
    if (waiting_.empty()) {
        if (auto waited = endpoint_->wait_for_notification(timeout_ms); !waited) {
            return Err{waited.error()};
        }
        if (waiting_.empty()) {
            return std::optional<Bytes>{};
        }
    }
    Bytes record = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= record.size();
    return std::optional{std::move(record)};
}

Leader::Asked<std::optional<Hash256>> Leader::block_hash(uint64_t number) {
    const auto raw = call_for_data("debug_getRawHeader", json::array({to_hex_quantity(number)}));
    if (!raw) {
        return raw.error().kind == Kind::refused ? Asked<std::optional<Hash256>>{std::nullopt}
                                                 : Err{raw.error()};
    }
    const auto header = decode_header(*raw);
    if (!header || header->number != number) {
        return fail(Kind::garbage, origin() + ": debug_getRawHeader: not that header");
    }
    return std::optional{hash_of(*header)};
}

}  // namespace mega::replica
