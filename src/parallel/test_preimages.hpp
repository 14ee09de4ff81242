#pragma once

// For tests: token transfers, and what they hash and read.

#include "parallel/preimages.hpp"
#include "parallel/test_programs.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace mega::parallel::test {

using Hashed = evm::HashCache::Hashed;

inline const Address token = address_of(0x70c3);
inline const Address allowances = address_of(0xa110);

inline Hashed hashed(const Hash256& first, const Hash256& second) {
    Hashed entry;
    std::memcpy(entry.words.data(), first.data(), 32);
    std::memcpy(entry.words.data() + 4, second.data(), 32);
    entry.hash = crypto::keccak256(evm::HashCache::as_view(entry.words));
    return entry;
}
inline Hash256 word(const Address& address) { return to_u256(address).to_hash(); }
inline Hash256 word(uint64_t number) { return u256{number}.to_hash(); }

/// transfer(to, amount) from a sender.
inline SignedTransaction transfer(uint64_t sender, uint64_t to) {
    SignedTransaction tx;
    tx.sender = address_of(sender);
    tx.tx.to = token;
    tx.tx.data = token_transfer(address_of(to), 5);
    return tx;
}
/// Balances in mapping 3; the allowance of the sender by the recipient in mapping 4.
inline std::vector<Hashed> hashed_by(const SignedTransaction& tx, uint64_t to) {
    std::vector<Hashed> all{
        hashed(word(tx.sender), word(3)),
        hashed(word(address_of(to)), word(3)),
        hashed(word(tx.sender), word(4))
    };
    all.push_back(hashed(word(address_of(to)), all.back().hash));
    return all;
}

/// Both balances are the token's, the allowance is another contract's; the hash of the outer
/// mapping is nobody's.
inline std::vector<SlotKey> slots_of(const SignedTransaction& tx, uint64_t to) {
    const auto all = hashed_by(tx, to);
    return {
        {token, to_u256(all[0].hash)},
        {token, 7},
        {token, to_u256(all[1].hash)},
        {allowances, to_u256(all[3].hash)}
    };
}

inline void teach(PreimageRules& rules, uint64_t times = 8) {
    for (uint64_t i = 0; i < times; ++i) {
        const auto tx = transfer(100 + i, 200 + i);
        rules.learn(tx, hashed_by(tx, 200 + i), slots_of(tx, 200 + i));
    }
}
inline size_t rules_in(const HashForecast& forecast) {
    return static_cast<size_t>(std::ranges::count(forecast.holds, true));
}

}  // namespace mega::parallel::test
