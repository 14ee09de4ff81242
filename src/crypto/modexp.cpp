#include "crypto/modexp.hpp"

#include "crypto/provider.hpp"

namespace mega::crypto {

Bytes modexp(BytesView base, BytesView exponent, BytesView modulus) {
    return provider::modexp(base, exponent, modulus);
}

}  // namespace mega::crypto
