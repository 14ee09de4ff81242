#pragma once

// Why a block cannot be part of a chain.

#include <cstdint>
#include <string>
#include <string_view>

namespace mega::ethereum {

enum class BlockFaultCode : uint8_t {
    // what arrived
    undecodable,
    block_too_large,  // EIP-7934
    unknown_parent,
    chain_full,
    // the header, beside its parent's
    wrong_number,
    timestamp_not_after_parent,
    gas_limit_out_of_bounds,
    gas_used_above_limit,
    extra_data_too_long,
    wrong_dao_extra_data,
    wrong_difficulty,
    wrong_nonce,  // not zero after the merge
    wrong_base_fee,
    missing_field,
    unexpected_field,
    wrong_excess_blob_gas,
    wrong_blob_gas_used,
    // the body
    wrong_transactions_root,
    wrong_ommers_hash,
    wrong_withdrawals_root,
    missing_withdrawals,
    unexpected_withdrawals,
    too_many_ommers,
    repeated_ommer,
    ommer_is_ancestor,
    ommer_not_of_this_chain,
    invalid_ommer,
    invalid_transaction,
    too_many_blobs,
    // what execution gave
    execution_failed,
    wrong_gas_used,
    wrong_receipts_root,
    wrong_logs_bloom,
    wrong_requests_hash,
    wrong_state_root,
};

/// The enumerator's name in words: "wrong base fee".
[[nodiscard]] std::string_view to_string(BlockFaultCode code);

struct BlockFault {
    BlockFaultCode code;
    std::string details{};  // figures; may be empty

    /// "wrong base fee: 8, not 7"
    [[nodiscard]] std::string message() const;
};

}  // namespace mega::ethereum
