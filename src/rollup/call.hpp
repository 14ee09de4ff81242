#pragma once

// How the batch format looks at a transaction: its calldata as a selector with words, and what of
// it is there at all. Encoder and decoder agree through these.

#include "rollup/columns.hpp"
#include "types/transaction.hpp"

#include <compare>
#include <optional>

namespace mega::rollup {

/// The beginning of calldata that has 4 + 32 n bytes.
struct Call {
    std::array<uint8_t, 4> selector{};
    uint32_t words = 0;
    friend auto operator<=>(const Call&, const Call&) = default;
};

[[nodiscard]] inline bool has_priority_fee(TxType type) {
    return type == TxType::dynamic_fee || type == TxType::set_code;
}
[[nodiscard]] inline bool has_lists(const Transaction& tx) {
    return !tx.access_list.empty() || tx.type == TxType::set_code;
}

[[nodiscard]] inline uint8_t shape_of(const Transaction& tx) {
    const auto bit = [](bool is_set, uint8_t value) { return is_set ? value : uint8_t{0}; };
    return static_cast<uint8_t>(
        static_cast<uint8_t>(tx.type) | bit(!tx.chain_id, shape::without_chain_id) |
        bit(!tx.to, shape::creation) | bit(!tx.value.is_zero(), shape::with_value) |
        bit(!tx.data.empty(), shape::with_data) | bit(has_lists(tx), shape::with_lists)
    );
}

/// Nothing for calldata of another length, and for code.
[[nodiscard]] inline std::optional<Call> read_call(const Transaction& tx) {
    if (!tx.to || tx.data.size() < 4 || tx.data.size() % 32 != 4) {
        return std::nullopt;
    }
    Call call;
    std::copy_n(tx.data.begin(), 4, call.selector.begin());
    call.words = static_cast<uint32_t>((tx.data.size() - 4) / 32);
    return call;
}

[[nodiscard]] inline WordKind kind_of_word(const u256& value, uint64_t timestamp) {
    if (value.is_zero()) {
        return WordKind::zero;
    }
    if (value == u256::max()) {
        return WordKind::all_ones;
    }
    const uint64_t low = value.low64();
    if (value.fits_u64() && low + time_window >= timestamp && low <= timestamp + time_window &&
        low >= time_window) {
        return WordKind::time;
    }
    const unsigned length = value.byte_length();
    if (length <= 16) {
        return WordKind::amount;
    }
    if (length <= 20) {
        return WordKind::address;
    }
    return (u256{} - value).byte_length() <= 8 ? WordKind::negative : WordKind::reference;
}

/// A difference of either sign as a small number.
[[nodiscard]] inline uint64_t zigzag(uint64_t difference) {
    return (difference << 1) ^ (0 - (difference >> 63));
}
[[nodiscard]] inline uint64_t unzigzag(uint64_t number) {
    return (number >> 1) ^ (0 - (number & 1));
}

[[nodiscard]] inline size_t weight_of(const Transaction& tx) {
    size_t weight = tx.data.size() + tx.authorization_list.size() * weight_of_authorization;
    for (const AccessListEntry& entry : tx.access_list) {
        weight += weight_of_list_entry + entry.storage_keys.size() * Hash256::size_bytes;
    }
    return weight;
}

}  // namespace mega::rollup
