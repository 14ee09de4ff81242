#include "base/assert.hpp"
#include "crypto/provider.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <memory>

namespace mega::crypto::provider {
namespace {

template <auto release>
struct Release {
    template <class T>
    void operator()(T* owned) const {
        release(owned);
    }
};
using Group = std::unique_ptr<EC_GROUP, Release<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Release<EC_POINT_free>>;
using Context = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;

const EC_GROUP* curve() {
    static const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    MEGA_ASSERT(group != nullptr);
    return group.get();
}

/// A temporary that lives as long as `context`.
BIGNUM* number(BN_CTX* context) {
    BIGNUM* const made = BN_CTX_get(context);
    MEGA_ASSERT(made != nullptr);
    return made;
}

BIGNUM* number(BN_CTX* context, const Hash256& big_endian) {
    BIGNUM* const made = number(context);
    MEGA_ASSERT(BN_bin2bn(big_endian.data(), 32, made) != nullptr);
    return made;
}

bool is_scalar(const BIGNUM* value) {
    return !BN_is_zero(value) && BN_cmp(value, EC_GROUP_get0_order(curve())) < 0;
}

/// Null for coordinates out of range or off the curve; (0, 0) is off the curve, so infinity has no
/// form here.
Point parse_point(BN_CTX* context, const Hash256& x, const Hash256& y) {
    const BIGNUM* const x_number = number(context, x);
    const BIGNUM* const y_number = number(context, y);
    const BIGNUM* const prime = EC_GROUP_get0_field(curve());
    if (BN_cmp(x_number, prime) >= 0 || BN_cmp(y_number, prime) >= 0) {
        return nullptr;
    }
    Point point(EC_POINT_new(curve()));
    MEGA_ASSERT(point != nullptr);
    // A point off the curve is ordinary here: it must not stay in OpenSSL's error queue for others
    // to find.
    ERR_set_mark();
    const bool is_on_curve =
        EC_POINT_set_affine_coordinates(curve(), point.get(), x_number, y_number, context) == 1;
    ERR_pop_to_mark();
    return is_on_curve ? std::move(point) : nullptr;
}

/// (digest G + r key) / s, which for a right signature has r as its x.
Point commitment_point(
    BN_CTX* context, const BIGNUM* digest, const BIGNUM* r, const BIGNUM* s, const EC_POINT* key
) {
    const BIGNUM* const order = EC_GROUP_get0_order(curve());
    BIGNUM* const inverse = number(context);
    BIGNUM* const u1 = number(context);
    BIGNUM* const u2 = number(context);
    Point point(EC_POINT_new(curve()));
    MEGA_ASSERT(point != nullptr);
    const bool is_done = BN_mod_inverse(inverse, s, order, context) != nullptr &&
                         BN_mod_mul(u1, digest, inverse, order, context) == 1 &&
                         BN_mod_mul(u2, r, inverse, order, context) == 1 &&
                         EC_POINT_mul(curve(), point.get(), u1, key, u2, context) == 1;
    MEGA_ASSERT(is_done);  // nothing but memory can fail: s is invertible, the key is on the curve
    return point;
}

}  // namespace

bool verify_p256(
    const Hash256& digest, const Hash256& r, const Hash256& s, const Hash256& x, const Hash256& y
) {
    const Context context(BN_CTX_new());
    MEGA_ASSERT(context != nullptr);
    BN_CTX_start(context.get());
    struct End {
        BN_CTX* context;
        ~End() { BN_CTX_end(context); }
    } const end{context.get()};

    const BIGNUM* const r_number = number(context.get(), r);
    const BIGNUM* const s_number = number(context.get(), s);
    if (!is_scalar(r_number) || !is_scalar(s_number)) {
        return false;
    }
    const Point key = parse_point(context.get(), x, y);
    if (key == nullptr) {
        return false;
    }
    const BIGNUM* const digest_number = number(context.get(), digest);
    const Point point =
        commitment_point(context.get(), digest_number, r_number, s_number, key.get());
    if (EC_POINT_is_at_infinity(curve(), point.get()) == 1) {
        return false;
    }
    BIGNUM* const point_x = number(context.get());
    MEGA_ASSERT(
        EC_POINT_get_affine_coordinates(curve(), point.get(), point_x, nullptr, context.get()) == 1
    );
    BIGNUM* const reduced = number(context.get());
    MEGA_ASSERT(BN_nnmod(reduced, point_x, EC_GROUP_get0_order(curve()), context.get()) == 1);
    return BN_cmp(reduced, r_number) == 0;
}

}  // namespace mega::crypto::provider
