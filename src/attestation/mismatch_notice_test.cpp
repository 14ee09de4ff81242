#include "attestation/mismatch_notice.hpp"

#include <gtest/gtest.h>

namespace mega::attestation {
namespace {

namespace bls = crypto::bls;

bls::SecretKey secret(uint8_t number) { return *bls::derive_key(Bytes(32, number)); }

MismatchNotice signed_by(uint8_t who, MismatchStatement statement) {
    MismatchNotice notice{std::move(statement), *bls::public_key_of(secret(who)), {}};
    notice.signature = *bls::sign(message_of(notice), secret(who));
    return notice;
}

MismatchStatement statement() { return {6342, 42, Hash256{{7}}, "state root", "0x01", "0x02"}; }

TEST(mismatch_notice, survives_the_way_there) {
    const auto notice = signed_by(1, statement());
    const auto decoded = decode_mismatch_notice(encode(notice));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(*decoded, notice);
    EXPECT_TRUE(verify(*decoded));
}

TEST(mismatch_notice, the_signature_covers_every_field) {
    const auto notice = signed_by(1, statement());
    const auto expect_refused = [&](auto&& change) {
        MismatchNotice changed = notice;
        change(changed);
        EXPECT_FALSE(verify(changed)) << describe(changed);
    };
    expect_refused([](auto& n) { ++n.chain_id; });
    expect_refused([](auto& n) { ++n.block_number; });
    expect_refused([](auto& n) { n.block_hash[0] ^= 1; });
    expect_refused([](auto& n) { n.code += "s"; });
    expect_refused([](auto& n) { n.expected.clear(); });
    expect_refused([](auto& n) { n.got += "0"; });
    expect_refused([](auto& n) { n.key = *bls::public_key_of(secret(2)); });
    expect_refused([](auto& n) { n.signature = {}; });
}

TEST(mismatch_notice, the_longest_fits_and_nothing_is_longer) {
    Delivery delivery;
    delivery.number = UINT64_MAX;
    const std::string endless(10'000, 'x');
    const auto longest =
        signed_by(1, statement_of(UINT64_MAX, delivery, {endless, endless, endless, endless}));
    EXPECT_EQ(longest.code.size(), max_notice_text);
    const Bytes encoded = encode(longest);
    EXPECT_LE(encoded.size(), max_notice_bytes);
    EXPECT_TRUE(decode_mismatch_notice(encoded).has_value());

    EXPECT_FALSE(decode_mismatch_notice(Bytes(max_notice_bytes + 1, 0)).has_value());
    auto longer = longest;
    longer.got += "x";
    EXPECT_FALSE(decode_mismatch_notice(encode(longer)).has_value());
}

TEST(mismatch_notice, control_characters_do_not_pass) {
    const auto words = statement_of(1, {}, {"a\nb\x1b[31m\xc3\xa9", "", "", ""});
    EXPECT_EQ(words.code, "a b [31m  ");
    auto raw = statement();
    raw.code = "a\nb";
    EXPECT_FALSE(decode_mismatch_notice(encode(signed_by(1, raw))).has_value());
}

TEST(mismatch_notice, every_prefix_and_surplus_is_refused) {
    Bytes encoded = encode(signed_by(1, statement()));
    for (size_t size = 0; size < encoded.size(); ++size) {
        EXPECT_FALSE(decode_mismatch_notice(BytesView{encoded}.first(size)).has_value()) << size;
    }
    encoded.push_back(0);
    EXPECT_FALSE(decode_mismatch_notice(encoded).has_value());
}

}  // namespace
}  // namespace mega::attestation
