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
    /// Movements to come, after all of lower numbers: finds their accounts, all at once, so that
    /// the memory works on many at a time.
    void meet(std::span<const Movement* const> movements);
    /// The account of the how-manieth of them was not met before.
    [[nodiscard]] bool is_first(size_t index) const { return met_[index].is_first; }
    /// Applies one of them, in order, and writes before and after into the transfer's diff. False
    /// when it cannot be made, or is out of the ordinary: what this shard holds is then of no use
    /// any more.
    [[nodiscard]] bool settle(const Movement& movement, size_t index);
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

    /// Where a movement's account is held.
    struct Met {
        uint32_t holding = 0;
        bool is_first = false;
    };

    void approach(std::span<const Movement* const> movements) const;
    /// From this one on: what the view has.
    void load_from(size_t first_holding);

    const state::StateView* view_ = nullptr;
    std::vector<Holding> holdings_;
    state::IndexTable table_;
    std::vector<Met> met_;
    std::vector<Address> asked_;  // of the view, at once
    std::vector<std::optional<Account>> found_;
};

}  // namespace mega::parallel
