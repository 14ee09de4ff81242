// Stateless equals full: chains out of a seed, executed in full, validated from their witnesses.

#include "base/seed_test.hpp"
#include "stateless/test_chain.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <gtest/gtest.h>

namespace mega::stateless {

namespace {

using test::operator+;
using test::TestChain;

void expect_valid(
    const test::Recorded& made,
    const witness::Witness& witness,
    const Rules& rules,
    std::string_view form
) {
    const auto validated = validate_block(made.parent, made.block, witness, rules);
    ASSERT_TRUE(validated) << form << ", block " << made.block.header.number << ": "
                           << validated.error().words;
    EXPECT_EQ(validated->state_root, made.block.header.state_root);
    EXPECT_EQ(validated->diff, made.diff);
    EXPECT_EQ(validated->block_hash, hash_of(made.block.header));
}

/// As recorded, and in both forms, with and without the codes that a receiver knows.
void expect_valid_in_all_forms(const test::Recorded& made, const Rules& rules) {
    expect_valid(made, made.witness, rules, "recorded");
    const auto lists = witness::to_execution_witness(made.witness, made.parent);
    const auto from_lists = witness::from_execution_witness(lists, made.parent);
    ASSERT_TRUE(from_lists);
    EXPECT_EQ(witness::to_execution_witness(*from_lists, made.parent), lists);
    expect_valid(made, *from_lists, rules, "lists");

    const auto compact = witness::encode_compact(made.witness);
    ASSERT_TRUE(compact);
    const auto from_compact = witness::decode_compact(*compact);
    ASSERT_TRUE(from_compact) << witness::to_string(from_compact.error());
    EXPECT_EQ(
        witness::encode_body(*from_compact).value(), witness::encode_body(made.witness).value()
    );
    expect_valid(made, *from_compact, rules, "compact");

    const auto brief = witness::encode_compact(made.witness, [](const Hash256&) { return true; });
    ASSERT_TRUE(brief);
    auto from_brief = witness::decode_compact(*brief);
    ASSERT_TRUE(from_brief);
    witness::fill_codes(*from_brief, made.witness.codes);
    expect_valid(made, *from_brief, rules, "compact without codes");
}

witness::Witness without_node(const witness::Witness& witness, size_t dropped) {
    witness::Witness less = witness;
    less.nodes = {};
    for (size_t i = 0; i < witness.nodes.size(); ++i) {
        if (i != dropped) {
            less.nodes.add(witness.nodes.hash(i), witness.nodes.rlp(i));
        }
    }
    less.nodes.seal();
    return less;
}

/// Nothing in a recorded witness is idle: without any one thing the block does not validate, and
/// the error names that thing.
void expect_nothing_is_idle(const test::Recorded& made, const Rules& rules) {
    for (size_t i = 0; i < made.witness.nodes.size(); ++i) {
        const auto validated =
            validate_block(made.parent, made.block, without_node(made.witness, i), rules);
        ASSERT_FALSE(validated);
        ASSERT_EQ(validated.error().code, MismatchCode::missing_node) << validated.error().words;
        ASSERT_EQ(validated.error().missing->hash, made.witness.nodes.hash(i));
    }
    for (size_t i = 0; i < made.witness.codes.size(); ++i) {
        witness::Witness less = made.witness;
        less.codes.erase(less.codes.begin() + static_cast<ptrdiff_t>(i));
        const auto validated = validate_block(made.parent, made.block, less, rules);
        ASSERT_FALSE(validated);
        ASSERT_EQ(validated.error().code, MismatchCode::missing_code) << validated.error().words;
        ASSERT_EQ(validated.error().missing->hash, made.witness.codes[i].hash);
    }
    for (size_t i = 0; i < made.witness.headers.size(); ++i) {
        witness::Witness less = made.witness;
        less.headers.erase(less.headers.begin() + static_cast<ptrdiff_t>(i));
        const auto validated = validate_block(made.parent, made.block, less, rules);
        ASSERT_FALSE(validated);
        ASSERT_EQ(validated.error().code, MismatchCode::missing_header) << validated.error().words;
    }
}

}  // namespace

TEST(sameness, of_random_chains) {
    const uint64_t seed = test_seed();
    for (uint64_t i = 0; i < 6; ++i) {
        TestChain chain(seed + i, i < 2 ? 0 : 400, i < 2 ? 0 : 300);
        for (int number = 0; number < 12; ++number) {
            const auto made = chain.next_block(below(chain.random(), 40));
            expect_valid_in_all_forms(made, chain.rules());
            if (number % 6 == 0) {
                expect_nothing_is_idle(made, chain.rules());
            }
            if (HasFatalFailure()) {
                return;
            }
        }
        EXPECT_GT(chain.headers().back().gas_used + chain.headers()[1].gas_used, 0);
    }
}

TEST(sameness, of_block_hashes_as_far_back_as_they_go) {
    TestChain chain(3, 5, 5);
    while (chain.headers().size() < 260) {
        static_cast<void>(chain.execute({}));
    }
    const uint64_t next = chain.headers().back().number + 1;
    for (const uint64_t back : {1, 2, 3, 255, 256, 257}) {
        const uint64_t number = chain.headers().back().number + 1 - back;
        const auto tx = chain.call(0, TestChain::block_hash_contract, test::word(u256{number}));
        const auto made = chain.execute(std::span(&tx, 1));
        const uint64_t headers = back > 256 || back < 3 ? 0 : back - 2;
        EXPECT_EQ(made.witness.headers.size(), headers) << back;
        expect_valid_in_all_forms(made, chain.rules());
        expect_nothing_is_idle(made, chain.rules());
    }
    EXPECT_EQ(chain.headers().back().number, next + 5);
}

TEST(sameness, an_empty_block_still_calls_the_system_contracts) {
    TestChain chain(4, 50, 0);
    const auto made = chain.execute({});
    expect_valid_in_all_forms(made, chain.rules());
    // Both contracts are absent: the witness shows that.
    EXPECT_GT(made.witness.nodes.size(), 0);
    expect_nothing_is_idle(made, chain.rules());
}

// Deleting a slot leaves a branch with one child: it must be in the witness although nobody asked
// for it.
TEST(sameness, a_collapsing_branch_needs_its_last_child) {
    TestChain chain(5, 5, 40);
    Bytes data;
    for (uint64_t slot = 0; slot < 39; ++slot) {
        data = std::move(data) + test::word(u256{slot}) + test::word(u256{});
    }
    const auto tx = chain.call(0, TestChain::store_contract, data);
    const auto made = chain.execute(std::span(&tx, 1));
    EXPECT_EQ(chain.failed, 0);
    expect_valid_in_all_forms(made, chain.rules());
    expect_nothing_is_idle(made, chain.rules());
}

// So many that the validator forgets nodes on the way and applies the changes in pieces.
TEST(sameness, of_a_block_that_changes_thousands_of_accounts) {
    constexpr size_t count = 12'000;
    TestChain chain(6, 10 * count, 0);
    std::vector<SignedTransaction> transfers;
    for (size_t i = 0; i < count; ++i) {
        transfers.push_back(chain.transfer(i % 12, chain.quiet()[10 * i], u256{1 + i}));
    }
    const auto made = chain.execute(transfers);
    expect_valid(made, made.witness, chain.rules(), "recorded");

    const auto code_of = [&](const Block& block, const witness::Witness& witness) {
        const auto validated = validate_block(made.parent, block, witness, chain.rules());
        EXPECT_FALSE(validated);
        return validated ? MismatchCode::body : validated.error().code;
    };
    Block other = made.block;
    other.header.state_root[3] ^= 1;
    EXPECT_EQ(code_of(other, made.witness), MismatchCode::state_root);
    const size_t middle = made.witness.nodes.size() / 2;
    EXPECT_EQ(code_of(made.block, without_node(made.witness, middle)), MismatchCode::missing_node);
    witness::Witness more = made.witness;
    const Bytes idle{0xc1, 0x80};
    more.nodes.add(crypto::keccak256(idle), idle);
    more.nodes.seal();
    EXPECT_EQ(code_of(made.block, more), MismatchCode::surplus_in_witness);
}

}  // namespace mega::stateless
