#include "crypto/modexp.hpp"

#include <gmp.h>

namespace mega::crypto {
namespace {

/// A GMP integer that frees itself. GMP aborts when memory runs out; callers bound the sizes by
/// gas.
class Integer {
  public:
    Integer() { mpz_init(value_); }
    explicit Integer(BytesView big_endian) : Integer() {
        if (!big_endian.empty()) {
            mpz_import(value_, big_endian.size(), 1, 1, 1, 0, big_endian.data());
        }
    }
    ~Integer() { mpz_clear(value_); }
    Integer(const Integer&) = delete;
    Integer& operator=(const Integer&) = delete;

    mpz_ptr get() { return value_; }
    [[nodiscard]] mpz_srcptr get() const { return value_; }
    [[nodiscard]] bool is_zero() const { return mpz_sgn(value_) == 0; }

  private:
    mpz_t value_;
};

/// `value` big endian in the last bytes of `size` bytes; it must fit.
Bytes to_big_endian(const Integer& value, size_t size) {
    Bytes bytes(size);
    if (!value.is_zero()) {
        const size_t used = (mpz_sizeinbase(value.get(), 2) + 7) / 8;
        mpz_export(bytes.data() + (size - used), nullptr, 1, 1, 1, 0, value.get());
    }
    return bytes;
}

}  // namespace

Bytes modexp(BytesView base, BytesView exponent, BytesView modulus) {
    const Integer m(modulus);
    if (m.is_zero()) {
        return Bytes(modulus.size());
    }
    const Integer b(base);
    const Integer e(exponent);
    Integer power;
    mpz_powm(power.get(), b.get(), e.get(), m.get());
    return to_big_endian(power, modulus.size());
}

}  // namespace mega::crypto
