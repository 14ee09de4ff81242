#pragma once

// HashCache: keccak256 of two words, remembered. That is what KECCAK256 is mostly asked for: where
// a mapping keeps an entry (Solidity: key, then the mapping's slot), once for reading and once more
// for writing. A hit is given for equal input alone; who makes inputs collide loses a comparison.

#include "crypto/keccak.hpp"

#include <array>
#include <cstring>
#include <vector>

namespace mega::evm {

class HashCache {
  public:
    /// Two words as they lie in memory.
    using Words = std::array<uint64_t, 8>;
    struct Hashed {
        Words words{};
        Hash256 hash{};
    };
    [[nodiscard]] static BytesView as_view(const Words& words) {
        return {reinterpret_cast<const uint8_t*>(words.data()), sizeof(words)};
    }

    HashCache() {
        Hashed empty;  // the input of zeros, which thus needs no mark
        empty.hash = crypto::keccak256(as_view(empty.words));
        entries_.fill(empty);
    }

    /// keccak256 of an input of any size.
    [[nodiscard]] Hash256 hash(BytesView input) {
        Words words;
        if (input.size() != sizeof(words)) {
            return crypto::keccak256(input);
        }
        std::memcpy(words.data(), input.data(), sizeof(words));
        Hashed& entry = entries_[index_of(words)];
        if (entry.words != words) {
            entry.words = words;
            entry.hash = crypto::keccak256(input);
        }
        if (asked_ != nullptr && asked_->size() < most_noted) {
            asked_->push_back(entry);
        }
        return entry.hash;
    }

    /// For who knows ahead what will be hashed. Null when it is not there.
    [[nodiscard]] const Hash256* find(const Words& words) const {
        const Hashed& entry = entries_[index_of(words)];
        return entry.words == words ? &entry.hash : nullptr;
    }
    void put(const Hashed& hashed) { entries_[index_of(hashed.words)] = hashed; }
    /// Notes there what is asked for, the first `most_noted`, until told otherwise (null).
    static constexpr size_t most_noted = 16;
    void note_in(std::vector<Hashed>* asked) { asked_ = asked; }

  private:
    static constexpr size_t index_bits = 7;

    /// Keys differ in any byte: addresses in the first word's high part, slots in the last word.
    [[nodiscard]] static size_t index_of(const Words& words) {
        constexpr uint64_t odd = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
        uint64_t sum = 0;
        for (const uint64_t word : words) {
            sum = (sum ^ word) * odd;
            sum ^= sum >> 32;
        }
        return sum >> (64 - index_bits);
    }

    std::array<Hashed, size_t{1} << index_bits> entries_;
    std::vector<Hashed>* asked_ = nullptr;
};

}  // namespace mega::evm
