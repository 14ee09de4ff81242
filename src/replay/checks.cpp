#include "replay/checks.hpp"

#include "execution/host.hpp"
#include "trie/ordered_root.hpp"

namespace mega::replay {
namespace {

std::string shown(uint64_t value) { return std::to_string(value); }
std::string shown(const u256& value) { return to_decimal(value); }
template <size_t N>
std::string shown(const FixedBytes<N>& value) {
    return to_hex(value);
}

template <class T>
Difference compare(const std::string& what, const T& found, const T& expected) {
    if (found == expected) {
        return std::nullopt;
    }
    return what + " " + shown(found) + " expected " + shown(expected);
}

std::string transaction_name(size_t index) { return "transaction " + std::to_string(index) + ": "; }

Hash256 transactions_root(std::span<const SignedTransaction> transactions) {
    std::vector<Bytes> encoded;
    encoded.reserve(transactions.size());
    for (const SignedTransaction& tx : transactions) {
        encoded.push_back(tx.raw);
    }
    return trie::ordered_root(encoded);
}

Difference check_transaction(
    Fork fork, const SignedTransaction& tx, const ClaimedTransaction& claimed, size_t index
) {
    const std::string name = transaction_name(index);
    if (claimed.hash) {
        if (auto difference = compare(name + "hash", tx.hash, *claimed.hash)) {
            return difference;
        }
    }
    if (claimed.sender) {
        if (auto difference = compare(name + "sender", tx.sender, *claimed.sender)) {
            return difference;
        }
    }
    const bool has_signature = tx.tx.type != TxType::deposit;
    if (has_signature && fork >= Fork::homestead && !crypto::is_low_s(tx.tx.signature)) {
        return name + "its signature's s is too high (EIP-2)";
    }
    return std::nullopt;
}

Hash256 ommers_hash(std::span<const BlockHeader> ommers) {
    rlp::Writer out;
    const size_t mark = out.begin_list();
    for (const BlockHeader& ommer : ommers) {
        out.write_raw(encode(ommer));
    }
    out.end_list(mark);
    return crypto::keccak256(out.view());
}

Difference check_lists(const ReplayBlock& block) {
    const BlockHeader& header = block.header;
    if (auto difference = compare(
            "transactions root", transactions_root(block.transactions), header.transactions_root
        )) {
        return difference;
    }
    if (block.ommers.size() == block.ommer_count) {
        if (auto difference =
                compare("ommers hash", ommers_hash(block.ommers), header.ommers_hash)) {
            return difference;
        }
    }
    if (header.withdrawals_root) {
        return compare(
            "withdrawals root",
            execution::withdrawals_root(block.withdrawals),
            *header.withdrawals_root
        );
    }
    return std::nullopt;
}

// ---- receipts
// ------------------------------------------------------------------------------------

Difference check_log(const Log& found, const Log& expected, const std::string& name) {
    if (auto difference = compare(name + "address", found.address, expected.address)) {
        return difference;
    }
    if (auto difference =
            compare(name + "topics, count", found.topics.size(), expected.topics.size())) {
        return difference;
    }
    for (size_t i = 0; i < found.topics.size(); ++i) {
        if (auto difference =
                compare(name + "topic " + std::to_string(i), found.topics[i], expected.topics[i])) {
            return difference;
        }
    }
    return found.data == expected.data
               ? std::nullopt
               : Difference(
                     name + "data " + to_hex(found.data) + " expected " + to_hex(expected.data)
                 );
}

Difference check_logs(const std::vector<Log>& found, const std::vector<Log>& expected) {
    for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
        if (auto difference = check_log(found[i], expected[i], "log " + std::to_string(i) + ": ")) {
            return difference;
        }
    }
    return compare("logs, count", found.size(), expected.size());
}

/// A creation that failed has no contract, yet most endpoints name where it would have been.
Difference check_contract_address(
    const SignedTransaction& tx,
    const execution::TxResult& result,
    const std::optional<Address>& expected
) {
    if (result.created) {
        return compare("contract address", *result.created, expected.value_or(Address{}));
    }
    if (!expected) {
        return std::nullopt;
    }
    if (tx.tx.to) {
        return "contract address none expected " + to_hex(*expected);
    }
    if (tx.tx.type == TxType::deposit) {  // the sender's nonce at that time is not in it
        return std::nullopt;
    }
    return compare(
        "contract address", execution::create_address(tx.sender, tx.tx.nonce), *expected
    );
}

/// Fields that not every recorded receipt has.
Difference check_optional_fields(
    const Receipt& found, const execution::TxResult& result, const RecordedReceipt& expected
) {
    if (expected.status && *expected.status != found.status) {
        return "status " + std::to_string(static_cast<int>(found.status)) + " expected " +
               std::to_string(static_cast<int>(*expected.status)) + " (" +
               std::string(evm::to_string(result.status)) + ")";
    }
    if (expected.bloom) {
        if (auto difference = compare("logs bloom", found.bloom, *expected.bloom)) {
            return difference;
        }
    }
    if (expected.effective_gas_price) {
        if (auto difference = compare(
                "effective gas price", result.effective_gas_price, *expected.effective_gas_price
            )) {
            return difference;
        }
    }
    return std::nullopt;
}

Difference check_receipt(
    const SignedTransaction& tx,
    const Receipt& found,
    const execution::TxResult& result,
    const RecordedReceipt& expected
) {
    if (auto difference = compare("gas used", result.gas_used, expected.gas_used)) {
        return difference;
    }
    if (auto difference = check_optional_fields(found, result, expected)) {
        return difference;
    }
    if (auto difference = check_contract_address(tx, result, expected.contract_address)) {
        return difference;
    }
    if (auto difference = compare(
            "cumulative gas used", found.cumulative_gas_used, expected.cumulative_gas_used
        )) {
        return difference;
    }
    return check_logs(found.logs, expected.logs);
}

Difference check_receipts(const ReplayBlock& block, const execution::BlockResult& result) {
    if (!block.receipts) {
        return std::nullopt;
    }
    if (auto difference =
            compare("receipts, count", result.receipts.size(), block.receipts->size())) {
        return difference;
    }
    for (size_t i = 0; i < result.receipts.size(); ++i) {
        if (auto difference = check_receipt(
                block.transactions[i], result.receipts[i], result.results[i], (*block.receipts)[i]
            )) {
            return "first differing transaction " + std::to_string(i) + ": " + *difference;
        }
    }
    return std::nullopt;
}

// ---- header
// --------------------------------------------------------------------------------------

constexpr uint64_t gas_per_blob = 1 << 17;

Difference check_later_fields(const ReplayBlock& block, const execution::BlockResult& result) {
    const BlockHeader& header = block.header;
    if (header.blob_gas_used) {
        uint64_t blobs = 0;
        for (const SignedTransaction& tx : block.transactions) {
            blobs += tx.tx.blob_versioned_hashes.size();
        }
        if (auto difference =
                compare("blob gas used", blobs * gas_per_blob, *header.blob_gas_used)) {
            return difference;
        }
    }
    if (header.requests_hash) {
        return compare(
            "requests hash", execution::requests_hash(result.requests), *header.requests_hash
        );
    }
    return std::nullopt;
}

Difference check_header(
    const ChainRules& rules, const ReplayBlock& block, const execution::BlockResult& result
) {
    const BlockHeader& header = block.header;
    if (auto difference = compare("gas used", result.gas_used, header.gas_used)) {
        return difference;
    }
    // Earlier receipts hold the state root after their transaction, which needs the whole state.
    if (fork_of(rules, header) >= Fork::byzantium) {
        if (auto difference = compare(
                "receipts root", execution::receipts_root(result.receipts), header.receipts_root
            )) {
            return difference;
        }
    }
    if (auto difference = compare("logs bloom", result.logs_bloom, header.logs_bloom)) {
        return difference;
    }
    return check_later_fields(block, result);
}

}  // namespace

Difference check_inputs(const ChainRules& rules, const ReplayBlock& block) {
    if (block.claimed_hash) {
        if (auto difference = compare("block hash", hash_of(block.header), *block.claimed_hash)) {
            return difference;
        }
    }
    const Fork fork = fork_of(rules, block.header);
    for (size_t i = 0; i < block.transactions.size(); ++i) {
        if (auto difference = check_transaction(fork, block.transactions[i], block.claimed[i], i)) {
            return difference;
        }
    }
    return check_lists(block);
}

Difference check_outcome(
    const ChainRules& rules, const ReplayBlock& block, const execution::BlockResult& result
) {
    if (result.fault && rules.needs_request_contracts) {
        return result.fault;
    }
    auto of_header = check_header(rules, block, result);
    auto of_receipts = check_receipts(block, result);
    if (of_header && of_receipts) {
        return *of_header + "; " + *of_receipts;
    }
    return of_header ? of_header : of_receipts;
}

}  // namespace mega::replay
