#include "staking/contradiction.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"
#include "staking/signed_json.hpp"
#include "types/block.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace mega::staking {
namespace {

using nlohmann::json;

template <class... Each>
struct Overloaded : Each... {
    using Each::operator()...;
};

bool holds(const TwoMiniBlocks& found) {
    return is_contradiction(found.first, found.second) &&
           recover_signer(found.first) == found.signer;
}
bool holds(const TwoAttestations& found) { return is_contradiction(found.first, found.second); }
bool holds(const LeftOut& found) {
    return crypto::is_low_s(found.promised.signature) &&
           recover_signer(found.promised) == found.signer &&
           found.signing_hashes.size() <= max_signing_hashes &&
           std::ranges::find(found.signing_hashes, signing_hash(found.promised)) ==
               found.signing_hashes.end();
}
bool holds(const FalseAttestation& found) {
    if (found.header.size() > max_header_bytes ||
        crypto::keccak256(found.header) != found.attestation.block_hash) {
        return false;
    }
    const auto header = decode_header(found.header);
    return header &&
           (header->state_root != found.attestation.state_root ||
            header->number != found.attestation.block_number) &&
           verify(found.attestation);
}

const json& member(const json& value, const char* name) {
    static const json missing;
    const auto found = value.find(name);
    return found == value.end() ? missing : *found;
}

/// As evidence_json writes it, which has other names than what nodes tell.
std::optional<MiniBlockHeader> read_kept_mini_block(const json& value) {
    if (!value.is_object()) {
        return std::nullopt;
    }
    return read_mini_block(
        {{"block_number", member(value, "blockNumber")},
         {"block_timestamp", member(value, "blockTimestamp")},
         {"index", member(value, "index")},
         {"mini_block_number", member(value, "miniBlockNumber")},
         {"mini_block_timestamp", member(value, "timestampUs")},
         {"gas_used", member(value, "gasUsed")},
         {"transaction_root", member(value, "transactionRoot")},
         {"receipt_root", member(value, "receiptRoot")},
         {"signature",
          {{"r", member(value, "r")},
           {"s", member(value, "s")},
           {"yParity", member(value, "yParity")}}}}
    );
}

std::optional<Contradiction> read_two_mini_blocks(const json& value) {
    const auto first = read_kept_mini_block(member(value, "first"));
    const auto second = read_kept_mini_block(member(value, "second"));
    const auto signer = first ? recover_signer(*first) : std::nullopt;
    return signer && second ? std::optional<Contradiction>{TwoMiniBlocks{*signer, *first, *second}}
                            : std::nullopt;
}

std::optional<Contradiction> read_two_attestations(const json& value) {
    const auto first = read_attestation(member(value, "first"));
    const auto second = read_attestation(member(value, "second"));
    return first && second ? std::optional<Contradiction>{TwoAttestations{*first, *second}}
                           : std::nullopt;
}

std::optional<Contradiction> read_left_out(const json& value) {
    const auto promised = read_kept_mini_block(member(value, "promised"));
    const auto signer = promised ? recover_signer(*promised) : std::nullopt;
    const json& hashes = member(value, "signingHashes");
    if (!signer || !hashes.is_array() || hashes.size() > max_signing_hashes) {
        return std::nullopt;
    }
    LeftOut found{*signer, *promised, {}};
    for (const json& each : hashes) {
        const auto hash = each.is_string()
                              ? fixed_from_hex<32>(each.get_ref<const std::string&>())
                              : Result<Hash256, HexError>{Err{HexError::missing_prefix}};
        if (!hash) {
            return std::nullopt;
        }
        found.signing_hashes.push_back(*hash);
    }
    return found;
}

}  // namespace

uint64_t block_of(const Contradiction& found) {
    return std::visit(
        Overloaded{
            [](const TwoMiniBlocks& two) {
                return std::min(two.first.block_number, two.second.block_number);
            },
            [](const TwoAttestations& two) { return two.first.block_number; },
            [](const LeftOut& one) { return one.promised.block_number; },
            [](const FalseAttestation& one) { return one.attestation.block_number; },
        },
        found
    );
}

std::string_view name_of(const Contradiction& found) {
    constexpr std::string_view names[] = {
        "mini-blocks", "attestations", "left-out", "false-attestation"
    };
    static_assert(std::size(names) == std::variant_size_v<Contradiction>);
    return names[found.index()];
}

BytesView who_of(const Contradiction& found) {
    return std::visit(
        Overloaded{
            [](const TwoMiniBlocks& two) -> BytesView { return two.signer.view(); },
            [](const TwoAttestations& two) -> BytesView { return two.first.key.view(); },
            [](const LeftOut& one) -> BytesView { return one.signer.view(); },
            [](const FalseAttestation& one) -> BytesView { return one.attestation.key.view(); },
        },
        found
    );
}

bool is_contradiction(const Contradiction& found) {
    return std::visit([](const auto& each) { return holds(each); }, found);
}

std::optional<Bytes> call_input(
    uint32_t id, const Contradiction& found, const rollup::PostedBatch& batch
) {
    return std::visit(
        Overloaded{
            [&](const TwoMiniBlocks& two) -> std::optional<Bytes> {
                return two_mini_blocks_input(id, two.first, two.second, batch);
            },
            [&](const TwoAttestations& two) {
                return two_attestations_input(id, two.first, two.second, batch);
            },
            [&](const LeftOut& one) -> std::optional<Bytes> {
                return mini_block_against_batch_input(id, one.promised, batch, one.signing_hashes);
            },
            [&](const FalseAttestation& one) {
                return attestation_against_header_input(id, one.attestation, one.header, batch);
            },
        },
        found
    );
}

std::string evidence_json(const Contradiction& found) {
    return std::visit(
        Overloaded{
            [](const TwoMiniBlocks& two) { return evidence_json(two.first, two.second); },
            [](const TwoAttestations& two) { return evidence_json(two.first, two.second); },
            [](const LeftOut& one) { return evidence_json(one.promised, one.signing_hashes); },
            [](const FalseAttestation& one) {
                return evidence_json(one.attestation, BytesView{one.header});
            },
        },
        found
    );
}

Result<Contradiction> read_evidence(std::string_view text) {
    const json value = json::parse(text, nullptr, false);
    if (!value.is_object() || !member(value, "kind").is_string()) {
        return Err{Error{"it is no JSON object with a kind"}};
    }
    const std::string kind = value["kind"].get<std::string>();
    std::optional<Contradiction> found;
    if (kind == "twoMiniBlocks") {
        found = read_two_mini_blocks(value);
    } else if (kind == "twoAttestations") {
        found = read_two_attestations(value);
    } else if (kind == "miniBlockAgainstBatch") {
        found = read_left_out(value);
    } else if (kind == "attestationAgainstHeader") {
        if (auto untrue = read_false_attestation(value)) {
            found = *std::move(untrue);
        }
    } else {
        return Err{Error{"its kind is unknown"}};
    }
    if (!found) {
        return Err{Error{"what a " + kind + " needs is missing or malformed"}};
    }
    if (!is_contradiction(*found)) {
        return Err{Error{"it proves nothing: its signatures contradict nothing, or are none"}};
    }
    return *std::move(found);
}

}  // namespace mega::staking
