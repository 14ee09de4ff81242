// The loop runs over the signed digits of 6u + 2 and keeps T = k·Q for the digits read so far, in
// homogeneous coordinates.
//
// It also settles whether Q has order r. On G2 the map ψ multiplies by p, and 6u + 2 + p - p² + p³
// = 0 mod r is the relation the pairing is built on. Conversely, let a point on the twist satisfy
// (6u+2)Q + ψ(Q) - ψ²(Q) + ψ³(Q) = 0. With ψ² - tψ + p = 0 this is (b0 + b1·ψ)Q = 0 for integers b0
// and b1, hence N·Q = 0 for the norm N = b0² + b0·b1·t + b1²·p; and gcd(N, order of the twist) is
// r. So the relation holds for points of order r and no others, and since the loop computes its
// first three terms anyway the check costs one comparison.

#include "base/assert.hpp"
#include "crypto/bn254/pairing.hpp"
#include "crypto/bn254/signed_digits.hpp"

namespace mega::crypto::bn254 {

namespace {

/// 6u + 2 = 29793968203157093288
constexpr uint128 loop_count = static_cast<uint128>(6) * 4965661367192848881ULL + 2;
constexpr SignedDigits loop_digits = to_signed_digits(loop_count, 2);

/// (X/Z, Y/Z). The steps below are incomplete: a point that met infinity, itself or its negative
/// would have Z = 0 and keep it. No point of the twist does: for every divisor d > 1 of the twist's
/// order (its primes are 10069, 5864401, 1875725156269, a 178-bit one, and r), no prefix of the
/// loop's digits is 0 or ±1 mod d where a point is added, and ψ's eigenvalues mod d make none of
/// the last two sums degenerate. represents() refuses Z = 0 all the same, lest 0 = 0 be taken for
/// membership.
struct Homogeneous {
    Fp2 x;
    Fp2 y;
    Fp2 z;
};

// The tangent's and the chord's equation, with the untwisted point (x·w², y·w³) put in and scaled
// by factors of Fp2, which the final exponentiation removes. They become a Line at P by a·y(P) and
// b·x(P).

/// T = 2T; the tangent at T. C. Costello, T. Lange, M. Naehrig (2010), section 5.
Line double_step(Homogeneous& t) {
    const Fp2 a = half(t.x * t.y);
    const Fp2 b = square(t.y);
    const Fp2 c = square(t.z);
    const Fp2 e = thrice(c) * twist_b;
    const Fp2 f = thrice(e);
    const Fp2 g = half(b + f);
    const Fp2 h = square(t.y + t.z) - (b + c);
    const Fp2 xx = square(t.x);
    t = {a * (b - f), square(g) - thrice(square(e)), b * h};
    return {-h, thrice(xx), e - b};
}

/// T = T + Q; the line through T and Q.
Line add_step(Homogeneous& t, const G2Affine& q) {
    const Fp2 theta = t.y - q.y * t.z;
    const Fp2 lambda = t.x - q.x * t.z;
    const Fp2 lambda_squared = square(lambda);
    const Fp2 e = lambda * lambda_squared;
    const Fp2 f = t.z * square(theta);
    const Fp2 g = t.x * lambda_squared;
    const Fp2 h = e + f - twice(g);
    t = {lambda * h, theta * (g - h) - e * t.y, t.z * e};
    return {lambda, -theta, theta * q.x - lambda * q.y};
}

Line at(const Line& line, const G1Affine& p) { return {line.a * p.y, line.b * p.x, line.c}; }

bool represents(const Homogeneous& t, const G2Affine& point) {
    return !t.z.is_zero() && t.x == point.x * t.z && t.y == point.y * t.z;
}

Fp12 multiply_by_lines(Fp12 f, std::span<const Line> lines) {
    size_t i = 0;
    for (; i + 2 <= lines.size(); i += 2) {
        f = f * (lines[i] * lines[i + 1]);
    }
    return i < lines.size() ? f * lines[i] : f;
}

/// The running points of one Miller loop.
class Loop {
  public:
    explicit Loop(std::span<const PointPair> pairs) : pairs_(pairs) {
        MEGA_ASSERT(pairs.size() <= max_pairs_per_loop);
        for (size_t i = 0; i < pairs.size(); ++i) {
            points_[i] = {pairs[i].q.x, pairs[i].q.y, Fp2::one()};
        }
    }

    void double_all(Fp12& f) {
        for (size_t i = 0; i < pairs_.size(); ++i) {
            lines_[i] = at(double_step(points_[i]), pairs_[i].p);
        }
        f = multiply_by_lines(f, std::span(lines_).first(pairs_.size()));
    }

    /// `addend` gives from Q the point to add.
    template <class Addend>
    void add_all(Fp12& f, Addend addend) {
        for (size_t i = 0; i < pairs_.size(); ++i) {
            lines_[i] = at(add_step(points_[i], addend(pairs_[i].q)), pairs_[i].p);
        }
        f = multiply_by_lines(f, std::span(lines_).first(pairs_.size()));
    }

    [[nodiscard]] bool all_in_g2() const {
        for (size_t i = 0; i < pairs_.size(); ++i) {
            if (!represents(points_[i], -psi(psi_twice(pairs_[i].q)))) {
                return false;
            }
        }
        return true;
    }

  private:
    std::span<const PointPair> pairs_;
    std::array<Homogeneous, max_pairs_per_loop> points_;
    std::array<Line, max_pairs_per_loop> lines_;
};

G2Affine itself(const G2Affine& q) { return q; }
G2Affine negated(const G2Affine& q) { return -q; }
G2Affine negated_psi_twice(const G2Affine& q) { return -psi_twice(q); }

}  // namespace

std::optional<Fp12> miller_loop(std::span<const PointPair> pairs) {
    Loop loop(pairs);
    Fp12 f = Fp12::one();
    for (size_t i = loop_digits.length - 1; i-- > 0;) {
        f = square(f);
        loop.double_all(f);
        if (loop_digits.digits[i] != 0) {
            loop.add_all(f, loop_digits.digits[i] > 0 ? itself : negated);
        }
    }
    loop.add_all(f, psi);
    loop.add_all(f, negated_psi_twice);
    if (!loop.all_in_g2()) {
        return std::nullopt;
    }
    return f;
}

bool is_in_g2(const G2Affine& point) {
    Homogeneous t{point.x, point.y, Fp2::one()};
    for (size_t i = loop_digits.length - 1; i-- > 0;) {
        (void)double_step(t);
        if (loop_digits.digits[i] != 0) {
            (void)add_step(t, loop_digits.digits[i] > 0 ? point : -point);
        }
    }
    (void)add_step(t, psi(point));
    (void)add_step(t, negated_psi_twice(point));
    return represents(t, -psi(psi_twice(point)));
}

}  // namespace mega::crypto::bn254
