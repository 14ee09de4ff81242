// A node that is one of several sequencers: what it has beside a sequencer alone.

#include "base/hex.hpp"
#include "node/node_impl.hpp"

#include <spdlog/spdlog.h>

namespace mega::node {
namespace {

Result<std::vector<leadership::Peer>> parse_peers(const std::vector<std::string>& texts) {
    std::vector<leadership::Peer> peers;
    for (const std::string& text : texts) {
        auto peer = leadership::parse_peer(text);
        if (!peer) {
            return Err{peer.error()};
        }
        peers.push_back(*std::move(peer));
    }
    return peers;
}

}  // namespace

/// Submissions are handed on while another one leads; what validators say goes to all.
void Node::Impl::make_leader_intake() {
    replica::ForwarderOptions forwarding;
    forwarding.is_patient = true;
    forwarding.timeout_ms = 2'000;
    forwarding.block_interval_ms = config.block_interval_ms;
    forwarder = std::make_unique<replica::Forwarder>(forwarding, publisher);
    publisher.add_listener(*forwarder);
    leader_intake = std::make_unique<leadership::LeaderIntake>(*sequencer, *forwarder);
    const auto peers = parse_peers(config.l1.peers);
    MEGA_ASSERT(peers.has_value());  // config.cpp has refused all others
    attestation_relay = std::make_unique<leadership::AttestationRelay>(*peers);
}

Result<void> Node::Impl::begin_candidacy() {
    const SettlementOptions& l1 = *l1_options;
    if (!l1.rollup.contracts.has_staking()) {
        return Err{Error{
            config.l1.rollup_file.string() +
            " names no staking contracts: without them nobody can take turns (--peers)"
        }};
    }
    leadership::CandidateOptions options;
    options.log = [](const std::string& words) { spdlog::info("{}", words); };
    options.duties.l1 = l1.l1;
    options.duties.contracts = l1.rollup.contracts.mega;
    options.duties.l1_chain_id = l1.rollup.config.l1_chain_id;
    options.duties.operator_key = *l1.batcher_key;
    options.duties.log = options.log;
    options.following.chain_id = info.chain_id;
    options.following.genesis_hash = info.genesis_hash;
    options.silent_mini_blocks = config.l1.silent_mini_blocks;
    options.mini_block_ms = config.mini_block_interval_ms;
    auto peers = parse_peers(config.l1.peers);
    if (!peers) {
        return Err{peers.error()};
    }
    options.peers = *std::move(peers);
    auto started = leadership::Candidate::start(options, {*sequencer, *reader, *leader_intake});
    if (!started) {
        return Err{started.error()};
    }
    const std::unique_lock lock(l1_mutex);
    candidate = *std::move(started);
    return {};
}

void Node::Impl::end_candidacy() {
    std::unique_ptr<leadership::Candidate> ending;
    const std::unique_lock lock(l1_mutex);
    ending.swap(candidate);
}

std::string Node::Impl::leadership() const {
    const std::shared_lock lock(l1_mutex);
    if (candidate) {
        return leadership::to_json(candidate->standing());
    }
    // Not yet, or not any more.
    leadership::Standing standing;
    if (l1_options && l1_options->batcher_key) {
        standing.operator_address = *crypto::address_of(*l1_options->batcher_key);
    }
    const auto position = head.position();
    if (position.sealed) {
        standing.sealed_number = position.sealed->header.number;
        standing.sealed_hash = position.sealed->hash;
    }
    return leadership::to_json(standing);
}

}  // namespace mega::node
