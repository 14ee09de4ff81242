#pragma once

// The hash functions behind precompiles 0x02, 0x03 and 0x09.

#include "base/bytes.hpp"

namespace mega::crypto {

[[nodiscard]] Hash256 sha256(BytesView data);
[[nodiscard]] FixedBytes<20> ripemd160(BytesView data);

/// The BLAKE2b compression function F (EIP-152): `state` h[8] is updated in place with block m[16],
/// counters t[2].
void blake2b_compress(
    uint32_t rounds,
    std::span<uint64_t, 8> state,
    std::span<const uint64_t, 16> block,
    std::span<const uint64_t, 2> counter,
    bool is_final
);

}  // namespace mega::crypto
