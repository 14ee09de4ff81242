// Witnesses that lie, lack or swell: never a crash, never another result that is accepted, and the
// error says what is wrong.

#include "base/seed_test.hpp"
#include "stateless/test_chain.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

namespace mega::stateless {

namespace {

using test::operator+;
using test::TestChain;
using witness::CodecError;

struct Case {
    explicit Case(uint64_t seed, size_t transactions, size_t accounts = 40, size_t slots = 20)
        : chain(seed, accounts, slots), rules(chain.rules()) {
        static_cast<void>(chain.next_block(transactions));
        made = chain.next_block(transactions);
    }

    /// Not accepted, or accepted as the very same block: what the header says is what execution
    /// gave.
    void expect_harmless(const witness::Witness& witness) const {
        const auto validated = validate_block(made.parent, made.block, witness, rules);
        if (validated) {
            ASSERT_EQ(validated->state_root, made.block.header.state_root);
            ASSERT_EQ(validated->diff, made.diff);
        } else {
            ASSERT_FALSE(validated.error().words.empty());
            ASSERT_TRUE(validated.error().is_of_witness()) << validated.error().words;
        }
    }
    [[nodiscard]] MismatchCode code_of(const witness::Witness& witness) const {
        const auto validated = validate_block(made.parent, made.block, witness, rules);
        EXPECT_FALSE(validated);
        return validated ? MismatchCode::body : validated.error().code;
    }

    TestChain chain;
    Rules rules;
    test::Recorded made;
};

/// A small block: one transfer to a new account and one call that deletes a slot.
struct SmallCase : Case {
    SmallCase() : Case(1, 0, 30, 12) {
        const std::array transactions{
            chain.transfer(0, Address{{0x77}}, 5),
            chain.call(1, TestChain::store_contract, test::word(u256{1}) + test::word(u256{})),
        };
        made = chain.execute(transactions);
        EXPECT_EQ(chain.refused + chain.failed, 0);
    }
};

Bytes frame_of(BytesView body, uint64_t claimed_size) {
    Bytes out{witness::compact_version};
    for (size_t i = 0; i < 4; ++i) {
        out.push_back(static_cast<uint8_t>(claimed_size >> (24 - 8 * i)));
    }
    Bytes frame(ZSTD_compressBound(body.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), body.data(), body.size(), 1));
    append(out, frame);
    return out;
}

CodecError error_of(const Result<witness::Witness, CodecError>& decoded) {
    EXPECT_FALSE(decoded);
    return decoded ? CodecError::bad_key : decoded.error();
}

}  // namespace

TEST(forbidden, every_changed_byte_of_a_small_compact_witness) {
    const SmallCase small;
    const Bytes body = witness::encode_body(small.made.witness).value();
    size_t accepted = 0;
    for (size_t i = 0; i < body.size(); ++i) {
        for (const uint8_t change : std::array<uint8_t, 3>{0x01, 0x80, 0xff}) {
            Bytes changed = body;
            changed[i] ^= change;
            const auto decoded = witness::decode_body(changed);
            if (!decoded) {
                continue;
            }
            const auto validated =
                validate_block(small.made.parent, small.made.block, *decoded, small.rules);
            accepted += validated ? 1 : 0;
        }
    }
    // Every bit of the body is bound to the root, or is a length: none may change.
    EXPECT_EQ(accepted, 0) << "of " << 3 * body.size();
}

TEST(forbidden, every_changed_byte_of_small_lists) {
    const SmallCase small;
    const auto lists = witness::to_execution_witness(small.made.witness, small.made.parent);
    const auto try_all = [&](std::vector<Bytes> witness::ExecutionWitness::* list) {
        for (size_t i = 0; i < (lists.*list).size(); ++i) {
            for (size_t at = 0; at < (lists.*list)[i].size(); ++at) {
                auto changed = lists;
                (changed.*list)[i][at] ^= 0x11;
                const auto decoded = witness::from_execution_witness(changed, small.made.parent);
                if (!decoded) {
                    continue;
                }
                small.expect_harmless(*decoded);
                if (list == &witness::ExecutionWitness::state) {
                    ASSERT_EQ(small.code_of(*decoded), MismatchCode::missing_node);
                }
            }
        }
    };
    try_all(&witness::ExecutionWitness::state);
    try_all(&witness::ExecutionWitness::codes);
    try_all(&witness::ExecutionWitness::headers);
}

TEST(forbidden, changed_bytes_of_large_witnesses) {
    const uint64_t seed = test_seed();
    const Case large(seed, 60, 500, 400);
    const Bytes body = witness::encode_body(large.made.witness).value();
    const Bytes compact = witness::encode_compact(large.made.witness).value();
    test::Random random(seed);
    for (int i = 0; i < 1500; ++i) {
        Bytes changed = body;
        changed[test::below(random, changed.size())] ^= static_cast<uint8_t>(1 + random() % 255);
        if (const auto decoded = witness::decode_body(changed)) {
            ASSERT_FALSE(validate_block(large.made.parent, large.made.block, *decoded, large.rules)
            );
        }
        changed = compact;
        changed[test::below(random, changed.size())] ^= static_cast<uint8_t>(1 + random() % 255);
        if (const auto decoded = witness::decode_compact(changed)) {
            large.expect_harmless(*decoded);
        }
    }
}

TEST(forbidden, truncated_anywhere) {
    const SmallCase small;
    const Bytes body = witness::encode_body(small.made.witness).value();
    const Bytes compact = witness::encode_compact(small.made.witness).value();
    for (size_t size = 0; size < body.size(); ++size) {
        ASSERT_FALSE(witness::decode_body(BytesView{body}.first(size)));
    }
    for (size_t size = 0; size < compact.size(); ++size) {
        ASSERT_FALSE(witness::decode_compact(BytesView{compact}.first(size)));
    }
    EXPECT_EQ(error_of(witness::decode_body(Bytes{body} + Bytes{0})), CodecError::trailing_bytes);
}

TEST(forbidden, nodes_of_another_block_and_an_older_root) {
    TestChain chain(2, 40, 20);
    const auto first = chain.next_block(10);
    const auto second = chain.next_block(10);
    const Rules rules = chain.rules();
    // As a whole it is of another state.
    auto validated = validate_block(second.parent, second.block, first.witness, rules);
    ASSERT_FALSE(validated);
    EXPECT_EQ(validated.error().code, MismatchCode::witness_of_other_state);
    EXPECT_EQ(validated.error().expected, to_hex(second.parent.state_root));
    // Claiming the right root: the nodes of the older state are not found from there.
    witness::Witness older = first.witness;
    older.parent_state_root = second.parent.state_root;
    validated = validate_block(second.parent, second.block, older, rules);
    ASSERT_FALSE(validated);
    EXPECT_EQ(validated.error().code, MismatchCode::missing_node);
    EXPECT_EQ(validated.error().missing->hash, second.parent.state_root);
    // Beside the right ones they are surplus.
    witness::Witness both = second.witness;
    for (size_t i = 0; i < first.witness.nodes.size(); ++i) {
        both.nodes.add(first.witness.nodes.hash(i), first.witness.nodes.rlp(i));
    }
    both.nodes.seal();
    validated = validate_block(second.parent, second.block, both, rules);
    ASSERT_FALSE(validated);
    EXPECT_EQ(validated.error().code, MismatchCode::surplus_in_witness);
    // As lists of debug_executionWitness, where that is tolerated.
    auto lists = witness::to_execution_witness(second.witness, second.parent);
    for (size_t i = 0; i < first.witness.nodes.size(); ++i) {
        lists.state.push_back(to_bytes(first.witness.nodes.rlp(i)));
    }
    lists.state.push_back({0xff});
    const auto tolerated = witness::from_execution_witness(lists, second.parent);
    ASSERT_TRUE(tolerated);
    EXPECT_TRUE(validate_block(second.parent, second.block, *tolerated, rules));
}

TEST(forbidden, surplus_in_the_compact_form) {
    Case large(7, 30);
    const auto surplus_of = [&](const witness::Witness& witness) {
        const auto decoded = witness::decode_compact(witness::encode_compact(witness).value());
        EXPECT_TRUE(decoded);
        return large.code_of(*decoded);
    };
    // One more account's path: a recorded witness of a block that looks at more.
    witness::AccessSet accesses;
    for (const auto& account : large.made.witness.keys) {
        accesses.note_account(account.address);
    }
    witness::Witness more = large.made.witness;
    more.codes.push_back({Hash256{{0xff, 0xff}}, nullptr});
    EXPECT_EQ(surplus_of(more), MismatchCode::surplus_in_witness);
    more = large.made.witness;
    more.headers.push_back(large.chain.headers().front());
    more.headers.push_back(large.chain.headers().front());
    EXPECT_EQ(surplus_of(more), MismatchCode::surplus_in_witness);
    // Nodes of accounts that the block does not look at: from a block that looks at all.
    TestChain twin(7, 40, 20);
    static_cast<void>(twin.next_block(30));
    for (const Address& address : twin.quiet()) {
        accesses.note_account(address);
    }
    const witness::TreeNodes nodes(twin.tree());
    more = witness::record(nodes, twin.headers().back().state_root, accesses, {}).value();
    ASSERT_EQ(more.parent_state_root, large.made.parent.state_root);
    for (size_t i = 0; i < large.made.witness.nodes.size(); ++i) {
        more.nodes.add(large.made.witness.nodes.hash(i), large.made.witness.nodes.rlp(i));
    }
    more.nodes.seal();
    more.codes = large.made.witness.codes;
    more.headers = large.made.witness.headers;
    EXPECT_GT(more.nodes.size(), large.made.witness.nodes.size());
    EXPECT_EQ(surplus_of(more), MismatchCode::surplus_in_witness);
}

TEST(forbidden, another_code_for_a_hash) {
    const Case large(8, 30);
    ASSERT_FALSE(large.made.witness.codes.empty());
    for (size_t i = 0; i < large.made.witness.codes.size(); ++i) {
        auto lists = witness::to_execution_witness(large.made.witness, large.made.parent);
        lists.codes[i].back() ^= 1;
        const auto decoded = witness::from_execution_witness(lists, large.made.parent);
        ASSERT_TRUE(decoded);
        const auto validated =
            validate_block(large.made.parent, large.made.block, *decoded, large.rules);
        ASSERT_FALSE(validated);
        EXPECT_EQ(validated.error().code, MismatchCode::missing_code);
        EXPECT_EQ(validated.error().missing->hash, large.made.witness.codes[i].hash);
    }
}

TEST(forbidden, sizes_that_are_claimed_and_not_there) {
    const Bytes some(1000, 0);
    const witness::Limits limits{.max_bytes = 1u << 20};
    // Claims far beyond the limit cost nothing.
    EXPECT_EQ(
        error_of(witness::decode_compact(frame_of(some, 1u << 30), limits)), CodecError::too_large
    );
    EXPECT_EQ(error_of(witness::decode_compact(frame_of(some, UINT32_MAX))), CodecError::too_large);
    // A frame that holds more or less than stated.
    EXPECT_EQ(error_of(witness::decode_compact(frame_of(some, 999))), CodecError::bad_compression);
    EXPECT_EQ(error_of(witness::decode_compact(frame_of(some, 1001))), CodecError::bad_compression);
    // A bomb: 128 MiB of zeros in a few KiB, said to be small.
    const Bytes zeros(128u << 20, 0);
    EXPECT_EQ(
        error_of(witness::decode_compact(frame_of(zeros, 1000))), CodecError::bad_compression
    );
    EXPECT_EQ(
        error_of(witness::decode_compact(frame_of(zeros, zeros.size()))), CodecError::too_large
    );
    // Counts and sizes within the body.
    const Bytes gigabyte{0x80, 0x80, 0x80, 0x80, 0x04};
    EXPECT_EQ(error_of(witness::decode_body(gigabyte)), CodecError::too_short);
    EXPECT_EQ(error_of(witness::decode_body(Bytes{0x01} + gigabyte)), CodecError::too_short);
    const Bytes state = Bytes{0x00, 0x00} + Hash256{};
    EXPECT_EQ(error_of(witness::decode_body(state + gigabyte)), CodecError::too_large);
    EXPECT_EQ(
        error_of(witness::decode_body(state + Bytes{0x01} + gigabyte)), CodecError::too_short
    );
    EXPECT_EQ(error_of(witness::decode_body(Bytes{0x80, 0x00})), CodecError::bad_number);
    EXPECT_EQ(error_of(witness::decode_compact(Bytes{2, 0, 0, 0, 0})), CodecError::unknown_version);
}

// Trees deeper than keys are long cannot be: the path runs out. Wide ones stop at the limit.
TEST(forbidden, trees_that_are_too_deep_or_too_wide) {
    Bytes body{0x00};
    for (int depth = 0; depth < 200; ++depth) {
        body = std::move(body) + Bytes{0x01, 0x00, 0x03, 0x00, 0x02} + Hash256{{1}};
    }
    EXPECT_EQ(error_of(witness::decode_body(body)), CodecError::bad_node);
    Bytes extensions{0x00};
    for (int depth = 0; depth < 100; ++depth) {
        extensions.insert(extensions.end(), {0x02, 0x01, 0x00});
    }
    EXPECT_EQ(error_of(witness::decode_body(extensions)), CodecError::bad_node);
    const Case large(9, 20);
    const Bytes good = witness::encode_body(large.made.witness).value();
    EXPECT_EQ(error_of(witness::decode_body(good, {.max_nodes = 10})), CodecError::too_many_nodes);
    EXPECT_EQ(
        error_of(witness::decode_body(good, {.max_node_bytes = 1000})), CodecError::too_large
    );
    EXPECT_EQ(error_of(witness::decode_body(good, {.max_bytes = 1000})), CodecError::too_large);
}

// A node whose children are all the same node, 64 levels of it: 16^64 paths, 64 nodes.
TEST(forbidden, a_trie_that_contains_itself_many_times) {
    Hash256 below{{0x42}};
    std::vector<Bytes> nodes;
    for (int level = 0; level < 64; ++level) {
        rlp::Writer node;
        const size_t list = node.begin_list();
        for (int child = 0; child < 16; ++child) {
            node.write(below);
        }
        node.write(BytesView{});
        node.end_list(list);
        nodes.push_back(node.take());
        below = crypto::keccak256(nodes.back());
    }
    witness::Witness witness;
    witness.parent_state_root = below;
    witness.nodes = witness::NodeSet::of(nodes);
    const Bytes body = witness::encode_body(witness).value();
    EXPECT_LT(body.size(), 64u * 540);
    const auto decoded = witness::decode_body(body);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->nodes.size(), 64);
    EXPECT_EQ(decoded->parent_state_root, below);
    // Validated against, it is just a state that lacks something.
    SmallCase small;
    small.made.parent.state_root = below;
    small.made.block.header.parent_hash = hash_of(small.made.parent);
    EXPECT_EQ(small.code_of(*decoded), MismatchCode::missing_node);
}

TEST(forbidden, the_same_node_given_twice) {
    // A branch with two equal children, both in full.
    const Bytes inner = Bytes{0x01, 0x00, 0x03, 0x00, 0x00} + Hash256{{1}} + Hash256{{2}};
    const Bytes body = Bytes{0x00} + Bytes{0x01, 0x00, 0x03, 0x00, 0x03} + inner + inner + Bytes{0};
    EXPECT_EQ(error_of(witness::decode_body(body)), CodecError::repeated_node);
}

TEST(forbidden, a_block_that_lies) {
    SmallCase small;
    const auto code_after = [&](auto&& change) {
        Block block = small.made.block;
        change(block);
        const auto validated =
            validate_block(small.made.parent, block, small.made.witness, small.rules);
        EXPECT_FALSE(validated);
        return validated ? MismatchCode::witness_of_other_state : validated.error().code;
    };
    const auto header_after = [&](auto&& change) {
        return code_after([&](Block& block) { change(block.header); });
    };
    using Code = MismatchCode;
    EXPECT_EQ(header_after([](auto& h) { h.parent_hash = {}; }), Code::parent_hash);
    EXPECT_EQ(header_after([](auto& h) { ++h.number; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { --h.timestamp; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.gas_limit = UINT64_MAX; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.gas_used = h.gas_limit + 1; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.base_fee_per_gas = 7; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.base_fee_per_gas.reset(); }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.difficulty = 1; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.blob_gas_used = 1; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.requests_hash.reset(); }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.withdrawals_root = Hash256{}; }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { h.extra_data.resize(33); }), Code::header);
    EXPECT_EQ(header_after([](auto& h) { --h.gas_used; }), Code::gas_used);
    EXPECT_EQ(header_after([](auto& h) { h.receipts_root = {}; }), Code::receipts_root);
    EXPECT_EQ(header_after([](auto& h) { h.logs_bloom[0] ^= 1; }), Code::logs_bloom);
    EXPECT_EQ(header_after([](auto& h) { h.state_root = {}; }), Code::state_root);
    EXPECT_EQ(code_after([](auto& b) { b.transactions.pop_back(); }), Code::transactions_root);
    EXPECT_EQ(code_after([](auto& b) { b.ommers.emplace_back(); }), Code::body);
    EXPECT_EQ(code_after([](auto& b) { b.withdrawals.reset(); }), Code::body);
    EXPECT_EQ(code_after([](auto& b) { b.withdrawals->emplace_back(); }), Code::body);
    // With a root that fits: what the transactions are is looked at then.
    const auto transactions_of = [&](std::vector<Bytes> transactions) {
        return code_after([&](Block& block) {
            block.transactions = std::move(transactions);
            block.header.transactions_root = trie::ordered_root(block.transactions);
        });
    };
    EXPECT_EQ(transactions_of({{0x01}}), Code::transaction);
    EXPECT_EQ(
        transactions_of({small.made.block.transactions[0], small.made.block.transactions[0]}),
        Code::transaction
    );
    EXPECT_EQ(transactions_of({small.made.block.transactions[0]}), Code::gas_used);
    std::swap(small.made.block.transactions[0], small.made.block.transactions[1]);
    EXPECT_EQ(transactions_of(small.made.block.transactions), Code::receipts_root);
}

}  // namespace mega::stateless
