#include "crypto/bls_encoding.hpp"

#include <blst.h>

#include <algorithm>

namespace mega::crypto::bls {
namespace {

constexpr size_t element_size = 48;
constexpr size_t wide_size = 64;
constexpr size_t padding = wide_size - element_size;

}  // namespace

std::optional<WideKey> widen(const PublicKey& key) {
    blst_p1_affine point;
    if (blst_p1_uncompress(&point, key.data()) != BLST_SUCCESS || blst_p1_affine_is_inf(&point) ||
        !blst_p1_affine_in_g1(&point)) {
        return std::nullopt;
    }
    WideKey wide;
    blst_bendian_from_fp(wide.data() + padding, &point.x);
    blst_bendian_from_fp(wide.data() + wide_size + padding, &point.y);
    return wide;
}

std::optional<WideSignature> widen(const Signature& signature) {
    blst_p2_affine point;
    if (blst_p2_uncompress(&point, signature.data()) != BLST_SUCCESS ||
        !blst_p2_affine_in_g2(&point)) {
        return std::nullopt;
    }
    // The real part comes first, as the EIP has it; infinity is all zeros.
    WideSignature wide;
    if (blst_p2_affine_is_inf(&point)) {
        return wide;
    }
    uint8_t* at = wide.data();
    for (const blst_fp* element :
         {&point.x.fp[0], &point.x.fp[1], &point.y.fp[0], &point.y.fp[1]}) {
        blst_bendian_from_fp(at + padding, element);
        at += wide_size;
    }
    return wide;
}

std::optional<PublicKey> compress(const WideKey& key) {
    FixedBytes<2 * element_size> serialized;
    for (size_t i = 0; i < 2; ++i) {
        const BytesView element = key.view().subspan(i * wide_size, wide_size);
        if (std::ranges::any_of(element.first(padding), [](uint8_t byte) { return byte != 0; })) {
            return std::nullopt;
        }
        std::ranges::copy(element.subspan(padding), serialized.data() + i * element_size);
    }
    // The upper bits of the first byte would be flags of the serialized form.
    blst_p1_affine point;
    if ((serialized[0] & 0xe0) != 0 ||
        blst_p1_deserialize(&point, serialized.data()) != BLST_SUCCESS ||
        blst_p1_affine_is_inf(&point) || !blst_p1_affine_in_g1(&point)) {
        return std::nullopt;
    }
    PublicKey compressed;
    blst_p1_affine_compress(compressed.data(), &point);
    return compressed;
}

}  // namespace mega::crypto::bls
