#include "stateless/mega_rules.hpp"

#include "base/hex.hpp"
#include "trie/ordered_root.hpp"

namespace mega::stateless {

namespace {

using Checked = Result<void, Mismatch>;

constexpr size_t max_extra_data_size = 32;

Err<Mismatch> wrong(
    MismatchCode code, const std::string& field, std::string is, std::string must_be
) {
    std::string words =
        std::string{to_string(code)} + ": " + field + " is " + is + ", must be " + must_be;
    return Err{Mismatch{code, std::move(words), std::move(is), std::move(must_be), std::nullopt}};
}

Err<Mismatch> wrong_header(const std::string& field, std::string is, std::string must_be) {
    return wrong(MismatchCode::header, field, std::move(is), std::move(must_be));
}

Checked check_place(const MegaRules& rules, const BlockHeader& parent, const BlockHeader& header) {
    if (header.number != parent.number + 1 || header.number == 0) {
        return wrong_header(
            "number", std::to_string(header.number), std::to_string(parent.number) + " + 1"
        );
    }
    const bool is_late_enough = rules.allow_equal_timestamps ? header.timestamp >= parent.timestamp
                                                             : header.timestamp > parent.timestamp;
    if (!is_late_enough) {
        return wrong_header(
            "timestamp",
            std::to_string(header.timestamp),
            (rules.allow_equal_timestamps ? "at least " : "above ") +
                std::to_string(parent.timestamp)
        );
    }
    return {};
}

Checked check_gas(const MegaRules& rules, const BlockHeader& header) {
    if (header.gas_limit > rules.max_gas_limit) {
        return wrong_header(
            "gas limit",
            std::to_string(header.gas_limit),
            "at most " + std::to_string(rules.max_gas_limit)
        );
    }
    if (header.gas_used > header.gas_limit) {
        return wrong_header(
            "gas used",
            std::to_string(header.gas_used),
            "at most the gas limit " + std::to_string(header.gas_limit)
        );
    }
    if (!header.base_fee_per_gas) {
        return wrong_header("base fee", "absent", "present");
    }
    return {};
}

/// Fields that have one value on the L2.
Checked check_constants(const BlockHeader& header) {
    struct Constant {
        const char* field;
        bool is_right;
        const char* must_be;
    };
    const Constant constants[] = {
        {"ommers hash", header.ommers_hash == empty_ommers_hash, "that of no ommers"},
        {"difficulty", header.difficulty.is_zero(), "0"},
        {"nonce", header.nonce.is_zero(), "0"},
        {"extra data", header.extra_data.size() <= max_extra_data_size, "at most 32 bytes"},
        {"withdrawals root", header.withdrawals_root == empty_trie_root, "that of no withdrawals"},
        {"blob gas used", header.blob_gas_used == 0, "0"},
        {"excess blob gas", header.excess_blob_gas == 0, "0"},
        {"parent beacon block root", header.parent_beacon_block_root == Hash256{}, "0"},
        {"requests hash", header.requests_hash == empty_requests_hash, "that of no requests"},
    };
    for (const Constant& constant : constants) {
        if (!constant.is_right) {
            return wrong_header(constant.field, "another", constant.must_be);
        }
    }
    return {};
}

}  // namespace

Checked check_mega_header(
    const MegaRules& rules, const BlockHeader& parent, const BlockHeader& header
) {
    if (auto checked = check_place(rules, parent, header); !checked) {
        return checked;
    }
    if (auto checked = check_gas(rules, header); !checked) {
        return checked;
    }
    return check_constants(header);
}

Checked check_mega_fees(
    const execution::L2Parameters& parameters, const BlockHeader& parent, const BlockHeader& header
) {
    const u256 base_fee = execution::next_base_fee(parent, parameters.fee_market);
    if (*header.base_fee_per_gas != base_fee) {
        return wrong_header("base fee", to_decimal(*header.base_fee_per_gas), to_decimal(base_fee));
    }
    if (parameters.gas_limit != 0 && header.gas_limit != parameters.gas_limit) {
        return wrong_header(
            "gas limit", std::to_string(header.gas_limit), std::to_string(parameters.gas_limit)
        );
    }
    return {};
}

Checked check_mega_body(const Block& block) {
    const Hash256 root = trie::ordered_root(block.transactions);
    if (root != block.header.transactions_root) {
        return Err{differs(
            MismatchCode::transactions_root, to_hex(block.header.transactions_root), to_hex(root)
        )};
    }
    if (!block.ommers.empty()) {
        return wrong(
            MismatchCode::body, "number of ommers", std::to_string(block.ommers.size()), "0"
        );
    }
    if (!block.withdrawals || !block.withdrawals->empty()) {
        return wrong(
            MismatchCode::body,
            "list of withdrawals",
            block.withdrawals ? "not empty" : "absent",
            "empty"
        );
    }
    return {};
}

}  // namespace mega::stateless
