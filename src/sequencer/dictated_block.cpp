#include "sequencer/dictated_block.hpp"

namespace mega::sequencer {

DictatedBlock dictated_block(rollup::DerivedBlock block) {
    DictatedBlock dictated{
        .number = block.number,
        .timestamp = block.timestamp,
        .gas_limit = block.gas_limit,
        .beneficiary = block.beneficiary,
        .position = block.position,
        .from_l1 = {},
        .transactions = {}
    };
    for (SignedTransaction& tx : block.from_l1) {
        dictated.from_l1.push_back(std::make_shared<const SignedTransaction>(std::move(tx)));
    }
    dictated.transactions.reserve(block.transactions.size());
    for (Transaction& tx : block.transactions) {
        const auto sender = recover_sender(tx);
        if (!sender) {
            continue;
        }
        Bytes raw = encode(tx);
        const Hash256 hash = transaction_hash(raw);
        dictated.transactions.push_back(std::make_shared<const SignedTransaction>(
            SignedTransaction{std::move(tx), *sender, hash, std::move(raw)}
        ));
    }
    return dictated;
}

}  // namespace mega::sequencer
