#pragma once

// What a validator keeps when a block does not validate: all that is needed to come to the same
// verdict again, anywhere, without the endpoint. A JSON file; bytes are hex.
//
//   format      "mega-evidence-1"
//   endpoint, foundAt (seconds)
//   rules       chainId, minBaseFee, equalTimestamps, contractSenders, anyBaseFee
//   number      of the block
//   parent      RLP of the trusted header before it
//   block, witness   as they came
//   codes       that the witness left out
//   finding     code, words, expected, got, ofWitness
//
// It shows what an endpoint served; sealed headers are not signed, so it does not show who made it.

#include "attestation/block_check.hpp"

namespace mega::attestation {

struct Evidence {
    std::string endpoint;
    uint64_t found_at = 0;
    stateless::MegaRules rules;
    Delivery delivery;
    std::vector<Bytes> codes;
    Finding finding;
};

[[nodiscard]] std::string to_json(const Evidence& evidence);
/// For mega_reportMismatch: the same in at most `max_report_bytes`. Where that is too little the
/// witness and the codes stay out, and then the block, so that the receiver cannot check again.
[[nodiscard]] std::string to_report(const Evidence& evidence);
inline constexpr size_t max_report_bytes = 4u << 20;
[[nodiscard]] Result<Evidence> parse_evidence(std::string_view text);

/// The verdict again, from the evidence alone; nothing when the block validates.
[[nodiscard]] std::optional<Finding> check_again(const Evidence& evidence);
/// For people: what was served, what is wrong with it, and what that means.
[[nodiscard]] std::string explain(const Evidence& evidence, const std::optional<Finding>& again);
/// Without control characters, which may mean something to a terminal.
[[nodiscard]] std::string printable(std::string words);

}  // namespace mega::attestation
