#pragma once

// What an execution saw of the state it started from, and what it did to it: what a tracking
// Journal tells of one account. Kept so fine that two executions which touch the same account
// disturb each other only where one has looked at what the other changed: a credit looks at
// nothing, a payment only at whether the balance suffices.

#include "types/account.hpp"

#include <cstdint>

namespace mega::evm {
class Code;
}

namespace mega::state {

/// Parts of an account's start that an execution depends on, as bits.
struct Seen {
    static constexpr uint8_t nonce = 1;
    static constexpr uint8_t balance = 2;  // its exact value
    static constexpr uint8_t code = 4;
    static constexpr uint8_t existence = 8;
    static constexpr uint8_t emptiness = 16;
};

/// Start balances, both ends included, under which the comparisons of an execution come out the
/// same.
struct BalanceRange {
    u256 least = 0;
    u256 most = u256::max();
    friend bool operator==(const BalanceRange&, const BalanceRange&) = default;
};

/// Balances from here on are always tracked exactly: below it no sum of the ones in question can
/// wrap.
inline constexpr u256 high_balance{0, 0, 0, uint64_t{1} << 63};

struct AccountEffect {
    Address address;
    /// The how-manieth account that was asked of the view since begin(). Without meaning when the
    /// account was not: `original` is empty then, and nothing of it was seen.
    uint32_t load_order = 0;
    bool is_loaded = false;
    bool existed = false;
    Account original;
    /// After: the nonce and the code hash where they differ from `original`, the balance as a
    /// difference to it.
    Account current;
    uint8_t seen = 0;
    const BalanceRange* range = nullptr;  // null when no comparison was made
    bool is_touched = false;              // exists from here on, unless it is empty (EIP-161)
    bool is_destructed = false;
    bool has_slot_changes = false;
    const evm::Code* code = nullptr;  // of `current` where it differs from `original`
};

}  // namespace mega::state
