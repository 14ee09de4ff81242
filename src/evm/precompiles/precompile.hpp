#pragma once

// What a precompiled contract is to the dispatcher: its price, known before any work is done, and
// its function.

#include "base/bytes.hpp"
#include "evm/fork.hpp"

#include <limits>
#include <optional>

namespace mega::evm::precompiles {

/// More than anybody has.
inline constexpr int64_t unaffordable = std::numeric_limits<int64_t>::max();

struct Precompile {
    /// Looks at no more of `input` than it must, allocates nothing.
    int64_t (*gas)(Fork fork, BytesView input);
    /// Nothing for input that the contract refuses.
    std::optional<Bytes> (*run)(BytesView input);
};

[[nodiscard]] constexpr int64_t word_count(size_t size_bytes) {
    return static_cast<int64_t>((size_bytes + 31) / 32);
}

/// Bytes [offset, offset + N) of `input`, zeros behind its end.
template <size_t N>
[[nodiscard]] FixedBytes<N> read_padded(BytesView input, size_t offset = 0) {
    FixedBytes<N> result;
    if (offset < input.size()) {
        const size_t count = std::min(N, input.size() - offset);
        std::memcpy(result.data(), input.data() + offset, count);
    }
    return result;
}

/// `flag` as a 32-byte word.
[[nodiscard]] inline Bytes word_of(bool flag) {
    Bytes word(32);
    word.back() = flag ? 1 : 0;
    return word;
}

// EIP-198, EIP-2565, EIP-7823, EIP-7883
[[nodiscard]] int64_t modexp_gas(Fork fork, BytesView input);
[[nodiscard]] std::optional<Bytes> run_modexp(BytesView input);

// EIP-2537
extern const Precompile bls_g1_add;
extern const Precompile bls_g1_msm;
extern const Precompile bls_g2_add;
extern const Precompile bls_g2_msm;
extern const Precompile bls_pairing;
extern const Precompile bls_map_fp_to_g1;
extern const Precompile bls_map_fp2_to_g2;

}  // namespace mega::evm::precompiles
