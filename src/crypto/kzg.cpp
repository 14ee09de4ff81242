#include "crypto/kzg.hpp"

#include "crypto/digest.hpp"
#include "crypto/provider.hpp"

namespace mega::crypto::kzg {

bool verify_proof(
    const FixedBytes<48>& commitment,
    const Hash256& z,
    const Hash256& y,
    const FixedBytes<48>& proof
) {
    return provider::verify_kzg_proof(commitment, z, y, proof);
}

Hash256 versioned_hash(const FixedBytes<48>& commitment) {
    Hash256 hash = sha256(commitment);
    hash[0] = 0x01;
    return hash;
}

}  // namespace mega::crypto::kzg
