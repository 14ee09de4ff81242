#include "rpc/block_id.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::BlockView;
using sequencer::BlockViewPtr;

std::string null_text() { return "null"; }

/// The block that params[0] names; null when there is none.
Read<BlockViewPtr> named_block(const Backend& backend, const json& params) {
    if (param(params, 0).is_null()) {
        return fail(invalid_params, "missing value for required argument 0");
    }
    auto id = read_block_id(params[0], "0");
    if (!id) {
        return Err{id.error()};
    }
    return find_block(backend.reader, *id);
}

Read<BlockViewPtr> block_by_hash(const Backend& backend, const json& params) {
    auto hash = read_hash(param(params, 0), "0");
    if (!hash) {
        return Err{hash.error()};
    }
    return find_block(backend.reader, BlockId{*hash});
}

using FindBlock = Read<BlockViewPtr> (*)(const Backend&, const json&);
using ShowBlock = Answer (*)(const BlockView&, const json& params);

/// A method that finds a block and shows something of it; null when there is no such block.
Method shower(const Backend& backend, FindBlock find, ShowBlock show) {
    return [&backend, find, show](const json& params) -> Answer {
        auto block = find(backend, params);
        if (!block) {
            return Err{block.error()};
        }
        return *block == nullptr ? null_text() : show(**block, params);
    };
}

Answer show_block(const BlockView& block, const json& params) {
    const json& full = param(params, 1);
    if (full.is_null()) {
        return block_json(block, false);
    }
    auto with_transactions = read_bool(full, "1");
    return with_transactions ? Answer(block_json(block, *with_transactions))
                             : Err{with_transactions.error()};
}

Answer show_header(const BlockView& block, const json&) {
    return header_json(block.header, block.hash);
}

Answer show_transaction_count(const BlockView& block, const json&) {
    return quoted_quantity(uint64_t{block.transactions.size()});
}

Answer show_receipts(const BlockView& block, const json&) {
    const Inclusion inclusion = inclusion_of(block);
    JsonWriter out;
    out.begin_array();
    for (const auto& executed : block.transactions) {
        write_receipt(out, *executed, inclusion);
    }
    return out.end_array().take();
}

Answer show_transaction(const BlockView& block, const json& params) {
    auto index = read_u64(param(params, 1), "1");
    if (!index) {
        return Err{index.error()};
    }
    if (*index >= block.transactions.size()) {
        return null_text();
    }
    JsonWriter out;
    write_transaction(out, *block.transactions[*index], inclusion_of(block));
    return out.take();
}

Answer show_no_uncles(const BlockView&, const json&) { return quoted_quantity(0); }
Answer show_no_uncle(const BlockView&, const json&) { return null_text(); }

/// The mini-block with the block it is part of, whose hash its receipts name.
Answer mini_block(const Backend& backend, const json& params) {
    auto number = read_u64(param(params, 0), "mini block number");
    if (!number) {
        return Err{number.error()};
    }
    auto found = backend.reader.mini_block(*number);
    if (!found) {
        return Err{to_rpc_error(found.error())};
    }
    if (*found == nullptr) {
        return null_text();
    }
    auto block = backend.reader.block((*found)->header.block_number);
    if (!block) {
        return Err{to_rpc_error(block.error())};
    }
    // Numbers of an empty open block find nothing, but its mini-blocks exist.
    const BlockViewPtr around = *block != nullptr ? *block : backend.reader.open_block();
    return mini_block_json(**found, inclusion_of(*around));
}

}  // namespace

void add_block_methods(Dispatcher& dispatcher, const Backend& backend) {
    const auto add = [&](const char* name, FindBlock find, ShowBlock show) {
        dispatcher.add(name, shower(backend, find, show));
    };
    // Large answers are built on a worker.
    const auto add_slow = [&](const char* name, FindBlock find, ShowBlock show) {
        dispatcher.add_slow(name, shower(backend, find, show));
    };
    add_slow("eth_getBlockByNumber", named_block, show_block);
    add_slow("eth_getBlockByHash", block_by_hash, show_block);
    add_slow("eth_getBlockReceipts", named_block, show_receipts);
    add("eth_getHeaderByNumber", named_block, show_header);
    add("eth_getHeaderByHash", block_by_hash, show_header);
    add("erigon_getHeaderByNumber", named_block, show_header);
    add("erigon_getHeaderByHash", block_by_hash, show_header);
    add("eth_getBlockTransactionCountByNumber", named_block, show_transaction_count);
    add("eth_getBlockTransactionCountByHash", block_by_hash, show_transaction_count);
    add("eth_getTransactionByBlockNumberAndIndex", named_block, show_transaction);
    add("eth_getTransactionByBlockHashAndIndex", block_by_hash, show_transaction);
    add("eth_getUncleCountByBlockNumber", named_block, show_no_uncles);
    add("eth_getUncleCountByBlockHash", block_by_hash, show_no_uncles);
    add("eth_getUncleByBlockNumberAndIndex", named_block, show_no_uncle);
    add("eth_getUncleByBlockHashAndIndex", block_by_hash, show_no_uncle);
    for (const char* name : {"mega_getMiniBlock", "mega_getMiniBlockByNumber"}) {
        dispatcher.add_slow(name, [&](const json& params) { return mini_block(backend, params); });
    }
}

}  // namespace mega::rpc
