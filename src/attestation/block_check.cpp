#include "attestation/block_check.hpp"

#include "base/assert.hpp"
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

/// Of a witness that was decoded, without the codes that it came without.
Bytes encoded_again(
    const witness::Witness& witness, std::span<const witness::WitnessCode> used_codes
) {
    const auto is_known = [&](const Hash256& hash) {
        return std::ranges::binary_search(used_codes, hash, {}, &witness::WitnessCode::hash);
    };
    auto encoded = witness::encode_compact(witness, is_known);
    MEGA_ASSERT(encoded.has_value());
    return *std::move(encoded);
}

}  // namespace

Result<Verified, Finding> check(
    Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
) {
    auto block = decode_block(delivery.block);
    if (!block) {
        return unreadable("block", to_string(block.error()), false);
    }
    auto witness = witness::decode_compact(delivery.witness, witness_limits);
    if (!witness) {
        return unreadable("witness", to_string(witness.error()), true);
    }
    const size_t block_bytes = std::exchange(delivery.block, {}).size();
    const size_t witness_bytes = std::exchange(delivery.witness, {}).size();
    used_codes = codes.fill(*witness);
    const auto validated = stateless::validate_block(delivery.parent, *block, *witness, rules);
    if (!validated) {
        delivery.block = encode(*block);
        delivery.witness = encoded_again(*witness, used_codes);
        return Err{finding_of(validated.error())};
    }
    return Verified{
        .header = std::move(block->header),
        .hash = validated->block_hash,
        .transactions = validated->transactions,
        .gas_used = validated->gas_used,
        .block_bytes = block_bytes,
        .witness_bytes = witness_bytes,
        .witness = *std::move(witness)
    };
}

}  // namespace mega::attestation
