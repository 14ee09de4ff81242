#include "sequencer/opening.hpp"

#include "trie/ordered_root.hpp"

namespace mega::sequencer {
namespace {

constexpr std::string_view extra_data = "mega";

}  // namespace

BlockHeader opening_header(
    const BlockHeader& parent, const Hash256& parent_hash, const OpenBlockRecord& inputs
) {
    MEGA_ASSERT(inputs.number == parent.number + 1);
    BlockHeader header;
    header.parent_hash = parent_hash;
    header.beneficiary = inputs.beneficiary;
    header.number = inputs.number;
    header.gas_limit = inputs.gas_limit;
    header.timestamp = inputs.timestamp;
    header.extra_data = to_bytes(as_bytes(extra_data));
    header.prev_randao = inputs.prev_randao;
    header.base_fee_per_gas = inputs.base_fee_per_gas;
    header.withdrawals_root = empty_trie_root;
    header.blob_gas_used = 0;
    header.excess_blob_gas = 0;
    header.parent_beacon_block_root = Hash256{};
    header.requests_hash = empty_requests_hash;
    return header;
}

OpenBlockRecord inputs_of(const BlockHeader& header) {
    return {
        .number = header.number,
        .timestamp = header.timestamp,
        .gas_limit = header.gas_limit,
        .beneficiary = header.beneficiary,
        .prev_randao = header.prev_randao,
        .base_fee_per_gas = header.base_fee_per_gas.value_or(0)
    };
}

OpenBlockRecord inputs_of(const OpenBlock& open) {
    OpenBlockRecord inputs = inputs_of(open.opening_header());
    inputs.l1 = open.l1();
    return inputs;
}

ExecutedRoots roots_of(std::span<const ExecutedPtr> executed) {
    std::vector<Bytes> transactions;
    std::vector<Bytes> receipts;
    transactions.reserve(executed.size());
    receipts.reserve(executed.size());
    for (const ExecutedPtr& tx : executed) {
        transactions.push_back(tx->tx->raw);
        receipts.push_back(encode(tx->receipt));
    }
    return {trie::ordered_root(transactions), trie::ordered_root(receipts)};
}

BlockHeader closing_header(
    BlockHeader opening, std::span<const ExecutedPtr> executed, const Hash256& state_root
) {
    BlockHeader header = std::move(opening);
    const ExecutedRoots roots = roots_of(executed);
    header.state_root = state_root;
    header.transactions_root = roots.transactions;
    header.receipts_root = roots.receipts;
    for (const ExecutedPtr& tx : executed) {
        merge(header.logs_bloom, tx->receipt.bloom);
    }
    header.gas_used = executed.empty() ? 0 : executed.back()->receipt.cumulative_gas_used;
    return header;
}

}  // namespace mega::sequencer
