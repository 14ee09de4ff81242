#pragma once

// The columns of a batch as byte strings, and how numbers lie in them. Which column holds what is
// drawn in batch_format.hpp.

#include "base/bytes.hpp"
#include "types/u256.hpp"

#include <array>
#include <optional>

namespace mega::rollup {

enum class Column : uint8_t {
    blocks,
    shape,
    nonce_low,
    nonce_high,
    gas_limit,
    fee_room,
    priority_fee,
    to,
    call,
    word_kind,
    word_address,
    word_time,
    word,
    value_head,
    word_head,
    number_head,
    lists,
    data_length,
    data,
    call_literals,
    call_table,
    number_table,
    address_table,
    word_table,
    // From here on: what cannot be predicted.
    value_digits,
    word_digits,
    number_digits,
    address_literals,
    word_literals,
    list_words,
    signatures,
};
inline constexpr size_t column_count = static_cast<size_t>(Column::signatures) + 1;

/// The two columns of an amount.
struct AmountColumns {
    Column head;
    Column digits;
};
inline constexpr AmountColumns value_amounts{Column::value_head, Column::value_digits};
inline constexpr AmountColumns word_amounts{Column::word_head, Column::word_digits};
inline constexpr AmountColumns number_amounts{Column::number_head, Column::number_digits};

/// How a word of a call lies in the columns. The first kind that fits is the one.
enum class WordKind : uint8_t {
    zero,
    all_ones,   // 2^256 - 1
    time,       // within 2^17 seconds of the block's timestamp: zigzag varint of the difference
    amount,     // at most 16 bytes
    address,    // at most 20 bytes
    negative,   // 2^256 - amount, where the amount has at most 8 bytes
    reference,  // whole: for the next of word_literals, or an entry of word_table
};

/// What of `shape` is not the type.
namespace shape {
inline constexpr uint8_t type_mask = 7;
inline constexpr uint8_t without_chain_id = 8;
inline constexpr uint8_t creation = 16;
inline constexpr uint8_t with_value = 32;
inline constexpr uint8_t with_data = 64;
inline constexpr uint8_t with_lists = 128;
}  // namespace shape

namespace block_flag {
inline constexpr uint8_t gas_limit = 1;
inline constexpr uint8_t beneficiary = 2;
}  // namespace block_flag

inline constexpr uint64_t time_window = 1u << 17;
/// What a decoded transaction's calldata and lists may weigh together in a batch.
inline constexpr size_t max_content_bytes = 64u << 20;
inline constexpr size_t weight_of_list_entry = 64;
inline constexpr size_t weight_of_authorization = 256;

void write_varint(Bytes& out, uint64_t value);

/// Reads one column. The first fault sticks; reads give zeros from then on.
class ColumnReader {
  public:
    ColumnReader() = default;
    explicit ColumnReader(BytesView bytes) : rest_(bytes) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] size_t left() const { return rest_.size(); }
    void fail() { failed_ = true; }

    [[nodiscard]] uint8_t byte() {
        if (rest_.empty()) {
            failed_ = true;
            return 0;
        }
        const uint8_t value = rest_[0];
        rest_ = rest_.subspan(1);
        return value;
    }
    [[nodiscard]] BytesView bytes(size_t count) {
        if (count > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const BytesView taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    /// Zeros when there are not enough.
    template <size_t N>
    [[nodiscard]] FixedBytes<N> fixed() {
        const BytesView taken = bytes(N);
        return taken.size() == N ? FixedBytes<N>::from(taken) : FixedBytes<N>{};
    }
    [[nodiscard]] uint64_t varint();

  private:
    BytesView rest_;
    bool failed_ = false;
};

using ColumnSet = std::array<Bytes, column_count>;

/// An amount in its parts: digits * 10^exponent, with the highest exponent there is.
struct Amount {
    u256 digits;
    uint8_t exponent = 0;
};
[[nodiscard]] Amount split_amount(const u256& value);

/// The head of an amount: how many digits follow, in bytes, and the exponent. One byte for the
/// usual ones:
///
///   length                              exponent 0
///   33 + 8 (exponent - 1) + length - 1  exponent 1 to 27, length 1 to 8
///   255 ‖ exponent ‖ length             others
namespace amount_head {
inline constexpr unsigned first_scaled = 33;
inline constexpr unsigned max_short_exponent = 27;
inline constexpr unsigned max_short_length = 8;
inline constexpr uint8_t escape = 255;
}  // namespace amount_head
/// Nothing when it does not fit 256 bits. Also joins parts that split_amount does not give.
[[nodiscard]] std::optional<u256> join_amount(const Amount& amount);

}  // namespace mega::rollup
