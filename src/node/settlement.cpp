#include "node/settlement.hpp"

#include "node/batcher_lock.hpp"

#include <spdlog/spdlog.h>

#include <mutex>
#include <thread>

namespace mega::node {
namespace {

constexpr uint32_t settler_poll_ms = 1'000;
constexpr uint32_t committee_poll_ms = 500;
constexpr uint32_t rewards_poll_ms = 2'000;

void log_line(const std::string& words) { spdlog::info("{}", words); }

}  // namespace

/// Each thread has a client of its own; the parts of a thread live and end with it.
struct Settlement::Impl {
    SettlementOptions options;
    Parts parts;
    sequencer::BlockSource source;
    settlement::BlobArchive archive;
    settlement::NodeChainProofs proofs;
    settlement::StopSignal stop;
    std::optional<BatcherLock> lock;

    struct Sender {
        std::unique_ptr<settlement::L1Client> client;
        std::unique_ptr<settlement::TxManager> transactions;
    };
    std::unique_ptr<settlement::L1Client> watcher_client;
    std::unique_ptr<settlement::Watcher> watcher;
    std::unique_ptr<settlement::ClientL1Inputs> inputs;
    std::unique_ptr<derivation::Deriver> deriver;
    Sender batch_sender;
    std::unique_ptr<settlement::Batcher> batcher;
    Sender claim_sender;
    std::unique_ptr<settlement::Proposer> proposer;
    std::unique_ptr<settlement::Relayer> relayer;
    std::unique_ptr<staking::Keeper> keeper;
    std::mutex operator_turn;  // the batcher's key is that of rewards, too
    Sender reward_sender;
    std::unique_ptr<staking::RewardKeeper> reward_keeper;
    std::unique_ptr<settlement::L1Client> committee_client;
    std::unique_ptr<staking::CommitteeSource> committees;
    std::vector<std::thread> threads;

    Impl(const SettlementOptions& o, const Parts& p)
        : options(o),
          parts(p),
          source(p.head, p.blocks, rollup::genesis_position(o.rollup.config.l1_start_block)),
          archive(o.blob_archive),
          proofs(p.reader) {}
    ~Impl() {
        stop.stop();
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] Result<void> make_watcher();
    [[nodiscard]] Result<void> make_deriver();
    void derive() const;
    [[nodiscard]] Result<Sender> make_sender(const crypto::SecretKey& key);
    [[nodiscard]] Result<void> make_batcher();
    [[nodiscard]] Result<void> make_proposer();
    [[nodiscard]] Result<void> make_committees();
    [[nodiscard]] Result<void> make_rewards();
    void follow_committees() const;
    void start();
};

Result<void> Settlement::Impl::make_watcher() {
    auto client = settlement::L1Client::open(options.l1);
    if (!client) {
        return Err{client.error()};
    }
    watcher_client = *std::move(client);
    watcher = std::make_unique<settlement::Watcher>(
        options.watcher,
        options.rollup.config,
        settlement::Watcher::Parts{
            *watcher_client, parts.sequencer, parts.head, source, archive, stop, log_line
        }
    );
    return {};
}

Result<void> Settlement::Impl::make_deriver() {
    auto client = settlement::L1Client::open(options.l1);
    if (!client) {
        return Err{client.error()};
    }
    watcher_client = *std::move(client);
    inputs = std::make_unique<settlement::ClientL1Inputs>(
        *watcher_client, options.rollup.config, archive, options.watcher.depth
    );
    deriver = std::make_unique<derivation::Deriver>(
        options.rollup.config,
        derivation::DeriverOptions{},
        derivation::Deriver::Parts{*inputs, parts.sequencer, parts.head, parts.blocks, log_line}
    );
    return {};
}

/// What cannot be had now is asked for again; each reason is said once until it changes.
void Settlement::Impl::derive() const {
    std::string said;
    bool is_behind = true;
    while (stop.wait_ms(is_behind ? 1 : options.watcher.poll_ms)) {
        const auto stepped = deriver->step();
        is_behind = stepped && *stepped;
        const std::string words = stepped ? "" : stepped.error().message;
        if (!words.empty() && words != said) {
            spdlog::warn("L1: {}", words);
        }
        said = words;
    }
}

Result<Settlement::Impl::Sender> Settlement::Impl::make_sender(const crypto::SecretKey& key) {
    auto client = settlement::L1Client::open(options.l1);
    if (!client) {
        return Err{client.error()};
    }
    Sender sender{.client = *std::move(client), .transactions = {}};
    sender.transactions = std::make_unique<settlement::TxManager>(
        *sender.client, key, options.rollup.config.l1_chain_id, options.transactions, stop
    );
    return sender;
}

Result<void> Settlement::Impl::make_batcher() {
    auto taken = BatcherLock::take(options.batcher_lock);
    if (!taken) {
        return Err{taken.error()};
    }
    lock.emplace(*std::move(taken));
    auto sender = make_sender(*options.batcher_key);
    if (!sender) {
        return Err{sender.error()};
    }
    batch_sender = *std::move(sender);
    options.batcher.batch_inbox = options.rollup.config.batch_inbox;
    options.batcher.holder = lock->holder();
    batcher = std::make_unique<settlement::Batcher>(
        options.batcher,
        options.rollup.config.l2_chain_id,
        settlement::Batcher::Parts{
            *batch_sender.client,
            *batch_sender.transactions,
            source,
            archive,
            stop,
            log_line,
            parts.may_post,
            &operator_turn
        }
    );
    return {};
}

Result<void> Settlement::Impl::make_proposer() {
    auto sender = make_sender(*options.proposer_key);
    if (!sender) {
        return Err{sender.error()};
    }
    claim_sender = *std::move(sender);
    proposer = std::make_unique<settlement::Proposer>(
        settlement::ProposerOptions{
            .rollup = options.rollup.config,
            .contracts = options.rollup.contracts,
            .interval_s = options.proposal_interval_s
        },
        settlement::Proposer::Parts{
            *claim_sender.client, *claim_sender.transactions, proofs, stop, log_line
        }
    );
    if (options.auto_relay) {
        relayer = std::make_unique<settlement::Relayer>(
            settlement::RelayerOptions{.contracts = options.rollup.contracts},
            1,
            settlement::Relayer::Parts{
                *claim_sender.client, *claim_sender.transactions, proofs, stop, log_line
            }
        );
    }
    return {};
}

Result<void> Settlement::Impl::make_committees() {
    if (!options.rollup.contracts.has_staking() || parts.committees == nullptr) {
        return {};
    }
    auto client = settlement::L1Client::open(options.l1);
    if (!client) {
        return Err{client.error()};
    }
    committee_client = *std::move(client);
    committees = std::make_unique<staking::CommitteeSource>(
        *committee_client, options.rollup.contracts.mega, *parts.committees
    );
    if (proposer && parts.attestations) {
        keeper = std::make_unique<staking::Keeper>(
            staking::KeeperOptions{
                .rollup = options.rollup.config, .contracts = options.rollup.contracts
            },
            staking::Keeper::Parts{
                *claim_sender.client,
                *claim_sender.transactions,
                proofs,
                parts.attestations,
                stop,
                log_line
            }
        );
    }
    return {};
}

Result<void> Settlement::Impl::make_rewards() {
    if (!batcher || options.rollup.contracts.mega.rewards.is_zero()) {
        return {};
    }
    auto sender = make_sender(*options.batcher_key);
    if (!sender) {
        return Err{sender.error()};
    }
    reward_sender = *std::move(sender);
    reward_keeper = std::make_unique<staking::RewardKeeper>(
        staking::RewardKeeperOptions{},
        staking::RewardKeeper::Parts{
            *reward_sender.client,
            *reward_sender.transactions,
            options.rollup,
            stop,
            log_line,
            parts.may_post,
            &operator_turn
        }
    );
    return {};
}

/// Each reason why L1 does not tell is said once until it changes.
void Settlement::Impl::follow_committees() const {
    std::string said;
    do {
        const auto stepped = committees->step();
        const std::string words = stepped ? "" : stepped.error().message;
        if (!words.empty() && words != said && !stop.is_stopped()) {
            spdlog::warn("committees: {}", words);
        }
        said = words;
    } while (stop.wait_ms(committee_poll_ms));
}

void Settlement::Impl::start() {
    if (committees) {
        threads.emplace_back([this] { follow_committees(); });
    }
    if (deriver) {
        threads.emplace_back([this] { derive(); });
        return;
    }
    threads.emplace_back([this] { watcher->run(); });
    if (batcher) {
        threads.emplace_back([this] { batcher->run(); });
    }
    if (reward_keeper) {
        // A report takes many questions: batches do not wait for them.
        threads.emplace_back([this] {
            while (stop.wait_ms(rewards_poll_ms)) {
                reward_keeper->tick();
            }
        });
    }
    if (proposer) {
        // One key, one thread: claims and withdrawals take turns.
        threads.emplace_back([this] {
            do {
                if (parts.may_post && !parts.may_post()) {
                    continue;
                }
                // Epochs first: who leads the next slots is drawn with them.
                if (keeper) {
                    keeper->tick();
                }
                proposer->tick();
                if (relayer) {
                    relayer->tick();
                }
            } while (stop.wait_ms(settler_poll_ms));
        });
    }
}

Result<std::unique_ptr<Settlement>> Settlement::start(
    const SettlementOptions& options, const Parts& parts
) {
    auto impl = std::make_unique<Impl>(options, parts);
    if (options.only_follows) {
        if (auto made = impl->make_deriver(); !made) {
            return Err{made.error()};
        }
        if (auto made = impl->make_committees(); !made) {
            return Err{made.error()};
        }
        impl->start();
        return std::unique_ptr<Settlement>(new Settlement(std::move(impl)));
    }
    if (auto made = impl->make_watcher(); !made) {
        return Err{made.error()};
    }
    if (options.batcher_key) {
        if (auto made = impl->make_batcher(); !made) {
            return Err{made.error()};
        }
    }
    if (options.proposer_key) {
        if (auto made = impl->make_proposer(); !made) {
            return Err{made.error()};
        }
    }
    if (auto made = impl->make_committees(); !made) {
        return Err{made.error()};
    }
    if (auto made = impl->make_rewards(); !made) {
        return Err{made.error()};
    }
    impl->start();
    return std::unique_ptr<Settlement>(new Settlement(std::move(impl)));
}

Settlement::Settlement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Settlement::~Settlement() = default;

void Settlement::add_metrics(MetricsText& out) const {
    if (impl_->committees) {
        const auto& drawn = impl_->committees->gauges();
        out.gauge("staking_epoch", "Epoch of L1's newest block", drawn.epoch);
        out.gauge("committee_epoch", "Epoch whose committee is in charge", drawn.committee_epoch);
        out.gauge("committee_size", "Members of it", drawn.committee_size);
    }
    if (impl_->keeper) {
        const auto& kept = impl_->keeper->counters();
        out.counter("epochs_opened_total", "Epochs opened by this process", kept.epochs_opened);
        out.counter(
            "duties_recorded_total", "Batches whose attesters were recorded", kept.duties_recorded
        );
        out.counter(
            "claims_proven_total", "Claims final by the committee's word", kept.claims_proven
        );
        out.counter("slashes_settled_total", "Slashes settled", kept.slashes_settled);
    }
    if (impl_->reward_keeper) {
        const auto& kept = impl_->reward_keeper->counters();
        out.counter("reward_roots_proposed_total", "Reward roots proposed", kept.proposed);
        out.counter("reward_roots_finalized_total", "Reward roots made final", kept.finalized);
        out.counter(
            "reward_objections_total", "Reward roots that this process objected to", kept.objections
        );
    }
    if (impl_->deriver) {
        const auto& derived = impl_->deriver->counters();
        out.gauge("l1_head_number", "L1's newest block", derived.l1_head);
        out.gauge("l1_followed_number", "Last L1 block that was derived from", derived.l1_followed);
        out.counter("derived_batches_total", "Batches derived from L1", derived.batches);
        out.counter(
            "derived_bad_batches_total", "Those without usable content", derived.bad_batches
        );
        out.counter(
            "derived_disputable_batches_total",
            "Those that state another hash",
            derived.disputable_batches
        );
        out.counter("derived_blocks_total", "Blocks derived from L1", derived.blocks);
        out.counter(
            "l1_reorganisations_total", "Times that L1 took blocks back", derived.reorganisations
        );
        return;
    }
    const auto& seen = impl_->watcher->counters();
    out.gauge("l1_connected", "1 while L1 answers", seen.is_connected ? 1 : 0);
    out.gauge("l1_head_number", "L1's newest block", seen.l1_head);
    out.gauge("l1_followed_number", "Last L1 block told to the sequencer", seen.l1_followed);
    const auto position = impl_->parts.sequencer.l1_position();
    const uint64_t origin = position ? position->origin.number : 0;
    const uint64_t head = seen.l1_head;
    out.gauge("l1_origin_number", "L1 block that the newest L2 block has seen", origin);
    out.gauge(
        "l1_origin_lag_blocks",
        "How far that is behind L1's newest",
        head > origin ? head - origin : 0
    );
    out.gauge(
        "deposit_cursor", "Entries of the deposit queue consumed", position ? position->cursor : 0
    );
    out.counter("l1_reorganisations_total", "Times that L1 took blocks back", seen.reorganisations);
    out.counter("adopted_blocks_total", "Blocks that L1 dictated", seen.adopted_blocks);
    if (impl_->batcher) {
        const auto& posted = impl_->batcher->counters();
        const auto& sent = impl_->batch_sender.transactions->counters();
        out.counter("batches_total", "Batches posted by this process", posted.batches);
        out.counter("batch_transactions_total", "Transactions in them", posted.transactions);
        out.counter("batch_bytes_total", "Bytes of their data", posted.payload_bytes);
        out.counter("batch_blobs_total", "Blobs of them", posted.blobs);
        out.counter("batch_failures_total", "Attempts that failed", posted.failures);
        out.gauge(
            "batcher_standing_by",
            "1 while another process with the same key posts",
            posted.is_standing_by ? 1 : 0
        );
        out.counter("batch_l1_gas_total", "L1 gas spent on batches", sent.gas_used);
        out.counter("batch_l1_blob_gas_total", "L1 blob gas spent on batches", sent.blob_gas_used);
        out.counter(
            "batch_replacements_total", "Transactions replaced by dearer ones", sent.replaced
        );
    }
    if (impl_->proposer) {
        const auto& claimed = impl_->proposer->counters();
        out.counter("claims_total", "Claims made by this process", claimed.claims);
        out.counter(
            "claims_finalized_total", "Claims made final by this process", claimed.finalized
        );
        out.gauge("claimed_block_number", "Last block under a claim", claimed.last_claimed_block);
        out.counter(
            "claim_l1_gas_total",
            "L1 gas spent on claims and withdrawals",
            impl_->claim_sender.transactions->counters().gas_used
        );
    }
    if (impl_->relayer) {
        const auto& relayed = impl_->relayer->counters();
        out.counter(
            "withdrawals_proven_total", "Withdrawals proven by this process", relayed.proven
        );
        out.counter(
            "withdrawals_finalized_total", "Withdrawals paid by this process", relayed.finalized
        );
        out.gauge(
            "withdrawals_waiting", "Withdrawals under a claim that are not paid", relayed.waiting
        );
    }
}

}  // namespace mega::node
