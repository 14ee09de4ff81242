#pragma once

// Transactions: types 0 (legacy, EIP-155), 1 (EIP-2930), 2 (EIP-1559), 3 (EIP-4844, decoded so that
// it can be refused by name and so that Ethereum's own blocks can be replayed), 4 (EIP-7702), and
// mega's deposit type 0x7e.
//
//   envelope = rlp([...]) for type 0, type ‖ rlp([...]) otherwise (EIP-2718)
//   deposit  = 0x7e ‖ rlp([source_hash, from, to, mint, value, gas_limit, data])
//
// A deposit has no signature and no nonce.

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/secp256k1.hpp"
#include "types/rlp.hpp"
#include "types/u256.hpp"

#include <optional>
#include <vector>

namespace mega {

enum class TxType : uint8_t {
    legacy = 0,
    access_list = 1,
    dynamic_fee = 2,
    blob = 3,
    set_code = 4,
    deposit = 0x7e,
};

struct AccessListEntry {
    Address address{};
    std::vector<Hash256> storage_keys{};
    friend bool operator==(const AccessListEntry&, const AccessListEntry&) = default;
};
using AccessList = std::vector<AccessListEntry>;

/// One tuple of an EIP-7702 authorization list.
struct Authorization {
    u256 chain_id{};
    Address address{};
    uint64_t nonce = 0;
    /// As on the wire: anything above 1 makes this tuple invalid, not the transaction.
    u256 y_parity{};
    u256 r{};
    u256 s{};
    friend bool operator==(const Authorization&, const Authorization&) = default;
};

/// A transaction of any type; fields that its type lacks stay at their defaults.
struct Transaction {
    TxType type = TxType::legacy;
    /// Absent for a legacy transaction signed before EIP-155.
    std::optional<uint64_t> chain_id{};
    uint64_t nonce = 0;
    uint64_t gas_limit = 0;
    /// Types 0 and 1: gas_price stands in both fields.
    u256 max_fee_per_gas{};
    u256 max_priority_fee_per_gas{};
    /// Absent creates a contract.
    std::optional<Address> to{};
    u256 value{};
    Bytes data{};
    AccessList access_list{};
    std::vector<Authorization> authorization_list{};  // type 4
    u256 max_fee_per_blob_gas{};                      // type 3
    std::vector<Hash256> blob_versioned_hashes{};     // type 3
    crypto::Signature signature{};

    // Deposit transactions only.
    Hash256 source_hash{};
    Address from{};
    u256 mint{};

    friend bool operator==(const Transaction&, const Transaction&) = default;
};

/// A transaction with what is derived from it once: every layer above decoding passes this one
/// around.
struct SignedTransaction {
    Transaction tx{};
    Address sender{};
    Hash256 hash{};
    Bytes raw{};  // the envelope
};

enum class TxDecodeError : uint8_t {
    empty,
    unknown_type,
    bad_rlp,
    invalid_chain_id,
    invalid_signature,
    missing_recipient,
    empty_authorization_list,
    oversized,
    blob_sidecar,  // the network form of type 3, which carries blobs
};

/// No block can hold a longer envelope (EIP-7934 bounds whole blocks to less).
inline constexpr size_t max_envelope_size_bytes = 16 << 20;

/// "rlp: …", "invalid transaction v, r, s values", …: texts as geth's where geth has one.
[[nodiscard]] std::string_view to_string(TxDecodeError error);

[[nodiscard]] Bytes encode(const Transaction& tx);
/// Decodes one envelope; nothing may trail. Does not check the signature.
[[nodiscard]] Result<Transaction, TxDecodeError> decode_transaction(BytesView envelope);

/// The digest that is signed.
[[nodiscard]] Hash256 signing_hash(const Transaction& tx);
[[nodiscard]] Hash256 transaction_hash(BytesView envelope);
/// The sender; refuses high s (EIP-2), and values out of range. A deposit's sender is its `from`.
[[nodiscard]] Result<Address, TxDecodeError> recover_sender(const Transaction& tx);
/// The authority that signed an EIP-7702 tuple: keccak256(0x05 ‖ rlp([chain_id, address, nonce])).
/// Nothing when invalid.
[[nodiscard]] std::optional<Address> recover_authority(const Authorization& authorization);

/// Signs in place (types 0, 1, 2, 3, 4). The key must be valid (crypto::address_of gives an address
/// for it).
void sign_transaction(Transaction& tx, const crypto::SecretKey& key);
void sign_authorization(Authorization& authorization, const crypto::SecretKey& key);

/// Decodes, recovers and hashes.
[[nodiscard]] Result<SignedTransaction, TxDecodeError> decode_signed_transaction(BytesView envelope
);

/// min(max_fee, base_fee + max_priority_fee); assumes max_fee >= base_fee.
[[nodiscard]] u256 effective_gas_price(const Transaction& tx, const u256& base_fee_per_gas);

}  // namespace mega
