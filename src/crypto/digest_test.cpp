#include "crypto/digest.hpp"

#include "base/hex.hpp"
#include "crypto/sha256_blocks.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <random>

namespace mega::crypto {
namespace {

Hash256 sha256_of_openssl(BytesView data) {
    Hash256 hash;
    unsigned size = 0;
    EXPECT_EQ(EVP_Digest(data.data(), data.size(), hash.data(), &size, EVP_sha256(), nullptr), 1);
    return hash;
}

}  // namespace

TEST(sha256, gives_the_known_hashes) {
    EXPECT_EQ(
        to_hex(sha256({})), "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    EXPECT_EQ(
        to_hex(sha256(as_bytes("abc"))),
        "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

TEST(sha256, equals_openssl_on_every_path_for_every_length_up_to_300) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Bytes data(300);
    for (uint8_t& byte : data) {
        byte = static_cast<uint8_t>(random());
    }
    for (size_t size = 0; size <= data.size(); ++size) {
        const BytesView message = BytesView(data).first(size);
        const Hash256 expected = sha256_of_openssl(message);
        EXPECT_EQ(sha256(message), expected) << size;
        EXPECT_EQ(detail::sha256_with(detail::sha256_blocks_portable, message), expected) << size;
#if defined(__x86_64__)
        if (detail::cpu_has_sha_ni()) {
            EXPECT_EQ(detail::sha256_with(detail::sha256_blocks_sha_ni, message), expected) << size;
        }
#endif
    }
}

// The examples of the RIPEMD-160 paper, appendix B.
TEST(ripemd160, gives_the_known_hashes) {
    const auto hex = [](std::string_view text) { return to_hex(ripemd160(as_bytes(text))); };
    EXPECT_EQ(hex(""), "0x9c1185a5c5e9fc54612808977ee8f548b2258d31");
    EXPECT_EQ(hex("a"), "0x0bdc9d2d256b3ee9daae347be6f4dc835a467ffe");
    EXPECT_EQ(hex("abc"), "0x8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    EXPECT_EQ(hex("message digest"), "0x5d0689ef49d2fae572b881b123a85ffa21595f36");
    EXPECT_EQ(hex("abcdefghijklmnopqrstuvwxyz"), "0xf71c27109c692c1b56bbdceb5b9d2865b3708dbc");
    EXPECT_EQ(
        hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        "0x12a053384a9c0c88e405a06c27dcf49ada62eb2b"
    );
    EXPECT_EQ(
        hex("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
        "0xb0e20b6e3116640286ed3a87a5713079b21f5189"
    );
    std::string digits;
    for (int i = 0; i < 8; ++i) {
        digits += "1234567890";
    }
    EXPECT_EQ(hex(digits), "0x9b752e45573d4b39f4dbd3323cab82bf63326bfb");
    EXPECT_EQ(hex(std::string(1'000'000, 'a')), "0x52783243c1697bdbe16d37f97f68f08325dc1528");
}

// RFC 7693 appendix A: BLAKE2b-512("abc") is one final compression of 12 rounds.
TEST(blake2b, compresses_the_block_of_the_rfc) {
    std::array<uint64_t, 8> state{
        0x6a09e667f2bdc948,
        0xbb67ae8584caa73b,
        0x3c6ef372fe94f82b,
        0xa54ff53a5f1d36f1,
        0x510e527fade682d1,
        0x9b05688c2b3e6c1f,
        0x1f83d9abfb41bd6b,
        0x5be0cd19137e2179,
    };
    const std::array<uint64_t, 16> block{0x636261};
    const std::array<uint64_t, 2> counter{3, 0};
    blake2b_compress(12, state, block, counter, true);
    EXPECT_EQ(state[0], 0x0d4d1c983fa580baU);
    EXPECT_EQ(state[7], 0x239900d4ed8623b9U);
}

}  // namespace mega::crypto
