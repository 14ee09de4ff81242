#include "crypto/keccak.hpp"

#include "base/hex.hpp"
#include "crypto/keccak_lanes.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::crypto {
namespace {

struct Path {
    const char* name;
    detail::HashMany hash_many;
};

std::vector<Path> paths_of_this_cpu() {
    std::vector<Path> paths{
        {"portable", detail::hash_many_portable}, {"dispatched", keccak256_many}
    };
#if defined(__x86_64__)
    if (detail::cpu_has_avx2()) {
        paths.push_back({"avx2", detail::hash_many_avx2});
    }
    if (detail::cpu_has_avx512()) {
        paths.push_back({"avx512", detail::hash_many_avx512});
    }
#endif
    return paths;
}

std::vector<Bytes> random_messages(std::mt19937_64& random, size_t count, size_t max_size) {
    std::vector<Bytes> messages(count);
    for (Bytes& message : messages) {
        message.resize(random() % (max_size + 1));
        for (uint8_t& byte : message) {
            byte = static_cast<uint8_t>(random());
        }
    }
    return messages;
}

std::vector<Hash256> hash_one_by_one(std::span<const BytesView> in) {
    std::vector<Hash256> hashes;
    for (const BytesView message : in) {
        hashes.push_back(keccak256(message));
    }
    return hashes;
}

}  // namespace

TEST(keccak, gives_the_known_hashes) {
    EXPECT_EQ(keccak256({}), keccak256_of_empty);
    EXPECT_EQ(
        to_hex(keccak256(as_bytes("abc"))),
        "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    );
    EXPECT_EQ(to_hex(keccak256(as_bytes("transfer(address,uint256)"))).substr(0, 10), "0xa9059cbb");
}

TEST(keccak, of_many_equals_one_by_one_on_every_path) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int repeat = 0; repeat < 60; ++repeat) {
        const auto messages = random_messages(random, random() % 40, repeat % 2 == 0 ? 1000 : 150);
        const std::vector<BytesView> in(messages.begin(), messages.end());
        const auto expected = hash_one_by_one(in);
        for (const Path& path : paths_of_this_cpu()) {
            std::vector<Hash256> out(in.size());
            path.hash_many(in, out);
            EXPECT_EQ(out, expected) << path.name << " " << in.size() << " messages";
        }
    }
}

TEST(keccak, of_many_is_right_around_block_borders) {
    const Bytes text(600, 0x5a);
    std::vector<BytesView> in;
    for (const size_t size : {0, 1, 135, 136, 137, 271, 272, 273, 407, 408, 409, 543, 544, 545}) {
        in.push_back(BytesView(text).first(size));
    }
    const auto expected = hash_one_by_one(in);
    for (const Path& path : paths_of_this_cpu()) {
        std::vector<Hash256> out(in.size());
        path.hash_many(in, out);
        EXPECT_EQ(out, expected) << path.name;
    }
}

TEST(keccak, one_changed_bit_changes_the_hash) {
    Bytes message(200, 0);
    const Hash256 before = keccak256(message);
    message[199] ^= 0x80;
    EXPECT_NE(keccak256(message), before);
}

TEST(keccak, of_many_refuses_lists_of_different_lengths) {
    const std::vector<BytesView> in(3);
    std::vector<Hash256> out(2);
    EXPECT_DEATH(keccak256_many(in, out), "size");
}

}  // namespace mega::crypto
