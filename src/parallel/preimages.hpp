#pragma once

// What a call will hash, foreseen. Solidity keeps a mapping's entry at keccak256(key . slot), and
// the key mostly is the sender or a word of the call's input: so it is known before the call runs.
// Hashing those of many calls side by side takes a fraction of the time (crypto/keccak.hpp); the
// interpreter then finds them in its HashCache. A wrong guess costs time, never a result: the cache
// gives a hash for equal input alone.

#include "evm/hash_cache.hpp"
#include "types/account.hpp"
#include "types/transaction.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace mega::parallel {

/// How a call comes to an input of two words.
struct PreimageRule {
    static constexpr uint8_t sender = UINT8_MAX;
    static constexpr uint8_t none = UINT8_MAX;

    uint8_t key = 0;       // first word: a word of the call's input, by number, or the sender
    uint8_t outer = none;  // second word: the hash of another rule's (a mapping in a mapping)
    Hash256 slot;          // second word otherwise
    friend bool operator==(const PreimageRule&, const PreimageRule&) = default;
};

/// What the rule makes of a transaction, given the second word; none where its input is too short.
[[nodiscard]] std::optional<evm::HashCache::Words> preimage_by(
    const PreimageRule& rule, const SignedTransaction& tx, const Hash256& second
);

/// Rules that hold mostly, as they were at some time.
struct HashForecast {
    static constexpr size_t most_rules = 6;

    std::array<PreimageRule, most_rules> rules;
    std::array<bool, most_rules> holds{};
    /// Whose slot the hash mostly is, where it is one.
    std::array<std::optional<Address>, most_rules> contracts;
    [[nodiscard]] bool is_empty() const {
        return std::find(holds.begin(), holds.end(), true) == holds.end();
    }
};

/// Rules of one (contract, selector), found out from executions. What does not hold any more fades.
class PreimageRules {
  public:
    /// What an execution of the transaction hashed, in order, and slots that it read.
    void learn(
        const SignedTransaction& tx,
        std::span<const evm::HashCache::Hashed> hashed,
        std::span<const SlotKey> slots
    );
    [[nodiscard]] HashForecast forecast() const;
    /// More executions would teach little.
    [[nodiscard]] bool is_settled() const { return executions_ >= enough; }

  private:
    static constexpr uint32_t enough = 8;
    struct Counted {
        PreimageRule rule;
        uint32_t hits = 0;
        Address contract;        // a slot of which it was
        uint32_t contracts = 0;  // hits that say so, less those that say something else
    };

    [[nodiscard]] uint8_t note(const PreimageRule& rule);
    static void note_contract(Counted& counted, const Address& contract);
    void fade();

    std::array<Counted, HashForecast::most_rules> rules_;
    uint32_t executions_ = 0;
};

}  // namespace mega::parallel
