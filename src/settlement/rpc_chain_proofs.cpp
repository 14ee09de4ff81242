#include "settlement/rpc_chain_proofs.hpp"

#include "replay/block_json.hpp"
#include "rollup/output_root.hpp"

namespace mega::settlement {
namespace {

using replay::Fields;
using replay::json;
using replay::Problem;

std::vector<Bytes> read_nodes(const Fields& fields, std::string_view name) {
    std::vector<Bytes> nodes;
    fields.each(name, [&](const Fields& node) { nodes.push_back(node.as_data()); });
    return nodes;
}

}  // namespace

Result<std::optional<BlockHeader>> RpcChainProofs::header(uint64_t number) {
    const auto answer = node_->raw_call("eth_getBlockByNumber", {to_hex_quantity(number), false});
    if (!answer) {
        return Err{answer.error()};
    }
    if (answer->is_null()) {
        return std::optional<BlockHeader>{};
    }
    Problem problem;
    const Fields fields(*answer, "eth_getBlockByNumber", problem);
    BlockHeader header = replay::read_header(fields);
    const Hash256 hash = fields.hash("hash");
    if (problem.is_noted()) {
        return problem.error();
    }
    if (mega::hash_of(header) != hash) {
        return std::optional<BlockHeader>{};  // still open: its header is not final
    }
    return std::optional(std::move(header));
}

Result<MessagePasserProof> RpcChainProofs::prove_message_passer(
    uint64_t block_number, const std::vector<u256>& slots
) {
    json keys = json::array();
    for (const u256& slot : slots) {
        keys.push_back(to_hex(slot.to_hash()));
    }
    const auto answer = node_->raw_call(
        "eth_getProof",
        {to_hex(rollup::message_passer_address), keys, to_hex_quantity(block_number)}
    );
    if (!answer) {
        return Err{answer.error()};
    }
    Problem problem;
    const Fields fields(*answer, "eth_getProof", problem);
    MessagePasserProof proof{
        .storage_root = fields.hash("storageHash"),
        .account_proof = read_nodes(fields, "accountProof"),
        .slot_proofs = {},
    };
    fields.each("storageProof", [&](const Fields& slot) {
        proof.slot_proofs.push_back(read_nodes(slot, "proof"));
    });
    if (!problem.is_noted() && proof.slot_proofs.size() != slots.size()) {
        return Err{Error{"eth_getProof: proves other slots than asked for"}};
    }
    return problem.is_noted() ? Result<MessagePasserProof>(problem.error())
                              : Result<MessagePasserProof>(std::move(proof));
}

Result<std::vector<ChainProofs::Sent>> RpcChainProofs::withdrawals(uint64_t from, uint64_t to) {
    const auto logs = node_->logs(
        {.from_block = from,
         .to_block = to,
         .addresses = {rollup::message_passer_address},
         .topics = {message_passed_topic()}}
    );
    if (!logs) {
        return Err{logs.error()};
    }
    std::vector<Sent> sent;
    for (const L1Log& log : *logs) {
        if (auto withdrawal = read_message_passed(log.log)) {
            sent.push_back({log.block.number, *std::move(withdrawal)});
        }
    }
    return sent;
}

}  // namespace mega::settlement
