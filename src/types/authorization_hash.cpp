#include "types/authorization_hash.hpp"

#include "crypto/keccak.hpp"

namespace mega {

Hash256 authorization_hash(const Authorization& authorization) {
    constexpr uint8_t authorization_magic = 0x05;
    rlp::Writer out;
    out.write_raw({&authorization_magic, 1});
    const size_t list = out.begin_list();
    out.write(authorization.chain_id);
    out.write(authorization.address);
    out.write(authorization.nonce);
    out.end_list(list);
    return crypto::keccak256(out.view());
}

}  // namespace mega
