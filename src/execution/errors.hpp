#pragma once

// Why a transaction cannot be part of a block. Texts are geth's, since wallets match them.

#include <cstdint>
#include <string>

namespace mega::execution {

enum class TxErrorCode : uint8_t {
    nonce_too_low,
    nonce_too_high,
    nonce_overflow,
    insufficient_funds,
    intrinsic_gas_too_low,
    floor_data_gas_too_low,  // EIP-7623
    gas_limit_too_high,      // EIP-7825 cap
    gas_limit_reached,       // block gas limit exceeded
    fee_cap_too_low,         // max fee per gas less than block base fee
    tip_above_fee_cap,
    init_code_too_large,  // EIP-3860
    sender_not_eoa,       // EIP-3607
    type_not_supported,
    wrong_chain_id,
    empty_authorization_list,
    set_code_creates_contract,
    blob_fee_cap_too_low,
    blobs_missing,
    too_many_blobs,
    invalid_blob_hash_version,
    blob_creates_contract,
    insufficient_funds_overflow,
    invalid_signature,
};

struct TxError {
    TxErrorCode code;
    /// geth's text with its figures, for example "nonce too low: address 0x…, tx: 0 state: 1".
    std::string message;
};

}  // namespace mega::execution
