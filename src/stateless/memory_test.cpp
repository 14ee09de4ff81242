// How much memory a witness can make its reader take: every allocation of this program is counted,
// and no input, however it was made, goes beyond what witness::Limits states.

#include "base/seed_test.hpp"
#include "stateless/test_chain.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <zstd.h>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> held{0};
std::atomic<size_t> peak{0};

void* counted(size_t size) {
    void* const block = std::malloc(size == 0 ? 1 : size);
    if (block == nullptr) {
        std::abort();
    }
    const size_t now = held += ::malloc_usable_size(block);
    size_t highest = peak;
    while (now > highest && !peak.compare_exchange_weak(highest, now)) {
    }
    return block;
}

void uncounted(void* block) {
    if (block != nullptr) {
        held -= ::malloc_usable_size(block);
        std::free(block);
    }
}

}  // namespace

void* operator new(size_t size) { return counted(size); }
void* operator new[](size_t size) { return counted(size); }
void operator delete(void* block) noexcept { uncounted(block); }
void operator delete[](void* block) noexcept { uncounted(block); }
void operator delete(void* block, size_t /*size*/) noexcept { uncounted(block); }
void operator delete[](void* block, size_t /*size*/) noexcept { uncounted(block); }

namespace mega::stateless {
namespace {

using witness::Limits;

/// The most that `work` held at a time, beyond what was held before.
template <class Work>
size_t memory_of(Work&& work) {
    const size_t before = held;
    peak = before;
    work();
    return peak - before;
}

size_t stated(const Limits& limits) {
    constexpr size_t node_overhead = 150;
    constexpr size_t slack = 256u << 10;
    return limits.max_bytes + limits.max_node_bytes + limits.max_nodes * node_overhead +
           limits.max_code_bytes + slack;
}

constexpr Limits small_limits{
    .max_bytes = 1u << 20, .max_node_bytes = 1u << 20, .max_nodes = 4096, .max_code_bytes = 1u << 20
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

/// `count` codes of three bytes, in the order of their hashes, and nothing else.
Bytes tiny_codes(size_t count) {
    std::vector<std::pair<Hash256, std::array<uint8_t, 3>>> codes;
    for (size_t i = 0; i < count; ++i) {
        const std::array<uint8_t, 3> code{
            static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)
        };
        codes.emplace_back(crypto::keccak256(code), code);
    }
    std::sort(codes.begin(), codes.end());
    Bytes body;
    for (size_t left = count;; left >>= 7) {
        body.push_back(static_cast<uint8_t>((left & 0x7f) | (left >= 0x80 ? 0x80 : 0)));
        if (left < 0x80) {
            break;
        }
    }
    for (const auto& [hash, code] : codes) {
        body.push_back(3);
        append(body, code);
    }
    body.push_back(0);
    append(body, empty_trie_root.view());
    body.push_back(0);
    return body;
}

TEST(memory, is_counted) {
    EXPECT_GE(memory_of([] { Bytes(1u << 20); }), 1u << 20);
    EXPECT_LT(memory_of([] {}), 1024);
}

TEST(memory, bombs_and_claims_take_nothing) {
    const Bytes zeros(64u << 20, 0);
    const std::array inputs{
        frame_of(zeros, 1000),
        frame_of(zeros, zeros.size()),
        frame_of(zeros, 1u << 30),
        frame_of(zeros, UINT32_MAX),
        frame_of(Bytes(100, 0), 1u << 30),
        frame_of(Bytes(100, 0), small_limits.max_bytes),
    };
    for (const Bytes& input : inputs) {
        EXPECT_LT(
            memory_of([&] { EXPECT_FALSE(witness::decode_compact(input, small_limits)); }),
            small_limits.max_bytes + (64u << 10)
        );
    }
    // Within a body: counts and sizes of a gigabyte.
    const Bytes gigabyte{0x80, 0x80, 0x80, 0x80, 0x04};
    for (const Bytes& before : {Bytes{}, Bytes{0x01}}) {
        Bytes body = before;
        append(body, gigabyte);
        EXPECT_LT(memory_of([&] { EXPECT_FALSE(witness::decode_body(body)); }), 4096);
    }
}

TEST(memory, many_tiny_codes_stop_at_their_limit) {
    const Bytes body = tiny_codes(100'000);
    ASSERT_LT(body.size(), small_limits.max_bytes);
    EXPECT_LT(
        memory_of([&] {
            const auto decoded = witness::decode_body(body, small_limits);
            ASSERT_FALSE(decoded);
            EXPECT_EQ(decoded.error(), witness::CodecError::too_large);
        }),
        stated(small_limits)
    );
    // What is allowed keeps to what is stated.
    Limits enough = small_limits;
    enough.max_code_bytes = 100'000 * witness::code_cost(3);
    EXPECT_LT(memory_of([&] { EXPECT_TRUE(witness::decode_body(body, enough)); }), stated(enough));
    // As a list.
    witness::ExecutionWitness lists;
    for (uint32_t i = 0; i < 100'000; ++i) {
        lists.codes.push_back(
            {static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}
        );
    }
    EXPECT_LT(
        memory_of([&] {
            EXPECT_FALSE(witness::from_execution_witness(lists, BlockHeader{}, small_limits));
        }),
        4096
    );
}

/// A witness of exactly the limits decodes within what is stated for them; so do its spoilt copies.
TEST(memory, decoding_keeps_to_what_is_stated) {
    const uint64_t seed = test_seed();
    test::TestChain chain(seed, 3000, 400);
    static_cast<void>(chain.next_block(50));
    const auto made = chain.next_block(400);
    const Bytes body = witness::encode_body(made.witness).value();
    Limits limits{
        .max_bytes = body.size(), .max_node_bytes = 0, .max_nodes = 0, .max_code_bytes = 0
    };
    limits.max_node_bytes = made.witness.nodes.size_bytes();
    limits.max_nodes = made.witness.nodes.size() + 1000;  // and those that lie in their parents
    for (const auto& code : made.witness.codes) {
        limits.max_code_bytes += witness::code_cost(code.code->size());
    }
    EXPECT_LT(memory_of([&] { EXPECT_TRUE(witness::decode_body(body, limits)); }), stated(limits));
    test::Random random(seed);
    for (int i = 0; i < 300; ++i) {
        Bytes changed = body;
        changed[test::below(random, changed.size())] ^= static_cast<uint8_t>(1 + random() % 255);
        ASSERT_LT(
            memory_of([&] { static_cast<void>(witness::decode_body(changed, limits)); }),
            stated(limits)
        );
        changed = body;
        changed.resize(test::below(random, changed.size()));
        ASSERT_LT(
            memory_of([&] { static_cast<void>(witness::decode_body(changed, limits)); }),
            stated(limits)
        );
    }
}

/// A witness that is refused costs no more than the block that it is for.
TEST(memory, validation_of_what_is_refused_takes_no_more_than_of_what_is_right) {
    const uint64_t seed = test_seed();
    test::TestChain chain(seed, 500, 200);
    static_cast<void>(chain.next_block(30));
    const auto made = chain.next_block(100);
    const Rules rules = chain.rules();
    const Bytes body = witness::encode_body(made.witness).value();
    const auto validate = [&](BytesView encoded) {
        if (const auto decoded = witness::decode_body(encoded)) {
            static_cast<void>(validate_block(made.parent, made.block, *decoded, rules));
        }
    };
    const size_t right = memory_of([&] { validate(body); });
    test::Random random(seed);
    for (int i = 0; i < 200; ++i) {
        Bytes changed = body;
        changed[test::below(random, changed.size())] ^= static_cast<uint8_t>(1 + random() % 255);
        ASSERT_LE(memory_of([&] { validate(changed); }), right + right / 4 + (64u << 10));
    }
}

// A path of branches longer than a key has nibbles, given as a list of nodes: each is the only
// child of the one before. Whoever follows it runs out of key.
TEST(memory, a_path_deeper_than_any_key_ends_at_the_key) {
    Hash256 below{{0x42}};
    witness::ExecutionWitness lists;
    for (int level = 0; level < 1000; ++level) {
        rlp::Writer node;
        const size_t list = node.begin_list();
        for (int child = 0; child < 16; ++child) {
            node.write(below);
        }
        node.write(BytesView{});
        node.end_list(list);
        lists.state.push_back(node.take());
        below = crypto::keccak256(lists.state.back());
    }
    test::TestChain chain(3, 20, 10);
    auto made = chain.next_block(5);
    made.parent.state_root = below;
    made.block.header.parent_hash = hash_of(made.parent);
    lists.headers = {encode(made.parent)};
    const auto decoded = witness::from_execution_witness(lists, made.parent);
    ASSERT_TRUE(decoded);
    const size_t taken = memory_of([&] {
        const auto validated =
            validate_block(made.parent, made.block, *decoded, Rules{chain.rules()});
        ASSERT_FALSE(validated);
        EXPECT_EQ(validated.error().code, MismatchCode::missing_node) << validated.error().words;
    });
    EXPECT_LT(taken, 4u << 20);
}

}  // namespace
}  // namespace mega::stateless
