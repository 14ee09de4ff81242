#include "rpc/block_id.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"

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

}  // namespace

void add_raw_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add("debug_getRawHeader", shower(backend, raw_header));
    dispatcher.add_slow("debug_getRawBlock", shower(backend, raw_block));
    dispatcher.add_slow("debug_getRawReceipts", shower(backend, raw_receipts));
}

}  // namespace mega::rpc
