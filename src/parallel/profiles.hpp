#pragma once

// What earlier executions of (contract, selector) wrote: the slots that come up again and again,
// such as a pool's reserves or a counter; and what they read that others wrote, such as an oracle's
// price: where they had to be repeated. Learned at commit, bounded, forgotten when the place is
// needed for something else. Only the schedule listens.

#include "parallel/preimages.hpp"
#include "parallel/record.hpp"

#include <span>

namespace mega::parallel {

/// What is known of a call before it runs.
struct CallForecast {
    HashForecast hashes;
    uint64_t gas = 0;  // that its like used
};

class Profiles {
  public:
    struct Place {
        Address address;
        u256 slot;
        uint32_t hits = 0;       // writes
        uint32_t conflicts = 0;  // repeated for it, though it was only read
        // Of executions whose origins were tracked: how many wrote it, and how many of these wrote
        // a sum.
        uint32_t tracked = 0;
        uint32_t sums = 0;

        /// Its writers need not wait for each other, if their origins are tracked.
        [[nodiscard]] bool adds_up() const { return 2 * sums > tracked; }
    };
    struct Profile {
        static constexpr size_t max_places = 6;

        Address contract;
        uint32_t selector = 0;
        uint32_t executions = 0;
        uint64_t average_gas = 0;
        uint32_t passed_over = 0;  // executions of late that taught nothing
        std::array<Place, max_places> places;
        PreimageRules preimages;

        /// There have been executions enough for forecast().
        [[nodiscard]] bool is_settled() const { return preimages.is_settled(); }
        [[nodiscard]] CallForecast forecast() const { return {preimages.forecast(), average_gas}; }
        /// Written by most executions.
        [[nodiscard]] bool is_shared(const Place& place) const {
            return executions >= 2 && 2 * place.hits > executions;
        }
        /// Read, and changed by others often enough that waiting for them is worth it.
        [[nodiscard]] bool is_watched(const Place& place) const {
            return 8 * place.conflicts > executions;
        }
    };

    Profiles() : hash_(state::SeededHash::from_place(this)), profiles_(size) {}

    /// From an execution of `tx` that stands. Of what is well known only some count. What is known
    /// now; null of a creation.
    const Profile* learn(const SignedTransaction& tx, const Record& record);
    /// Null when nothing is known. Valid until the next learn().
    [[nodiscard]] const Profile* find(const Transaction& tx) const;
    /// Of its (contract, selector).
    [[nodiscard]] uint64_t hash_of(const Transaction& tx) const;
    /// Both call the same (contract, selector), or both create.
    [[nodiscard]] static bool share_one(const Transaction& a, const Transaction& b);

  private:
    static constexpr size_t size = 4096;  // profiles, in sets of four

    [[nodiscard]] std::span<Profile> set_of(uint64_t hash);

    state::SeededHash hash_;
    std::vector<Profile> profiles_;
};

}  // namespace mega::parallel
