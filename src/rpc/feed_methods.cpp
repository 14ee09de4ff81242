// mega_getFeed: what a follower has missed, from where it stands to the present (feed/source.hpp).
// What comes after is pushed to subscribers of megaFeed.

#include "feed/source.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

/// {"block": number, "miniBlock": number}
Read<feed::Place> read_place(const json& value) {
    if (!value.is_object()) {
        return fail(
            invalid_params,
            "invalid argument 0: want {\"block\": number, \"miniBlock\": number}, what comes next"
        );
    }
    const auto block = read_u64(value.value("block", json()), "block");
    if (!block) {
        return Err{block.error()};
    }
    const auto mini_block = read_u64(value.value("miniBlock", json("0x0")), "miniBlock");
    if (!mini_block) {
        return Err{mini_block.error()};
    }
    return feed::Place{*block, *mini_block};
}

Answer get_feed(const Backend& backend, const json& params) {
    const auto place = read_place(param(params, 0));
    if (!place) {
        return Err{place.error()};
    }
    const auto excerpt = feed::read_from(backend.reader, *place, backend.limits.feed);
    if (!excerpt) {
        return Err{to_rpc_error(excerpt.error())};
    }
    JsonWriter out;
    out.begin_object()
        .field_quantity("chainId", backend.chain_id)
        .field("genesis", excerpt->genesis_hash)
        .key("sealed")
        .begin_object()
        .field_quantity("number", excerpt->sealed_number)
        .field("hash", excerpt->sealed_hash)
        .end_object()
        .field_quantity("nextMiniBlock", excerpt->next_mini_block_number)
        .field_boolean("isWhole", excerpt->is_whole)
        .key("records")
        .begin_array();
    for (const Bytes& record : excerpt->records) {
        out.data(record);
    }
    return out.end_array().end_object().take();
}

}  // namespace

void add_feed_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add_slow("mega_getFeed", [&](const json& params) {
        return get_feed(backend, params);
    });
}

}  // namespace mega::rpc
