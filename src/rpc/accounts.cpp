#include "rpc/accounts.hpp"

namespace mega::rpc {

Accounts::Accounts(const std::vector<crypto::SecretKey>& keys) {
    for (const crypto::SecretKey& key : keys) {
        const auto address = crypto::address_of(key);
        if (address && keys_.emplace(*address, key).second) {
            addresses_.push_back(*address);
        }
    }
}

std::optional<crypto::SecretKey> Accounts::key_of(const Address& address) const {
    const auto at = keys_.find(address);
    return at == keys_.end() ? std::nullopt : std::optional(at->second);
}

void Accounts::impersonate(const Address& address) {
    const std::lock_guard lock(mutex_);
    impersonated_.insert(address);
}

void Accounts::stop_impersonating(const Address& address) {
    const std::lock_guard lock(mutex_);
    impersonated_.erase(address);
}

void Accounts::set_auto_impersonate(bool on) {
    const std::lock_guard lock(mutex_);
    auto_impersonate_ = on;
}

bool Accounts::is_impersonated(const Address& address) const {
    const std::lock_guard lock(mutex_);
    return auto_impersonate_ || impersonated_.contains(address);
}

}  // namespace mega::rpc
