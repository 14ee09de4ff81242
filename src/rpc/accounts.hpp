#pragma once

// Who may send without bringing a signature: the unlocked accounts of a development chain, whose
// keys the node holds, and accounts that a test impersonates. Empty on a real chain. Thread-safe.

#include "crypto/secp256k1.hpp"

#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mega::rpc {

class Accounts {
  public:
    /// Invalid keys are left out.
    explicit Accounts(const std::vector<crypto::SecretKey>& keys = {});

    /// Those with keys, in the order given.
    [[nodiscard]] const std::vector<Address>& addresses() const { return addresses_; }
    [[nodiscard]] std::optional<crypto::SecretKey> key_of(const Address& address) const;

    void impersonate(const Address& address);
    void stop_impersonating(const Address& address);
    /// Every address counts as impersonated.
    void set_auto_impersonate(bool on);
    [[nodiscard]] bool is_impersonated(const Address& address) const;

  private:
    std::vector<Address> addresses_;
    std::unordered_map<Address, crypto::SecretKey> keys_;

    mutable std::mutex mutex_;
    std::unordered_set<Address> impersonated_;  // guarded by mutex_
    bool auto_impersonate_ = false;             // guarded by mutex_
};

}  // namespace mega::rpc
