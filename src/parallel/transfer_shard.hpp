#pragma once

// Some of the accounts of a batch of transfers, and what the batch did to them so far. One thread
// at a time; what it asks of the view, others may ask at the same time.

#include "parallel/transfer_plan.hpp"
#include "state/index_table.hpp"
#include "state/view.hpp"

namespace mega::parallel {

class TransferShard {
  public:
    /// `view` must outlive what is settled.
    void begin(const state::StateView& view) {
        holdings_.clear();
        table_.clear();
        view_ = &view;
    }
    /// Applies the movement, after all of lower numbers that meet its account, and writes before
    /// and after into the transfer's diff. False when it cannot be made, or is out of the ordinary:
    /// what this shard holds is then of no use any more. `is_first`: the account was not met
    /// before.
    [[nodiscard]] bool settle(const Movement& movement, bool& is_first);
    /// visit(address, account) of each that exists now.
    template <class Visit>
    void visit(Visit&& visit) const {
        for (const Holding& holding : holdings_) {
            if (holding.account) {
                visit(holding.address, *holding.account);
            }
        }
    }

  private:
    struct Holding {
        Address address;
        std::optional<Account> account;
    };

    /// Asked of the view at the first time. The reference lasts until the next one.
    [[nodiscard]] std::optional<Account>& account_of(
        uint64_t hash, const Address& address, bool& is_first
    );

    const state::StateView* view_ = nullptr;
    std::vector<Holding> holdings_;
    state::IndexTable table_;
};

}  // namespace mega::parallel
