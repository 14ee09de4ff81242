#include "crypto/keccak_lanes.hpp"

#if defined(__x86_64__)

namespace mega::crypto::detail {

using EightWords = uint64_t __attribute__((vector_size(64)));

__attribute__((target("avx512f,avx512vl"))) void hash_many_avx512(
    std::span<const BytesView> in, std::span<Hash256> out
) {
    Lanes<EightWords>::hash_many(in, out);
}

}  // namespace mega::crypto::detail

#endif
