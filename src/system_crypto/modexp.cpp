#include "crypto/provider.hpp"

#include <gmp.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace mega::crypto::provider {
namespace {

static_assert(GMP_LIMB_BITS == 64 && GMP_NAIL_BITS == 0);
constexpr size_t limb_bytes = 8;

/// At most 8 big-endian bytes.
mp_limb_t limb_of(BytesView bytes) {
    uint64_t limb = 0;
    std::memcpy(
        reinterpret_cast<uint8_t*>(&limb) + (limb_bytes - bytes.size()), bytes.data(), bytes.size()
    );
    return __builtin_bswap64(limb);
}

/// A GMP integer that frees itself. GMP aborts when memory runs out; callers bound the sizes by
/// gas.
class Integer {
  public:
    Integer() { mpz_init(value_); }
    explicit Integer(BytesView big_endian) : Integer() {
        if (big_endian.empty()) {
            return;
        }
        const size_t count = (big_endian.size() + limb_bytes - 1) / limb_bytes;
        mp_limb_t* const limbs = mpz_limbs_write(value_, static_cast<mp_size_t>(count));
        size_t end = big_endian.size();
        for (size_t i = 0; i < count; ++i) {
            const size_t size = std::min(end, limb_bytes);
            limbs[i] = limb_of(big_endian.subspan(end - size, size));
            end -= size;
        }
        mpz_limbs_finish(value_, static_cast<mp_size_t>(count));
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
    const mp_limb_t* const limbs = mpz_limbs_read(value.get());
    const size_t count = mpz_size(value.get());
    size_t end = size;
    for (size_t i = 0; i < count; ++i) {
        const uint64_t limb = __builtin_bswap64(limbs[i]);
        const size_t used = std::min(end, limb_bytes);
        std::memcpy(
            bytes.data() + (end - used),
            reinterpret_cast<const uint8_t*>(&limb) + (limb_bytes - used),
            used
        );
        end -= used;
    }
    return bytes;
}

/// For exponents so small that making the modulus ready for Montgomery's products would take longer
/// than all the rest.
constexpr unsigned long max_plain_exponent = 15;

void power_plainly(Integer& power, const Integer& base, unsigned long exponent, const Integer& m) {
    if (exponent == 0) {
        mpz_set_ui(power.get(), mpz_cmp_ui(m.get(), 1) == 0 ? 0 : 1);
        return;
    }
    mpz_tdiv_r(power.get(), base.get(), m.get());
    for (int bit = static_cast<int>(std::bit_width(exponent)) - 1; bit-- > 0;) {
        mpz_mul(power.get(), power.get(), power.get());
        mpz_tdiv_r(power.get(), power.get(), m.get());
        if (((exponent >> bit) & 1) != 0) {
            mpz_mul(power.get(), power.get(), base.get());
            mpz_tdiv_r(power.get(), power.get(), m.get());
        }
    }
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
    if (mpz_cmp_ui(e.get(), max_plain_exponent) <= 0) {
        power_plainly(power, b, mpz_get_ui(e.get()), m);
    } else {
        mpz_powm(power.get(), b.get(), e.get(), m.get());
    }
    return to_big_endian(power, modulus.size());
}

}  // namespace mega::crypto::provider
