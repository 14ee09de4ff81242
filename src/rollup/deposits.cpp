#include "rollup/deposits.hpp"

#include "crypto/keccak.hpp"
#include "rollup/abi.hpp"

namespace mega::rollup {
namespace {

constexpr u256 alias_offset{0x0000'0000'0000'1111, 0, 0x1111'0000, 0};
constexpr std::string_view set_values_signature =
    "setL1BlockValues(uint64,uint64,uint256,uint256,bytes32,uint64)";

Hash256 hash_of_text(std::string_view text) { return crypto::keccak256(as_bytes(text)); }

Bytes attributes_data(const L1Position& position) {
    AbiWriter arguments;
    arguments.word(u256{position.origin.number});
    arguments.word(u256{position.origin.timestamp});
    arguments.word(position.origin.base_fee);
    arguments.word(position.origin.blob_base_fee);
    arguments.word(position.origin.hash);
    arguments.word(u256{position.cursor});
    Bytes data = to_bytes(hash_of_text(set_values_signature).view().first(4));
    append(data, arguments.view());
    return data;
}

}  // namespace

Address alias_of(const Address& l1_contract) {
    // The sum is taken modulo 2^160: to_address drops what is above.
    return (u256::from_be(l1_contract.view()) + alias_offset).to_address();
}

Hash256 deposit_source_hash(uint64_t l2_chain_id, const Address& deposit_queue, uint64_t index) {
    AbiWriter preimage;
    preimage.word(hash_of_text("mega.deposit"));
    preimage.word(u256{l2_chain_id});
    preimage.word(deposit_queue);
    preimage.word(u256{index});
    return crypto::keccak256(preimage.view());
}

Hash256 next_rolling_hash(const Hash256& before, EntryKind kind, BytesView envelope) {
    Bytes preimage = to_bytes(before.view());
    preimage.push_back(static_cast<uint8_t>(kind));
    append(preimage, crypto::keccak256(envelope).view());
    return crypto::keccak256(preimage);
}

Transaction l1_attributes_deposit(
    uint64_t l2_chain_id, uint64_t l2_block_number, const L1Position& position
) {
    AbiWriter preimage;
    preimage.word(hash_of_text("mega.l1-attributes"));
    preimage.word(u256{l2_chain_id});
    preimage.word(position.origin.hash);
    preimage.word(u256{l2_block_number});

    Transaction tx;
    tx.type = TxType::deposit;
    tx.source_hash = crypto::keccak256(preimage.view());
    tx.from = l1_attributes_sender;
    tx.to = l1_block_address;
    tx.gas_limit = l1_attributes_gas;
    tx.data = attributes_data(position);
    return tx;
}

std::optional<L1Position> read_l1_attributes(const Transaction& tx) {
    if (tx.type != TxType::deposit || tx.from != l1_attributes_sender || tx.data.size() < 4) {
        return std::nullopt;
    }
    AbiReader arguments(BytesView{tx.data}.subspan(4));
    L1Position position;
    position.origin.number = arguments.u64();
    position.origin.timestamp = arguments.u64();
    position.origin.base_fee = arguments.number();
    position.origin.blob_base_fee = arguments.number();
    position.origin.hash = arguments.hash();
    position.cursor = arguments.u64();
    if (arguments.failed() || attributes_data(position) != tx.data) {
        return std::nullopt;
    }
    return position;
}

std::optional<SignedTransaction> read_entry(const QueueEntry& entry) {
    auto tx = decode_transaction(entry.envelope);
    if (!tx) {
        return std::nullopt;
    }
    const bool is_deposit = tx->type == TxType::deposit;
    if (is_deposit != (entry.kind == EntryKind::deposit) || tx->type == TxType::blob) {
        return std::nullopt;
    }
    const auto sender = recover_sender(*tx);
    if (!sender) {
        return std::nullopt;
    }
    return SignedTransaction{
        std::move(*tx), *sender, transaction_hash(entry.envelope), entry.envelope
    };
}

std::vector<SignedTransaction> transactions_from_l1(
    uint64_t l2_chain_id,
    uint64_t number,
    const L1Position& before,
    const L1Position& after,
    std::span<const QueueEntry> entries
) {
    std::vector<SignedTransaction> transactions;
    if (!needs_l1_attributes(before, after)) {
        return transactions;
    }
    Transaction attributes = l1_attributes_deposit(l2_chain_id, number, after);
    Bytes envelope = encode(attributes);
    const Hash256 hash = transaction_hash(envelope);
    transactions.push_back({std::move(attributes), l1_attributes_sender, hash, std::move(envelope)}
    );
    for (const QueueEntry& entry : entries) {
        if (auto tx = read_entry(entry)) {
            transactions.push_back(std::move(*tx));
        }
    }
    return transactions;
}

uint64_t gas_of(const QueueEntry& entry) {
    const auto tx = decode_transaction(entry.envelope);
    return tx && tx->gas_limit <= max_transaction_gas ? tx->gas_limit : 0;
}

size_t count_fitting(std::span<const QueueEntry> entries, uint64_t gas_limit) {
    uint64_t gas = l1_attributes_gas;
    size_t count = 0;
    for (; count < entries.size(); ++count) {
        const uint64_t more = gas_of(entries[count]);
        if (gas + more > gas_limit) {
            break;
        }
        gas += more;
    }
    return count;
}

}  // namespace mega::rollup
