#include "ethereum/block_fault.hpp"

namespace mega::ethereum {

std::string_view to_string(BlockFaultCode code) {
    switch (code) {
        case BlockFaultCode::undecodable:
            return "undecodable";
        case BlockFaultCode::block_too_large:
            return "block too large";
        case BlockFaultCode::unknown_parent:
            return "unknown parent";
        case BlockFaultCode::chain_full:
            return "chain full";
        case BlockFaultCode::wrong_number:
            return "wrong number";
        case BlockFaultCode::timestamp_not_after_parent:
            return "timestamp not after parent";
        case BlockFaultCode::gas_limit_out_of_bounds:
            return "gas limit out of bounds";
        case BlockFaultCode::gas_used_above_limit:
            return "gas used above limit";
        case BlockFaultCode::extra_data_too_long:
            return "extra data too long";
        case BlockFaultCode::wrong_dao_extra_data:
            return "wrong DAO extra data";
        case BlockFaultCode::wrong_difficulty:
            return "wrong difficulty";
        case BlockFaultCode::wrong_nonce:
            return "wrong nonce";
        case BlockFaultCode::wrong_base_fee:
            return "wrong base fee";
        case BlockFaultCode::missing_field:
            return "missing field";
        case BlockFaultCode::unexpected_field:
            return "unexpected field";
        case BlockFaultCode::wrong_excess_blob_gas:
            return "wrong excess blob gas";
        case BlockFaultCode::wrong_blob_gas_used:
            return "wrong blob gas used";
        case BlockFaultCode::wrong_transactions_root:
            return "wrong transactions root";
        case BlockFaultCode::wrong_ommers_hash:
            return "wrong ommers hash";
        case BlockFaultCode::wrong_withdrawals_root:
            return "wrong withdrawals root";
        case BlockFaultCode::missing_withdrawals:
            return "missing withdrawals";
        case BlockFaultCode::unexpected_withdrawals:
            return "unexpected withdrawals";
        case BlockFaultCode::too_many_ommers:
            return "too many ommers";
        case BlockFaultCode::repeated_ommer:
            return "repeated ommer";
        case BlockFaultCode::ommer_is_ancestor:
            return "ommer is ancestor";
        case BlockFaultCode::ommer_not_of_this_chain:
            return "ommer not of this chain";
        case BlockFaultCode::invalid_ommer:
            return "invalid ommer";
        case BlockFaultCode::invalid_transaction:
            return "invalid transaction";
        case BlockFaultCode::too_many_blobs:
            return "too many blobs";
        case BlockFaultCode::execution_failed:
            return "execution failed";
        case BlockFaultCode::wrong_gas_used:
            return "wrong gas used";
        case BlockFaultCode::wrong_receipts_root:
            return "wrong receipts root";
        case BlockFaultCode::wrong_logs_bloom:
            return "wrong logs bloom";
        case BlockFaultCode::wrong_requests_hash:
            return "wrong requests hash";
        case BlockFaultCode::wrong_state_root:
            return "wrong state root";
    }
    return "unknown fault";
}

std::string BlockFault::message() const {
    std::string text{to_string(code)};
    return details.empty() ? text : text + ": " + details;
}

}  // namespace mega::ethereum
