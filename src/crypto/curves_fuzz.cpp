// No bytes crash the curve functions, and what they give back they accept again.
//   input = one byte that picks the function, then its argument

#include "base/assert.hpp"
#include "crypto/bls12_381.hpp"
#include "crypto/kzg.hpp"
#include "crypto/modexp.hpp"
#include "crypto/p256.hpp"
#include "crypto/secp256k1.hpp"

namespace mega::crypto {
namespace {

/// point + infinity = point, for every point that was given.
template <size_t N>
void check_point(
    const std::optional<FixedBytes<N>>& point, std::optional<FixedBytes<N>> (*add)(BytesView)
) {
    if (point) {
        Bytes sum = to_bytes(*point);
        sum.resize(2 * N);
        MEGA_ASSERT(add(sum) == point);
    }
}

Hash256 word(BytesView input, size_t i) {
    Hash256 taken;
    if (input.size() >= 32 * (i + 1)) {
        taken = Hash256::from(input.subspan(32 * i));
    }
    return taken;
}

void recover(BytesView input) {
    const Signature signature{
        .r = word(input, 1),
        .s = word(input, 2),
        .y_parity = static_cast<uint8_t>(input.empty() ? 0 : input[0] & 3),
    };
    const auto key = recover_public_key(word(input, 0), signature);
    MEGA_ASSERT(key.has_value() == recover_address(word(input, 0), signature).has_value());
    MEGA_ASSERT(!key || signature.y_parity < 2);
}

void open(BytesView input) {
    if (input.size() >= 160) {
        static_cast<void>(kzg::verify_proof(
            FixedBytes<48>::from(input),
            word(input.subspan(48), 0),
            word(input.subspan(48), 1),
            FixedBytes<48>::from(input.subspan(112))
        ));
    }
}

void raise(BytesView input) {
    const size_t part = std::min<size_t>(input.size() / 3, 64);
    const BytesView modulus = input.subspan(2 * part, part);
    const Bytes power = modexp(input.first(part), input.subspan(part, part), modulus);
    MEGA_ASSERT(power.size() == modulus.size());
    const bool is_zero = std::all_of(power.begin(), power.end(), [](uint8_t b) { return b == 0; });
    MEGA_ASSERT(
        is_zero ||
        std::lexicographical_compare(power.begin(), power.end(), modulus.begin(), modulus.end())
    );
}

void run(uint8_t function, BytesView input) {
    namespace bls = bls12_381;
    switch (function % 11) {
        case 0:
            return check_point(bls::g1_add(input), bls::g1_add);
        case 1:
            return check_point(bls::g2_add(input), bls::g2_add);
        case 2:
            return check_point(bls::g1_msm(input), bls::g1_add);
        case 3:
            return check_point(bls::g2_msm(input), bls::g2_add);
        case 4:
            return check_point(bls::map_fp_to_g1(input), bls::g1_add);
        case 5:
            return check_point(bls::map_fp2_to_g2(input), bls::g2_add);
        case 6:
            return static_cast<void>(bls::pairing_is_one(input));
        case 7:
            return recover(input);
        case 8:
            return static_cast<void>(p256::verify(
                word(input, 0), word(input, 1), word(input, 2), word(input, 3), word(input, 4)
            ));
        case 9:
            return open(input);
        default:
            return raise(input);
    }
}

}  // namespace
}  // namespace mega::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size != 0) {
        mega::crypto::run(data[0], {data + 1, size - 1});
    }
    return 0;
}
