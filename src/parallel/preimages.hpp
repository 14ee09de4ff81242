#pragma once

// What a call will hash, foreseen. Solidity keeps a mapping's entry at keccak256(key . slot), and
// the key mostly is the sender or a word of the call's input: so it is known before the call runs.
// Hashing those of many calls side by side takes a fraction of the time (crypto/keccak.hpp); the
// interpreter then finds them in its HashCache. A wrong guess costs time, never a result: the cache
// gives a hash for equal input alone.

#include "evm/hash_cache.hpp"
#include "types/transaction.hpp"
#include "types/u256.hpp"

#include <algorithm>
#include <array>
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

/// Rules that hold mostly, as they were at some time.
struct HashForecast {
    static constexpr size_t most_rules = 6;

    std::array<PreimageRule, most_rules> rules;
    std::array<bool, most_rules> holds{};
    [[nodiscard]] bool is_empty() const {
        return std::find(holds.begin(), holds.end(), true) == holds.end();
    }
};

/// Rules of one (contract, selector), found out from executions. What does not hold any more fades.
class PreimageRules {
  public:
    /// What an execution of the transaction hashed, in order.
    void learn(const SignedTransaction& tx, std::span<const evm::HashCache::Hashed> hashed);
    [[nodiscard]] HashForecast forecast() const;
    /// More executions would teach little.
    [[nodiscard]] bool is_settled() const { return executions_ >= enough; }

  private:
    static constexpr uint32_t enough = 8;
    struct Counted {
        PreimageRule rule;
        uint32_t hits = 0;
    };

    [[nodiscard]] uint8_t note(const PreimageRule& rule);
    void fade();

    std::array<Counted, HashForecast::most_rules> rules_;
    uint32_t executions_ = 0;
};

/// Hashes ahead for some calls at a time. One a worker.
class HashAhead {
  public:
    static constexpr size_t most = 16;

    /// Up to `most` of them, in order. All outlive the next begin(); a forecast may be null.
    void begin() { count_ = 0; }
    void add(const SignedTransaction& tx, const HashForecast* forecast);
    /// What they will hash and the cache does not have.
    void run(const evm::HashCache& cache);
    /// Puts what the how-manieth will hash into the cache, which is small: just before it runs.
    void give(size_t index, evm::HashCache& cache) const;

  private:
    using Hashed = evm::HashCache::Hashed;
    struct Call {
        const SignedTransaction* tx = nullptr;
        const HashForecast* forecast = nullptr;
        std::array<Hashed, HashForecast::most_rules> hashed;
        std::array<bool, HashForecast::most_rules> is_known{};
    };

    /// Rules whose second word is known by now.
    void gather(const evm::HashCache& cache, Call& call);
    void hash_gathered();

    std::array<Call, most> calls_;
    size_t count_ = 0;
    std::array<Hashed*, most * HashForecast::most_rules> wanted_;
    size_t wanted_count_ = 0;
};

}  // namespace mega::parallel
