// A node that follows another one: the parts of a replica.

#include "attestation/mismatch_notice.hpp"
#include "base/hex.hpp"
#include "node/node_impl.hpp"

#include <spdlog/spdlog.h>

namespace mega::node {

Result<replica::Resumption> Node::Impl::recover_replica() {
    const auto stored = load_parts();
    if (!stored) {
        return Err{stored.error()};
    }
    auto known = replica::known_sequencers(*database);
    if (!known) {
        return Err{known.error()};
    }
    if (!config.sequencer_addresses.empty()) {
        known->clear();
    }
    for (const std::string& one : config.sequencer_addresses) {
        known->push_back(*fixed_from_hex<20>(one));
    }
    info.sequencer = known->empty() ? std::nullopt : std::optional{known->front()};
    replica::MirrorConfig mirrored;
    mirrored.chain_id = info.chain_id;
    mirrored.fee_market = fee_market(config);
    mirrored.sequencers = *known;
    mirrored.check_senders = config.verify != replica::Verify::none && !config.is_development;
    mirrored.allow_contract_senders = config.is_development;
    mirror = std::make_unique<replica::Mirror>(
        mirrored, *states, *commitment, stored->head, stored->checkpoint.next_mini_block_number
    );
    replica::FeedReplay replay(*mirror, *checkpointer, stored->checkpoint, l1_genesis);
    const auto directory = config.data_directory / "feed";
    // What a crash of the machine takes from this log is fetched again: nothing waits for the disk.
    auto opened = storage::WriteAheadLog::open(
        {.directory = directory,
         .chain_id_hash = info.genesis_hash,
         .durability = storage::Durability::relaxed},
        [&](storage::WriteAheadLog::Sequence sequence, BytesView payload) {
            return replay.accept(sequence, payload);
        }
    );
    if (!replay.failure().empty()) {
        return Err{
            Error{"the log in " + directory.string() + " cannot be replayed: " + replay.failure()}
        };
    }
    if (!opened) {
        return Err{opened.error()};
    }
    log = std::move(*opened);
    if (log->repair()) {
        info.warnings.push_back(*log->repair());
    }
    checkpointer->set_log(*log);
    info.block_number = mirror->head()->header.number;
    info.replayed_transactions = replay.replayed_transactions();
    return replay.finish();
}

Result<void> Node::Impl::start_replica(replica::Resumption resumption) {
    auto url = net::parse_url(config.follow.front());
    if (!url) {
        return Err{url.error()};
    }
    replica::ForwarderOptions forwarding;
    forwarding.leader = *url;
    // With another node to go on to, what one of them has lost or has already is no refusal.
    forwarding.is_patient = config.follow.size() > 1;
    forwarding.block_interval_ms = config.block_interval_ms;
    forwarder = std::make_unique<replica::Forwarder>(forwarding, publisher);
    accounts = std::make_unique<rpc::Accounts>(std::vector<crypto::SecretKey>{});
    add_service({*reader, *forwarder, *accounts});
    publisher.add_listener(*forwarder);

    replica::ReplicaOptions options;
    options.leader_urls = config.follow;
    options.verify = config.verify;
    options.rules.chain_id = info.chain_id;
    options.rules.fee_market = fee_market(config);
    options.rules.allow_equal_timestamps = config.is_development;
    options.rules.allow_contract_senders = config.is_development;
    options.rules.skip_base_fee_check = config.is_development;
    options.genesis_hash = info.genesis_hash;
    options.chain_id = info.chain_id;
    options.checkpoint_interval_blocks = config.checkpoint_interval_blocks;
    options.evidence_directory = config.data_directory;
    options.inform = [](const std::string& words) { spdlog::info("{}", words); };
    options.warn = [](const std::string& words) { spdlog::warn("{}", words); };
    options.on_notice = [this](const feed::NoticeRecord& notice) {
        if (notice.kind == attestation::notice_feed_kind) {
            (void)service->take_mismatch_notice(notice.body);
        }
    };
    options.on_leader = [this](const std::string& leader_url) {
        if (auto leader = net::parse_url(leader_url)) {
            forwarder->lead_to(*std::move(leader));
        }
    };
    replica = std::make_unique<replica::Replica>(
        std::move(options),
        replica::Replica::Parts{
            *mirror, *database, *log, head, publisher, *checkpointer, *reader, l1_genesis
        }
    );
    replica->start(std::move(resumption));
    return {};
}

Result<void> Node::Impl::run_replica() {
    auto resumption = recover_replica();
    if (!resumption) {
        return Err{resumption.error()};
    }
    return start_replica(std::move(*resumption));
}

}  // namespace mega::node
