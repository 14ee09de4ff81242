#include "leadership/election.hpp"

#include "base/seed_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace mega::leadership {
namespace {

Address address(uint8_t fill) {
    Address result;
    result.bytes.fill(fill);
    return result;
}
const Address a = address(1);
const Address b = address(2);
const Address c = address(3);

PeerView heard(const Address& who, bool leads = false, uint64_t sealed = 10) {
    return {who, true, leads, 5, sealed};
}
PeerView silent(const Address& who, uint64_t ms = 10'000, bool led = false) {
    return {who, true, led, ms, 10};
}

/// Of b, while a is in charge.
View view_of_b() {
    View view;
    view.self = b;
    view.ranks = {a, b, c};
    view.sealed_number = 10;
    return view;
}

}  // namespace

TEST(election, follows_whoever_leads) {
    View view = view_of_b();
    view.peers = {heard(a, true), heard(c)};
    EXPECT_EQ(decide(view).act, Act::stay);
    EXPECT_EQ(decide(view).follow, a);
    view.peers = {heard(a), heard(c, true)};
    EXPECT_EQ(decide(view).follow, c) << "until it yields";
}

TEST(election, the_one_in_charge_leads_when_nobody_does) {
    View view = view_of_b();
    view.ranks = {b, c, a};
    view.peers = {heard(a), heard(c)};
    EXPECT_EQ(decide(view).act, Act::lead);
}

TEST(election, waits_for_the_last_leader_to_step_down) {
    View view = view_of_b();
    view.ranks = {b, c, a};
    view.peers = {heard(a, true), heard(c)};
    view.last_leader = a;
    EXPECT_EQ(decide(view).act, Act::stay);
    EXPECT_EQ(decide(view).follow, a);
    // It has: first what it sealed last, then the lead.
    view.peers = {heard(a, false, 11), heard(c)};
    EXPECT_EQ(decide(view).act, Act::stay);
    EXPECT_EQ(decide(view).follow, a);
    view.sealed_number = 11;
    EXPECT_EQ(decide(view).act, Act::lead);
}

TEST(election, takes_over_from_a_leader_only_after_its_silence) {
    View view = view_of_b();
    view.last_leader = a;
    view.peers = {silent(a, view.silence_ms - 1, true), heard(c)};
    EXPECT_EQ(decide(view).act, Act::stay);
    view.peers = {silent(a, view.silence_ms, true), heard(c)};
    EXPECT_EQ(decide(view).act, Act::lead);
}

TEST(election, gives_a_better_rank_its_chance) {
    View view = view_of_b();
    view.self = c;
    view.last_leader = a;
    view.peers = {silent(a), heard(b)};
    EXPECT_EQ(decide(view).act, Act::stay);
    view.peers = {silent(a), silent(b)};
    EXPECT_EQ(decide(view).act, Act::lead);
}

TEST(election, never_leads_without_a_rank) {
    View view = view_of_b();
    view.ranks = {a, c};
    view.peers = {silent(a), silent(c)};
    EXPECT_EQ(decide(view).act, Act::stay);
    view.ranks = {};
    EXPECT_EQ(decide(view).act, Act::stay) << "L1 has not told yet";
}

TEST(election, yields_to_the_one_in_charge_once_it_answers) {
    View view = view_of_b();
    view.is_leading = true;
    view.peers = {silent(a), heard(c)};
    EXPECT_EQ(decide(view).act, Act::stay) << "whoever goes on leaves no gap";
    view.peers = {heard(a), heard(c)};
    EXPECT_EQ(decide(view).act, Act::step_down);
    view.ranks = {b, c, a};
    EXPECT_EQ(decide(view).act, Act::stay);
}

TEST(election, of_two_leaders_the_better_rank_stays) {
    View view = view_of_b();
    view.is_leading = true;
    view.ranks = {a, b, c};
    view.peers = {silent(a), heard(c, true)};
    EXPECT_EQ(decide(view).act, Act::stay);
    view.self = c;
    view.peers = {silent(a), heard(b, true)};
    EXPECT_EQ(decide(view).act, Act::step_down);
}

/// Candidates on a timeline of ten milliseconds that see each other a moment late, some of them
/// dead for a while: once all is calm, exactly one leads, and never do two of them for long.
TEST(election, settles_on_one_leader_whatever_happened) {
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    for (int round = 0; round < 200; ++round) {
        struct Node {
            Address who;
            bool is_alive = true;
            bool leads = false;
            uint64_t sealed = 0;
            std::optional<Address> followed;
        };
        std::vector<Node> nodes(3);
        nodes[0].who = a;
        nodes[1].who = b;
        nodes[2].who = c;
        std::vector<std::vector<uint64_t>> heard_at(3, std::vector<uint64_t>(3, 0));
        std::vector<std::vector<PeerView>> seen(3, std::vector<PeerView>(3));
        std::vector<Address> ranks{a, b, c};
        uint64_t two_lead_ms = 0;
        const auto step = [&](uint64_t now) {
            for (size_t i = 0; i < 3; ++i) {
                Node& self = nodes[i];
                if (!self.is_alive) {
                    continue;
                }
                View view;
                view.self = self.who;
                view.is_leading = self.leads;
                view.ranks = ranks;
                view.last_leader = self.followed;
                view.sealed_number = self.sealed;
                for (size_t j = 0; j < 3; ++j) {
                    if (j == i) {
                        continue;
                    }
                    if (nodes[j].is_alive && random() % 4 != 0) {
                        seen[i][j] = {nodes[j].who, true, nodes[j].leads, 0, nodes[j].sealed};
                        heard_at[i][j] = now;
                    }
                    PeerView peer = seen[i][j];
                    peer.operator_address = nodes[j].who;
                    peer.silent_ms = now - heard_at[i][j];
                    view.peers.push_back(peer);
                }
                const Decision decision = decide(view);
                if (decision.act == Act::lead) {
                    self.leads = true;
                } else if (decision.act == Act::step_down) {
                    self.leads = false;
                    self.followed.reset();
                } else if (decision.follow) {
                    const auto& leader = *std::ranges::find(nodes, *decision.follow, &Node::who);
                    self.sealed = std::max(self.sealed, leader.sealed);
                    self.followed = decision.follow;
                }
                self.sealed += self.leads && now % 1000 == 0 ? 1 : 0;
            }
            const auto leading = std::ranges::count_if(nodes, [](const Node& node) {
                return node.is_alive && node.leads;
            });
            two_lead_ms += leading > 1 ? 10 : 0;
            return leading;
        };
        uint64_t now = 0;
        for (; now < 20'000; now += 10) {
            if (random() % 200 == 0) {
                Node& node = nodes[random() % 3];
                node.is_alive = !node.is_alive;
                node.leads = false;
            }
            if (now % 5'000 == 0) {
                std::ranges::shuffle(ranks, random);
            }
            step(now);
        }
        for (Node& node : nodes) {
            node.is_alive = true;
        }
        int64_t leading = 0;
        for (const uint64_t end = now + 3'000; now < end; now += 10) {
            leading = step(now);
        }
        EXPECT_EQ(leading, 1) << "seed " << seed << ", round " << round;
        EXPECT_LT(two_lead_ms, 3'000u) << "seed " << seed << ", round " << round;
    }
}

}  // namespace mega::leadership
