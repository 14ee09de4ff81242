#pragma once

// The account as the state trie knows it (Yellow Paper section 4.1).

#include "base/bytes.hpp"
#include "crypto/keccak.hpp"
#include "types/block.hpp"
#include "types/rlp.hpp"
#include "types/u256.hpp"

namespace mega {

/// Without the storage root, which is the tree's business: what execution reads and writes.
struct Account {
    uint64_t nonce = 0;
    u256 balance{};
    Hash256 code_hash = crypto::keccak256_of_empty;

    [[nodiscard]] bool has_code() const { return code_hash != crypto::keccak256_of_empty; }
    /// EIP-161: no nonce, no balance, no code.
    [[nodiscard]] bool is_empty() const { return nonce == 0 && balance.is_zero() && !has_code(); }
    friend bool operator==(const Account&, const Account&) = default;
};

/// rlp([nonce, balance, storage_root, code_hash]): the leaf of the account trie.
[[nodiscard]] Bytes encode_account_leaf(const Account& account, const Hash256& storage_root);

struct AccountLeaf {
    Account account{};
    Hash256 storage_root = empty_trie_root;
};
[[nodiscard]] Result<AccountLeaf, rlp::DecodeError> decode_account_leaf(BytesView encoded);

/// A slot of an account's storage.
struct SlotKey {
    Address address;
    u256 slot;
    friend bool operator==(const SlotKey&, const SlotKey&) = default;
    friend auto operator<=>(const SlotKey& a, const SlotKey& b) {
        const auto by_address = a.address <=> b.address;
        return by_address != 0 ? by_address : a.slot <=> b.slot;
    }
};

}  // namespace mega
