#include "evm/hash_cache.hpp"

#include "types/u256.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::evm {
namespace {

Bytes two_words(uint64_t key, uint64_t slot) {
    Bytes input = to_bytes(u256{key}.to_hash().view());
    append(input, u256{slot}.to_hash().view());
    return input;
}

TEST(hash_cache, gives_what_keccak_gives_for_any_size) {
    HashCache cache;
    Bytes input;
    for (size_t size = 0; size < 300; ++size) {
        EXPECT_EQ(cache.hash(input), crypto::keccak256(input)) << size;
        EXPECT_EQ(cache.hash(input), crypto::keccak256(input)) << size;
        input.push_back(static_cast<uint8_t>(size));
    }
}

TEST(hash_cache, knows_zeros_before_it_was_asked) {
    HashCache cache;
    const Bytes zeros(64);
    EXPECT_EQ(cache.hash(zeros), crypto::keccak256(zeros));
}

TEST(hash_cache, tells_more_inputs_apart_than_it_has_places) {
    HashCache cache;
    std::mt19937_64 random{1};
    for (int i = 0; i < 20'000; ++i) {
        const Bytes input = two_words(random() % 500, random() % 4);
        ASSERT_EQ(cache.hash(input), crypto::keccak256(input)) << i;
    }
}

TEST(hash_cache, sees_a_change_of_any_bit) {
    HashCache cache;
    Bytes input = two_words(7, 1);
    for (size_t bit = 0; bit < 8 * input.size(); ++bit) {
        (void)cache.hash(input);
        const auto flip = static_cast<uint8_t>(1U << (bit % 8));
        input[bit / 8] ^= flip;
        ASSERT_EQ(cache.hash(input), crypto::keccak256(input)) << bit;
        input[bit / 8] ^= flip;
    }
}

}  // namespace
}  // namespace mega::evm
