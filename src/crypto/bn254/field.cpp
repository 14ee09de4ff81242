#include "crypto/bn254/field.hpp"

#include "base/assert.hpp"

#include <bit>
#include <utility>

// Inversion follows D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation and modular
// inversion" (2019): division steps on (f, g) = (p, a), 62 at a time on the low words, gathered in
// a 2×2 matrix that is then applied to the long numbers. Since nothing here is secret, runs of
// zeros are skipped and the loop ends as soon as g is zero.

namespace mega::crypto::bn254 {

namespace {

__extension__ using int128 = __int128;

constexpr int batch_bits = 62;
constexpr int64_t limb_mask = (int64_t{1} << batch_bits) - 1;
/// 741 division steps suffice for 256-bit inputs (theorem 11.2 of the paper).
constexpr int max_batches = (741 + batch_bits - 1) / batch_bits;

/// Σ limbs[i]·2^(62i); the lower limbs lie in [0, 2^62), the top one carries the sign.
using Signed62 = std::array<int64_t, 5>;

constexpr Signed62 to_signed62(const Limbs4& a) {
    const auto part = [](uint64_t bits) { return static_cast<int64_t>(bits) & limb_mask; };
    return {
        part(a[0]),
        part(a[0] >> 62 | a[1] << 2),
        part(a[1] >> 60 | a[2] << 4),
        part(a[2] >> 58 | a[3] << 6),
        part(a[3] >> 56)
    };
}

/// For values of [0, 2^256).
constexpr Limbs4 from_signed62(const Signed62& a) {
    const auto part = [&](size_t i) { return static_cast<uint64_t>(a[i]); };
    return {
        part(0) | part(1) << 62,
        part(1) >> 2 | part(2) << 60,
        part(2) >> 4 | part(3) << 58,
        part(3) >> 6 | part(4) << 56
    };
}

constexpr Signed62 modulus62 = to_signed62(modulus);
/// 1/p mod 2^62.
constexpr int64_t inverse_of_modulus62 =
    static_cast<int64_t>(~negative_inverse_of_modulus + 1) & limb_mask;

/// 2^62 · (f', g') = (u·f + v·g, q·f + r·g).
struct Transition {
    int64_t u = 1;
    int64_t v = 0;
    int64_t q = 0;
    int64_t r = 1;
};

/// Makes 62 division steps on the low words of f and g; `eta` is the paper's -delta.
Transition divide_62_steps(int64_t& eta, uint64_t f, uint64_t g) {
    uint64_t u = 1;
    uint64_t v = 0;
    uint64_t q = 0;
    uint64_t r = 1;
    int steps_left = batch_bits;
    while (true) {
        const int zeros = std::countr_zero(g | (~uint64_t{0} << steps_left));
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= zeros;
        steps_left -= zeros;
        if (steps_left == 0) {
            break;
        }
        if (eta < 0) {
            eta = -eta;
            f = std::exchange(g, 0 - f);
            u = std::exchange(q, 0 - u);
            v = std::exchange(r, 0 - v);
        }
        // The next steps, up to eta + 1 of them, only add f to g: clear as many low bits of g at
        // once, at most six.
        const int bits = static_cast<int>(std::min<int64_t>({eta + 1, steps_left, 6}));
        const uint64_t multiple = (f * g * (f * f - 2)) & ((uint64_t{1} << bits) - 1);
        g += f * multiple;
        q += u * multiple;
        r += v * multiple;
    }
    return {
        static_cast<int64_t>(u),
        static_cast<int64_t>(v),
        static_cast<int64_t>(q),
        static_cast<int64_t>(r)
    };
}

constexpr int128 product(int64_t a, int64_t b) { return static_cast<int128>(a) * b; }

void update_fg(Signed62& f, Signed62& g, const Transition& t) {
    int128 next_f = product(t.u, f[0]) + product(t.v, g[0]);
    int128 next_g = product(t.q, f[0]) + product(t.r, g[0]);
    next_f >>= batch_bits;
    next_g >>= batch_bits;
    for (size_t i = 1; i < 5; ++i) {
        next_f += product(t.u, f[i]) + product(t.v, g[i]);
        next_g += product(t.q, f[i]) + product(t.r, g[i]);
        f[i - 1] = static_cast<int64_t>(next_f) & limb_mask;
        g[i - 1] = static_cast<int64_t>(next_g) & limb_mask;
        next_f >>= batch_bits;
        next_g >>= batch_bits;
    }
    f[4] = static_cast<int64_t>(next_f);
    g[4] = static_cast<int64_t>(next_g);
}

/// The multiple of p that makes `sum` + multiple·p divisible by 2^62, starting from `start`.
constexpr int64_t clearing_multiple(int64_t start, int128 sum) {
    const uint64_t low = static_cast<uint64_t>(sum) * static_cast<uint64_t>(inverse_of_modulus62) +
                         static_cast<uint64_t>(start);
    return start - (static_cast<int64_t>(low) & limb_mask);
}

/// (d, e) = (u·d + v·e, q·d + r·e) / 2^62 mod p. Both stay in (-2p, p): p is added to negative
/// inputs beforehand.
void update_de(Signed62& d, Signed62& e, const Transition& t) {
    const int64_t d_sign = d[4] >> 63;
    const int64_t e_sign = e[4] >> 63;
    int128 next_d = product(t.u, d[0]) + product(t.v, e[0]);
    int128 next_e = product(t.q, d[0]) + product(t.r, e[0]);
    const int64_t d_multiple = clearing_multiple((t.u & d_sign) + (t.v & e_sign), next_d);
    const int64_t e_multiple = clearing_multiple((t.q & d_sign) + (t.r & e_sign), next_e);
    next_d = (next_d + product(modulus62[0], d_multiple)) >> batch_bits;
    next_e = (next_e + product(modulus62[0], e_multiple)) >> batch_bits;
    for (size_t i = 1; i < 5; ++i) {
        next_d += product(t.u, d[i]) + product(t.v, e[i]) + product(modulus62[i], d_multiple);
        next_e += product(t.q, d[i]) + product(t.r, e[i]) + product(modulus62[i], e_multiple);
        d[i - 1] = static_cast<int64_t>(next_d) & limb_mask;
        e[i - 1] = static_cast<int64_t>(next_e) & limb_mask;
        next_d >>= batch_bits;
        next_e >>= batch_bits;
    }
    d[4] = static_cast<int64_t>(next_d);
    e[4] = static_cast<int64_t>(next_e);
}

/// a + factor·p with carries settled.
Signed62 add_multiple_of_modulus(const Signed62& a, int64_t sign, int64_t factor) {
    Signed62 result{};
    int64_t carry = 0;
    for (size_t i = 0; i < 5; ++i) {
        carry += sign * a[i] + factor * modulus62[i];
        result[i] = i < 4 ? carry & limb_mask : carry;
        carry >>= batch_bits;
    }
    return result;
}

/// sign·d, which lies in (-2p, 2p), brought to [0, p).
Fp normalize(const Signed62& d, int64_t sign) {
    Signed62 value = add_multiple_of_modulus(d, sign, 0);
    for (int i = 0; i < 2 && value[4] < 0; ++i) {
        value = add_multiple_of_modulus(value, 1, 1);
    }
    return {reduce_once(from_signed62(value))};
}

bool is_zero(const Signed62& a) { return (a[0] | a[1] | a[2] | a[3] | a[4]) == 0; }

}  // namespace

Fp inverse(const Fp& a) {
    if (a.is_zero()) {
        return a;
    }
    // Throughout, d·a = f and e·a = g mod p (up to the powers of two that both sides share).
    Signed62 f = modulus62;
    Signed62 g = to_signed62(a.limbs);
    Signed62 d{};
    Signed62 e{1};
    int64_t eta = -1;
    int batches = 0;
    while (!is_zero(g)) {
        MEGA_ASSERT(batches++ < max_batches);
        const auto low = [](const Signed62& x) {
            return static_cast<uint64_t>(x[0]) | static_cast<uint64_t>(x[1]) << batch_bits;
        };
        const Transition t = divide_62_steps(eta, low(f), low(g));
        update_de(d, e, t);
        update_fg(f, g, t);
    }
    // f is now 1 or -1. The limbs held aR, so d is 1/(aR): R³/R brings it to R/a.
    return normalize(d, f[4] < 0 ? -1 : 1) * montgomery::r_cubed;
}

Limbs4 limbs_from_bytes(BytesView bytes_32) {
    MEGA_ASSERT(bytes_32.size() == 32);
    Limbs4 limbs{};
    for (size_t i = 0; i < 4; ++i) {
        const uint64_t word = load_le64(bytes_32.data() + 8 * i);
        limbs[3 - i] = __builtin_bswap64(word);
    }
    return limbs;
}

std::optional<Fp> fp_from_bytes(BytesView bytes_32) {
    const Limbs4 plain = limbs_from_bytes(bytes_32);
    uint64_t below = 0;
    (void)sub_limbs(plain, modulus, below);
    if (below == 0) {
        return std::nullopt;
    }
    return Fp::from_plain(plain);
}

FixedBytes<32> to_bytes(const Fp& a) {
    const Fp plain = reduce(join(a.limbs, Limbs4{}));
    FixedBytes<32> bytes;
    for (size_t i = 0; i < 4; ++i) {
        const uint64_t word = __builtin_bswap64(plain.limbs[3 - i]);
        std::memcpy(bytes.data() + 8 * i, &word, sizeof(word));
    }
    return bytes;
}

}  // namespace mega::crypto::bn254
