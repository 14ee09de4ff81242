#pragma once

// One block, from the bytes that came to the verdict.

#include "attestation/code_cache.hpp"
#include "stateless/validate.hpp"
#include "witness/codec.hpp"

namespace mega::attestation {

/// What came from outside, and what it was to follow.
struct Delivery {
    BlockHeader parent;
    uint64_t number = 0;  // of the block that was asked for
    Bytes block;          // RLP
    Bytes witness;        // compact
};

/// What is wrong with a delivery.
struct Finding {
    std::string code;   // "state root", "unreadable block", ...
    std::string words;  // in full
    std::string expected;
    std::string got;
    /// The block itself may be good: its witness does not show it.
    bool is_of_witness = false;
    friend bool operator==(const Finding&, const Finding&) = default;
};

struct Verified {
    BlockHeader header;
    Hash256 hash;
    size_t transactions = 0;
    uint64_t gas_used = 0;
    size_t block_bytes = 0;  // as delivered
    size_t witness_bytes = 0;
    witness::Witness witness;  // codes filled in
};

/// The largest witness that a validator reads.
inline constexpr witness::Limits witness_limits{
    .max_bytes = 64u << 20, .max_node_bytes = 96u << 20, .max_nodes = 1u << 20
};

/// `used_codes` receives the codes that came from the cache.
[[nodiscard]] Result<Verified, Finding> check(
    const Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
);
/// The same in less memory: the bytes go once they are decoded. With a finding the block is there
/// again, and the same witness, perhaps encoded another way.
[[nodiscard]] Result<Verified, Finding> check_and_let_go(
    Delivery& delivery,
    const stateless::MegaRules& rules,
    CodeCache& codes,
    std::vector<witness::WitnessCode>& used_codes
);

}  // namespace mega::attestation
