#include "execution/data_fee.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace mega::execution {

namespace {

constexpr size_t table_bits = 11;
constexpr size_t window = 8192;
constexpr size_t min_match = 4;
constexpr size_t max_match = 264;
constexpr uint64_t match_cost = 3;
constexpr uint64_t literals_per_overhead_byte = 32;

uint32_t load_u32(const uint8_t* at) {
    uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

size_t slot_of(uint32_t word) {
    // Knuth's multiplicative hash.
    return (word * 2654435761U) >> (32 - table_bits);
}

size_t match_length(BytesView bytes, size_t earlier, size_t here) {
    const size_t limit = std::min(max_match, bytes.size() - here);
    size_t length = min_match;
    while (length < limit && bytes[earlier + length] == bytes[here + length]) {
        ++length;
    }
    return length;
}

}  // namespace

uint64_t compressed_size_estimate(BytesView bytes) {
    // Positions plus one; zero is none.
    std::array<uint32_t, size_t{1} << table_bits> last_seen{};
    uint64_t literals = 0;
    uint64_t matches = 0;
    size_t here = 0;
    while (here + min_match <= bytes.size()) {
        const uint32_t word = load_u32(bytes.data() + here);
        uint32_t& seen = last_seen[slot_of(word)];
        const size_t earlier = seen;
        seen = static_cast<uint32_t>(here + 1);
        const bool is_match = earlier != 0 && here + 1 - earlier <= window &&
                              load_u32(bytes.data() + earlier - 1) == word;
        if (is_match) {
            ++matches;
            here += match_length(bytes, earlier - 1, here);
        } else {
            ++literals;
            ++here;
        }
    }
    literals += bytes.size() - here;
    return literals + literals / literals_per_overhead_byte + matches * match_cost;
}

uint64_t data_size(const SignedTransaction& tx) {
    const Bytes encoded = tx.raw.empty() ? encode(tx.tx) : Bytes{};
    const BytesView envelope = tx.raw.empty() ? BytesView{encoded} : BytesView{tx.raw};
    // A signature closes the envelope; of a call there is none, so it is added in either case.
    const size_t unsigned_size = envelope.size() > signature_size_bytes && !tx.raw.empty()
                                     ? envelope.size() - signature_size_bytes
                                     : envelope.size();
    const uint64_t size =
        compressed_size_estimate(envelope.subspan(0, unsigned_size)) + signature_size_bytes;
    return std::max(size, min_data_size_bytes);
}

uint64_t data_gas(const L2Fees& fees, const SignedTransaction& tx) {
    if (fees.data_price.is_zero() || tx.tx.type == TxType::deposit) {
        return 0;
    }
    // The price has at most 128 bits and a size fewer than 32.
    const u256 cost = fees.data_price * u256{data_size(tx)};
    const u256 gas = cost / std::max(fees.base_fee_per_gas, u256{1});
    return gas < u256{max_data_gas} ? gas.low64() : max_data_gas;
}

u256 vault_credit(
    const L2Fees& fees, const u256& base_fee_per_gas, uint64_t gas_used, uint64_t data_gas
) {
    const u256 for_data = base_fee_per_gas * u256{data_gas};
    const u256 for_execution = base_fee_per_gas * u256{gas_used - data_gas};
    return for_data + for_execution * u256{fees.base_fee_share_bps} / u256{10'000};
}

}  // namespace mega::execution
