#include "ethereum/body_rules.hpp"

#include "execution/checks.hpp"
#include "trie/ordered_root.hpp"

namespace mega::ethereum {

namespace {

using Code = BlockFaultCode;

Err<BlockFault> fault(Code code, std::string details = {}) {
    return Err{BlockFault{code, std::move(details)}};
}

std::string is_not(const Hash256& is, const Hash256& expected) {
    return to_hex(is) + ", not " + to_hex(expected);
}

Hash256 ommers_hash(std::span<const BlockHeader> ommers) {
    rlp::Writer out;
    const size_t list = out.begin_list();
    for (const BlockHeader& ommer : ommers) {
        out.write_raw(encode(ommer));
    }
    out.end_list(list);
    return crypto::keccak256(out.view());
}

Result<SignedTransaction, std::string> decode_one(Fork fork, BytesView envelope) {
    auto tx = decode_transaction(envelope);
    if (!tx) {
        return Err{std::string{to_string(tx.error())}};
    }
    if (tx->type == TxType::deposit) {
        return Err{std::string{"transaction type not supported"}};
    }
    if (tx->type == TxType::legacy && tx->chain_id && fork < Fork::spurious_dragon) {
        return Err{std::string{"chain id before EIP-155"}};
    }
    if (fork >= Fork::homestead && !crypto::is_low_s(tx->signature)) {
        return Err{std::string{to_string(TxDecodeError::invalid_signature)}};
    }
    const auto sender = crypto::recover_address(signing_hash(*tx), tx->signature);
    if (!sender) {
        return Err{std::string{to_string(TxDecodeError::invalid_signature)}};
    }
    return SignedTransaction{
        *std::move(tx), *sender, transaction_hash(envelope), to_bytes(envelope)
    };
}

}  // namespace

Result<void, BlockFault> check_body(Fork fork, const Block& block) {
    const BlockHeader& header = block.header;
    if (const Hash256 root = trie::ordered_root(block.transactions);
        root != header.transactions_root) {
        return fault(Code::wrong_transactions_root, is_not(header.transactions_root, root));
    }
    if (const Hash256 hash = ommers_hash(block.ommers); hash != header.ommers_hash) {
        return fault(Code::wrong_ommers_hash, is_not(header.ommers_hash, hash));
    }
    if (fork >= Fork::paris && !block.ommers.empty()) {
        return fault(Code::too_many_ommers, "ommers after the merge");
    }
    if (block.withdrawals.has_value() != (fork >= Fork::shanghai)) {
        return fault(block.withdrawals ? Code::unexpected_withdrawals : Code::missing_withdrawals);
    }
    if (block.withdrawals) {
        const Hash256 root = execution::withdrawals_root(*block.withdrawals);
        if (root != *header.withdrawals_root) {
            return fault(Code::wrong_withdrawals_root, is_not(*header.withdrawals_root, root));
        }
    }
    return {};
}

Result<std::vector<SignedTransaction>, BlockFault> decode_transactions(
    Fork fork, std::span<const Bytes> envelopes
) {
    std::vector<SignedTransaction> transactions;
    transactions.reserve(envelopes.size());
    for (size_t i = 0; i < envelopes.size(); ++i) {
        auto tx = decode_one(fork, envelopes[i]);
        if (!tx) {
            return fault(
                Code::invalid_transaction, "transaction " + std::to_string(i) + ": " + tx.error()
            );
        }
        transactions.push_back(*std::move(tx));
    }
    return transactions;
}

Result<void, BlockFault> check_blob_count(
    const execution::BlobSchedule& blobs,
    const BlockHeader& header,
    std::span<const SignedTransaction> transactions
) {
    uint64_t count = 0;
    for (const SignedTransaction& tx : transactions) {
        count += tx.tx.blob_versioned_hashes.size();
    }
    if (count > blobs.max) {
        return fault(
            Code::too_many_blobs, std::to_string(count) + " of " + std::to_string(blobs.max)
        );
    }
    if (count * execution::gas_per_blob != header.blob_gas_used.value_or(0)) {
        return fault(
            Code::wrong_blob_gas_used,
            std::to_string(header.blob_gas_used.value_or(0)) + " for " + std::to_string(count) +
                " blobs"
        );
    }
    return {};
}

Result<void, BlockFault> check_result(
    Fork fork, const BlockHeader& header, const execution::BlockResult& result
) {
    if (result.fault) {
        return fault(Code::execution_failed, *result.fault);
    }
    if (result.gas_used != header.gas_used) {
        return fault(
            Code::wrong_gas_used,
            std::to_string(header.gas_used) + ", not " + std::to_string(result.gas_used)
        );
    }
    if (const Hash256 root = execution::receipts_root(result.receipts);
        root != header.receipts_root) {
        return fault(Code::wrong_receipts_root, is_not(header.receipts_root, root));
    }
    if (result.logs_bloom != header.logs_bloom) {
        return fault(Code::wrong_logs_bloom);
    }
    if (fork >= Fork::prague) {
        const Hash256 hash = execution::requests_hash(result.requests);
        if (hash != *header.requests_hash) {
            return fault(Code::wrong_requests_hash, is_not(*header.requests_hash, hash));
        }
    }
    return {};
}

}  // namespace mega::ethereum
