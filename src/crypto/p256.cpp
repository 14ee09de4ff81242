#include "crypto/p256.hpp"

#include "crypto/provider.hpp"

namespace mega::crypto::p256 {

bool verify(
    const Hash256& digest, const Hash256& r, const Hash256& s, const Hash256& x, const Hash256& y
) {
    return provider::verify_p256(digest, r, s, x, y);
}

}  // namespace mega::crypto::p256
