#include "staking/chain_key.hpp"

#include "types/u256.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

constexpr u256 n{0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff};

const KeyChain chain{1, 6342, Address{{0x5a, 0x17, 0xe0}}};

crypto::SecretKey secret(uint8_t number) {
    crypto::SecretKey key;
    key[31] = number;
    key[3] = 0xab;
    return key;
}

/// ChainKeys.chainKeyOf as the contract computes it: ecrecover with r = s = P.x, h = -t * P.x.
std::optional<Address> as_the_contract(const BaseKey& base, const KeyChain& on) {
    const u256 tweak = to_u256(chain_tweak(base, on));
    const u256 product = multiply_mod(tweak, to_u256(base.x), n);
    const u256 hash = tweak.is_zero() ? u256{} : n - product;
    return crypto::recover_address(hash.to_hash(), {base.x, base.x, base.y_parity});
}

TEST(chain_key, is_the_one_that_the_contract_derives) {
    for (uint8_t number = 1; number < 20; ++number) {
        const BaseKey base = base_key_of(*crypto::public_key_of(secret(number)));
        const auto signer = chain_signer(base, chain);
        ASSERT_TRUE(signer);
        EXPECT_EQ(signer, as_the_contract(base, chain));
        EXPECT_EQ(crypto::address_of(*chain_secret(secret(number), chain)), signer);
    }
}

TEST(chain_key, is_another_one_on_every_chain) {
    const BaseKey base = base_key_of(*crypto::public_key_of(secret(1)));
    const auto here = chain_signer(base, chain);
    KeyChain other = chain;
    other.l1_chain_id += 1;
    EXPECT_NE(chain_signer(base, other), here);
    other = chain;
    other.l2_chain_id += 1;
    EXPECT_NE(chain_signer(base, other), here);
    other = chain;
    other.staking[0] ^= 1;
    EXPECT_NE(chain_signer(base, other), here);
}

TEST(chain_key, needs_a_base_key_on_the_curve) {
    BaseKey base = base_key_of(*crypto::public_key_of(secret(1)));
    base.y_parity = 2;
    EXPECT_FALSE(chain_signer(base, chain));
    EXPECT_FALSE(chain_signer({n.to_hash(), 0}, chain));
    EXPECT_FALSE(chain_signer({Hash256{}, 0}, chain));
    EXPECT_FALSE(chain_secret(crypto::SecretKey{}, chain));
    EXPECT_FALSE(chain_secret(n.to_hash(), chain));
}

}  // namespace
}  // namespace mega::staking
