#pragma once

// Read access to a state: what execution starts from. Implementations: Overlay (below), storage's
// versioned flat state, a witness. All reads of one StateView object see one consistent state.

#include "evm/code.hpp"
#include "types/account.hpp"

#include <optional>
#include <span>

namespace mega::state {

class StateView {
  public:
    virtual ~StateView() = default;

    /// Nothing when the account does not exist.
    [[nodiscard]] virtual std::optional<Account> account(const Address& address) const = 0;
    /// The same for many: found[i] becomes that of addresses[i]. A view may fetch them side by
    /// side.
    virtual void load_accounts(
        std::span<const Address> addresses, std::span<std::optional<Account>> found
    ) const {
        for (size_t i = 0; i < addresses.size(); ++i) {
            found[i] = account(addresses[i]);
        }
    }
    /// Zero when the slot was never written.
    [[nodiscard]] virtual u256 storage(const Address& address, const u256& slot) const = 0;
    // Hints that these will be asked for in a moment: a view may bring closer what it has in
    // memory, and passes the hint on to the one it stands on. Nothing is read from elsewhere, so
    // that a wrong hint costs time alone.
    virtual void expect_accounts(std::span<const Address> /*addresses*/) const {}
    virtual void expect_slots(std::span<const SlotKey> /*keys*/) const {}
    /// True when a slot of an account that has neither nonce nor code is not zero: a contract
    /// cannot be created there (EIP-7610). Such accounts cannot arise from EIP-161 on, so that a
    /// view without any may say false.
    [[nodiscard]] virtual bool has_storage(const Address& /*address*/) const { return false; }
    /// Never null; `code_hash` is that of an existing account.
    [[nodiscard]] virtual evm::CodePtr code(const Hash256& code_hash) const = 0;
    /// Hash of one of the last 256 blocks; zero when unknown. What BLOCKHASH gives.
    [[nodiscard]] virtual Hash256 block_hash(uint64_t number) const = 0;

    StateView() = default;
    StateView(const StateView&) = default;
    StateView& operator=(const StateView&) = default;
};

}  // namespace mega::state
