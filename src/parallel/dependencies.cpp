#include "parallel/dependencies.hpp"

#include "execution/transfer.hpp"

#include <algorithm>
#include <array>

namespace mega::parallel {

namespace {

/// What its time comes to in the gas of other transactions.
constexpr uint64_t transfer_weight = 3500;
/// Where nothing is known: the middle of what contract calls take.
constexpr uint64_t unknown_weight = 60000;
/// Of an access list; who lists more is not worth looking through.
constexpr size_t most_listed_slots = 16;

}  // namespace

void DependencyGraph::analyse(
    TransactionSpan transactions, const Profiles& profiles, Fork fork, bool lets_sums_run
) {
    nodes_.assign(transactions.size(), TxNode{});
    edges_.clear();
    sender_table_.clear();
    places_.clear();
    place_table_.clear();
    calls_.clear();
    call_table_.clear();
    total_ = 0;
    longest_ = 0;
    fork_ = fork;
    lets_sums_run_ = lets_sums_run;
    // The memory works on the senders of a group at once.
    constexpr size_t group_size = 16;
    std::array<uint64_t, group_size> hashes;
    for (size_t first = 0; first < transactions.size(); first += group_size) {
        const size_t count = std::min(group_size, transactions.size() - first);
        for (size_t i = 0; i < count; ++i) {
            hashes[i] = hash_(transactions[first + i].sender);
            sender_table_.expect(hashes[i]);
        }
        for (size_t i = 0; i < count; ++i) {
            const auto tx = static_cast<uint32_t>(first + i);
            add_sender(tx, transactions, hashes[i]);
            add_transaction(tx, transactions[tx], profiles);
        }
    }
}

void DependencyGraph::add_sender(uint32_t tx, const TransactionSpan& transactions, uint64_t hash) {
    const Address& sender = transactions[tx].sender;
    const auto is_sender = [&](uint32_t other) { return transactions[other].sender == sender; };
    const uint32_t before = sender_table_.exchange(hash, tx, is_sender);
    depend(tx, before == state::IndexTable::none ? no_tx : before);
}

void DependencyGraph::add_transaction(
    uint32_t tx, const SignedTransaction& signed_tx, const Profiles& profiles
) {
    uint64_t weight = transfer_weight;
    uint64_t reach = 0;  // beyond its weight
    // A call without data looks like a transfer, but has gas to spare.
    const bool is_transfer = execution::looks_like_transfer(fork_, signed_tx.tx);
    if (!is_transfer || signed_tx.tx.gas_limit > execution::transfer_gas) {
        const uint32_t call = signed_tx.tx.to ? number_of_call(tx, signed_tx, profiles) : no_call;
        nodes_[tx].call = call;
        if (call != no_call && calls_[call].profile != nullptr) {
            weight = calls_[call].profile->average_gas;
            add_places(tx, *calls_[call].profile);
        } else {
            weight = is_transfer ? weight : std::min(signed_tx.tx.gas_limit, unknown_weight);
            reach = is_transfer ? 0 : std::min<uint64_t>(signed_tx.tx.gas_limit, UINT32_MAX);
            add_access_list(tx, signed_tx.tx.access_list);
        }
    }
    weight = std::min<uint64_t>(weight, UINT32_MAX);
    TxNode& node = nodes_[tx];
    node.weight = static_cast<uint32_t>(weight);
    node.reach = std::max(weight, reach);
    node.is_transfer = is_transfer;
    node.end += weight;
    total_ += weight;
    longest_ = std::max(longest_, node.end);
}

uint32_t DependencyGraph::number_of_call(
    uint32_t tx, const SignedTransaction& signed_tx, const Profiles& profiles
) {
    const Transaction& called = signed_tx.tx;
    const uint32_t before = tx == 0 ? no_call : nodes_[tx - 1].call;
    if (before != no_call && Profiles::share_one(*calls_[before].first, called)) {
        return before;
    }
    const uint64_t hash = profiles.hash_of(called);
    const uint32_t known = call_table_.find(hash, [&](uint32_t call) {
        return Profiles::share_one(*calls_[call].first, called);
    });
    if (known != state::IndexTable::none) {
        return known;
    }
    const auto number = static_cast<uint32_t>(calls_.size());
    call_table_.insert(hash, number);
    Call& call = calls_.emplace_back();
    call.first = &called;
    call.profile = profiles.find(called);
    call.has_forecast = call.profile != nullptr && call.profile->is_settled();
    if (call.has_forecast) {
        call.forecast = call.profile->forecast();
    }
    return number;
}

void DependencyGraph::add_places(uint32_t tx, const Profiles::Profile& profile) {
    for (const Profiles::Place& place : profile.places) {
        if (!profile.is_shared(place)) {
            if (profile.is_watched(place)) {
                depend(tx, last_writer(place.address, place.slot));
            }
        } else if (lets_sums_run_ && place.adds_up()) {
            nodes_[tx].tracks_origins = true;
        } else {
            depend(tx, visit_place(place.address, place.slot, tx));
        }
    }
}

/// What it lists it reads at least.
void DependencyGraph::add_access_list(
    uint32_t tx, const std::vector<AccessListEntry>& access_list
) {
    size_t left = most_listed_slots;
    for (const AccessListEntry& entry : access_list) {
        for (const Hash256& key : entry.storage_keys) {
            if (left-- == 0) {
                return;
            }
            depend(tx, last_writer(entry.address, to_u256(key)));
        }
    }
}

uint32_t DependencyGraph::visit_place(const Address& address, const u256& slot, uint32_t tx) {
    const uint64_t hash = hash_(hash_(address), slot);
    const uint32_t index = find_place(hash, address, slot);
    if (index == state::IndexTable::none) {
        place_table_.insert(hash, static_cast<uint32_t>(places_.size()));
        places_.push_back({address, slot, tx});
        return no_tx;
    }
    return std::exchange(places_[index].last, tx);
}

uint32_t DependencyGraph::find_place(uint64_t hash, const Address& address, const u256& slot)
    const {
    return place_table_.find(hash, [&](uint32_t i) {
        return places_[i].address == address && places_[i].slot == slot;
    });
}

uint32_t DependencyGraph::last_writer(const Address& address, const u256& slot) const {
    const uint32_t index = find_place(hash_(hash_(address), slot), address, slot);
    return index == state::IndexTable::none ? no_tx : places_[index].last;
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
