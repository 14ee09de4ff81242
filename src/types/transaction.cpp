#include "types/transaction.hpp"

#include "crypto/keccak.hpp"
#include "types/authorization_hash.hpp"

namespace mega {
namespace {

constexpr uint64_t legacy_v_base = 27;
constexpr uint64_t eip155_v_base = 35;

/// Enough for a transfer; longer transactions add their data.
constexpr size_t envelope_overhead_bytes = 192;

enum class Signed : bool { no, yes };

void write_to(rlp::Writer& out, const std::optional<Address>& to) {
    out.write(to ? to->view() : BytesView{});
}

void write_access_list(rlp::Writer& out, const AccessList& list) {
    const size_t outer = out.begin_list();
    for (const AccessListEntry& entry : list) {
        const size_t inner = out.begin_list();
        out.write(entry.address);
        const size_t keys = out.begin_list();
        for (const Hash256& key : entry.storage_keys) {
            out.write(key);
        }
        out.end_list(keys);
        out.end_list(inner);
    }
    out.end_list(outer);
}

void write_authorizations(rlp::Writer& out, const std::vector<Authorization>& list) {
    const size_t outer = out.begin_list();
    for (const Authorization& authorization : list) {
        const size_t inner = out.begin_list();
        out.write(authorization.chain_id);
        out.write(authorization.address);
        out.write(authorization.nonce);
        out.write(authorization.y_parity);
        out.write(authorization.r);
        out.write(authorization.s);
        out.end_list(inner);
    }
    out.end_list(outer);
}

void write_r_s(rlp::Writer& out, const crypto::Signature& signature) {
    out.write(to_u256(signature.r));
    out.write(to_u256(signature.s));
}

/// 27 + parity, or EIP-155's 35 + 2 * chain id + parity, which may pass 64 bits.
u256 legacy_v(const Transaction& tx) {
    const uint64_t parity = tx.signature.y_parity;
    if (!tx.chain_id) {
        return legacy_v_base + parity;
    }
    const u256 chain_id{*tx.chain_id};
    return chain_id + chain_id + u256{eip155_v_base + parity};
}

void write_legacy_fields(rlp::Writer& out, const Transaction& tx, Signed with_signature) {
    out.write(tx.nonce);
    out.write(tx.max_fee_per_gas);
    out.write(tx.gas_limit);
    write_to(out, tx.to);
    out.write(tx.value);
    out.write(tx.data);
    if (with_signature == Signed::yes) {
        out.write(legacy_v(tx));
        write_r_s(out, tx.signature);
    } else if (tx.chain_id) {
        out.write(*tx.chain_id);
        out.write(uint64_t{0});
        out.write(uint64_t{0});
    }
}

void write_deposit_fields(rlp::Writer& out, const Transaction& tx) {
    out.write(tx.source_hash);
    out.write(tx.from);
    write_to(out, tx.to);
    out.write(tx.mint);
    out.write(tx.value);
    out.write(tx.gas_limit);
    out.write(tx.data);
}

/// Types 1 to 4 share one order of fields; each adds its own.
void write_typed_fields(rlp::Writer& out, const Transaction& tx, Signed with_signature) {
    out.write(tx.chain_id.value_or(0));
    out.write(tx.nonce);
    if (tx.type != TxType::access_list) {
        out.write(tx.max_priority_fee_per_gas);
    }
    out.write(tx.max_fee_per_gas);
    out.write(tx.gas_limit);
    write_to(out, tx.to);
    out.write(tx.value);
    out.write(tx.data);
    write_access_list(out, tx.access_list);
    if (tx.type == TxType::blob) {
        out.write(tx.max_fee_per_blob_gas);
        const size_t hashes = out.begin_list();
        for (const Hash256& hash : tx.blob_versioned_hashes) {
            out.write(hash);
        }
        out.end_list(hashes);
    }
    if (tx.type == TxType::set_code) {
        write_authorizations(out, tx.authorization_list);
    }
    if (with_signature == Signed::yes) {
        out.write(uint64_t{tx.signature.y_parity});
        write_r_s(out, tx.signature);
    }
}

Bytes encode_fields(const Transaction& tx, Signed with_signature) {
    rlp::Writer out(envelope_overhead_bytes + tx.data.size());
    if (tx.type != TxType::legacy) {
        const auto type = static_cast<uint8_t>(tx.type);
        out.write_raw({&type, 1});
    }
    const size_t list = out.begin_list();
    if (tx.type == TxType::legacy) {
        write_legacy_fields(out, tx, with_signature);
    } else if (tx.type == TxType::deposit) {
        write_deposit_fields(out, tx);
    } else {
        write_typed_fields(out, tx, with_signature);
    }
    out.end_list(list);
    return out.take();
}

}  // namespace

std::string_view to_string(TxDecodeError error) {
    switch (error) {
        case TxDecodeError::empty:
            return "typed transaction too short";
        case TxDecodeError::unknown_type:
            return "transaction type not supported";
        case TxDecodeError::bad_rlp:
            return "rlp: malformed transaction";
        case TxDecodeError::invalid_chain_id:
            return "invalid chain id for signer";
        case TxDecodeError::invalid_signature:
            return "invalid transaction v, r, s values";
        case TxDecodeError::missing_recipient:
            return "transaction type cannot create a contract: recipient missing";
        case TxDecodeError::empty_authorization_list:
            return "EIP-7702 transaction with empty auth list";
        case TxDecodeError::oversized:
            return "oversized data";
        case TxDecodeError::blob_sidecar:
            return "blob transaction with sidecar is not supported: send the plain transaction";
    }
    return "invalid transaction";
}

Bytes encode(const Transaction& tx) { return encode_fields(tx, Signed::yes); }

Hash256 signing_hash(const Transaction& tx) {
    return crypto::keccak256(encode_fields(tx, Signed::no));
}

Hash256 transaction_hash(BytesView envelope) { return crypto::keccak256(envelope); }

Result<Address, TxDecodeError> recover_sender(const Transaction& tx) {
    if (tx.type == TxType::deposit) {
        return tx.from;
    }
    if (!crypto::is_low_s(tx.signature)) {
        return Err{TxDecodeError::invalid_signature};
    }
    const auto sender = crypto::recover_address(signing_hash(tx), tx.signature);
    if (!sender) {
        return Err{TxDecodeError::invalid_signature};
    }
    return *sender;
}

std::optional<Address> recover_authority(const Authorization& authorization) {
    if (authorization.y_parity > u256{1}) {
        return std::nullopt;
    }
    const crypto::Signature signature{
        authorization.r.to_hash(),
        authorization.s.to_hash(),
        static_cast<uint8_t>(authorization.y_parity.low64())
    };
    if (!crypto::is_low_s(signature)) {
        return std::nullopt;
    }
    return crypto::recover_address(authorization_hash(authorization), signature);
}

Result<SignedTransaction, TxDecodeError> decode_signed_transaction(BytesView envelope) {
    auto tx = decode_transaction(envelope);
    if (!tx) {
        return Err{tx.error()};
    }
    const auto sender = recover_sender(*tx);
    if (!sender) {
        return Err{sender.error()};
    }
    return SignedTransaction{
        *std::move(tx), *sender, transaction_hash(envelope), to_bytes(envelope)
    };
}

u256 effective_gas_price(const Transaction& tx, const u256& base_fee_per_gas) {
    if (tx.max_fee_per_gas < base_fee_per_gas) {
        return tx.max_fee_per_gas;
    }
    // Compared without adding first: base fee + priority fee may pass 2^256.
    const u256 room = tx.max_fee_per_gas - base_fee_per_gas;
    return base_fee_per_gas + std::min(room, tx.max_priority_fee_per_gas);
}

}  // namespace mega
