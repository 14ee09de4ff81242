// Any bytes: no crash, what comes out is accepted back, and addition commutes.

#include "crypto/bn254.hpp"

#include "base/assert.hpp"

namespace bn254 = mega::crypto::bn254;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input(data, size);
    (void)bn254::pairing_is_one(input.first(std::min<size_t>(size, size_t{3} * 192)));
    if (size < 128) {
        return 0;
    }
    const mega::BytesView a = input.first(64);
    const mega::BytesView b = input.subspan(64, 64);
    const auto sum = bn254::add(a, b);
    MEGA_ASSERT(sum == bn254::add(b, a));
    MEGA_ASSERT(!sum || bn254::add(*sum, bn254::G1Bytes{}) == sum);
    const auto product = bn254::multiply(a, b.first(32));
    MEGA_ASSERT(!product || bn254::add(*product, bn254::G1Bytes{}) == product);
    return 0;
}
