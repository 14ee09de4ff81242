#pragma once

// Why a block did not validate: the first thing that differs, with what the header says and what
// the validator found; or what the witness lacks.

#include "trie/state_tree.hpp"

#include <string>

namespace mega::stateless {

enum class MismatchCode : uint8_t {
    parent_hash,
    header,  // a field beside the parent's, or one that the rules forbid
    transactions_root,
    withdrawals_root,
    body,         // ommers, withdrawals or blobs that the rules forbid
    transaction,  // undecodable, badly signed, or invalid where it stands
    // the witness
    witness_of_other_state,
    missing_node,
    missing_code,
    missing_header,
    surplus_in_witness,
    // what execution gave
    execution,
    gas_used,
    receipts_root,
    logs_bloom,
    requests_hash,
    state_root,
};

/// "receipts root", …
[[nodiscard]] std::string_view to_string(MismatchCode code);

/// What the witness lacks. `code` of the Mismatch says which of the fields mean something.
struct Missing {
    Hash256 hash;               // of the node or the code
    trie::TreeId tree;          // of the node
    trie::NibblePath path;      // of the node
    uint64_t block_number = 0;  // of the header
};

struct Mismatch {
    MismatchCode code;
    std::string words;     // in full, for people
    std::string expected;  // what the header says, where it does
    std::string got;       // what the validator found
    std::optional<Missing> missing;

    /// The witness is at fault, or too small: the block itself may be good.
    [[nodiscard]] bool is_of_witness() const {
        return code >= MismatchCode::witness_of_other_state &&
               code <= MismatchCode::surplus_in_witness;
    }
};

/// "state root: the header says 0x…, the validator found 0x…"
[[nodiscard]] Mismatch differs(MismatchCode code, std::string expected, std::string got);
[[nodiscard]] Mismatch missing_node(const trie::MissingNode& node);
[[nodiscard]] Mismatch missing_code(const Hash256& code_hash);
[[nodiscard]] Mismatch missing_header(uint64_t block_number);

}  // namespace mega::stateless
