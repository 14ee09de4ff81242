#include "rollup/output_root.hpp"

#include "crypto/keccak.hpp"

namespace mega::rollup {

Hash256 output_root(
    const Hash256& state_root, const Hash256& message_passer_root, const Hash256& block_hash
) {
    Bytes preimage(32, 0);
    append(preimage, state_root.view());
    append(preimage, message_passer_root.view());
    append(preimage, block_hash.view());
    return crypto::keccak256(preimage);
}

}  // namespace mega::rollup
