// Gas and framing of MODEXP, 0x05 (EIP-198; EIP-2565 from Berlin; EIP-7823 and EIP-7883 from
// Osaka).
//
//   input: [ base length, 32 ][ exponent length, 32 ][ modulus length, 32 ][ base ][ exponent ][
//   modulus ]
//
// Missing bytes are zeros. Lengths are claims: the price is computed from them alone, before
// anything is read or allocated.

#include "crypto/modexp.hpp"
#include "evm/precompiles/precompile.hpp"
#include "types/u256.hpp"

namespace mega::evm::precompiles {

namespace {

constexpr size_t header_bytes = 96;
/// Longer operands are unaffordable under every pricing, unless base and modulus are empty.
constexpr uint64_t max_length = uint64_t{1} << 32;
constexpr uint64_t max_length_osaka = 1024;  // EIP-7823

struct Lengths {
    u256 base;
    u256 exponent;
    u256 modulus;

    [[nodiscard]] bool are_within(uint64_t limit) const {
        return base <= u256{limit} && exponent <= u256{limit} && modulus <= u256{limit};
    }
};

Lengths read_lengths(BytesView input) {
    const auto header = read_padded<header_bytes>(input);
    return {
        u256::load_be(header.data()),
        u256::load_be(header.data() + 32),
        u256::load_be(header.data() + 64)
    };
}

/// The index of the exponent's highest set bit, as far as the first 32 bytes tell, and
/// `tail_weight` for each byte behind them.
uint128 iteration_count(BytesView input, const Lengths& lengths, unsigned tail_weight) {
    const uint64_t length = lengths.exponent.low64();
    const uint64_t offset = header_bytes + lengths.base.low64();
    const auto head_bytes = static_cast<unsigned>(std::min<uint64_t>(length, 32));
    const u256 head =
        u256::load_be(read_padded<32>(input, offset).data()) >> (8 * (32 - head_bytes));
    const unsigned bits = head.bit_length();
    return uint128{tail_weight} * (length - head_bytes) + (bits == 0 ? 0 : bits - 1);
}

uint128 multiplication_complexity(Fork fork, uint64_t length) {
    const uint128 x = length;
    if (fork < Fork::berlin) {
        if (length <= 64) {
            return x * x;
        }
        return length <= 1024 ? x * x / 4 + 96 * x - 3072 : x * x / 16 + 480 * x - 199680;
    }
    const uint128 words = (x + 7) / 8;
    if (fork < Fork::osaka) {
        return words * words;
    }
    return length <= 32 ? 16 : 2 * words * words;
}

/// A part of the input, copied only where the input ends before it does.
class Operand {
  public:
    Operand(BytesView input, uint64_t offset, uint64_t length) {
        const size_t start = std::min<uint64_t>(offset, input.size());
        const size_t count = std::min<uint64_t>(length, input.size() - start);
        view_ = input.subspan(start, count);
        if (count < length) {
            padded_.resize(length);
            std::copy(view_.begin(), view_.end(), padded_.begin());
            view_ = padded_;
        }
    }
    ~Operand() = default;
    Operand(const Operand&) = delete;
    Operand& operator=(const Operand&) = delete;

    [[nodiscard]] BytesView view() const { return view_; }

  private:
    Bytes padded_;
    BytesView view_;
};

}  // namespace

int64_t modexp_gas(Fork fork, BytesView input) {
    const Lengths lengths = read_lengths(input);
    if (fork >= Fork::osaka && !lengths.are_within(max_length_osaka)) {
        return unaffordable;
    }
    const int64_t least = fork < Fork::berlin ? 0 : fork < Fork::osaka ? 200 : 500;
    if (fork < Fork::osaka && lengths.base.is_zero() && lengths.modulus.is_zero()) {
        return least;
    }
    if (!lengths.are_within(max_length)) {
        return unaffordable;
    }
    const uint128 complexity =
        multiplication_complexity(fork, std::max(lengths.base.low64(), lengths.modulus.low64()));
    const uint128 iterations =
        std::max<uint128>(1, iteration_count(input, lengths, fork < Fork::osaka ? 8 : 16));
    const unsigned divisor = fork < Fork::berlin ? 20 : fork < Fork::osaka ? 3 : 1;
    const uint128 gas = complexity * iterations / divisor;
    return gas >= uint128{static_cast<uint64_t>(unaffordable)}
               ? unaffordable
               : std::max(least, static_cast<int64_t>(gas));
}

std::optional<Bytes> run_modexp(BytesView input) {
    const Lengths lengths = read_lengths(input);
    if (lengths.modulus.is_zero()) {
        return Bytes{};
    }
    const uint64_t exponent_offset = header_bytes + lengths.base.low64();
    const uint64_t modulus_offset = exponent_offset + lengths.exponent.low64();
    const Operand base(input, header_bytes, lengths.base.low64());
    const Operand exponent(input, exponent_offset, lengths.exponent.low64());
    const Operand modulus(input, modulus_offset, lengths.modulus.low64());
    return crypto::modexp(base.view(), exponent.view(), modulus.view());
}

}  // namespace mega::evm::precompiles
