#include "attestation/block_check.hpp"

#include "witness/compact.hpp"

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

}  // namespace

Result<Verified, Finding> check(
    const Delivery& delivery,
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
    used_codes = codes.fill(*witness);
    const auto validated = stateless::validate_block(delivery.parent, *block, *witness, rules);
    if (!validated) {
        return Err{finding_of(validated.error())};
    }
    return Verified{
        .header = std::move(block->header),
        .hash = validated->block_hash,
        .transactions = validated->transactions,
        .gas_used = validated->gas_used,
        .witness = *std::move(witness)
    };
}

}  // namespace mega::attestation
