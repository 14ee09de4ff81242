#pragma once

// What some calls will need, prepared for all of them just before they run: hashes are computed
// side by side, and accounts and slots announced, so that the memory fetches many at a time. All of
// it is foreseen: a wrong guess costs time, never a result. One a worker.

#include "parallel/preimages.hpp"

#include <span>
#include <vector>

namespace mega::parallel {

class LookAhead {
  public:
    static constexpr size_t most = 16;

    /// Up to `most` of them, in order. They and their forecasts, which may be null, last until
    /// announce() has returned.
    void begin() {
        count_ = 0;
        is_any_foreseen_ = false;
    }
    void add(const SignedTransaction& tx, const HashForecast* forecast);
    /// What they will hash and the cache does not have.
    void hash(const evm::HashCache& cache);
    /// Tells a view, or the multi-version memory, what they will ask for.
    template <class View>
    void announce(const View& view);
    /// Puts what the how-manieth will hash into the cache, which is small: just before it runs.
    void give(size_t index, evm::HashCache& cache) const;
    /// False: of none there is a forecast, and nothing to hash or to give.
    [[nodiscard]] bool is_any_foreseen() const { return is_any_foreseen_; }

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
    void gather_accounts();
    void gather_slots();

    std::array<Call, most> calls_;
    size_t count_ = 0;
    bool is_any_foreseen_ = false;
    std::array<Hashed*, most * HashForecast::most_rules> wanted_;
    size_t wanted_count_ = 0;
    std::vector<Address> accounts_;
    std::vector<SlotKey> slots_;
};

template <class View>
void LookAhead::announce(const View& view) {
    gather_accounts();
    view.expect_accounts(accounts_);
    gather_slots();
    view.expect_slots(slots_);
}

}  // namespace mega::parallel
