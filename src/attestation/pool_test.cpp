#include "attestation/pool.hpp"

#include "types/u256.hpp"

#include <gtest/gtest.h>

namespace mega::attestation {
namespace {

namespace bls = crypto::bls;
using Added = Pool::Added;

bls::SecretKey secret(uint8_t number) {
    const Bytes seed(32, number);
    return *bls::derive_key(seed);
}

Attestation attest(uint8_t who, uint64_t block_number, uint64_t block = 0) {
    Attestation made;
    made.chain_id = 6342;
    made.block_number = block_number;
    made.block_hash = u256{block == 0 ? block_number : block}.to_hash();
    made.state_root = u256{2}.to_hash();
    made.key = *bls::public_key_of(secret(who));
    made.signature = *bls::sign(message_of(made), secret(who));
    return made;
}

TEST(attestation_pool, adds_up_what_was_said_of_a_block) {
    Pool pool({});
    for (uint8_t who = 1; who <= 3; ++who) {
        EXPECT_EQ(pool.add(attest(who, 7)), Added::added);
    }
    EXPECT_EQ(pool.add(attest(2, 7)), Added::known);
    EXPECT_EQ(pool.add(attest(1, 8)), Added::added);
    EXPECT_EQ(pool.size(), 4);
    EXPECT_EQ(pool.newest_block(), 8);
    const auto sum = pool.aggregate(7);
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->keys.size(), 3);
    EXPECT_TRUE(std::ranges::is_sorted(sum->keys));
    EXPECT_TRUE(bls::verify_aggregate(sum->keys, message_of(sum->statement), sum->signature));
    EXPECT_FALSE(bls::verify_aggregate(
        std::span{sum->keys}.first(2), message_of(sum->statement), sum->signature
    ));
    EXPECT_FALSE(pool.aggregate(9));
}

TEST(attestation_pool, the_sum_does_not_depend_on_the_order) {
    Pool one({});
    Pool other({});
    for (uint8_t who = 1; who <= 4; ++who) {
        one.add(attest(who, 7));
        other.add(attest(static_cast<uint8_t>(5 - who), 7));
    }
    EXPECT_EQ(one.aggregate(7)->signature, other.aggregate(7)->signature);
    EXPECT_EQ(one.aggregate(7)->keys, other.aggregate(7)->keys);
}

TEST(attestation_pool, keeps_to_its_bounds) {
    Pool pool({.max_blocks = 3, .max_keys = 2});
    EXPECT_EQ(pool.add(attest(1, 5)), Added::added);
    EXPECT_EQ(pool.add(attest(2, 5)), Added::added);
    EXPECT_EQ(pool.add(attest(3, 5)), Added::full);
    EXPECT_EQ(pool.add(attest(1, 6)), Added::added);
    EXPECT_EQ(pool.add(attest(1, 7)), Added::added);
    EXPECT_EQ(pool.add(attest(1, 4)), Added::too_old);
    EXPECT_EQ(pool.add(attest(1, 8)), Added::added);
    EXPECT_FALSE(pool.aggregate(5));
    EXPECT_EQ(pool.add(attest(1, 5)), Added::too_old);
    EXPECT_EQ(pool.size(), 3);
}

TEST(attestation_pool, one_statement_a_block) {
    Pool pool({});
    pool.add(attest(1, 7));
    EXPECT_EQ(pool.add(attest(2, 7, 99)), Added::contradicts);
    pool.add(attest(1, 8));
    pool.forget_from(7);
    EXPECT_EQ(pool.size(), 0);
    EXPECT_EQ(pool.add(attest(2, 7, 99)), Added::added);
}

TEST(attestation_pool, adds_up_those_who_count) {
    Pool pool({});
    pool.add(attest(1, 7));
    pool.add(attest(2, 7));
    const bls::PublicKey member = attest(1, 7).key;
    const auto sum = pool.aggregate(7, [&](const bls::PublicKey& key) { return key == member; });
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->keys, std::vector{member});
    EXPECT_EQ(sum->signature, attest(1, 7).signature);
    EXPECT_FALSE(pool.aggregate(7, [](const bls::PublicKey&) { return false; }));
}

TEST(attestation_pool, gives_each_by_itself) {
    Pool pool({});
    pool.add(attest(1, 7));
    pool.add(attest(2, 7));
    EXPECT_EQ(pool.attestations(7).size(), 2U);
    EXPECT_TRUE(pool.attestations(8).empty());
    EXPECT_EQ(pool.keys(7, attest(1, 7).block_hash).size(), 2U);
    EXPECT_TRUE(pool.keys(7, attest(1, 8).block_hash).empty());
    const auto found = pool.find(7, attest(2, 7).key);
    ASSERT_TRUE(found);
    EXPECT_TRUE(verify(*found));
    EXPECT_EQ(found->signature, attest(2, 7).signature);
    EXPECT_FALSE(pool.find(7, attest(3, 7).key));
    EXPECT_FALSE(pool.find(6, attest(2, 7).key));
}

// A key made to cancel out another: the aggregate of nothing but the rogue's own signature passes
// for both. It has no proof of possession, which is what stops it where only aggregates are
// checked; here it has no signature of its own either.
TEST(attestation_pool, a_key_without_its_own_signature_does_not_get_in) {
    Attestation honest = attest(1, 7);
    Attestation rogue = attest(2, 7);
    rogue.key = honest.key;  // claims another's key
    EXPECT_FALSE(verify(rogue));
    rogue = attest(2, 7);
    rogue.signature = honest.signature;
    EXPECT_FALSE(verify(rogue));
    EXPECT_FALSE(bls::verify_possession(rogue.key, *bls::prove_possession(secret(1))));
}

TEST(attestation, every_part_is_signed) {
    const Attestation good = attest(1, 7);
    EXPECT_TRUE(verify(good));
    Attestation other = good;
    other.chain_id ^= 1;
    EXPECT_FALSE(verify(other));
    other = good;
    other.block_number ^= 1;
    EXPECT_FALSE(verify(other));
    other = good;
    other.block_hash[31] ^= 1;
    EXPECT_FALSE(verify(other));
    other = good;
    other.state_root[0] ^= 1;
    EXPECT_FALSE(verify(other));
}

}  // namespace
}  // namespace mega::attestation
