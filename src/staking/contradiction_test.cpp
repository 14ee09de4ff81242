#include "staking/contradiction.hpp"

#include "staking/test_signed.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

std::vector<Contradiction> one_of_each() {
    return {
        TwoMiniBlocks{signer(1), mini_block(1, 5, 2, 0, 1), mini_block(1, 5, 3, 0, 2)},
        TwoAttestations{attest(1, {7, 5, {}, Hash256{{1}}}), attest(1, {7, 5, {}, Hash256{{2}}})},
        LeftOut{
            signer(1), mini_block(1, 5, 2, 0, 1), {signing_hash(mini_block(1, 6, 2, 1, 1)), {}}
        },
        attest_falsely(1, 5, 9),
    };
}

TEST(contradiction, comes_back_from_its_json) {
    for (const Contradiction& found : one_of_each()) {
        ASSERT_TRUE(is_contradiction(found)) << name_of(found);
        const auto again = read_evidence(evidence_json(found));
        ASSERT_TRUE(again) << name_of(found) << ": " << again.error().message;
        EXPECT_EQ(again->index(), found.index());
        EXPECT_EQ(evidence_json(*again), evidence_json(found));
        EXPECT_EQ(block_of(*again), block_of(found));
        EXPECT_TRUE(std::ranges::equal(who_of(*again), who_of(found)));
        EXPECT_TRUE(call_input(1, *again, {}));
    }
}

TEST(contradiction, is_none_when_nothing_is_contradicted) {
    const auto a = mini_block(1, 5, 2, 0, 1);
    EXPECT_FALSE(is_contradiction(TwoMiniBlocks{signer(1), a, a}));
    EXPECT_FALSE(is_contradiction(TwoMiniBlocks{signer(2), a, mini_block(1, 5, 2, 0, 2)}));
    EXPECT_FALSE(is_contradiction(LeftOut{signer(1), a, {signing_hash(a)}}));
    EXPECT_FALSE(is_contradiction(LeftOut{signer(2), a, {}}));
    EXPECT_FALSE(
        is_contradiction(LeftOut{signer(1), a, std::vector<Hash256>(max_signing_hashes + 1)})
    );
    EXPECT_FALSE(is_contradiction(Contradiction{attest_falsely(1, 5, 7)}));
    // Of another block than the header's: a lie as well.
    auto elsewhere = attest_falsely(1, 5, 7);
    elsewhere.attestation.block_number = 6;
    EXPECT_FALSE(is_contradiction(Contradiction{elsewhere}));  // the signature is of the other
    elsewhere.attestation = attest(1, elsewhere.attestation);
    EXPECT_TRUE(is_contradiction(Contradiction{elsewhere}));
}

TEST(contradiction, is_read_with_suspicion) {
    for (const char* text :
         {"",
          "{",
          "[]",
          "{}",
          R"({"kind":1})",
          R"({"kind":"downtime"})",
          R"({"kind":"twoMiniBlocks"})",
          R"({"kind":"twoMiniBlocks","first":[],"second":{}})",
          R"({"kind":"twoAttestations","first":{"chainId":1}})",
          R"({"kind":"miniBlockAgainstBatch","promised":{},"signingHashes":[1]})",
          R"({"kind":"attestationAgainstHeader","attestation":{},"header":"0x"})"}) {
        EXPECT_FALSE(read_evidence(text)) << text;
    }
    for (const Contradiction& found : one_of_each()) {
        const std::string text = evidence_json(found);
        for (const size_t cut : {text.size() / 4, text.size() / 2, text.size() - 1}) {
            EXPECT_FALSE(read_evidence(text.substr(0, cut)));
        }
    }
    // Well formed, but what is signed is something else.
    std::string text = evidence_json(one_of_each()[0]);
    const auto at = text.find(R"("gasUsed":0)");
    text.replace(at, 11, R"("gasUsed":1)");
    const auto read = read_evidence(text);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("proves nothing"), std::string::npos);
}

}  // namespace
}  // namespace mega::staking
