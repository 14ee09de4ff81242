#include "rpc/block_id.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::BlockView;

std::string raw_header(const BlockView& block) { return quoted_hex(encode(block.header)); }
std::string raw_block(const BlockView& block) { return quoted_hex(encode_block(block)); }

std::string raw_receipts(const BlockView& block) {
    JsonWriter out;
    out.begin_array();
    for (const auto& executed : block.transactions) {
        out.data(encode(executed->receipt));
    }
    return out.end_array().take();
}

using ShowBlock = std::string (*)(const BlockView&);

Method shower(const Backend& backend, ShowBlock show) {
    return [&backend, show](const json& params) -> Answer {
        auto id = read_block_id(param(params, 0), "0");
        if (!id) {
            return Err{id.error()};
        }
        auto block = find_block(backend.reader, *id);
        if (!block) {
            return Err{block.error()};
        }
        if (*block == nullptr) {
            return fail(server_error, "block not found");
        }
        return show(**block);
    };
}

/// What the digest of a batch is of: the headers of a sealed block's mini-blocks, in order.
Answer mini_block_headers(const Backend& backend, const json& params) {
    const auto number = read_u64(param(params, 0), "block number");
    if (!number) {
        return Err{number.error()};
    }
    if (*number > backend.reader.sealed_number()) {
        return fail(resource_not_found, "block not sealed");
    }
    const auto block = backend.reader.stored_block(*number);
    if (!block || *block == nullptr) {
        return !block ? Answer{Err{to_rpc_error(block.error())}}
                      : Answer{fail(resource_not_found, "block not found")};
    }
    JsonWriter out;
    out.begin_array();
    for (const storage::StoredMiniBlock& mini_block : (*block)->mini_blocks) {
        out.data(encode(mini_block.header));
    }
    return out.end_array().take();
}

}  // namespace

void add_raw_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add("debug_getRawHeader", shower(backend, raw_header));
    dispatcher.add_slow("debug_getRawBlock", shower(backend, raw_block));
    dispatcher.add_slow("debug_getRawReceipts", shower(backend, raw_receipts));
    dispatcher.add_slow("mega_getMiniBlockHeaders", [&](const json& params) {
        return mini_block_headers(backend, params);
    });
}

}  // namespace mega::rpc
