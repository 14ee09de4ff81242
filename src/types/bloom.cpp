#include "types/bloom.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>

namespace mega {
namespace {

constexpr size_t bits_per_entry = 3;

struct BloomBit {
    size_t byte;
    uint8_t mask;
};

/// Bit i is named by the low 11 bits of the hash's i-th pair of bytes; bit 0 is the last byte's
/// lowest.
BloomBit bit_of(const Hash256& hash, size_t i) {
    const unsigned index = ((static_cast<unsigned>(hash[2 * i]) << 8) | hash[2 * i + 1]) & 2047U;
    return {Bloom::size_bytes - 1 - index / 8, static_cast<uint8_t>(1U << (index % 8))};
}

void set_bits(Bloom& bloom, const Hash256& hash) {
    for (size_t i = 0; i < bits_per_entry; ++i) {
        const BloomBit bit = bit_of(hash, i);
        bloom[bit.byte] |= bit.mask;
    }
}

}  // namespace

void add_to_bloom(Bloom& bloom, BytesView entry) { set_bits(bloom, crypto::keccak256(entry)); }

void add_to_bloom(Bloom& bloom, std::span<const BytesView> entries) {
    constexpr size_t most = 32;  // compared with each other and hashed at a time
    while (!entries.empty()) {
        const auto batch = entries.first(std::min(entries.size(), most));
        entries = entries.subspan(batch.size());
        std::array<BytesView, most> distinct;
        size_t count = 0;
        for (const BytesView entry : batch) {
            const auto end = distinct.begin() + count;
            const bool is_known = std::any_of(distinct.begin(), end, [&](BytesView other) {
                return std::ranges::equal(entry, other);
            });
            if (!is_known) {
                distinct[count++] = entry;
            }
        }
        std::array<Hash256, most> hashes;
        crypto::keccak256_many(std::span{distinct}.first(count), std::span{hashes}.first(count));
        for (size_t i = 0; i < count; ++i) {
            set_bits(bloom, hashes[i]);
        }
    }
}

bool may_contain(const Bloom& bloom, BytesView entry) {
    const Hash256 hash = crypto::keccak256(entry);
    for (size_t i = 0; i < bits_per_entry; ++i) {
        const BloomBit bit = bit_of(hash, i);
        if ((bloom[bit.byte] & bit.mask) == 0) {
            return false;
        }
    }
    return true;
}

void merge(Bloom& into, const Bloom& other) {
    for (size_t i = 0; i < Bloom::size_bytes; ++i) {
        into[i] |= other[i];
    }
}

}  // namespace mega
