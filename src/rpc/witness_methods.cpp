// What a block's validator needs besides the block: debug_executionWitness in the form that geth
// and reth serve, mega_getBlockWitness in the compact one (witness/compact.hpp).

#include "rpc/block_id.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <unordered_set>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::BlockWitnessPtr;
using sequencer::WitnessMaker;

Read<BlockWitnessPtr> find_witness(const Backend& backend, WitnessMaker& maker, const BlockId& id) {
    const auto block = find_block(backend.reader, id);
    if (!block) {
        return Err{block.error()};
    }
    if (*block == nullptr) {
        return fail(resource_not_found, "block not found");
    }
    auto made = maker.witness_of(**block);
    return made ? Read<BlockWitnessPtr>{*std::move(made)}
                : fail(server_error, made.error().message);
}

std::string execution_witness_json(const sequencer::BlockWitness& made) {
    const auto lists = witness::to_execution_witness(made.witness, made.parent);
    JsonWriter out;
    const auto write = [&out](std::string_view name, std::span<const Bytes> list) {
        out.key(name).begin_array();
        for (const Bytes& bytes : list) {
            out.data(bytes);
        }
        out.end_array();
    };
    out.begin_object();
    write("state", lists.state);
    write("codes", lists.codes);
    write("keys", lists.keys);
    write("headers", lists.headers);
    return out.end_object().take();
}

Answer execution_witness(const Backend& backend, WitnessMaker& maker, const json& params) {
    const auto id = read_block_id(param(params, 0), "block", BlockTag::sealed);
    if (!id) {
        return Err{id.error()};
    }
    const auto made = find_witness(backend, maker, *id);
    return made ? Answer{execution_witness_json(**made)} : Answer{Err{made.error()}};
}

using KnownCodes = std::unordered_set<Hash256>;

/// {"knownCodes": [hash, ...]}; nothing or null knows none.
Read<KnownCodes> read_known_codes(const Backend& backend, const json& options) {
    KnownCodes known;
    if (options.is_null()) {
        return known;
    }
    const auto codes = options.is_object() ? options.find("knownCodes") : options.end();
    if (!options.is_object() || (codes != options.end() && !codes->is_array())) {
        return fail(invalid_params, "invalid argument options: want {\"knownCodes\": [hash, ...]}");
    }
    if (codes == options.end()) {
        return known;
    }
    if (codes->size() > backend.limits.max_known_codes) {
        return fail(
            invalid_params,
            "invalid argument knownCodes: more than " +
                std::to_string(backend.limits.max_known_codes)
        );
    }
    for (const json& code : *codes) {
        const auto hash = read_hash(code, "knownCodes");
        if (!hash) {
            return Err{hash.error()};
        }
        known.insert(*hash);
    }
    return known;
}

Answer block_witness(const Backend& backend, WitnessMaker& maker, const json& params) {
    const auto id = read_block_id(param(params, 0), "block", BlockTag::sealed);
    if (!id) {
        return Err{id.error()};
    }
    const auto known = read_known_codes(backend, param(params, 1));
    if (!known) {
        return Err{known.error()};
    }
    const auto made = find_witness(backend, maker, *id);
    if (!made) {
        return Err{made.error()};
    }
    const auto encoded = witness::encode_compact((*made)->witness, [&](const Hash256& hash) {
        return known->contains(hash);
    });
    return encoded ? Answer{quoted_hex(*encoded)}
                   : Answer{fail(internal_error, std::string{to_string(encoded.error())})};
}

}  // namespace

void add_witness_methods(
    Dispatcher& dispatcher, const Backend& backend, sequencer::WitnessMaker& maker
) {
    using Handler = Answer (*)(const Backend&, WitnessMaker&, const json&);
    const auto add = [&](const char* name, Handler handler) {
        dispatcher.add_slow(name, [&backend, &maker, handler](const json& params) {
            return handler(backend, maker, params);
        });
    };
    add("debug_executionWitness", execution_witness);
    add("mega_getBlockWitness", block_witness);
}

}  // namespace mega::rpc
