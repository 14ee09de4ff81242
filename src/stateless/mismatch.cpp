#include "stateless/mismatch.hpp"

#include "base/hex.hpp"

namespace mega::stateless {

namespace {

/// One digit a nibble.
std::string digits_of(const trie::NibblePath& path) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const uint8_t nibble : path) {
        text += digits[nibble & 0x0f];
    }
    return text.empty() ? "the root" : "path " + text;
}

}  // namespace

std::string_view to_string(MismatchCode code) {
    switch (code) {
        case MismatchCode::parent_hash:
            return "parent hash";
        case MismatchCode::header:
            return "header";
        case MismatchCode::transactions_root:
            return "transactions root";
        case MismatchCode::withdrawals_root:
            return "withdrawals root";
        case MismatchCode::body:
            return "body";
        case MismatchCode::transaction:
            return "transaction";
        case MismatchCode::witness_of_other_state:
            return "state root of the witness";
        case MismatchCode::missing_node:
            return "missing node";
        case MismatchCode::missing_code:
            return "missing code";
        case MismatchCode::missing_header:
            return "missing header";
        case MismatchCode::surplus_in_witness:
            return "surplus in the witness";
        case MismatchCode::execution:
            return "execution";
        case MismatchCode::gas_used:
            return "gas used";
        case MismatchCode::receipts_root:
            return "receipts root";
        case MismatchCode::logs_bloom:
            return "logs bloom";
        case MismatchCode::requests_hash:
            return "requests hash";
        case MismatchCode::state_root:
            return "state root";
    }
    return "unknown mismatch";
}

Mismatch differs(MismatchCode code, std::string expected, std::string got) {
    std::string words = std::string{to_string(code)} + ": the header says " + expected +
                        ", the validator found " + got;
    return {code, std::move(words), std::move(expected), std::move(got), std::nullopt};
}

Mismatch missing_node(const trie::MissingNode& node) {
    const std::string where =
        node.tree ? " of the storage trie of the account with hash " + to_hex(*node.tree)
                  : std::string{" of the account trie"};
    return {
        .code = MismatchCode::missing_node,
        .words = "the witness lacks trie node " + to_hex(node.hash) + " at " +
                 digits_of(node.path) + where,
        .expected = {},
        .got = {},
        .missing = Missing{node.hash, node.tree, node.path, 0},
    };
}

Mismatch missing_code(const Hash256& code_hash) {
    return {
        .code = MismatchCode::missing_code,
        .words = "the witness lacks the code with hash " + to_hex(code_hash),
        .expected = {},
        .got = {},
        .missing = Missing{code_hash, {}, {}, 0},
    };
}

Mismatch missing_header(uint64_t block_number) {
    return {
        .code = MismatchCode::missing_header,
        .words = "the witness lacks the header of block " + std::to_string(block_number),
        .expected = {},
        .got = {},
        .missing = Missing{{}, {}, {}, block_number},
    };
}

}  // namespace mega::stateless
