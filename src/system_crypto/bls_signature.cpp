#include "crypto/bls_signature.hpp"

#include <blst.h>

#include <string_view>

namespace mega::crypto::bls {
namespace {

constexpr std::string_view signing_tag = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
constexpr std::string_view possession_tag = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
constexpr size_t min_seed_size = 32;

std::optional<blst_scalar> scalar_of(const SecretKey& key) {
    blst_scalar scalar;
    blst_scalar_from_bendian(&scalar, key.data());
    return blst_sk_check(&scalar) ? std::optional{scalar} : std::nullopt;
}

std::optional<blst_p1_affine> point_of(const PublicKey& key) {
    blst_p1_affine point;
    const bool is_good = blst_p1_uncompress(&point, key.data()) == BLST_SUCCESS &&
                         !blst_p1_affine_is_inf(&point) && blst_p1_affine_in_g1(&point);
    return is_good ? std::optional{point} : std::nullopt;
}

std::optional<blst_p2_affine> point_of(const Signature& signature) {
    blst_p2_affine point;
    const bool is_good = blst_p2_uncompress(&point, signature.data()) == BLST_SUCCESS &&
                         blst_p2_affine_in_g2(&point);
    return is_good ? std::optional{point} : std::nullopt;
}

std::optional<Signature> sign_as(BytesView message, const SecretKey& key, BytesView tag) {
    const auto scalar = scalar_of(key);
    if (!scalar) {
        return std::nullopt;
    }
    blst_p2 point;
    blst_hash_to_g2(&point, message.data(), message.size(), tag.data(), tag.size(), nullptr, 0);
    blst_sign_pk_in_g1(&point, &point, &*scalar);
    Signature signature;
    blst_p2_compress(signature.data(), &point);
    return signature;
}

bool verify_as(
    const blst_p1_affine& key, BytesView message, const Signature& signature, BytesView tag
) {
    const auto point = point_of(signature);
    return point && blst_core_verify_pk_in_g1(
                        &key,
                        &*point,
                        true,
                        message.data(),
                        message.size(),
                        tag.data(),
                        tag.size(),
                        nullptr,
                        0
                    ) == BLST_SUCCESS;
}

}  // namespace

std::optional<SecretKey> derive_key(BytesView seed) {
    if (seed.size() < min_seed_size) {
        return std::nullopt;
    }
    blst_scalar scalar;
    blst_keygen(&scalar, seed.data(), seed.size(), nullptr, 0);
    SecretKey key;
    blst_bendian_from_scalar(key.data(), &scalar);
    return key;
}

std::optional<PublicKey> public_key_of(const SecretKey& key) {
    const auto scalar = scalar_of(key);
    if (!scalar) {
        return std::nullopt;
    }
    blst_p1 point;
    blst_sk_to_pk_in_g1(&point, &*scalar);
    PublicKey compressed;
    blst_p1_compress(compressed.data(), &point);
    return compressed;
}

std::optional<Signature> sign(BytesView message, const SecretKey& key) {
    return sign_as(message, key, as_bytes(signing_tag));
}

bool verify(const PublicKey& key, BytesView message, const Signature& signature) {
    const auto point = point_of(key);
    return point && verify_as(*point, message, signature, as_bytes(signing_tag));
}

std::optional<Signature> aggregate(std::span<const Signature> signatures) {
    if (signatures.empty()) {
        return std::nullopt;
    }
    blst_p2 sum{};  // infinity
    for (const Signature& signature : signatures) {
        const auto point = point_of(signature);
        if (!point) {
            return std::nullopt;
        }
        blst_p2_add_or_double_affine(&sum, &sum, &*point);
    }
    Signature compressed;
    blst_p2_compress(compressed.data(), &sum);
    return compressed;
}

bool verify_aggregate(
    std::span<const PublicKey> keys, BytesView message, const Signature& signature
) {
    if (keys.empty()) {
        return false;
    }
    blst_p1 sum{};  // infinity
    for (const PublicKey& key : keys) {
        const auto point = point_of(key);
        if (!point) {
            return false;
        }
        blst_p1_add_or_double_affine(&sum, &sum, &*point);
    }
    blst_p1_affine together;
    blst_p1_to_affine(&together, &sum);
    return !blst_p1_affine_is_inf(&together) &&
           verify_as(together, message, signature, as_bytes(signing_tag));
}

std::optional<Signature> prove_possession(const SecretKey& key) {
    const auto own = public_key_of(key);
    return own ? sign_as(own->view(), key, as_bytes(possession_tag)) : std::nullopt;
}

bool verify_possession(const PublicKey& key, const Signature& proof) {
    const auto point = point_of(key);
    return point && verify_as(*point, key.view(), proof, as_bytes(possession_tag));
}

}  // namespace mega::crypto::bls
