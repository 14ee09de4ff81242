// A provider (crypto/provider.hpp) of plain C++: the two curves of 256 bits, which is what blocks
// of transfers and of contracts without the rarer precompiles need. What it cannot compute ends the
// process, as a provider must.

#include "base/assert.hpp"
#include "crypto/provider.hpp"
#include "guest/short_weierstrass.hpp"

namespace mega::crypto::provider {
namespace {

using guest::Affine;
using guest::Curve;
using guest::inverse_mod;

u256 number(const char* hex) { return u256_from_text(hex).value(); }

Curve secp256k1() {
    return {
        .prime = number("0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"),
        .order = number("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
        .a = 0,
        .b = 7,
        .generator =
            {.x = number("0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
             .y = number("0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")}
    };
}

Curve p256() {
    const u256 prime = number("0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    return {
        .prime = prime,
        .order = number("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        .a = prime - u256{3},
        .b = number("0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
        .generator =
            {.x = number("0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
             .y = number("0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")}
    };
}

[[noreturn]] void stop_for_lack(const char* of) { assertion_failed(of, __FILE__, __LINE__); }

}  // namespace

// The key is (s R - digest G) / r, where R is the point of r.
std::optional<FixedBytes<64>> recover_secp256k1(
    const Hash256& digest, const Hash256& r, const Hash256& s, uint8_t y_parity
) {
    const Curve curve = secp256k1();
    const u256 r_number = to_u256(r);
    const u256 s_number = to_u256(s);
    if (y_parity > 1 || !curve.is_scalar(r_number) || !curve.is_scalar(s_number)) {
        return std::nullopt;
    }
    const auto point = curve.point_at(r_number, y_parity == 1);
    if (!point) {
        return std::nullopt;
    }
    const u256 inverse = inverse_mod(r_number, curve.order);
    const u256 minus_digest = curve.order - to_u256(digest) % curve.order;
    const auto key = curve.sum_of_multiples(
        multiply_mod(minus_digest, inverse, curve.order),
        multiply_mod(s_number, inverse, curve.order),
        *point
    );
    if (!key) {
        return std::nullopt;
    }
    FixedBytes<64> bytes;
    key->x.store_be(bytes.data());
    key->y.store_be(bytes.data() + 32);
    return bytes;
}

bool verify_p256(
    const Hash256& digest, const Hash256& r, const Hash256& s, const Hash256& x, const Hash256& y
) {
    const Curve curve = p256();
    const u256 r_number = to_u256(r);
    const u256 s_number = to_u256(s);
    const Affine key{.x = to_u256(x), .y = to_u256(y)};
    if (!curve.is_scalar(r_number) || !curve.is_scalar(s_number) || !curve.has(key)) {
        return false;
    }
    const u256 inverse = inverse_mod(s_number, curve.order);
    const auto point = curve.sum_of_multiples(
        multiply_mod(to_u256(digest), inverse, curve.order),
        multiply_mod(r_number, inverse, curve.order),
        key
    );
    return point && point->x % curve.order == r_number;
}

Bytes modexp(BytesView /*base*/, BytesView /*exponent*/, BytesView /*modulus*/) {
    stop_for_lack("modexp");
}

bool verify_kzg_proof(
    const FixedBytes<48>& /*commitment*/,
    const Hash256& /*z*/,
    const Hash256& /*y*/,
    const FixedBytes<48>& /*proof*/
) {
    stop_for_lack("KZG");
}

namespace bls12_381 {
namespace {

[[noreturn]] void stop() { stop_for_lack("BLS12-381"); }

}  // namespace

std::optional<FixedBytes<128>> g1_add(BytesView /*input_256*/) { stop(); }
std::optional<FixedBytes<128>> g1_msm(BytesView /*pairs*/) { stop(); }
std::optional<FixedBytes<256>> g2_add(BytesView /*input_512*/) { stop(); }
std::optional<FixedBytes<256>> g2_msm(BytesView /*pairs*/) { stop(); }
std::optional<bool> pairing_is_one(BytesView /*pairs*/) { stop(); }
std::optional<FixedBytes<128>> map_fp_to_g1(BytesView /*fp_64*/) { stop(); }
std::optional<FixedBytes<256>> map_fp2_to_g2(BytesView /*fp2_128*/) { stop(); }

}  // namespace bls12_381

}  // namespace mega::crypto::provider
