// With the system's crypto: blocks of every kind with their witnesses, and signatures good and bad,
// and what came of them. mega_guest_test must come to the same.

#include "base/seed_test.hpp"
#include "guest/recorded.hpp"
#include "stateless/test_chain.hpp"

#include <gtest/gtest.h>

namespace mega::guest {
namespace {

using stateless::test::TestChain;
using trie::test::random_hash;

RecordedBlock record(TestChain& chain, size_t transactions) {
    auto made = chain.next_block(transactions);
    const auto validated =
        stateless::validate_block(made.parent, made.block, made.witness, chain.rules());
    EXPECT_TRUE(validated) << validated.error().words;
    return {
        .parent = std::move(made.parent),
        .block = std::move(made.block),
        .witness = std::move(made.witness),
        .state_root = validated->state_root,
        .block_hash = validated->block_hash,
        .gas_used = validated->gas_used
    };
}

/// As signed, with one byte changed, and of random numbers.
void record_recoveries(trie::test::Random& random, std::vector<Recovery>& into) {
    const auto add = [&](const Hash256& digest, const crypto::Signature& signature) {
        into.push_back({digest, signature, crypto::recover_public_key(digest, signature)});
    };
    for (uint64_t i = 0; i < 40; ++i) {
        const Hash256 digest = random_hash(random);
        crypto::Signature signature = *crypto::sign(digest, random_hash(random));
        add(digest, signature);
        signature.r.bytes[trie::test::below(random, 32)] ^= 1;
        add(digest, signature);
        signature.s.bytes[0] = 0xff;
        add(digest, signature);
        add(digest, {random_hash(random), random_hash(random), static_cast<uint8_t>(i % 3)});
    }
    Hash256 one;
    one.bytes[31] = 1;
    for (const Hash256& edge : {Hash256{}, one, random_hash(random)}) {
        add(edge, {.r = Hash256{}, .s = one});
        add(edge, {.r = one, .s = Hash256{}});
        add(edge, {.r = one, .s = one, .y_parity = 1});
    }
}

}  // namespace

TEST(record, blocks_and_signatures_for_the_guest) {
    const uint64_t seed = test_seed();
    Recorded recorded;
    for (uint64_t i = 0; i < 3; ++i) {
        TestChain chain(seed + i, 100, 100);
        for (size_t number = 0; number < 6; ++number) {
            recorded.blocks.push_back(record(chain, 5 * number));
        }
    }
    trie::test::Random random(seed);
    record_recoveries(random, recorded.recoveries);
    write(MEGA_GUEST_FILE, recorded);

    const Recorded again = read(MEGA_GUEST_FILE);
    EXPECT_EQ(again.blocks.size(), recorded.blocks.size());
    EXPECT_EQ(again.recoveries.size(), recorded.recoveries.size());
}

}  // namespace mega::guest
