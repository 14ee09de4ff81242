#include "rollup/columns.hpp"

#include <bit>

namespace mega::rollup {
namespace {

constexpr unsigned max_exponent = 77;  // 10^77 < 2^256 < 10^78
constexpr u256 ten = 10;
constexpr unsigned max_u64_exponent = 19;
constexpr auto powers_of_ten = [] {
    std::array<uint64_t, max_u64_exponent + 1> powers{1};
    for (size_t i = 1; i < powers.size(); ++i) {
        powers[i] = powers[i - 1] * 10;
    }
    return powers;
}();

unsigned trailing_zero_bits(const u256& value) {
    unsigned count = 0;
    for (const uint64_t limb : value.limbs) {
        if (limb != 0) {
            return count + static_cast<unsigned>(std::countr_zero(limb));
        }
        count += 64;
    }
    return count;
}

/// Cuts decimal zeros while there are any and the lowest `bits` bits, one for each, are zero.
Amount split_small(uint64_t value) {
    Amount amount;
    for (auto bits = static_cast<unsigned>(std::countr_zero(value)); bits > 0; --bits) {
        if (value % 10 != 0) {
            break;
        }
        value /= 10;
        ++amount.exponent;
    }
    amount.digits = value;
    return amount;
}

}  // namespace

void write_varint(Bytes& out, uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<uint8_t>(value));
}

uint64_t ColumnReader::varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t next = byte();
        const uint64_t part = next & 0x7f;
        const bool is_too_large = shift == 63 && part > 1;
        const bool is_superfluous = shift > 0 && next == 0;
        if (failed_ || is_too_large || is_superfluous) {
            break;
        }
        value |= part << shift;
        if ((next & 0x80) == 0) {
            return value;
        }
    }
    failed_ = true;
    return 0;
}

Amount split_amount(const u256& value) {
    if (value.is_zero()) {
        return {};
    }
    if (value.fits_u64()) {
        return split_small(value.low64());
    }
    // A number that is divisible by 10^k is divisible by 2^k: most are found out by that alone.
    Amount amount{value, 0};
    for (unsigned bits = trailing_zero_bits(value); bits > 0; --bits) {
        if (amount.digits.fits_u64()) {
            Amount rest = split_small(amount.digits.low64());
            rest.exponent = static_cast<uint8_t>(rest.exponent + amount.exponent);
            return rest;
        }
        const u256 quotient = amount.digits / ten;
        if (quotient * ten != amount.digits) {
            break;
        }
        amount.digits = quotient;
        ++amount.exponent;
    }
    return amount;
}

std::optional<u256> join_amount(const Amount& amount) {
    if (amount.exponent > max_exponent) {
        return std::nullopt;
    }
    u256 value = amount.digits;
    unsigned left = amount.exponent;
    while (left > 0) {
        const unsigned step = std::min(left, max_u64_exponent);
        const u256 factor = powers_of_ten[step];
        if (multiply_overflows(value, factor)) {
            return std::nullopt;
        }
        value = value * factor;
        left -= step;
    }
    return value;
}

}  // namespace mega::rollup
