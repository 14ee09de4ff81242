#pragma once

// Hashing for in-memory tables whose keys come from contracts. Keys are hostile (a contract picks
// its slots freely), so the hash is keyed: without the seed nobody can prepare keys that collide.
// The seed changes speed only, never a result.

#include "base/bytes.hpp"
#include "types/u256.hpp"

namespace mega::state {

class SeededHash {
  public:
    constexpr explicit SeededHash(uint64_t seed) : seed_(mix64(seed, 0x2545f4914f6cdd1dULL)) {}
    /// A seed from where an object lies: differs between runs with address space randomisation.
    static SeededHash from_place(const void* object) {
        return SeededHash{static_cast<uint64_t>(reinterpret_cast<uintptr_t>(object))};
    }

    [[nodiscard]] uint64_t operator()(const Address& address) const {
        uint32_t tail = 0;
        std::memcpy(&tail, address.data() + 16, sizeof(tail));
        const uint64_t h = step(seed_, load_le64(address.data()));
        return step(step(h, load_le64(address.data() + 8)), tail);
    }
    [[nodiscard]] uint64_t operator()(uint64_t prefix, const u256& slot) const {
        const uint64_t low = step(step(seed_ + prefix, slot.limbs[0]), slot.limbs[1]);
        return step(step(low, slot.limbs[2]), slot.limbs[3]);
    }

  private:
    [[nodiscard]] static constexpr uint64_t step(uint64_t h, uint64_t word) {
        return mix64(h ^ word, 0xa0761d6478bd642fULL);
    }

    uint64_t seed_;
};

}  // namespace mega::state
