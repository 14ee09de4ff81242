#include "types/rlp_fields.hpp"
#include "types/transaction.hpp"

namespace mega {
namespace {

using rlp::FieldReader;

constexpr size_t max_y_parity_of_tuple = 255;  // EIP-7702: a byte on the wire

void read_access_list(FieldReader& fields, AccessList& into) {
    fields.read_each([&](FieldReader& list) {
        AccessListEntry& entry = into.emplace_back();
        list.read_structure([&](FieldReader& tuple) {
            tuple.read(entry.address);
            tuple.read_each([&](FieldReader& keys) { keys.read(entry.storage_keys.emplace_back()); }
            );
        });
    });
}

void read_authorization(FieldReader& tuple, Authorization& into) {
    tuple.read(into.chain_id);
    tuple.read(into.address);
    tuple.read(into.nonce);
    tuple.read(into.y_parity);
    if (into.y_parity > u256{max_y_parity_of_tuple}) {
        tuple.fail(rlp::DecodeError::integer_too_large);
    }
    tuple.read(into.r);
    tuple.read(into.s);
}

void read_authorizations(FieldReader& fields, std::vector<Authorization>& into) {
    fields.read_each([&](FieldReader& list) {
        Authorization& authorization = into.emplace_back();
        list.read_structure([&](FieldReader& tuple) { read_authorization(tuple, authorization); });
    });
}

/// What the wire says of a signature and a chain, before it is known to make sense.
struct WireSignature {
    u256 chain_id;  // typed transactions
    u256 v;         // y parity of typed transactions
    u256 r;
    u256 s;
};

void read_signature(FieldReader& fields, WireSignature& into) {
    fields.read(into.v);
    fields.read(into.r);
    fields.read(into.s);
}

void read_legacy_fields(FieldReader& fields, Transaction& tx, WireSignature& signature) {
    fields.read(tx.nonce);
    fields.read(tx.max_fee_per_gas);
    tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
    fields.read(tx.gas_limit);
    fields.read_or_empty(tx.to);
    fields.read(tx.value);
    fields.read(tx.data);
    read_signature(fields, signature);
}

void read_deposit_fields(FieldReader& fields, Transaction& tx) {
    fields.read(tx.source_hash);
    fields.read(tx.from);
    fields.read_or_empty(tx.to);
    fields.read(tx.mint);
    fields.read(tx.value);
    fields.read(tx.gas_limit);
    fields.read(tx.data);
}

void read_fees(FieldReader& fields, Transaction& tx) {
    if (tx.type == TxType::access_list) {
        fields.read(tx.max_fee_per_gas);
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
    } else {
        fields.read(tx.max_priority_fee_per_gas);
        fields.read(tx.max_fee_per_gas);
    }
}

void read_typed_fields(FieldReader& fields, Transaction& tx, WireSignature& signature) {
    fields.read(signature.chain_id);
    fields.read(tx.nonce);
    read_fees(fields, tx);
    fields.read(tx.gas_limit);
    fields.read_or_empty(tx.to);
    fields.read(tx.value);
    fields.read(tx.data);
    read_access_list(fields, tx.access_list);
    if (tx.type == TxType::blob) {
        fields.read(tx.max_fee_per_blob_gas);
        fields.read_each([&](FieldReader& hashes) {
            hashes.read(tx.blob_versioned_hashes.emplace_back());
        });
    }
    if (tx.type == TxType::set_code) {
        read_authorizations(fields, tx.authorization_list);
    }
    read_signature(fields, signature);
}

/// v = 27 or 28, or 35 + 2 * chain id + parity (EIP-155).
std::optional<TxDecodeError> apply_legacy_v(Transaction& tx, const u256& v) {
    if (v == u256{27} || v == u256{28}) {
        tx.signature.y_parity = static_cast<uint8_t>(v.low64() - 27);
        return std::nullopt;
    }
    if (v < u256{35}) {
        return TxDecodeError::invalid_signature;
    }
    const u256 offset = v - u256{35};
    const u256 chain_id = offset >> 1;
    if (!chain_id.fits_u64()) {
        return TxDecodeError::invalid_chain_id;
    }
    tx.chain_id = chain_id.low64();
    tx.signature.y_parity = static_cast<uint8_t>(offset.low64() & 1);
    return std::nullopt;
}

std::optional<TxDecodeError> apply_typed_signature(
    Transaction& tx, const WireSignature& signature
) {
    if (!signature.chain_id.fits_u64()) {
        return TxDecodeError::invalid_chain_id;
    }
    if (signature.v > u256{1}) {
        return TxDecodeError::invalid_signature;
    }
    tx.chain_id = signature.chain_id.low64();
    tx.signature.y_parity = static_cast<uint8_t>(signature.v.low64());
    return std::nullopt;
}

std::optional<TxDecodeError> apply_signature(Transaction& tx, const WireSignature& signature) {
    if (tx.type == TxType::deposit) {
        return std::nullopt;
    }
    tx.signature.r = signature.r.to_hash();
    tx.signature.s = signature.s.to_hash();
    return tx.type == TxType::legacy ? apply_legacy_v(tx, signature.v)
                                     : apply_typed_signature(tx, signature);
}

/// Rules of one type that its encoding could break.
std::optional<TxDecodeError> check_shape(const Transaction& tx) {
    const bool needs_recipient = tx.type == TxType::blob || tx.type == TxType::set_code;
    if (needs_recipient && !tx.to) {
        return TxDecodeError::missing_recipient;
    }
    if (tx.type == TxType::set_code && tx.authorization_list.empty()) {
        return TxDecodeError::empty_authorization_list;
    }
    return std::nullopt;
}

Result<Transaction, TxDecodeError> decode_payload(TxType type, BytesView payload) {
    Transaction tx;
    tx.type = type;
    WireSignature signature;
    FieldReader fields = FieldReader::over_list(payload);
    if (type == TxType::blob && fields.next_is_list()) {
        return Err{TxDecodeError::blob_sidecar};
    }
    if (type == TxType::legacy) {
        read_legacy_fields(fields, tx, signature);
    } else if (type == TxType::deposit) {
        read_deposit_fields(fields, tx);
    } else {
        read_typed_fields(fields, tx, signature);
    }
    fields.expect_end();
    if (fields.error()) {
        return Err{TxDecodeError::bad_rlp};
    }
    if (const auto error = apply_signature(tx, signature)) {
        return Err{*error};
    }
    if (const auto error = check_shape(tx)) {
        return Err{*error};
    }
    return tx;
}

}  // namespace

Result<Transaction, TxDecodeError> decode_transaction(BytesView envelope) {
    if (envelope.empty()) {
        return Err{TxDecodeError::empty};
    }
    if (envelope.size() > max_envelope_size_bytes) {
        return Err{TxDecodeError::oversized};
    }
    const uint8_t first = envelope[0];
    if (first >= 0xc0) {
        return decode_payload(TxType::legacy, envelope);
    }
    if (first >= 0x80) {
        return Err{TxDecodeError::bad_rlp};
    }
    const auto type = static_cast<TxType>(first);
    switch (type) {
        case TxType::access_list:
        case TxType::dynamic_fee:
        case TxType::blob:
        case TxType::set_code:
        case TxType::deposit:
            return decode_payload(type, envelope.subspan(1));
        case TxType::legacy:
            break;
    }
    return Err{TxDecodeError::unknown_type};
}

}  // namespace mega
