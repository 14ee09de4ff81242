#pragma once

// The prefunded accounts of a development chain: BIP-39 mnemonic -> seed -> BIP-32 keys
// m/44'/60'/0'/0/i (BIP-44), as wallets derive them.

#include "crypto/secp256k1.hpp"

#include <string_view>
#include <vector>

namespace mega::node {

/// What anvil, hardhat and foundry use: its keys are public knowledge.
inline constexpr std::string_view test_mnemonic =
    "test test test test test test test test test test test junk";

struct DevAccount {
    crypto::SecretKey key;
    Address address;
};

/// The word list and checksum are not checked: any words make a seed (BIP-39 asks wallets to warn,
/// not to refuse).
[[nodiscard]] std::vector<DevAccount> derive_accounts(std::string_view mnemonic, size_t count);

}  // namespace mega::node
