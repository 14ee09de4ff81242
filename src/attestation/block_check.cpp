#include "attestation/block_check.hpp"

#include "witness/compact.hpp"

#include <algorithm>
#include <utility>

namespace mega::attestation {
namespace {

Finding finding_of(const stateless::Mismatch& mismatch) {
    return {
        std::string{to_string(mismatch.code)},
        mismatch.words,
        mismatch.expected,
        mismatch.got,
        mismatch.is_of_witness()
    };
}

Err<Finding> unreadable(const std::string& what, std::string_view why, bool is_of_witness) {
    return Err{Finding{
        "unreadable " + what,
        "the " + what + " cannot be decoded: " + std::string{why},
        {},
        {},
        is_of_witness
    }};
}

struct Decoded {
    Block block;
    witness::Witness witness;
};

Result<Decoded, Finding> decode(const Delivery& delivery) {
    auto block = decode_block(delivery.block);
    if (!block) {
        return unreadable("block", to_string(block.error()), false);
    }
    auto witness = witness::decode_compact(delivery.witness, witness_limits);
    if (!witness) {
        return unreadable("witness", to_string(witness.error()), true);
    }
    return Decoded{*std::move(block), *std::move(witness)};
}

/// The witness stays behind when there is a finding.
Result<Verified, Finding> judge(
    const BlockHeader& parent,
    Decoded& decoded,
    const stateless::MegaRules& rules,
    size_t block_bytes,
    size_t witness_bytes
) {
    const auto validated = stateless::validate_block(parent, decoded.block, decoded.witness, rules);
    if (!validated) {
        return Err{finding_of(validated.error())};
    }
    return Verified{
        .header = decoded.block.header,
        .hash = validated->block_hash,
        .transactions = validated->transactions,
        .gas_used = validated->gas_used,
        .block_bytes = block_bytes,
        .witness_bytes = witness_bytes,
        .witness = std::move(decoded.witness),
    };
}

/// Without the codes that it came without.
Bytes encoded_again(
    const witness::Witness& witness, std::span<const witness::WitnessCode> used_codes
) {
    const auto is_known = [&](const Hash256& hash) {
        return std::ranges::binary_search(used_codes, hash, {}, &witness::WitnessCode::hash);
    };
    auto encoded = witness::encode_compact(witness, is_known);
    return encoded ? *std::move(encoded) : Bytes{};
}

}  // namespace

Result<Verified, Finding> check(
    const Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
) {
    auto decoded = decode(delivery);
    if (!decoded) {
        return Err{decoded.error()};
    }
    used_codes = codes.fill(decoded->witness);
    return judge(delivery.parent, *decoded, rules, delivery.block.size(), delivery.witness.size());
}

Result<Verified, Finding> check_and_let_go(
    Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
) {
    auto decoded = decode(delivery);
    if (!decoded) {
        return Err{decoded.error()};
    }
    used_codes = codes.fill(decoded->witness);
    if (decoded->witness.parent_state_root != delivery.parent.state_root) {
        // Below a root that nobody trusts a node may be given in one place and be meant in another,
        // which cannot be encoded again. It is found before anything is executed.
        return judge(
            delivery.parent, *decoded, rules, delivery.block.size(), delivery.witness.size()
        );
    }
    const size_t block_bytes = std::exchange(delivery.block, {}).size();
    const size_t witness_bytes = std::exchange(delivery.witness, {}).size();
    auto verified = judge(delivery.parent, *decoded, rules, block_bytes, witness_bytes);
    if (!verified) {
        delivery.block = encode(decoded->block);
        delivery.witness = encoded_again(decoded->witness, used_codes);
    }
    return verified;
}

}  // namespace mega::attestation
