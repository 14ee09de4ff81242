#include "trie/tree_test_support.hpp"
#include "witness/access_recorder.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"
#include "witness/record.hpp"

#include "state/overlay.hpp"

#include <gtest/gtest.h>

namespace mega::witness {

namespace {

using trie::test::MapStore;
using trie::test::Random;

evm::CodePtr code_of(Bytes bytes) { return std::make_shared<const evm::Code>(bytes); }

std::vector<Bytes> random_nodes(Random& random, size_t count) {
    std::vector<Bytes> nodes;
    nodes.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        nodes.push_back(to_bytes(trie::test::random_hash(random)));
    }
    return nodes;
}

}  // namespace

TEST(access_set, notes_each_key_once_and_sorts_them) {
    AccessSet accesses;
    const Address a{{1}};
    const Address b{{2}};
    accesses.note_slot(b, 7);
    accesses.note_slot(b, 3);
    accesses.note_account(a);
    accesses.note_slot(b, 7);
    accesses.note_account(b);
    const std::vector<AccountKeys> expected{{a, {}}, {b, {3, 7}}};
    EXPECT_EQ(accesses.keys(), expected);
    EXPECT_FALSE(accesses.is_empty());
    accesses.clear();
    EXPECT_TRUE(accesses.is_empty());
    EXPECT_TRUE(accesses.keys().empty());
}

TEST(access_set, leaves_out_what_the_block_itself_brought) {
    AccessSet accesses;
    const Address cleared{{1}};
    const Hash256 early{{1}};
    const Hash256 deployed{{2}};
    accesses.note_code(early, nullptr);
    accesses.note_slot(cleared, 1);
    state::StateDiff diff;
    diff.accounts.push_back({cleared, Account{}, std::nullopt, true});
    diff.codes.push_back({deployed, code_of({1})});
    diff.codes.push_back({early, code_of({2})});
    accesses.absorb(diff);
    accesses.note_code(deployed, nullptr);
    accesses.note_code(early, nullptr);
    accesses.note_slot(cleared, 2);
    ASSERT_EQ(accesses.codes().size(), 1);
    EXPECT_EQ(accesses.codes()[0].hash, early);
    EXPECT_EQ(accesses.keys(), (std::vector<AccountKeys>{{cleared, {1}}}));
}

TEST(access_set, returns_to_a_mark) {
    AccessSet accesses;
    accesses.note_slot({{1}}, 1);
    accesses.note_code({{1}}, nullptr);
    accesses.note_block_hash(9);
    const auto mark = accesses.mark();
    const auto keys = accesses.keys();
    accesses.note_slot({{1}}, 2);
    accesses.note_slot({{2}}, 2);
    accesses.note_code({{2}}, nullptr);
    accesses.note_block_hash(4);
    accesses.return_to(mark);
    EXPECT_EQ(accesses.keys(), keys);
    EXPECT_EQ(accesses.codes().size(), 1);
    EXPECT_EQ(accesses.lowest_block_hash(), 9);
    // And it goes on from there as if nothing had been.
    accesses.note_code({{2}}, nullptr);
    accesses.note_slot({{1}}, 1);
    accesses.note_slot({{1}}, 2);
    EXPECT_EQ(accesses.codes().size(), 2);
    EXPECT_EQ(accesses.keys(), (std::vector<AccountKeys>{{{{1}}, {1, 2}}}));
}

TEST(access_set, adds_what_came_later) {
    AccessSet first;
    first.note_slot({{1}}, 1);
    state::StateDiff diff;
    diff.codes.push_back({Hash256{{5}}, code_of({1})});
    first.absorb(diff);
    AccessSet later;
    later.note_slot({{1}}, 2);
    later.note_account({{3}});
    later.note_code({{5}}, nullptr);
    later.note_code({{6}}, nullptr);
    later.note_block_hash(2);
    first.add(later);
    EXPECT_EQ(first.keys(), (std::vector<AccountKeys>{{{{1}}, {1, 2}}, {{{3}}, {}}}));
    ASSERT_EQ(first.codes().size(), 1);
    EXPECT_EQ(first.codes()[0].hash, (Hash256{{6}}));
    EXPECT_EQ(first.lowest_block_hash(), 2);
}

TEST(access_recorder, notes_and_passes_on) {
    const state::EmptyState nothing;
    state::Overlay base{nothing};
    const Address address{{1}};
    base.set_code(address, Bytes{0x60, 0x01});
    base.set_storage(address, 3, 4);
    base.set_block_hash(5, Hash256{{6}});
    AccessSet accesses;
    const AccessRecorder recorder{base, accesses};
    const auto account = recorder.account(address);
    ASSERT_TRUE(account);
    EXPECT_EQ(recorder.code(account->code_hash)->size(), 2);
    EXPECT_EQ(recorder.storage(address, 3), u256{4});
    EXPECT_EQ(recorder.block_hash(5), (Hash256{{6}}));
    EXPECT_FALSE(recorder.account({{9}}));
    EXPECT_TRUE(recorder.has_storage(address) == base.has_storage(address));
    EXPECT_EQ(accesses.keys(), (std::vector<AccountKeys>{{address, {3}}, {{{9}}, {}}}));
    EXPECT_EQ(accesses.codes().size(), 1);
    EXPECT_EQ(accesses.lowest_block_hash(), 5);
}

TEST(node_set, finds_what_it_holds_and_nothing_else) {
    Random random(3);
    for (const size_t count : {0, 1, 2, 3, 100, 1000}) {
        auto nodes = random_nodes(random, count);
        const NodeSet set = NodeSet::of(nodes);
        ASSERT_EQ(set.size(), count);
        for (const Bytes& node : nodes) {
            const auto index = set.find(crypto::keccak256(node));
            ASSERT_TRUE(index);
            EXPECT_TRUE(equal(set.rlp(*index), node));
            EXPECT_EQ(set.load({}, {}, crypto::keccak256(node)), node);
        }
        EXPECT_FALSE(set.find(trie::test::random_hash(random)));
        EXPECT_FALSE(set.find(Hash256{}));
        Hash256 highest;
        highest.bytes.fill(0xff);
        EXPECT_FALSE(set.find(highest));
        // Repeats go.
        const std::vector<Bytes> copies = nodes;
        nodes.insert(nodes.end(), copies.begin(), copies.end());
        EXPECT_EQ(NodeSet::of(nodes).size(), count);
    }
    EXPECT_FALSE(NodeSet{}.find(Hash256{{1}}));
}

TEST(witness, counts_the_headers_that_block_hashes_need) {
    EXPECT_EQ(headers_needed(100, std::nullopt), 0);
    EXPECT_EQ(headers_needed(100, 100), 0);
    EXPECT_EQ(headers_needed(100, 99), 0);
    EXPECT_EQ(headers_needed(100, 98), 1);
    EXPECT_EQ(headers_needed(255, 0), 254);
    EXPECT_EQ(headers_needed(0, 0), 0);
}

// Small values under keys that share long prefixes: nodes shorter than 32 bytes lie in their
// parents.
TEST(compact, carries_embedded_nodes_and_every_shape_of_trie) {
    Random random(11);
    for (int round = 0; round < 40; ++round) {
        const trie::test::Pools pools{
            trie::test::key_pool(random, 30), trie::test::key_pool(random, 60)
        };
        const MapStore nothing;
        trie::StateTree tree(nothing, empty_trie_root);
        ASSERT_TRUE(tree.apply(trie::test::random_updates(random, pools)));
        const Hash256 root = tree.root();
        const auto updates = trie::test::random_updates(random, pools);
        const TreeNodes nodes(tree);
        const auto made = record(nodes, root, {}, updates);
        ASSERT_TRUE(made);
        const Bytes body = encode_body(*made).value();
        const auto decoded = decode_body(body);
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        EXPECT_EQ(decoded->parent_state_root, root);
        ASSERT_EQ(decoded->nodes.size(), made->nodes.size());
        for (size_t i = 0; i < made->nodes.size(); ++i) {
            ASSERT_TRUE(equal(decoded->nodes.rlp(i), made->nodes.rlp(i)));
        }
        trie::StateTree other(decoded->nodes, root);
        ASSERT_TRUE(other.apply(updates));
        ASSERT_TRUE(tree.apply(updates));
        EXPECT_EQ(other.root(), tree.root());
        EXPECT_LT(body.size(), made->nodes.size_bytes() + 100);
    }
}

TEST(compact, an_empty_state_is_a_hash) {
    const MapStore nothing;
    AccessSet accesses;
    accesses.note_slot({{1}}, 1);
    const auto made = record(nothing, empty_trie_root, accesses, {});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->nodes.size(), 0);
    const Bytes body = encode_body(*made).value();
    EXPECT_EQ(body.size(), 35);  // no codes | 0, hash | no headers
    EXPECT_EQ(decode_body(body)->parent_state_root, empty_trie_root);
}

TEST(compact, leaves_known_codes_out_by_hash) {
    const state::EmptyState nothing;
    Witness witness;
    witness.parent_state_root = empty_trie_root;
    const Bytes first(1000, 1);
    const Bytes second(1000, 2);
    for (const Bytes& bytes : {first, second}) {
        witness.codes.push_back({crypto::keccak256(bytes), code_of(bytes)});
    }
    std::sort(witness.codes.begin(), witness.codes.end(), [](const auto& a, const auto& b) {
        return a.hash < b.hash;
    });
    const Hash256 known = crypto::keccak256(first);
    const Bytes body =
        encode_body(witness, [&](const Hash256& hash) { return hash == known; }).value();
    EXPECT_LT(body.size(), 1100);
    auto decoded = decode_body(body);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->codes, witness.codes);
    for (const WitnessCode& code : decoded->codes) {
        EXPECT_EQ(code.code == nullptr, code.hash == known);
    }
    fill_codes(*decoded, witness.codes);
    EXPECT_TRUE(decoded->codes[0].code && decoded->codes[1].code);
    // Out of order, twice, or empty: refused.
    std::swap(witness.codes[0], witness.codes[1]);
    EXPECT_EQ(decode_body(encode_body(witness).value()).error(), CodecError::bad_code);
    witness.codes[0] = witness.codes[1];
    EXPECT_EQ(decode_body(encode_body(witness).value()).error(), CodecError::bad_code);
}

TEST(execution_witness, reads_lists_in_any_order_and_names_what_it_cannot_read) {
    BlockHeader parent;
    parent.number = 10;
    BlockHeader older;
    older.number = 9;
    ExecutionWitness lists;
    lists.state = {{1, 2, 3}, {4, 5, 6}, {1, 2, 3}};
    lists.codes = {{0x60}, {}, {0x60}};
    lists.keys = {Bytes(32, 9), Bytes(20, 1), Bytes(32, 2)};
    lists.headers = {encode(parent), encode(older), encode(older)};
    const auto decoded = from_execution_witness(lists, parent);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->nodes.size(), 2);
    EXPECT_EQ(decoded->codes.size(), 1);
    EXPECT_EQ(decoded->headers, std::vector{older});
    EXPECT_EQ(decoded->keys.size(), 1);
    EXPECT_FALSE(decoded->is_minimal);
    lists.keys.push_back(Bytes(31, 0));
    EXPECT_EQ(from_execution_witness(lists, parent).error(), CodecError::bad_key);
    lists.keys.clear();
    lists.headers.push_back({0xc0});
    EXPECT_EQ(from_execution_witness(lists, parent).error(), CodecError::bad_header);
    lists.headers.resize(300);
    EXPECT_EQ(from_execution_witness(lists, parent).error(), CodecError::too_large);
    EXPECT_EQ(
        from_execution_witness(lists, parent, {.max_nodes = 2}).error(), CodecError::too_many_nodes
    );
    EXPECT_EQ(
        from_execution_witness(lists, parent, {.max_bytes = 8}).error(), CodecError::too_large
    );
}

}  // namespace mega::witness
