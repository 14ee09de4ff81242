#pragma once

// The seed of a property test: fresh on every run, printed, and replayed by setting MEGA_SEED.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace mega {

[[nodiscard]] inline uint64_t test_seed() {
    const char* named = std::getenv("MEGA_SEED");
    const uint64_t seed =
        named != nullptr ? std::strtoull(named, nullptr, 0) : std::random_device{}();
    std::printf("MEGA_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

}  // namespace mega
