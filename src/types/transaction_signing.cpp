// Signing, apart from transaction.cpp: who validates links no signer (crypto/provider.hpp).

#include "base/assert.hpp"
#include "types/authorization_hash.hpp"
#include "types/transaction.hpp"

namespace mega {

void sign_transaction(Transaction& tx, const crypto::SecretKey& key) {
    MEGA_ASSERT(tx.type != TxType::deposit);
    const auto signature = crypto::sign(signing_hash(tx), key);
    MEGA_ASSERT(signature.has_value());
    tx.signature = *signature;
}

void sign_authorization(Authorization& authorization, const crypto::SecretKey& key) {
    const auto signature = crypto::sign(authorization_hash(authorization), key);
    MEGA_ASSERT(signature.has_value());
    authorization.y_parity = signature->y_parity;
    authorization.r = to_u256(signature->r);
    authorization.s = to_u256(signature->s);
}

}  // namespace mega
