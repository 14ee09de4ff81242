#include "rollup/batch_format.hpp"
#include "rollup/call.hpp"
#include "rollup/columns.hpp"

namespace mega::rollup {
namespace {

constexpr size_t signature_size = 64;

class Decoder {
  public:
    Decoder(uint64_t chain_id, BytesView columns) : chain_id_(chain_id) { split(columns); }

    [[nodiscard]] Result<std::vector<BatchBlock>> run() {
        if (!problem_) {
            read_tables();
        }
        if (!problem_) {
            read_blocks();
        }
        if (!problem_) {
            find_leftovers();
        }
        if (problem_) {
            return Err{Error{"batch: " + *problem_}};
        }
        return std::move(blocks_);
    }

  private:
    [[nodiscard]] ColumnReader& in(Column column) { return readers_[static_cast<size_t>(column)]; }
    void fail(std::string problem) {
        if (!problem_) {
            problem_ = std::move(problem);
        }
    }

    void split(BytesView columns) {
        ColumnReader lengths(columns);
        std::array<uint64_t, column_count> sizes{};
        for (uint64_t& size : sizes) {
            size = lengths.varint();
        }
        if (lengths.failed()) {
            return fail("the columns' lengths are malformed");
        }
        BytesView rest = columns.subspan(columns.size() - lengths.left());
        for (size_t i = 0; i < column_count; ++i) {
            if (sizes[i] > rest.size()) {
                return fail("column " + std::to_string(i) + " is longer than the rest");
            }
            readers_[i] = ColumnReader(rest.first(sizes[i]));
            rest = rest.subspan(sizes[i]);
        }
        if (!rest.empty()) {
            fail("bytes follow the columns");
        }
    }

    void read_tables() {
        const uint64_t numbers = in(Column::number_table).varint();
        if (numbers > in(Column::number_head).left()) {
            return fail("the table of numbers is longer than its columns");
        }
        for (uint64_t i = 0; i < numbers; ++i) {
            numbers_.push_back(amount(number_amounts));
        }
        while (!in(Column::address_table).at_end()) {
            addresses_.push_back(in(Column::address_table).fixed<Address::size_bytes>());
        }
        while (!in(Column::word_table).at_end()) {
            words_.push_back(in(Column::word_table).fixed<Hash256::size_bytes>());
        }
        while (!in(Column::call_table).at_end() && !in(Column::call_table).failed()) {
            calls_.push_back(new_call(Column::call_table));
        }
    }

    void read_blocks() {
        ColumnReader& column = in(Column::blocks);
        const uint64_t count = column.varint();
        if (count == 0 || count > max_blocks_per_batch) {
            return fail("it has " + std::to_string(count) + " blocks");
        }
        const size_t signatures = in(Column::signatures).left();
        uint64_t transactions_left = signatures / signature_size;
        if (signatures % signature_size != 0) {
            return fail("the signatures' column ends within one");
        }
        for (uint64_t i = 0; i < count && !problem_; ++i) {
            BatchBlock block = block_head(i == 0 ? BatchBlock{} : blocks_.back());
            const uint64_t transactions = transaction_count_;
            if (column.failed() || transactions > transactions_left) {
                return fail("block " + std::to_string(i) + " is malformed");
            }
            transactions_left -= transactions;
            block.transactions.reserve(transactions);
            for (uint64_t k = 0; k < transactions && !problem_; ++k) {
                block.transactions.push_back(transaction(block.timestamp));
            }
            blocks_.push_back(std::move(block));
        }
    }

    [[nodiscard]] BatchBlock block_head(const BatchBlock& before) {
        ColumnReader& column = in(Column::blocks);
        const uint8_t flags = column.byte();
        if (flags > (block_flag::gas_limit | block_flag::beneficiary)) {
            column.fail();
        }
        BatchBlock block;
        block.timestamp = add(before.timestamp, column.varint());
        block.origin_number = add(before.origin_number, column.varint());
        block.cursor = add(before.cursor, column.varint());
        transaction_count_ = column.varint();
        block.gas_limit = (flags & block_flag::gas_limit) != 0 ? column.varint() : before.gas_limit;
        block.beneficiary = (flags & block_flag::beneficiary) != 0
                                ? column.fixed<Address::size_bytes>()
                                : before.beneficiary;
        return block;
    }

    [[nodiscard]] uint64_t add(uint64_t before, uint64_t difference) {
        if (before + difference < before) {
            in(Column::blocks).fail();
        }
        return before + difference;
    }

    [[nodiscard]] Transaction transaction(uint64_t timestamp) {
        const uint8_t bits = in(Column::shape).byte();
        Transaction tx;
        tx.type = static_cast<TxType>(bits & shape::type_mask);
        if ((bits & shape::type_mask) > 4 || tx.type == TxType::blob) {
            fail("a transaction is of a type that a batch cannot hold");
            return tx;
        }
        if ((bits & shape::without_chain_id) == 0) {
            tx.chain_id = chain_id_;
        }
        read_signature(tx);
        tx.nonce = in(Column::nonce_low).byte();
        const uint64_t nonce_high = in(Column::nonce_high).varint();
        const u256 gas_limit = number(Column::gas_limit);
        if (nonce_high >> 56 != 0 || !gas_limit.fits_u64()) {
            fail("a nonce or gas limit has more than 64 bits");
        }
        tx.nonce |= nonce_high << 8;
        tx.gas_limit = gas_limit.low64();
        tx.max_fee_per_gas = number(Column::fee_room);
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
        if (has_priority_fee(tx.type)) {
            tx.max_priority_fee_per_gas = number(Column::priority_fee);
            tx.max_fee_per_gas += tx.max_priority_fee_per_gas;
        }
        if ((bits & shape::creation) == 0) {
            tx.to = address(Column::to);
        }
        if ((bits & shape::with_value) != 0) {
            tx.value = amount(value_amounts);
        }
        if ((bits & shape::with_data) != 0) {
            read_data(tx, timestamp);
        }
        if ((bits & shape::with_lists) != 0) {
            read_lists(tx);
        }
        check_readers();
        return tx;
    }

    void read_signature(Transaction& tx) {
        tx.signature.r = in(Column::signatures).fixed<32>();
        tx.signature.s = in(Column::signatures).fixed<32>();
        tx.signature.y_parity = tx.signature.s.bytes[0] >> 7;
        tx.signature.s.bytes[0] &= 0x7f;
    }

    void read_data(Transaction& tx, uint64_t timestamp) {
        const uint64_t reference = in(Column::call).varint();
        if (reference == 0) {
            const uint64_t length = in(Column::data_length).varint();
            tx.data = to_bytes(in(Column::data).bytes(std::min<uint64_t>(length, SIZE_MAX)));
            return weigh(tx.data.size());
        }
        const Call call =
            reference == 1 ? new_call(Column::call_literals) : entry_of(calls_, reference - 1);
        if (call.words > in(Column::word_kind).left()) {
            return fail("a call has more words than there are");
        }
        weigh(4 + size_t{call.words} * 32);
        if (problem_) {
            return;
        }
        tx.data.resize(4 + size_t{call.words} * 32);
        std::copy_n(call.selector.begin(), 4, tx.data.begin());
        for (uint32_t i = 0; i < call.words; ++i) {
            word(timestamp).store_be(tx.data.data() + 4 + size_t{32} * i);
        }
    }

    [[nodiscard]] Call new_call(Column column) {
        Call call;
        const auto selector = in(column).bytes(4);
        std::copy(selector.begin(), selector.end(), call.selector.begin());
        const uint64_t words = in(column).varint();
        if (words > max_content_bytes / 32) {
            in(column).fail();
        }
        call.words = static_cast<uint32_t>(words);
        return call;
    }

    [[nodiscard]] u256 word(uint64_t timestamp) {
        switch (static_cast<WordKind>(in(Column::word_kind).byte())) {
            case WordKind::zero:
                return {};
            case WordKind::all_ones:
                return u256::max();
            case WordKind::time:
                return timestamp + unzigzag(in(Column::word_time).varint());
            case WordKind::amount:
                return amount(word_amounts);
            case WordKind::address:
                return u256::from_be(address(Column::word_address).view());
            case WordKind::negative:
                return u256{} - amount(word_amounts);
            case WordKind::reference: {
                const uint64_t reference = in(Column::word).varint();
                return to_u256(
                    reference == 0 ? in(Column::word_literals).fixed<Hash256::size_bytes>()
                                   : entry_of(words_, reference)
                );
            }
        }
        fail("a word is of an unknown kind");
        return {};
    }

    void read_lists(Transaction& tx) {
        ColumnReader& column = in(Column::lists);
        const uint64_t entries = column.varint();
        for (uint64_t i = 0; i < entries && can_go_on(); ++i) {
            AccessListEntry& entry = tx.access_list.emplace_back();
            entry.address = address(Column::lists);
            const uint64_t keys = column.varint();
            weigh(weight_of_list_entry);
            for (uint64_t k = 0; k < keys && can_go_on(); ++k) {
                entry.storage_keys.push_back(in(Column::list_words).fixed<Hash256::size_bytes>());
                weigh(Hash256::size_bytes);
            }
        }
        if (tx.type != TxType::set_code) {
            return;
        }
        const uint64_t tuples = column.varint();
        for (uint64_t i = 0; i < tuples && can_go_on(); ++i) {
            Authorization& tuple = tx.authorization_list.emplace_back();
            tuple.chain_id = amount(number_amounts);
            tuple.address = address(Column::lists);
            tuple.nonce = column.varint();
            tuple.y_parity = u256{column.byte()};
            tuple.r = to_u256(in(Column::list_words).fixed<32>());
            tuple.s = to_u256(in(Column::list_words).fixed<32>());
            weigh(weight_of_authorization);
        }
    }
    [[nodiscard]] bool can_go_on() {
        check_readers();
        return !problem_;
    }

    [[nodiscard]] u256 amount(const AmountColumns& columns) {
        const auto [exponent, length] = amount_head(in(columns.head));
        if (length > 32) {
            fail("an amount has more than 32 bytes");
            return {};
        }
        const Amount parts{u256::from_be(in(columns.digits).bytes(length)), exponent};
        const auto value = join_amount(parts);
        if (!value) {
            fail("an amount does not fit 256 bits");
        }
        return value.value_or(u256{});
    }
    struct Head {
        uint8_t exponent = 0;
        uint8_t length = 0;
    };
    [[nodiscard]] static Head amount_head(ColumnReader& column) {
        using namespace rollup::amount_head;
        const unsigned first = column.byte();
        if (first < first_scaled) {
            return {0, static_cast<uint8_t>(first)};
        }
        if (first == escape) {
            const uint8_t exponent = column.byte();
            return {exponent, column.byte()};
        }
        const unsigned scaled = first - first_scaled;
        return {
            static_cast<uint8_t>(1 + scaled / max_short_length),
            static_cast<uint8_t>(1 + scaled % max_short_length)
        };
    }
    [[nodiscard]] u256 number(Column column) {
        const uint64_t reference = in(column).varint();
        return reference == 0 ? amount(number_amounts) : entry_of(numbers_, reference);
    }
    [[nodiscard]] Address address(Column column) {
        const uint64_t reference = in(column).varint();
        return reference == 0 ? in(Column::address_literals).fixed<Address::size_bytes>()
                              : entry_of(addresses_, reference);
    }
    template <class Value>
    [[nodiscard]] Value entry_of(const std::vector<Value>& table, uint64_t reference) {
        if (reference > table.size()) {
            fail("a reference points behind its table");
            return {};
        }
        return table[reference - 1];
    }

    void weigh(size_t more) {
        weight_ += more;
        if (weight_ > max_content_bytes) {
            fail("calldata and lists weigh more than allowed");
        }
    }
    void check_readers() {
        for (size_t i = 0; i < column_count; ++i) {
            if (readers_[i].failed()) {
                return fail("column " + std::to_string(i) + " ends early or is malformed");
            }
        }
    }
    void find_leftovers() {
        check_readers();
        for (size_t i = 0; i < column_count; ++i) {
            if (!readers_[i].at_end()) {
                return fail("column " + std::to_string(i) + " has more than is used");
            }
        }
    }

    uint64_t chain_id_;
    std::array<ColumnReader, column_count> readers_;
    std::vector<u256> numbers_;
    std::vector<Address> addresses_;
    std::vector<Hash256> words_;
    std::vector<Call> calls_;
    std::vector<BatchBlock> blocks_;
    std::optional<std::string> problem_;
    uint64_t transaction_count_ = 0;  // of the block that is being read
    size_t weight_ = 0;
};

}  // namespace

Result<std::vector<BatchBlock>> decode_columns(uint64_t chain_id, BytesView columns) {
    if (columns.size() > max_columns_bytes) {
        return Err{Error{"batch: the columns are larger than allowed"}};
    }
    auto blocks = Decoder(chain_id, columns).run();
    if (!blocks) {
        return blocks;
    }
    // One batch, one form: what is not what the encoder makes is refused, whatever it may mean.
    const auto again = encode_columns(chain_id, *blocks);
    if (!again || !equal(*again, columns)) {
        return Err{Error{"batch: the columns are not in the one form that they must have"}};
    }
    return blocks;
}

}  // namespace mega::rollup
