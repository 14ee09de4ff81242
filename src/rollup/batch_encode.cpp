#include "rollup/batch_format.hpp"
#include "rollup/call.hpp"
#include "rollup/columns.hpp"
#include "rollup/dictionary.hpp"

namespace mega::rollup {
namespace {

/// First pass: what the tables are made of.
class Collector {
  public:
    void shape(uint8_t /*bits*/) {}
    void signature(const crypto::Signature& /*signature*/) {}
    void nonce(uint64_t /*nonce*/) {}
    void byte(Column /*column*/, uint8_t /*value*/) {}
    void varint(Column /*column*/, uint64_t /*value*/) {}
    void raw(Column /*column*/, BytesView /*bytes*/) {}
    void amount(const AmountColumns& /*columns*/, const u256& /*value*/) {}
    void number(Column /*column*/, const u256& value) { numbers.use(value, value.low64()); }
    void address(Column /*column*/, const Address& value) {
        addresses.use(value, load_le64(value.data()));
    }
    void call(const Call& value) {
        uint32_t selector = 0;
        std::memcpy(&selector, value.selector.data(), sizeof(selector));
        calls.use(value, uint64_t{selector} << 32 | value.words);
    }
    void word(const Hash256& value) { words.use(value, load_le64(value.data())); }

    void build() {
        numbers.build();
        addresses.build();
        calls.build();
        words.build();
    }

    Dictionary<u256> numbers;
    Dictionary<Address> addresses;
    Dictionary<Call> calls;
    Dictionary<Hash256> words;
};

/// Second pass: the columns.
class ColumnWriter {
  public:
    explicit ColumnWriter(Collector& tables) : tables_(tables) {
        varint(Column::number_table, tables.numbers.table().size());
        for (const u256& number : tables.numbers.table()) {
            amount(number_amounts, number);
        }
        for (const Address& address : tables.addresses.table()) {
            raw(Column::address_table, address.view());
        }
        for (const Call& call : tables.calls.table()) {
            write_call(Column::call_table, call);
        }
        for (const Hash256& word : tables.words.table()) {
            raw(Column::word_table, word.view());
        }
    }

    void shape(uint8_t bits) { byte(Column::shape, bits); }
    void signature(const crypto::Signature& signature) {
        raw(Column::signatures, signature.r.view());
        Hash256 s_and_parity = signature.s;
        s_and_parity.bytes[0] |= static_cast<uint8_t>(signature.y_parity << 7);
        raw(Column::signatures, s_and_parity.view());
    }
    void nonce(uint64_t nonce) {
        byte(Column::nonce_low, static_cast<uint8_t>(nonce));
        varint(Column::nonce_high, nonce >> 8);
    }
    void byte(Column into, uint8_t value) { column(into).push_back(value); }
    void varint(Column into, uint64_t value) { write_varint(column(into), value); }
    void raw(Column into, BytesView bytes) { append(column(into), bytes); }
    void amount(const AmountColumns& into, const u256& value) {
        const Amount parts = split_amount(value);
        const unsigned length = parts.digits.byte_length();
        const Hash256 digits = parts.digits.to_hash();
        write_head(into.head, parts.exponent, length);
        raw(into.digits, digits.view().last(length));
    }
    void number(Column into, const u256& value) {
        const uint32_t reference = tables_.numbers.next_reference();
        varint(into, reference);
        if (reference == 0) {
            amount(number_amounts, value);
        }
    }
    void address(Column into, const Address& value) {
        const uint32_t reference = tables_.addresses.next_reference();
        varint(into, reference);
        if (reference == 0) {
            raw(Column::address_literals, value.view());
        }
    }
    void call(const Call& value) {
        const uint32_t reference = tables_.calls.next_reference();
        varint(Column::call, uint64_t{reference} + 1);
        if (reference == 0) {
            write_call(Column::call_literals, value);
        }
    }
    void word(const Hash256& value) {
        const uint32_t reference = tables_.words.next_reference();
        varint(Column::word, reference);
        if (reference == 0) {
            raw(Column::word_literals, value.view());
        }
    }

    [[nodiscard]] Bytes& column(Column which) { return columns_[static_cast<size_t>(which)]; }
    [[nodiscard]] ColumnSet& columns() { return columns_; }

  private:
    void write_head(Column into, unsigned exponent, unsigned length) {
        using namespace amount_head;
        if (exponent == 0) {
            byte(into, static_cast<uint8_t>(length));
        } else if (exponent <= max_short_exponent && length <= max_short_length) {
            byte(
                into,
                static_cast<uint8_t>(first_scaled + max_short_length * (exponent - 1) + length - 1)
            );
        } else {
            byte(into, escape);
            byte(into, static_cast<uint8_t>(exponent));
            byte(into, static_cast<uint8_t>(length));
        }
    }
    void write_call(Column into, const Call& call) {
        raw(into, call.selector);
        varint(into, call.words);
    }

    Collector& tables_;
    ColumnSet columns_;
};

/// Tells a pass of one transaction, field by field, in the order in which the decoder asks.
template <class Pass>
class Walk {
  public:
    Walk(Pass& pass, uint64_t timestamp) : pass_(pass), timestamp_(timestamp) {}

    void transaction(const Transaction& tx) {
        pass_.shape(shape_of(tx));
        pass_.signature(tx.signature);
        pass_.nonce(tx.nonce);
        pass_.number(Column::gas_limit, u256{tx.gas_limit});
        // Wallets add their tip to what they make of the base fee, which is the same for all.
        if (has_priority_fee(tx.type)) {
            pass_.number(Column::fee_room, tx.max_fee_per_gas - tx.max_priority_fee_per_gas);
            pass_.number(Column::priority_fee, tx.max_priority_fee_per_gas);
        } else {
            pass_.number(Column::fee_room, tx.max_fee_per_gas);
        }
        if (tx.to) {
            pass_.address(Column::to, *tx.to);
        }
        if (!tx.value.is_zero()) {
            pass_.amount(value_amounts, tx.value);
        }
        if (!tx.data.empty()) {
            data(tx);
        }
        if (has_lists(tx)) {
            lists(tx);
        }
    }

  private:
    void data(const Transaction& tx) {
        const auto call = read_call(tx);
        if (!call) {
            pass_.varint(Column::call, 0);
            pass_.varint(Column::data_length, tx.data.size());
            pass_.raw(Column::data, tx.data);
            return;
        }
        pass_.call(*call);
        for (uint32_t i = 0; i < call->words; ++i) {
            word(u256::load_be(tx.data.data() + 4 + size_t{32} * i));
        }
    }

    void word(const u256& value) {
        const WordKind kind = kind_of_word(value, timestamp_);
        pass_.byte(Column::word_kind, static_cast<uint8_t>(kind));
        switch (kind) {
            case WordKind::zero:
            case WordKind::all_ones:
                break;
            case WordKind::time:
                pass_.varint(Column::word_time, zigzag(value.low64() - timestamp_));
                break;
            case WordKind::amount:
                pass_.amount(word_amounts, value);
                break;
            case WordKind::address:
                pass_.address(Column::word_address, value.to_address());
                break;
            case WordKind::negative:
                pass_.amount(word_amounts, u256{} - value);
                break;
            case WordKind::reference:
                pass_.word(value.to_hash());
                break;
        }
    }

    void lists(const Transaction& tx) {
        pass_.varint(Column::lists, tx.access_list.size());
        for (const AccessListEntry& entry : tx.access_list) {
            pass_.address(Column::lists, entry.address);
            pass_.varint(Column::lists, entry.storage_keys.size());
            for (const Hash256& key : entry.storage_keys) {
                pass_.raw(Column::list_words, key.view());
            }
        }
        if (tx.type != TxType::set_code) {
            return;
        }
        pass_.varint(Column::lists, tx.authorization_list.size());
        for (const Authorization& tuple : tx.authorization_list) {
            pass_.amount(number_amounts, tuple.chain_id);
            pass_.address(Column::lists, tuple.address);
            pass_.varint(Column::lists, tuple.nonce);
            pass_.byte(Column::lists, static_cast<uint8_t>(tuple.y_parity.low64()));
            pass_.raw(Column::list_words, tuple.r.to_hash().view());
            pass_.raw(Column::list_words, tuple.s.to_hash().view());
        }
    }

    Pass& pass_;
    uint64_t timestamp_;
};

template <class Pass>
void walk(Pass& pass, std::span<const BatchBlock> blocks) {
    for (const BatchBlock& block : blocks) {
        Walk<Pass> steps(pass, block.timestamp);
        for (const Transaction& tx : block.transactions) {
            steps.transaction(tx);
        }
    }
}

void write_blocks(Bytes& out, std::span<const BatchBlock> blocks) {
    write_varint(out, blocks.size());
    const BatchBlock* before = nullptr;
    for (const BatchBlock& block : blocks) {
        const bool has_limit = before == nullptr || before->gas_limit != block.gas_limit;
        const bool has_beneficiary = before == nullptr || before->beneficiary != block.beneficiary;
        out.push_back(static_cast<uint8_t>(
            (has_limit ? block_flag::gas_limit : 0) |
            (has_beneficiary ? block_flag::beneficiary : 0)
        ));
        write_varint(out, block.timestamp - (before != nullptr ? before->timestamp : 0));
        write_varint(out, block.origin_number - (before != nullptr ? before->origin_number : 0));
        write_varint(out, block.cursor - (before != nullptr ? before->cursor : 0));
        write_varint(out, block.transactions.size());
        if (has_limit) {
            write_varint(out, block.gas_limit);
        }
        if (has_beneficiary) {
            append(out, block.beneficiary.view());
        }
        before = &block;
    }
}

std::optional<std::string> problem_of(const Transaction& tx, uint64_t chain_id) {
    const bool is_known = tx.type == TxType::legacy || tx.type == TxType::access_list ||
                          tx.type == TxType::dynamic_fee || tx.type == TxType::set_code;
    if (!is_known) {
        return "is of type " + std::to_string(static_cast<unsigned>(tx.type)) +
               ", which a batch cannot hold";
    }
    const bool may_lack_chain_id = tx.type == TxType::legacy;
    if (tx.chain_id ? *tx.chain_id != chain_id : !may_lack_chain_id) {
        return "is for another chain";
    }
    if (tx.type == TxType::set_code && !tx.to) {
        return "has no recipient";
    }
    if ((tx.signature.s.bytes[0] & 0x80) != 0 || tx.signature.y_parity > 1) {
        return "has a signature that is not valid (EIP-2)";
    }
    if (!has_priority_fee(tx.type) && tx.max_priority_fee_per_gas != tx.max_fee_per_gas) {
        return "has two prices";
    }
    return std::nullopt;
}

std::optional<std::string> problem_of(std::span<const BatchBlock> blocks, uint64_t chain_id) {
    if (blocks.empty() || blocks.size() > max_blocks_per_batch) {
        return "a batch has 1 to " + std::to_string(max_blocks_per_batch) + " blocks, not " +
               std::to_string(blocks.size());
    }
    size_t weight = 0;
    for (size_t i = 0; i < blocks.size(); ++i) {
        if (i > 0 && (blocks[i].timestamp < blocks[i - 1].timestamp ||
                      blocks[i].origin_number < blocks[i - 1].origin_number ||
                      blocks[i].cursor < blocks[i - 1].cursor)) {
            return "block " + std::to_string(i) + " of the batch goes back";
        }
        for (const Transaction& tx : blocks[i].transactions) {
            if (auto problem = problem_of(tx, chain_id)) {
                return "a transaction of block " + std::to_string(i) + " " + *problem;
            }
            weight += weight_of(tx);
        }
    }
    if (weight > max_content_bytes) {
        return "the batch's calldata and lists weigh " + std::to_string(weight) + " bytes, " +
               std::to_string(max_content_bytes) + " are allowed";
    }
    return std::nullopt;
}

}  // namespace

Result<Bytes> encode_columns(uint64_t chain_id, std::span<const BatchBlock> blocks) {
    if (auto problem = problem_of(blocks, chain_id)) {
        return Err{Error{std::move(*problem)}};
    }
    Collector tables;
    walk(tables, blocks);
    tables.build();
    ColumnWriter writer(tables);
    write_blocks(writer.column(Column::blocks), blocks);
    walk(writer, blocks);

    Bytes columns;
    size_t size = 0;
    for (const Bytes& column : writer.columns()) {
        write_varint(columns, column.size());
        size += column.size();
    }
    if (columns.size() + size > max_columns_bytes) {
        return Err{Error{
            "the batch's columns have " + std::to_string(columns.size() + size) + " bytes, " +
            std::to_string(max_columns_bytes) + " are allowed"
        }};
    }
    columns.reserve(columns.size() + size);
    for (const Bytes& column : writer.columns()) {
        append(columns, column);
    }
    return columns;
}

}  // namespace mega::rollup
