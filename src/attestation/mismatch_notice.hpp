#pragma once

// A validator's word that a block does not validate: small, signed with the key that attests, so
// that whoever hears of it knows who says so, and can pass it on. The evidence (evidence.hpp) goes
// another way: the notice shows nothing, and nobody stops for it.
//
//   encoded   rlp([chain id, block number, block hash, code, expected, got, key, signature])
//   signed    "mega mismatch 1" ‖ rlp([the first six]); no attestation begins like this
//
// `code`, `expected` and `got` are a finding's, cut to `max_notice_text` printable ASCII
// characters. The hash is zero where what was served is no block.

#include "attestation/block_check.hpp"
#include "crypto/bls_signature.hpp"

namespace mega::attestation {

struct MismatchStatement {
    uint64_t chain_id = 0;
    uint64_t block_number = 0;
    Hash256 block_hash;
    std::string code;
    std::string expected;
    std::string got;
    friend bool operator==(const MismatchStatement&, const MismatchStatement&) = default;
};

struct MismatchNotice : MismatchStatement {
    crypto::bls::PublicKey key{};
    crypto::bls::Signature signature{};
    friend bool operator==(const MismatchNotice&, const MismatchNotice&) = default;
};

inline constexpr size_t max_notice_text = 80;
/// No encoding is longer.
inline constexpr size_t max_notice_bytes = 512;
/// Of the feed's notices (feed/record.hpp): the body is what encode gives.
inline constexpr uint8_t notice_feed_kind = 64;

[[nodiscard]] MismatchStatement statement_of(
    uint64_t chain_id, const Delivery& delivery, const Finding& finding
);
/// What is signed.
[[nodiscard]] Bytes message_of(const MismatchStatement& statement);
/// About 1 ms: a pairing.
[[nodiscard]] bool verify(const MismatchNotice& notice);

[[nodiscard]] Bytes encode(const MismatchNotice& notice);
/// Accepts what encode gives and nothing else; does not look at the signature.
[[nodiscard]] Result<MismatchNotice> decode_mismatch_notice(BytesView encoded);
/// One line for people.
[[nodiscard]] std::string describe(const MismatchNotice& notice);

}  // namespace mega::attestation
