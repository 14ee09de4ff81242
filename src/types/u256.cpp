#include "types/u256.hpp"

#include <array>

namespace mega {
namespace {

u256 power_by_bits(u256 base, uint64_t exponent) {
    u256 result{1};
    for (; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0) {
            result *= base;
        }
        base *= base;
    }
    return result;
}

/// Four bits at a time from the top: fewer products than bit by bit, and no branch on the
/// exponent's bits.
u256 power_by_digits(const u256& base, const u256& exponent, unsigned bits) {
    std::array<u256, 16> powers;
    powers[0] = 1;
    for (size_t i = 1; i < powers.size(); ++i) {
        powers[i] = powers[i - 1] * base;
    }
    u256 result{1};
    for (unsigned digit = (bits + 3) / 4; digit-- > 0;) {
        result *= result;
        result *= result;
        result *= result;
        result *= result;
        result *= powers[(exponent.limbs[digit / 16] >> (4 * (digit % 16))) & 15];
    }
    return result;
}

constexpr uint64_t ten_to_19 = 10'000'000'000'000'000'000ULL;

int hex_digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<u256, HexError> from_hex_digits(std::string_view digits) {
    if (digits.empty() || digits.size() > 64) {
        return Err{HexError::wrong_length};
    }
    u256 value;
    for (const char c : digits) {
        const int digit = hex_digit_value(c);
        if (digit < 0) {
            return Err{HexError::bad_digit};
        }
        value = (value << 4) | u256{static_cast<uint64_t>(digit)};
    }
    return value;
}

Result<u256, HexError> from_decimal_digits(std::string_view digits) {
    // 2^256 has 78 digits; more than that is refused before any arithmetic.
    if (digits.empty() || digits.size() > 78) {
        return Err{HexError::wrong_length};
    }
    u256 value;
    for (const char c : digits) {
        if (c < '0' || c > '9') {
            return Err{HexError::bad_digit};
        }
        if (multiply_overflows(value, 10)) {
            return Err{HexError::wrong_length};
        }
        const auto sum = add_with_carry(value * 10, static_cast<uint64_t>(c - '0'));
        if (sum.carry) {
            return Err{HexError::wrong_length};
        }
        value = sum.value;
    }
    return value;
}

}  // namespace

u256 power(u256 base, u256 exponent) {
    if (base == u256{2}) {
        return exponent < u256{256} ? u256{1} << static_cast<unsigned>(exponent.low64()) : u256{};
    }
    if ((base.low64() & 1) == 0 && !(exponent < u256{256})) {
        return {};  // 2^256 divides the result
    }
    const unsigned bits = exponent.bit_length();
    return bits <= 16 ? power_by_bits(base, exponent.low64())
                      : power_by_digits(base, exponent, bits);
}

u256 sign_extend(const u256& index, const u256& value) {
    if (!(index < u256{31})) {
        return value;
    }
    const auto unused_bits = static_cast<unsigned>(248 - 8 * index.low64());
    return shift_right_signed(value << unused_bits, unused_bits);
}

u256 shift_right_signed(const u256& value, const u256& shift) {
    const u256 fill = value.is_negative() ? u256::max() : u256{};
    if (!(shift < u256{256})) {
        return fill;
    }
    const auto bits = static_cast<unsigned>(shift.low64());
    return (value >> bits) | (fill << (256 - bits));
}

std::string to_hex_quantity(const u256& value) {
    const std::string digits = to_hex_digits(value.to_hash());
    const size_t first = digits.find_first_not_of('0');
    return "0x" + (first == std::string::npos ? "0" : digits.substr(first));
}

std::string to_decimal(const u256& value) {
    std::string text;
    u256 rest = value;
    while (!rest.fits_u64()) {
        const DivResult step = divide(rest, ten_to_19);
        const std::string chunk = std::to_string(step.remainder.low64());
        text.insert(0, std::string(19 - chunk.size(), '0') + chunk);
        rest = step.quotient;
    }
    return std::to_string(rest.low64()) + text;
}

Result<u256, HexError> u256_from_text(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return from_hex_digits(text.substr(2));
    }
    return from_decimal_digits(text);
}

}  // namespace mega
