#include "staking/ledger.hpp"

#include "staking/test_signed.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

namespace bls = crypto::bls;

attestation::Attestation attest(uint8_t who, uint64_t number, uint8_t root) {
    return staking::attest(who, {7, number, {}, Hash256{{root}}});
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

TEST_F(LedgerOfTwo, takes_a_nodes_word_of_a_false_attestation_for_nothing) {
    const FalseAttestation untrue = attest_falsely(1, 5, 9);
    auto forged = untrue;
    forged.attestation.signature = attest(1, 6, 9).signature;
    EXPECT_FALSE(ledger_.add(forged));
    auto another_header = untrue;
    another_header.header.back() ^= 1;
    EXPECT_FALSE(ledger_.add(another_header));
    EXPECT_FALSE(ledger_.add(attest_falsely(1, 5, 7)));  // what the header says
    EXPECT_FALSE(ledger_.add(attest_falsely(3, 5, 9)));  // nobody's
    const auto found = ledger_.add(untrue);
    ASSERT_TRUE(found);
    EXPECT_EQ(block_of(*found), 5U);
    EXPECT_FALSE(ledger_.add(untrue));  // told once
}

TEST_F(LedgerOfTwo, knows_whose_a_mini_block_is) {
    EXPECT_EQ(ledger_.signer_of(mini_block(1, 5, 2, 0, 1)), signer(1));
    EXPECT_EQ(ledger_.signer_of(mini_block(3, 5, 2, 0, 1)), std::nullopt);
    EXPECT_TRUE(ledger_.knows(signer(2)));
    EXPECT_FALSE(ledger_.knows(signer(3)));
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
