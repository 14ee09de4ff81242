#include "parallel/account_version.hpp"

namespace mega::parallel {

AccountVersion AccountVersion::absolute(
    const std::optional<Account>& account, const evm::Code* code
) {
    AccountVersion version;
    version.is_absolute = true;
    version.exists = account.has_value();
    version.account = account.value_or(Account{});
    version.code = code;
    return version;
}

AccountVersion AccountVersion::change(const state::AccountEffect& effect) {
    if (effect.is_destructed) {
        return absolute(std::nullopt);
    }
    AccountVersion version;
    version.is_touched = effect.is_touched;
    version.account = effect.current;
    version.sets_nonce = effect.current.nonce != effect.original.nonce;
    version.sets_code = effect.current.code_hash != effect.original.code_hash;
    version.code = version.sets_code ? effect.code : nullptr;
    return version;
}

void apply(const AccountVersion& change, bool sweeps_empty, AccountVersion& version) {
    if (change.is_absolute) {
        version = change;
        return;
    }
    if (!change.is_touched) {
        return;
    }
    version.exists = true;
    version.account.balance += change.account.balance;
    if (change.sets_nonce) {
        version.account.nonce = change.account.nonce;
    }
    if (change.sets_code) {
        version.account.code_hash = change.account.code_hash;
        version.code = change.code;
    }
    if (sweeps_empty && version.account.is_empty()) {
        version = AccountVersion::absolute(std::nullopt);
    }
}

bool AccountFold::add(const AccountVersion& version) {
    account_.balance += version.account.balance;
    if (!has_nonce_ && (version.sets_nonce || version.is_absolute)) {
        account_.nonce = version.account.nonce;
        has_nonce_ = true;
    }
    if (!has_code_ && (version.sets_code || version.is_absolute)) {
        account_.code_hash = version.account.code_hash;
        code_ = version.code;
        has_code_ = true;
    }
    is_touched_ = is_touched_ || version.is_touched;
    existed_ = version.exists;
    return version.is_absolute;
}

AccountVersion AccountFold::result(bool sweeps_empty) const {
    // Only a touch changes anything, so what the last one left is what the sum is now.
    const bool exists = is_touched_ ? !sweeps_empty || !account_.is_empty() : existed_;
    return exists ? AccountVersion::absolute(account_, code_)
                  : AccountVersion::absolute(std::nullopt);
}

}  // namespace mega::parallel
