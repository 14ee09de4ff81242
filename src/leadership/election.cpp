#include "leadership/election.hpp"

#include <algorithm>

namespace mega::leadership {
namespace {

/// SIZE_MAX for who has none.
size_t rank_of(const View& view, const Address& who) {
    const auto at = std::ranges::find(view.ranks, who);
    return at == view.ranks.end() ? SIZE_MAX : static_cast<size_t>(at - view.ranks.begin());
}

bool answers(const View& view, const PeerView& peer) {
    return peer.was_heard && peer.silent_ms < view.silence_ms;
}

Act while_leading(const View& view) {
    const size_t own = rank_of(view, view.self);
    for (const PeerView& peer : view.peers) {
        const size_t theirs = rank_of(view, peer.operator_address);
        const bool has_better_right = theirs < own && (theirs == 0 || peer.is_leading);
        if (answers(view, peer) && has_better_right) {
            return Act::step_down;
        }
    }
    return Act::stay;
}

/// Of those who lead, the one with the best right.
const PeerView* present_leader(const View& view) {
    const PeerView* best = nullptr;
    for (const PeerView& peer : view.peers) {
        const bool is_better = best == nullptr || rank_of(view, peer.operator_address) <
                                                      rank_of(view, best->operator_address);
        if (peer.is_leading && answers(view, peer) && is_better) {
            best = &peer;
        }
    }
    return best;
}

/// Of those who answer, one who has blocks that this one lacks.
const PeerView* one_ahead(const View& view) {
    const PeerView* best = nullptr;
    for (const PeerView& peer : view.peers) {
        const uint64_t least = best == nullptr ? view.sealed_number : best->sealed_number;
        if (answers(view, peer) && peer.sealed_number > least) {
            best = &peer;
        }
    }
    return best;
}

/// Everybody of a better right, and the last leader, have had their time.
bool is_ones_turn(const View& view, size_t own) {
    return std::ranges::all_of(view.peers, [&](const PeerView& peer) {
        if (rank_of(view, peer.operator_address) < own) {
            return peer.silent_ms >= view.silence_ms;
        }
        // A leader that has fallen silent may be back in a moment; one that answers has stepped
        // down.
        return peer.operator_address != view.last_leader || answers(view, peer) ||
               peer.silent_ms >= view.silence_ms;
    });
}

}  // namespace

Decision decide(const View& view) {
    if (view.is_leading) {
        return {while_leading(view), {}};
    }
    if (const PeerView* leader = present_leader(view)) {
        return {Act::stay, leader->operator_address};
    }
    const size_t own = rank_of(view, view.self);
    if (own == SIZE_MAX || !is_ones_turn(view, own)) {
        return {Act::stay, {}};
    }
    if (const PeerView* ahead = one_ahead(view)) {
        return {Act::stay, ahead->operator_address};
    }
    return {Act::lead, {}};
}

}  // namespace mega::leadership
