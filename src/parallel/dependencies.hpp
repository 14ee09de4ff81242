#pragma once

// What is surely or probably dependent, found before anything runs: transactions of one sender
// (their nonces), and transactions that write or read a location which an earlier one writes, as
// far as profiles say it, or their own access list (EIP-2930) where no profile is known. A foreseen
// dependant waits for its predecessor's first execution instead of running in vain. A wrong guess
// costs time, never a result: execution notes what is really read.

#include "parallel/profiles.hpp"
#include "parallel/transaction_span.hpp"
#include "state/index_table.hpp"

namespace mega::parallel {

/// Edges go from lower to higher indices.
class DependencyGraph {
  public:
    struct Edge {
        uint32_t to = 0;
        uint32_t next = no_tx;  // of the same origin, into edges()
    };

    DependencyGraph() : hash_(state::SeededHash::from_place(this)) {}

    /// Replaces what was known. Nothing is allocated in the steady state. `lets_sums_run`: who only
    /// adds to a slot waits for nobody, at the price of being tracked.
    void analyse(
        TransactionSpan transactions, const Profiles& profiles, Fork fork, bool lets_sums_run
    );

    [[nodiscard]] size_t size() const { return nodes_.size(); }
    [[nodiscard]] uint32_t predecessors(uint32_t tx) const { return nodes_[tx].predecessors; }
    template <class Visit>
    void visit_dependants(uint32_t tx, Visit&& visit) const {
        for (uint32_t i = nodes_[tx].first_edge; i != no_tx; i = edges_[i].next) {
            visit(edges_[i].to);
        }
    }
    /// What it may take, in gas; less for a transfer, which takes less time than its gas says.
    [[nodiscard]] uint64_t weight(uint32_t tx) const { return nodes_[tx].weight; }
    /// The same, and the gas limit of a call that nothing is known of: for who must not take on too
    /// much.
    [[nodiscard]] uint64_t reach(uint32_t tx) const { return nodes_[tx].reach; }
    /// execution::looks_like_transfer() of it.
    [[nodiscard]] bool is_transfer(uint32_t tx) const { return nodes_[tx].is_transfer; }
    /// It writes a shared place that adds up (origins.hpp): it waits for no other writer of it.
    [[nodiscard]] bool tracks_origins(uint32_t tx) const { return nodes_[tx].tracks_origins; }
    /// Transactions that call the same (contract, selector) have a number in common, below
    /// calls(); the others have none.
    static constexpr uint32_t no_call = UINT32_MAX;
    [[nodiscard]] uint32_t call_of(uint32_t tx) const { return nodes_[tx].call; }
    [[nodiscard]] size_t calls() const { return calls_.size(); }
    /// What was known of such a call at analysis; null: too little.
    [[nodiscard]] const CallForecast* forecast_of(uint32_t call) const {
        return calls_[call].has_forecast ? &calls_[call].forecast : nullptr;
    }
    [[nodiscard]] uint64_t weight_of_all() const { return total_; }
    /// Work over the longest chain; 1 when everything depends on everything.
    [[nodiscard]] double parallelism() const {
        return longest_ == 0 ? 1 : static_cast<double>(total_) / static_cast<double>(longest_);
    }

  private:
    struct TxNode {
        uint32_t predecessors = 0;
        uint32_t first_edge = no_tx;
        uint64_t end = 0;  // of the longest chain that ends here, in gas
        uint32_t weight = 0;
        uint64_t reach = 0;
        uint32_t call = no_call;
        bool is_transfer = false;
        bool tracks_origins = false;
    };
    struct Call {
        const Transaction* first = nullptr;
        // During analysis; learning goes on afterwards.
        const Profiles::Profile* profile = nullptr;
        bool has_forecast = false;
        CallForecast forecast;
    };
    /// Whoever comes next to this place depends on `last`.
    struct Place {
        Address address;
        u256 slot;
        uint32_t last = 0;
    };

    void add_sender(uint32_t tx, const TransactionSpan& transactions, uint64_t hash);
    void add_transaction(uint32_t tx, const SignedTransaction& signed_tx, const Profiles& profiles);
    [[nodiscard]] uint32_t number_of_call(
        uint32_t tx, const SignedTransaction& signed_tx, const Profiles& profiles
    );
    void add_places(uint32_t tx, const Profiles::Profile& profile);
    void add_access_list(uint32_t tx, const std::vector<AccessListEntry>& access_list);
    /// An index into places_; IndexTable::none when nobody has been there.
    [[nodiscard]] uint32_t find_place(uint64_t hash, const Address& address, const u256& slot)
        const;
    /// Makes `tx` the last one at the place; gives the one before.
    [[nodiscard]] uint32_t visit_place(const Address& address, const u256& slot, uint32_t tx);
    [[nodiscard]] uint32_t last_writer(const Address& address, const u256& slot) const;
    void depend(uint32_t tx, uint32_t on);

    state::SeededHash hash_;
    Fork fork_ = current_fork;
    bool lets_sums_run_ = false;
    std::vector<TxNode> nodes_;
    std::vector<Edge> edges_;
    state::IndexTable sender_table_;  // to the last transaction of each sender
    std::vector<Place> places_;
    state::IndexTable place_table_;
    std::vector<Call> calls_;
    state::IndexTable call_table_;
    uint64_t total_ = 0;
    uint64_t longest_ = 0;
};

}  // namespace mega::parallel
