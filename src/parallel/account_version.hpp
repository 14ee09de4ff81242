#pragma once

// What a transaction did to an account, in a form that need not know where the account started:
// fields that were set, a balance that moved. Such changes add up without anybody reading the
// account (fees, credits, payments), until someone truly looks.

#include "evm/code.hpp"
#include "state/effects.hpp"

#include <optional>

namespace mega::parallel {

struct AccountVersion {
    /// Absolute: the account. Otherwise nonce and code hash where set, and the balance as a
    /// difference modulo 2^256.
    Account account;
    /// Of account.code_hash, when the round gave it; null when the view knows it.
    const evm::Code* code = nullptr;
    bool is_absolute = false;
    bool exists = false;      // absolute only
    bool is_touched = false;  // exists afterwards, unless empty under EIP-161
    bool sets_nonce = false;
    bool sets_code = false;

    [[nodiscard]] static AccountVersion absolute(
        const std::optional<Account>& account, const evm::Code* code = nullptr
    );
    [[nodiscard]] static AccountVersion change(const state::AccountEffect& effect);
    /// Of an absolute version.
    [[nodiscard]] std::optional<Account> to_account() const {
        return exists ? std::optional{account} : std::nullopt;
    }
    /// Nothing that a reader could notice but the touch.
    [[nodiscard]] bool is_bare_touch() const {
        return !is_absolute && !sets_nonce && !sets_code && account.balance.is_zero();
    }
};

/// Makes of an absolute version what is there after `change`.
void apply(const AccountVersion& change, bool sweeps_empty, AccountVersion& version);

/// Adds up versions from the newest to the oldest.
class AccountFold {
  public:
    /// True when that was all there is to know.
    bool add(const AccountVersion& version);
    /// After an absolute version, or with one for the base.
    [[nodiscard]] AccountVersion result(bool sweeps_empty) const;

  private:
    Account account_;
    const evm::Code* code_ = nullptr;
    bool has_nonce_ = false;
    bool has_code_ = false;
    bool is_touched_ = false;
    bool existed_ = false;
};

}  // namespace mega::parallel
