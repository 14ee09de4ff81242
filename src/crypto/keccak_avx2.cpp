#include "crypto/keccak_lanes.hpp"

#if defined(__x86_64__)

namespace mega::crypto::detail {

using FourWords = uint64_t __attribute__((vector_size(32)));

__attribute__((target("avx2,bmi,bmi2"))) void hash_many_avx2(
    std::span<const BytesView> in, std::span<Hash256> out
) {
    Lanes<FourWords>::hash_many(in, out);
}

}  // namespace mega::crypto::detail

#endif
