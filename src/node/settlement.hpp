#pragma once

// The node's dealings with L1 as threads: the watcher, and the batcher and the proposer (with the
// relayer, if wanted) where there are keys for them; or the deriver alone.

#include "derivation/deriver.hpp"
#include "node/metrics_text.hpp"
#include "settlement/batcher.hpp"
#include "settlement/l1_inputs.hpp"
#include "settlement/node_chain_proofs.hpp"
#include "settlement/proposer.hpp"
#include "settlement/relayer.hpp"
#include "settlement/rollup_file.hpp"
#include "settlement/watcher.hpp"
#include "staking/committee_source.hpp"
#include "staking/keeper.hpp"
#include "staking/reward_keeper.hpp"

namespace mega::node {

struct SettlementOptions {
    settlement::L1ClientOptions l1;
    settlement::RollupFile rollup;
    std::optional<crypto::SecretKey> batcher_key;
    std::optional<crypto::SecretKey> proposer_key;
    bool auto_relay = false;
    /// The chain is made from L1 alone: a deriver instead of watcher, batcher and proposer.
    bool only_follows = false;
    settlement::WatcherOptions watcher;
    settlement::BatcherOptions batcher;  // batch_inbox is filled in
    uint64_t proposal_interval_s = 600;
    settlement::TxManagerOptions transactions;
    std::filesystem::path blob_archive;
    std::filesystem::path batcher_lock;  // held while a batcher runs
};

class Settlement {
  public:
    struct Parts {
        sequencer::Sequencer& sequencer;
        sequencer::Head& head;
        const sequencer::ChainReader& reader;
        const storage::ChainStore& blocks;
        /// Filled with the committees that L1 draws; null: nobody asks for them.
        attestation::CommitteeBoard* committees = nullptr;
        /// What members have attested of a block, as one signature.
        std::function<std::optional<
            attestation::
                Aggregate>(uint64_t number, const Hash256& hash, const attestation::Committee&)>
            attestations{};
        /// This node's turn to post batches and to claim; empty: it always is.
        std::function<bool()> may_post{};
    };
    /// Fails on files, not on an L1 that is away.
    [[nodiscard]] static Result<std::unique_ptr<Settlement>> start(
        const SettlementOptions& options, const Parts& parts
    );
    /// Stops and joins.
    ~Settlement();
    Settlement(const Settlement&) = delete;
    Settlement& operator=(const Settlement&) = delete;

    void add_metrics(MetricsText& out) const;

  private:
    struct Impl;
    explicit Settlement(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::node
