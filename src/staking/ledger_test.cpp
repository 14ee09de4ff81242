#include "staking/ledger.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

namespace bls = crypto::bls;

crypto::SecretKey signing_key(uint8_t number) {
    crypto::SecretKey key;
    key[31] = number;
    return key;
}

MiniBlockHeader mini_block(
    uint8_t signer, uint64_t number, uint64_t block, uint64_t index, uint8_t root
) {
    MiniBlockHeader header;
    header.mini_block_number = number;
    header.block_number = block;
    header.index = index;
    header.transaction_root = Hash256{{root}};
    header.signature = *crypto::sign(signing_hash(header), signing_key(signer));
    return header;
}

bls::SecretKey attesting_key(uint8_t number) { return *bls::derive_key(Bytes(32, number)); }

attestation::Attestation attest(uint8_t who, uint64_t number, uint8_t root) {
    attestation::Attestation made;
    made.chain_id = 7;
    made.block_number = number;
    made.state_root = Hash256{{root}};
    made.key = *bls::public_key_of(attesting_key(who));
    made.signature = *bls::sign(message_of(made), attesting_key(who));
    return made;
}

class LedgerOfTwo : public testing::Test {
  protected:
    LedgerOfTwo() {
        EXPECT_FALSE(ledger_.add(mini_block(1, 1, 20, 0, 0)));  // nobody is known yet
        for (const uint8_t who : {uint8_t{1}, uint8_t{2}}) {
            ledger_.know(*crypto::address_of(signing_key(who)));
            ledger_.know(*bls::public_key_of(attesting_key(who)));
        }
    }
    Ledger ledger_{7, 8};
};

TEST_F(LedgerOfTwo, sees_two_mini_blocks_of_one_number) {
    EXPECT_FALSE(ledger_.add(mini_block(1, 5, 2, 0, 1)));
    EXPECT_FALSE(ledger_.add(mini_block(1, 5, 2, 0, 1)));  // the same at another node
    EXPECT_FALSE(ledger_.add(mini_block(2, 5, 2, 0, 2)));  // another's
    EXPECT_FALSE(ledger_.add(mini_block(1, 6, 2, 1, 1)));
    const auto found = ledger_.add(mini_block(1, 5, 3, 7, 1));
    ASSERT_TRUE(found);
    EXPECT_EQ(block_of(*found), 2U);
    EXPECT_FALSE(ledger_.add(mini_block(1, 5, 3, 7, 9)));  // told once
}

TEST_F(LedgerOfTwo, sees_two_mini_blocks_of_one_place) {
    EXPECT_FALSE(ledger_.add(mini_block(1, 5, 2, 3, 1)));
    EXPECT_TRUE(ledger_.add(mini_block(1, 6, 2, 3, 1)));
}

TEST_F(LedgerOfTwo, sees_two_attestations_of_one_number) {
    EXPECT_FALSE(ledger_.add(attest(1, 5, 1)));
    EXPECT_FALSE(ledger_.add(attest(1, 5, 1)));
    EXPECT_FALSE(ledger_.add(attest(2, 5, 2)));
    EXPECT_FALSE(ledger_.add(attest(1, 6, 2)));
    const auto found = ledger_.add(attest(1, 5, 2));
    ASSERT_TRUE(found);
    EXPECT_EQ(block_of(*found), 5U);
    EXPECT_NE(evidence_json(*found).find("twoAttestations"), std::string::npos);
    EXPECT_FALSE(ledger_.add(attest(1, 5, 3)));
}

TEST_F(LedgerOfTwo, is_not_blinded_by_what_a_node_makes_up) {
    auto made_up = attest(1, 5, 9);
    made_up.signature = attest(1, 6, 9).signature;
    EXPECT_FALSE(ledger_.add(made_up));
    EXPECT_FALSE(ledger_.add(attest(1, 5, 1)));
    EXPECT_TRUE(ledger_.add(attest(1, 5, 2)));
}

TEST_F(LedgerOfTwo, counts_strangers_for_nothing_and_keeps_to_its_bounds) {
    EXPECT_FALSE(ledger_.add(mini_block(3, 5, 2, 0, 1)));
    EXPECT_FALSE(ledger_.add(mini_block(3, 5, 2, 0, 2)));
    EXPECT_FALSE(ledger_.add(attest(3, 5, 1)));
    EXPECT_FALSE(ledger_.add(attest(3, 5, 2)));
    for (uint64_t number = 0; number < 20; ++number) {
        EXPECT_FALSE(ledger_.add(attest(1, number, 1)));
    }
    EXPECT_FALSE(ledger_.add(attest(1, 3, 2)));  // forgotten
    EXPECT_TRUE(ledger_.add(attest(1, 19, 2)));
}

TEST_F(LedgerOfTwo, lets_no_key_push_out_what_another_signed) {
    EXPECT_FALSE(ledger_.add(attest(1, 3, 1)));
    EXPECT_FALSE(ledger_.add(mini_block(1, 5, 2, 0, 1)));
    for (uint64_t number = 100; number < 120; ++number) {
        EXPECT_FALSE(ledger_.add(attest(2, number, 1)));
        EXPECT_FALSE(ledger_.add(mini_block(2, number, number, 0, 1)));
    }
    EXPECT_TRUE(ledger_.add(attest(1, 3, 2)));
    EXPECT_TRUE(ledger_.add(mini_block(1, 5, 2, 0, 2)));
}

TEST_F(LedgerOfTwo, takes_nothing_of_other_chains_or_of_blocks_far_away) {
    EXPECT_FALSE(ledger_.add(mini_block(1, 5, 2, 0, 1)));
    const uint64_t far = 2 + Ledger::max_ahead + 1;
    EXPECT_FALSE(ledger_.add(attest(1, far, 1)));
    EXPECT_FALSE(ledger_.add(attest(1, far, 2)));
    EXPECT_FALSE(ledger_.add(mini_block(1, 6, far, 0, 1)));
    EXPECT_FALSE(ledger_.add(mini_block(1, 6, far, 0, 2)));
    auto elsewhere = attest(1, 3, 1);
    elsewhere.chain_id = 8;
    elsewhere.signature = *bls::sign(message_of(elsewhere), attesting_key(1));
    EXPECT_FALSE(ledger_.add(elsewhere));
    EXPECT_FALSE(ledger_.add(attest(1, 3, 2)));
    EXPECT_TRUE(ledger_.add(attest(1, far - 1, 1)) || ledger_.add(attest(1, far - 1, 2)));
}

TEST_F(LedgerOfTwo, tells_of_each_number) {
    EXPECT_FALSE(ledger_.add(attest(1, 5, 1)));
    EXPECT_FALSE(ledger_.add(attest(1, 6, 1)));
    EXPECT_TRUE(ledger_.add(attest(1, 5, 2)));
    EXPECT_TRUE(ledger_.add(attest(1, 6, 2)));  // the first may not have come to a slash
}

TEST(evidence, a_high_s_makes_no_second_signature) {
    const MiniBlockHeader a = mini_block(1, 5, 2, 0, 1);
    EXPECT_FALSE(is_contradiction(a, a));
    EXPECT_TRUE(is_contradiction(a, mini_block(1, 5, 2, 0, 2)));
    EXPECT_FALSE(is_contradiction(a, mini_block(1, 7, 2, 1, 2)));
    EXPECT_FALSE(is_contradiction(a, mini_block(2, 5, 2, 0, 2)));
}

}  // namespace
}  // namespace mega::staking
