// The pure libraries with a provider of plain C++, and nothing of the system's crypto in the
// executable: what a prover's guest is made of, less the prover. It comes to what mega_guest_record
// came to with the system's provider.

#include "crypto/kzg.hpp"
#include "crypto/modexp.hpp"
#include "guest/recorded.hpp"

#include <gtest/gtest.h>

namespace mega::guest {
namespace {

const Recorded& recorded() {
    static const Recorded all = read(MEGA_GUEST_FILE);
    return all;
}

stateless::MegaRules rules() {
    stateless::MegaRules rules;
    rules.chain_id = chain_id;
    return rules;
}

}  // namespace

TEST(guest, validates_blocks_to_the_same_result) {
    ASSERT_FALSE(recorded().blocks.empty()) << "run mega_guest_record first, as ctest does";
    size_t transactions = 0;
    for (const RecordedBlock& made : recorded().blocks) {
        const auto validated =
            stateless::validate_block(made.parent, made.block, made.witness, rules());
        ASSERT_TRUE(validated) << validated.error().words;
        EXPECT_EQ(validated->state_root, made.state_root);
        EXPECT_EQ(validated->block_hash, made.block_hash);
        EXPECT_EQ(validated->gas_used, made.gas_used);
        transactions += validated->transactions;
    }
    EXPECT_GT(transactions, 0);
}

TEST(guest, refuses_a_block_with_another_state_root) {
    ASSERT_FALSE(recorded().blocks.empty());
    RecordedBlock made = recorded().blocks.back();
    made.block.header.state_root.bytes[7] ^= 1;
    const auto validated =
        stateless::validate_block(made.parent, made.block, made.witness, rules());
    ASSERT_FALSE(validated);
    EXPECT_EQ(validated.error().code, stateless::MismatchCode::state_root)
        << validated.error().words;
}

TEST(guest, recovers_and_refuses_the_same_signatures) {
    ASSERT_FALSE(recorded().recoveries.empty());
    size_t good = 0;
    for (const Recovery& recovery : recorded().recoveries) {
        const auto key = crypto::recover_public_key(recovery.digest, recovery.signature);
        EXPECT_EQ(key, recovery.key) << to_hex(recovery.signature.r);
        good += key ? 1 : 0;
    }
    EXPECT_GT(good, 0);
    EXPECT_LT(good, recorded().recoveries.size());
}

TEST(guest, stops_rather_than_guess_what_its_provider_lacks) {
    EXPECT_DEATH(static_cast<void>(crypto::modexp({}, {}, Bytes{1})), "modexp");
    EXPECT_DEATH(static_cast<void>(crypto::kzg::verify_proof({}, {}, {}, {})), "KZG");
}

}  // namespace mega::guest
