#include "parallel/dependencies.hpp"

#include "execution/transfer.hpp"

namespace mega::parallel {

namespace {

constexpr uint64_t transfer_weight = 21000;
/// Where nothing is known: the middle of what contract calls take.
constexpr uint64_t unknown_weight = 60000;

}  // namespace

void DependencyGraph::analyse(TransactionSpan transactions, const Profiles& profiles, Fork fork) {
    nodes_.assign(transactions.size(), TxNode{});
    edges_.clear();
    places_.clear();
    place_table_.clear();
    total_ = 0;
    longest_ = 0;
    for (uint32_t i = 0; i < transactions.size(); ++i) {
        const SignedTransaction& tx = transactions[i];
        uint64_t weight = transfer_weight;
        depend(i, visit_place(tx.sender, nullptr, i));
        // A call without data looks like a transfer, but has gas to spare.
        const bool is_transfer = execution::looks_like_transfer(fork, tx.tx);
        if (!is_transfer || tx.tx.gas_limit > transfer_weight) {
            const Profiles::Profile* profile = profiles.find(tx.tx);
            if (profile != nullptr) {
                weight = profile->average_gas;
            } else if (!is_transfer) {
                weight = std::min(tx.tx.gas_limit, unknown_weight);
            }
            for (size_t j = 0; profile != nullptr && j < profile->places.size(); ++j) {
                const Profiles::Place& place = profile->places[j];
                if (!profile->is_shared(place)) {
                    continue;
                }
                if (place.adds_up()) {
                    nodes_[i].tracks_origins = true;
                } else {
                    depend(i, visit_place(place.address, &place.slot, i));
                }
            }
        }
        weight = std::min<uint64_t>(weight, UINT32_MAX);
        nodes_[i].weight = static_cast<uint32_t>(weight);
        nodes_[i].is_transfer = is_transfer;
        nodes_[i].end += weight;
        total_ += weight;
        longest_ = std::max(longest_, nodes_[i].end);
    }
}

uint32_t DependencyGraph::visit_place(const Address& address, const u256* slot, uint32_t tx) {
    const bool is_sender = slot == nullptr;
    const u256 number = is_sender ? u256{} : *slot;
    const uint64_t hash = is_sender ? hash_(address) : hash_(hash_(address), number);
    const uint32_t index = place_table_.find(hash, [&](uint32_t i) {
        return places_[i].is_sender == is_sender && places_[i].slot == number &&
               places_[i].address == address;
    });
    if (index == state::IndexTable::none) {
        place_table_.insert(hash, static_cast<uint32_t>(places_.size()));
        places_.push_back({address, number, is_sender, tx});
        return no_tx;
    }
    return std::exchange(places_[index].last, tx);
}

void DependencyGraph::depend(uint32_t tx, uint32_t on) {
    if (on == no_tx || on == tx) {
        return;
    }
    TxNode& origin = nodes_[on];
    nodes_[tx].end = std::max(nodes_[tx].end, origin.end);
    if (origin.first_edge != no_tx && edges_[origin.first_edge].to == tx) {
        return;  // known already, through another place
    }
    edges_.push_back({tx, origin.first_edge});
    origin.first_edge = static_cast<uint32_t>(edges_.size() - 1);
    ++nodes_[tx].predecessors;
}

}  // namespace mega::parallel
