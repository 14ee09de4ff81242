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

/// Below a root that nobody trusts a node may be given in one place and be meant in another, which
/// cannot be encoded again. That root is found to be wrong before anything is executed.
bool may_be_encoded_again(const witness::Witness& witness, const BlockHeader& parent) {
    return witness.parent_state_root == parent.state_root;
}

/// `let_go`: the delivery, when its bytes may go meanwhile; else null.
Result<Verified, Finding> check_by(
    const Delivery& delivery,
    Delivery* let_go,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
) {
    auto decoded = decode(delivery);
    if (!decoded) {
        return Err{decoded.error()};
    }
    auto& [block, witness] = *decoded;
    const size_t block_bytes = delivery.block.size();
    const size_t witness_bytes = delivery.witness.size();
    const bool goes = let_go != nullptr && may_be_encoded_again(witness, delivery.parent);
    if (goes) {
        let_go->block = Bytes{};  // not {}, which keeps the memory
        let_go->witness = Bytes{};
    }
    used_codes = codes.fill(witness);
    const auto validated = stateless::validate_block(delivery.parent, block, witness, rules);
    if (!validated) {
        if (goes) {
            let_go->block = encode(block);
            let_go->witness = encoded_again(witness, used_codes);
        }
        return Err{finding_of(validated.error())};
    }
    return Verified{
        .header = std::move(block.header),
        .hash = validated->block_hash,
        .transactions = validated->transactions,
        .gas_used = validated->gas_used,
        .block_bytes = block_bytes,
        .witness_bytes = witness_bytes,
        .witness = std::move(witness),
    };
}

}  // namespace

Result<Verified, Finding> check(
    const Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
) {
    return check_by(delivery, nullptr, rules, codes, used_codes);
}

Result<Verified, Finding> check_and_let_go(
    Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
) {
    return check_by(delivery, &delivery, rules, codes, used_codes);
}

}  // namespace mega::attestation
