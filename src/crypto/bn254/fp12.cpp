#include "crypto/bn254/fp12.hpp"

#include "crypto/bn254/frobenius_constants.hpp"

namespace mega::crypto::bn254 {

namespace {

/// An Fp6 before reduction.
struct Wide6 {
    Wide2 c0;
    Wide2 c1;
    Wide2 c2;
};

// Multiplications are calls and not inlined: 13 to 18 copies of the code would not fit the
// instruction cache.
[[gnu::noinline]] Wide2 times(const Fp2& a, const Fp2& b) { return multiply_wide(a, b); }
[[gnu::noinline]] Wide2 times_xi(const Wide2& a) { return multiply_by_xi(a); }
[[gnu::noinline]] Wide2 add(const Wide2& a, const Wide2& b) { return a + b; }
[[gnu::noinline]] Wide2 subtract(const Wide2& a, const Wide2& b, const Wide2& c) {
    return a - b - c;
}
[[gnu::noinline]] Fp2 reduced(const Wide2& a) { return reduce(a); }

Fp6 reduced(const Wide6& a) { return {reduced(a.c0), reduced(a.c1), reduced(a.c2)}; }

/// a0 + v·a1 and t - a0 - a1: the two halves of a product in Fp12 by Karatsuba's method.
Fp12 combine(const Wide6& a0, const Wide6& a1, const Wide6& t) {
    return {
        {reduced(add(a0.c0, times_xi(a1.c2))),
         reduced(add(a0.c1, a1.c0)),
         reduced(add(a0.c2, a1.c1))},
        {reduced(subtract(t.c0, a0.c0, a1.c0)),
         reduced(subtract(t.c1, a0.c1, a1.c1)),
         reduced(subtract(t.c2, a0.c2, a1.c2))}
    };
}

Wide6 multiply_wide(const Fp6& a, const Fp6& b) {
    const Wide2 v0 = times(a.c0, b.c0);
    const Wide2 v1 = times(a.c1, b.c1);
    const Wide2 v2 = times(a.c2, b.c2);
    const Wide2 t12 = subtract(times(a.c1 + a.c2, b.c1 + b.c2), v1, v2);
    const Wide2 t01 = subtract(times(a.c0 + a.c1, b.c0 + b.c1), v0, v1);
    const Wide2 t02 = subtract(times(a.c0 + a.c2, b.c0 + b.c2), v0, v2);
    return {add(v0, times_xi(t12)), add(t01, times_xi(v2)), add(t02, v1)};
}

/// a · (b0 + b1·v)
Wide6 multiply_wide(const Fp6& a, const Fp2& b0, const Fp2& b1) {
    const Wide2 v0 = times(a.c0, b0);
    const Wide2 v1 = times(a.c1, b1);
    const Wide2 t01 = subtract(times(a.c0 + a.c1, b0 + b1), v0, v1);
    return {add(v0, times_xi(times(a.c2, b1))), t01, add(v1, times(a.c2, b0))};
}

Wide6 multiply_wide(const Fp6& a, const Fp2& b) {
    return {times(a.c0, b), times(a.c1, b), times(a.c2, b)};
}

}  // namespace

Fp6 operator+(const Fp6& a, const Fp6& b) { return {a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2}; }
Fp6 operator-(const Fp6& a, const Fp6& b) { return {a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2}; }
Fp6 operator-(const Fp6& a) { return {-a.c0, -a.c1, -a.c2}; }
Fp6 operator*(const Fp6& a, const Fp6& b) { return reduced(multiply_wide(a, b)); }
Fp6 multiply_by_v(const Fp6& a) { return {multiply_by_xi(a.c2), a.c0, a.c1}; }

Fp6 inverse(const Fp6& a) {
    // The adjoint (t0, t1, t2) times a is the norm of a, which lies in Fp2.
    const Fp2 t0 = square(a.c0) - multiply_by_xi(a.c1 * a.c2);
    const Fp2 t1 = multiply_by_xi(square(a.c2)) - a.c0 * a.c1;
    const Fp2 t2 = square(a.c1) - a.c0 * a.c2;
    const Fp2 norm = a.c0 * t0 + multiply_by_xi(a.c2 * t1 + a.c1 * t2);
    const Fp2 scale = inverse(norm);
    return {t0 * scale, t1 * scale, t2 * scale};
}

Fp12 operator*(const Fp12& a, const Fp12& b) {
    return combine(
        multiply_wide(a.c0, b.c0),
        multiply_wide(a.c1, b.c1),
        multiply_wide(a.c0 + a.c1, b.c0 + b.c1)
    );
}

Fp12 operator*(const Fp12& a, const Line& line) {
    return combine(
        multiply_wide(a.c0, line.a),
        multiply_wide(a.c1, line.b, line.c),
        multiply_wide(a.c0 + a.c1, line.a + line.b, line.c)
    );
}

Fp12 operator*(const Fp12& a, const LinePair& lines) {
    const Fp6 sum{lines.c0.c0 + lines.w1, lines.c0.c1 + lines.w3, lines.c0.c2};
    return combine(
        multiply_wide(a.c0, lines.c0),
        multiply_wide(a.c1, lines.w1, lines.w3),
        multiply_wide(a.c0 + a.c1, sum)
    );
}

LinePair operator*(const Line& l, const Line& m) {
    const Wide2 aa = times(l.a, m.a);
    const Wide2 bb = times(l.b, m.b);
    const Wide2 cc = times(l.c, m.c);
    const Wide2 ab = subtract(times(l.a + l.b, m.a + m.b), aa, bb);
    const Wide2 ac = subtract(times(l.a + l.c, m.a + m.c), aa, cc);
    const Wide2 bc = subtract(times(l.b + l.c, m.b + m.c), bb, cc);
    return {{reduced(add(aa, times_xi(cc))), reduced(bb), reduced(bc)}, reduced(ab), reduced(ac)};
}

Fp12 square(const Fp12& a) {
    // With t = c0·c1: (c0 + c1)(c0 + v·c1) = c0² + v·c1² + t + v·t.
    const Fp6 t = a.c0 * a.c1;
    const Fp6 s = (a.c0 + a.c1) * (a.c0 + multiply_by_v(a.c1));
    return {s - t - multiply_by_v(t), t + t};
}

Fp12 inverse(const Fp12& a) {
    const Fp6 norm = a.c0 * a.c0 - multiply_by_v(a.c1 * a.c1);
    const Fp6 scale = inverse(norm);
    return {a.c0 * scale, -(a.c1 * scale)};
}

Fp12 conjugate(const Fp12& a) { return {a.c0, -a.c1}; }

Fp12 frobenius(const Fp12& a) {
    const auto& factor = frobenius_factors;
    return {
        {conjugate(a.c0.c0), conjugate(a.c0.c1) * factor[2], conjugate(a.c0.c2) * factor[4]},
        {conjugate(a.c1.c0) * factor[1],
         conjugate(a.c1.c1) * factor[3],
         conjugate(a.c1.c2) * factor[5]}
    };
}

Fp12 frobenius_twice(const Fp12& a) {
    const auto& factor = frobenius_twice_factors;
    return {
        {a.c0.c0, a.c0.c1 * factor[2], a.c0.c2 * factor[4]},
        {a.c1.c0 * factor[1], a.c1.c1 * factor[3], a.c1.c2 * factor[5]}
    };
}

namespace {

struct Fp4 {
    Fp2 c0;
    Fp2 c1;
};

/// (a + b·s)² in Fp4 = Fp2[s]/(s² - ξ)
[[gnu::noinline]] Fp4 square_fp4(const Fp2& a, const Fp2& b) {
    const Wide2 aa = square_wide(a);
    const Wide2 bb = square_wide(b);
    const Wide2 cross = square_wide(a + b);
    return {reduce(aa + multiply_by_xi(bb)), reduce(cross - aa - bb)};
}

Fp2 thrice_minus_twice(const Fp2& t, const Fp2& z) { return twice(t - z) + t; }
Fp2 thrice_plus_twice(const Fp2& t, const Fp2& z) { return twice(t + z) + t; }

}  // namespace

// R. Granger, M. Scott, "Faster squaring in the cyclotomic subgroup of sixth degree extensions"
// (2010): three squarings in Fp4 replace the general one.
Fp12 square_cyclotomic(const Fp12& a) {
    const Fp4 s0 = square_fp4(a.c0.c0, a.c1.c1);
    const Fp4 s1 = square_fp4(a.c1.c0, a.c0.c2);
    const Fp4 s2 = square_fp4(a.c0.c1, a.c1.c2);
    return {
        {thrice_minus_twice(s0.c0, a.c0.c0),
         thrice_minus_twice(s1.c0, a.c0.c1),
         thrice_minus_twice(s2.c0, a.c0.c2)},
        {thrice_plus_twice(multiply_by_xi(s2.c1), a.c1.c0),
         thrice_plus_twice(s0.c1, a.c1.c1),
         thrice_plus_twice(s1.c1, a.c1.c2)}
    };
}

}  // namespace mega::crypto::bn254
