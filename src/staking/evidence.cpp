#include "staking/evidence.hpp"

#include "crypto/bls_encoding.hpp"
#include "settlement/abi.hpp"
#include "settlement/claims.hpp"

#include <fmt/format.h>

namespace mega::staking {
namespace {

using settlement::abi::Encoder;

constexpr std::string_view mini_block_type =
    "((uint64,uint64,uint64,uint64,uint64,uint64,bytes32,bytes32),bytes)";
constexpr std::string_view attestation_type = "(uint64,bytes32,bytes32)";

/// SignedMiniBlock: the eight fields, and r, s, v.
Bytes signed_tuple(const MiniBlockHeader& header) {
    Bytes signature = to_bytes(header.signature.r);
    append(signature, header.signature.s);
    signature.push_back(static_cast<uint8_t>(27 + header.signature.y_parity));
    return Encoder()
        .word(u256{header.block_number})
        .word(u256{header.block_timestamp})
        .word(u256{header.index})
        .word(u256{header.mini_block_number})
        .word(u256{header.timestamp_us})
        .word(u256{header.gas_used})
        .word(header.transaction_root)
        .word(header.receipt_root)
        .bytes(signature)
        .take();
}

/// Attestation, written member by member.
void write(Encoder& out, const attestation::Statement& statement) {
    out.word(u256{statement.block_number}).word(statement.block_hash).word(statement.state_root);
}

std::string call_name(std::string_view name, std::initializer_list<std::string_view> types) {
    return fmt::format("{}({})", name, fmt::join(types, ","));
}

std::string json_of(const MiniBlockHeader& header) {
    return fmt::format(
        R"({{"blockNumber":{},"blockTimestamp":{},"index":{},"miniBlockNumber":{},"timestampUs":{},"gasUsed":{},"transactionRoot":"{}","receiptRoot":"{}","r":"{}","s":"{}","yParity":{}}})",
        header.block_number,
        header.block_timestamp,
        header.index,
        header.mini_block_number,
        header.timestamp_us,
        header.gas_used,
        to_hex(header.transaction_root),
        to_hex(header.receipt_root),
        to_hex(header.signature.r),
        to_hex(header.signature.s),
        header.signature.y_parity
    );
}

}  // namespace

bool is_contradiction(const MiniBlockHeader& a, const MiniBlockHeader& b) {
    const bool is_same_number = a.mini_block_number == b.mini_block_number;
    const bool is_same_place = a.block_number == b.block_number && a.index == b.index;
    const auto signer = recover_signer(a);
    return (is_same_number || is_same_place) && signing_hash(a) != signing_hash(b) && signer &&
           crypto::is_low_s(a.signature) && crypto::is_low_s(b.signature) &&
           signer == recover_signer(b);
}

bool is_contradiction(const attestation::Attestation& a, const attestation::Attestation& b) {
    return a.key == b.key && a.chain_id == b.chain_id && a.block_number == b.block_number &&
           static_cast<const attestation::Statement&>(a) !=
               static_cast<const attestation::Statement&>(b) &&
           verify(a) && verify(b);
}

Bytes two_mini_blocks_input(
    uint32_t id,
    const MiniBlockHeader& a,
    const MiniBlockHeader& b,
    const rollup::PostedBatch& batch
) {
    return Encoder()
        .word(u256{uint64_t{id}})
        .dynamic(signed_tuple(a))
        .dynamic(signed_tuple(b))
        .dynamic(settlement::batch_tuple(batch))
        .call(call_name(
            "twoMiniBlocks", {"uint32", mini_block_type, mini_block_type, settlement::batch_type}
        ));
}

Bytes mini_block_against_batch_input(
    uint32_t id,
    const MiniBlockHeader& promised,
    const rollup::PostedBatch& batch,
    std::span<const Hash256> signing_hashes
) {
    return Encoder()
        .word(u256{uint64_t{id}})
        .dynamic(signed_tuple(promised))
        .dynamic(settlement::batch_tuple(batch))
        .words({signing_hashes.begin(), signing_hashes.end()})
        .call(call_name(
            "miniBlockAgainstBatch",
            {"uint32", mini_block_type, settlement::batch_type, "bytes32[]"}
        ));
}

std::optional<Bytes> two_attestations_input(
    uint32_t id,
    const attestation::Attestation& a,
    const attestation::Attestation& b,
    const rollup::PostedBatch& batch
) {
    const auto signature_a = crypto::bls::widen(a.signature);
    const auto signature_b = crypto::bls::widen(b.signature);
    if (!signature_a || !signature_b) {
        return std::nullopt;
    }
    Encoder out;
    out.word(u256{uint64_t{id}});
    write(out, a);
    out.bytes(*signature_a);
    write(out, b);
    out.bytes(*signature_b).dynamic(settlement::batch_tuple(batch));
    return out.call(call_name(
        "twoAttestations",
        {"uint32", attestation_type, "bytes", attestation_type, "bytes", settlement::batch_type}
    ));
}

std::optional<Bytes> attestation_against_header_input(
    uint32_t id,
    const attestation::Attestation& attestation,
    BytesView header,
    const rollup::PostedBatch& batch
) {
    const auto signature = crypto::bls::widen(attestation.signature);
    if (!signature) {
        return std::nullopt;
    }
    Encoder out;
    out.word(u256{uint64_t{id}});
    write(out, attestation);
    out.bytes(*signature).bytes(header).dynamic(settlement::batch_tuple(batch));
    return out.call(call_name(
        "attestationAgainstHeader",
        {"uint32", attestation_type, "bytes", "bytes", settlement::batch_type}
    ));
}

std::string evidence_json(const MiniBlockHeader& a, const MiniBlockHeader& b) {
    return fmt::format(
        R"({{"kind":"twoMiniBlocks","first":{},"second":{}}})", json_of(a), json_of(b)
    );
}

std::string evidence_json(const attestation::Attestation& a, const attestation::Attestation& b) {
    return fmt::format(
        R"({{"kind":"twoAttestations","first":{},"second":{}}})", to_json(a), to_json(b)
    );
}

std::string evidence_json(
    const MiniBlockHeader& promised, std::span<const Hash256> signing_hashes
) {
    std::string list;
    for (const Hash256& hash : signing_hashes) {
        list += (list.empty() ? "\"" : ",\"") + to_hex(hash) + "\"";
    }
    return fmt::format(
        R"({{"kind":"miniBlockAgainstBatch","promised":{},"signingHashes":[{}]}})",
        json_of(promised),
        list
    );
}

std::string evidence_json(const attestation::Attestation& attestation, BytesView header) {
    return fmt::format(
        R"({{"kind":"attestationAgainstHeader","attestation":{},"header":"{}"}})",
        to_json(attestation),
        to_hex(header)
    );
}

}  // namespace mega::staking
