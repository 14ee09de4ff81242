// The node's L1: what it is told of it before the chain opens, and how it joins and leaves.

#include "base/hex.hpp"
#include "node/node_impl.hpp"
#include "staking/chain_key.hpp"

namespace mega::node {

Result<void> Node::Impl::prepare_l1() {
    if (config.has_dev_l1()) {
        l1_genesis = rollup::genesis_position(dev_l1_start_block);
        return {};
    }
    if (config.l1.url.empty()) {
        return {};
    }
    auto options = settlement_options(config);
    if (!options) {
        return Err{options.error()};
    }
    l1_genesis = rollup::genesis_position(options->rollup.config.l1_start_block);
    l1_options = *std::move(options);
    return use_chain_key();
}

/// A mini-block names no chain, so the key that signs it must: of the key that was given, the one
/// of this chain (docs/staking.md).
Result<void> Node::Impl::use_chain_key() {
    const settlement::RollupFile& rollup = l1_options->rollup;
    if (!rollup.contracts.has_staking() || config.l1.only_follows) {
        return {};
    }
    const auto key = staking::chain_secret(
        setup.sequencer_key,
        {rollup.config.l1_chain_id, rollup.config.l2_chain_id, rollup.contracts.mega.staking}
    );
    if (!key) {
        return Err{Error{config.key_file.string() + " holds a key that cannot be one of this chain"}
        };
    }
    setup.sequencer_key = *key;
    // Tips still go to the address that a wallet with the given key has (setup.sequencer).
    info.sequencer = *crypto::address_of(*key);
    return {};
}

Result<DevL1Genesis> Node::Impl::dev_l1_genesis() const {
    const auto built = build_genesis(config, setup);
    if (!built) {
        return Err{built.error()};
    }
    DevL1Genesis genesis{.chain_id = built->chain_id, .facts = {}, .accounts = {}};
    genesis.facts.header = built->genesis.header;
    for (const auto& account : built->genesis.diff.accounts) {
        genesis.facts.supply += account.after ? account.after->balance : u256{};
    }
    for (const DevAccount& account : setup.accounts) {
        genesis.accounts.push_back(account.address);
    }
    return genesis;
}

/// The L2 serves already: L1 comes when it comes.
Result<void> Node::Impl::join_l1() {
    if (!config.has_dev_l1() && !l1_options) {
        return {};
    }
    Settlement::Parts parts{*sequencer, head, *reader, *blocks};
    parts.committees = &committees;
    parts.attestations =
        [this](uint64_t number, const Hash256& hash, const attestation::Committee& committee) {
            return service->attestations(number, hash, committee);
        };
    if (config.has_dev_l1()) {
        auto genesis = dev_l1_genesis();
        if (!genesis) {
            return Err{genesis.error()};
        }
        auto joining = std::make_unique<DevL1>(config, *std::move(genesis), parts);
        const std::unique_lock lock(l1_mutex);
        dev_l1 = std::move(joining);
        return {};
    }
    if (l1_options->rollup.config.l2_genesis_hash != info.genesis_hash) {
        return Err{Error{
            config.l1.rollup_file.string() + " is of another chain: its genesis is " +
            to_hex(l1_options->rollup.config.l2_genesis_hash) + ", this one's " +
            to_hex(info.genesis_hash)
        }};
    }
    if (is_candidate()) {
        if (auto begun = begin_candidacy(); !begun) {
            return begun;
        }
        parts.may_post = [turn = candidate.get()] { return turn->may_post(); };
    }
    auto started = Settlement::start(*l1_options, parts);
    if (!started) {
        return Err{started.error()};
    }
    const std::unique_lock lock(l1_mutex);
    settlement = *std::move(started);
    return {};
}

/// Requests for metrics may still come: they find nothing from here on, and those under way end
/// first.
void Node::Impl::leave_l1() {
    std::unique_ptr<DevL1> ending_dev_l1;
    std::unique_ptr<Settlement> ending_settlement;
    const std::unique_lock lock(l1_mutex);
    ending_dev_l1.swap(dev_l1);
    ending_settlement.swap(settlement);
}

}  // namespace mega::node
