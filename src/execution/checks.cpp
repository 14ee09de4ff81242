#include "execution/checks.hpp"

namespace mega::execution {

namespace {

TxError error(TxErrorCode code, std::string message) { return {code, std::move(message)}; }

std::string have_want(std::string_view text, uint64_t have, uint64_t want) {
    return std::string{text} + ": have " + std::to_string(have) + ", want " + std::to_string(want);
}

template <Fork F>
bool is_type_known(TxType type) {
    switch (type) {
        case TxType::legacy:
        case TxType::deposit:
            return true;
        case TxType::access_list:
            return Rules<F>::has_access_lists;
        case TxType::dynamic_fee:
            return Rules<F>::has_base_fee;
        case TxType::blob:
            return Rules<F>::has_blobs;
        case TxType::set_code:
            return Rules<F>::has_delegations;
    }
    return false;
}

template <Fork F>
std::optional<TxError> find_blob_fault(const Transaction& tx) {
    if (!tx.to) {
        return error(TxErrorCode::blob_creates_contract, "blob transaction of type create");
    }
    if (tx.blob_versioned_hashes.empty()) {
        return error(TxErrorCode::blobs_missing, "blob transaction missing blob hashes");
    }
    if (tx.blob_versioned_hashes.size() > Rules<F>::max_blobs_per_tx) {
        return error(
            TxErrorCode::too_many_blobs,
            "blob transaction has too many blobs: have " +
                std::to_string(tx.blob_versioned_hashes.size()) + ", permitted " +
                std::to_string(Rules<F>::max_blobs_per_tx)
        );
    }
    for (size_t i = 0; i < tx.blob_versioned_hashes.size(); ++i) {
        if (tx.blob_versioned_hashes[i][0] != 0x01) {
            return error(
                TxErrorCode::invalid_blob_hash_version,
                "blob " + std::to_string(i) + " has invalid hash version"
            );
        }
    }
    return std::nullopt;
}

std::optional<TxError> find_set_code_fault(const Transaction& tx) {
    if (!tx.to) {
        return error(
            TxErrorCode::set_code_creates_contract,
            "EIP-7702 transaction cannot be used to create contract"
        );
    }
    if (tx.authorization_list.empty()) {
        return error(
            TxErrorCode::empty_authorization_list, "EIP-7702 transaction with empty auth list"
        );
    }
    return std::nullopt;
}

std::optional<TxError> find_fee_fault(uint64_t chain_id, const Transaction& tx) {
    if (tx.chain_id && *tx.chain_id != chain_id) {
        return error(
            TxErrorCode::wrong_chain_id,
            "invalid chain id for signer: have " + std::to_string(*tx.chain_id) + " want " +
                std::to_string(chain_id)
        );
    }
    if (tx.nonce == UINT64_MAX) {
        return error(
            TxErrorCode::nonce_overflow, "nonce has max value: nonce: " + std::to_string(tx.nonce)
        );
    }
    if (tx.max_priority_fee_per_gas > tx.max_fee_per_gas) {
        return error(
            TxErrorCode::tip_above_fee_cap,
            "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: " +
                to_decimal(tx.max_priority_fee_per_gas) +
                ", maxFeePerGas: " + to_decimal(tx.max_fee_per_gas)
        );
    }
    return std::nullopt;
}

template <Fork F>
std::optional<TxError> find_type_fault(const Transaction& tx) {
    if (!is_type_known<F>(tx.type)) {
        return error(
            TxErrorCode::type_not_supported,
            "transaction type not supported: type " +
                std::to_string(static_cast<unsigned>(tx.type)) + " before its fork"
        );
    }
    if (tx.type == TxType::blob) {
        return find_blob_fault<F>(tx);
    }
    if (tx.type == TxType::set_code) {
        return find_set_code_fault(tx);
    }
    return std::nullopt;
}

template <Fork F>
std::optional<TxError> find_gas_fault(
    const Transaction& tx, const IntrinsicGas& gas, const ExecutionOptions& options
) {
    using R = Rules<F>;
    if (R::limits_init_code && !tx.to && tx.data.size() > R::max_init_code_size) {
        return error(
            TxErrorCode::init_code_too_large,
            "max initcode size exceeded: code size " + std::to_string(tx.data.size()) + " limit " +
                std::to_string(R::max_init_code_size)
        );
    }
    if (R::caps_gas && !options.skip_gas_cap && tx.gas_limit > R::max_tx_gas) {
        return error(
            TxErrorCode::gas_limit_too_high,
            "transaction gas limit too high (cap: " + std::to_string(R::max_tx_gas) +
                ", tx: " + std::to_string(tx.gas_limit) + ")"
        );
    }
    if (tx.gas_limit < gas.intrinsic) {
        return error(
            TxErrorCode::intrinsic_gas_too_low,
            have_want("intrinsic gas too low", tx.gas_limit, gas.intrinsic)
        );
    }
    if (tx.gas_limit < gas.floor) {
        return error(
            TxErrorCode::floor_data_gas_too_low,
            have_want("insufficient gas for floor data gas cost", tx.gas_limit, gas.floor)
        );
    }
    return std::nullopt;
}

}  // namespace

template <Fork F>
IntrinsicGas intrinsic_gas(const Transaction& tx) {
    using R = Rules<F>;
    const auto zeros =
        static_cast<uint64_t>(std::count(tx.data.begin(), tx.data.end(), uint8_t{0}));
    const uint64_t nonzeros = tx.data.size() - zeros;
    IntrinsicGas gas;
    gas.intrinsic = R::tx_gas + zeros * R::zero_byte_gas + nonzeros * R::nonzero_byte_gas;
    if (!tx.to) {
        gas.intrinsic += R::create_tx_gas;
        if constexpr (R::limits_init_code) {
            gas.intrinsic += (tx.data.size() + 31) / 32 * R::init_code_word_gas;
        }
    }
    if constexpr (R::has_access_lists) {
        for (const AccessListEntry& entry : tx.access_list) {
            gas.intrinsic +=
                R::access_list_address_gas + entry.storage_keys.size() * R::access_list_key_gas;
        }
    }
    if constexpr (R::has_delegations) {
        gas.intrinsic += tx.authorization_list.size() * R::authorization_gas;
    }
    if constexpr (R::has_calldata_floor) {
        const uint64_t tokens = zeros + nonzeros * R::tokens_per_nonzero_byte;
        gas.floor = R::tx_gas + tokens * R::floor_token_gas;
    }
    return gas;
}

template <Fork F>
Result<IntrinsicGas, TxError> check_form(
    uint64_t chain_id, const Transaction& tx, const ExecutionOptions& options
) {
    if (tx.type == TxType::deposit) {
        return intrinsic_gas<F>(tx);
    }
    if (auto fault = find_type_fault<F>(tx)) {
        return Err{std::move(*fault)};
    }
    if (auto fault = find_fee_fault(chain_id, tx)) {
        return Err{std::move(*fault)};
    }
    const IntrinsicGas gas = intrinsic_gas<F>(tx);
    if (auto fault = find_gas_fault<F>(tx, gas, options)) {
        return Err{std::move(*fault)};
    }
    return gas;
}

IntrinsicGas intrinsic_gas(Fork fork, const Transaction& tx) {
    return with_fork(fork, [&]<Fork F>() { return intrinsic_gas<F>(tx); });
}

Result<void, TxError> check_stateless(
    Fork fork, uint64_t chain_id, const Transaction& tx, const ExecutionOptions& options
) {
    const auto checked =
        with_fork(fork, [&]<Fork F>() { return check_form<F>(chain_id, tx, options); });
    if (!checked) {
        return Err{checked.error()};
    }
    return {};
}

Result<void, TxError> check_l2_accepts(const Transaction& tx) {
    if (tx.type == TxType::blob) {
        return Err{error(
            TxErrorCode::type_not_supported, "blob transactions are not supported on this chain"
        )};
    }
    if (tx.type == TxType::deposit) {
        return Err{error(
            TxErrorCode::type_not_supported,
            "transaction type not supported: deposits come from L1 only"
        )};
    }
    return {};
}

#define MEGA_INSTANTIATE(fork)                                     \
    template IntrinsicGas intrinsic_gas<fork>(const Transaction&); \
    template Result<IntrinsicGas, TxError>                         \
    check_form<fork>(uint64_t, const Transaction&, const ExecutionOptions&);
MEGA_INSTANTIATE(Fork::frontier)
MEGA_INSTANTIATE(Fork::homestead)
MEGA_INSTANTIATE(Fork::tangerine_whistle)
MEGA_INSTANTIATE(Fork::spurious_dragon)
MEGA_INSTANTIATE(Fork::byzantium)
MEGA_INSTANTIATE(Fork::constantinople)
MEGA_INSTANTIATE(Fork::petersburg)
MEGA_INSTANTIATE(Fork::istanbul)
MEGA_INSTANTIATE(Fork::berlin)
MEGA_INSTANTIATE(Fork::london)
MEGA_INSTANTIATE(Fork::paris)
MEGA_INSTANTIATE(Fork::shanghai)
MEGA_INSTANTIATE(Fork::cancun)
MEGA_INSTANTIATE(Fork::prague)
MEGA_INSTANTIATE(Fork::osaka)
#undef MEGA_INSTANTIATE

}  // namespace mega::execution
