#pragma once

// For tests: an L1 with the contracts, and the chain that is posted to it. The chain has seen
// nothing of L1: its blocks stand before the contracts.

#include "sequencer/block_source.hpp"
#include "sequencer/test_chain.hpp"
#include "settlement/batcher.hpp"
#include "settlement/deployer.hpp"
#include "settlement/rollup_file.hpp"
#include "settlement/test_anvil.hpp"

namespace mega::settlement {

class TestRollup {
  public:
    /// Posts with anvil_key. Null where there is no anvil.
    [[nodiscard]] static std::unique_ptr<TestRollup> start(
        const std::vector<std::string>& more = {}
    ) {
        auto anvil = TestAnvil::start(more);
        return anvil ? std::unique_ptr<TestRollup>(new TestRollup(std::move(anvil))) : nullptr;
    }

    [[nodiscard]] TestAnvil& anvil() { return *anvil_; }
    [[nodiscard]] sequencer::test::TestChain& chain() { return *chain_; }
    [[nodiscard]] const sequencer::BlockSource& source() const { return *source_; }
    [[nodiscard]] const rollup::RollupConfig& config() const { return config_; }
    [[nodiscard]] const BlobArchive& archive() const { return archive_; }
    [[nodiscard]] uint64_t sealed() const { return chain_->head.position().sealed->header.number; }
    [[nodiscard]] const StopSignal& stop() const { return stop_; }
    [[nodiscard]] static sequencer::test::TestOptions chain_options() {
        sequencer::test::TestOptions options;
        options.l1_genesis = rollup::genesis_position(l1_start);
        return options;
    }

    /// `count` blocks with a transaction each.
    void make_blocks(size_t count, const std::function<void(Transaction&)>& change = {}) {
        for (size_t i = 0; i < count; ++i) {
            chain_->advance_ms(1000);
            const auto outcome = chain_->submit_now(sequencer::test::transfer(0, nonce_++, change));
            EXPECT_EQ(outcome.kind, sequencer::SubmitOutcome::Kind::executed);
            chain_->mine();
        }
    }

    /// What anvil has of the key's transactions: those in blocks, and how many of them failed.
    struct Sent {
        uint64_t included = 0;
        uint64_t failed = 0;
    };
    [[nodiscard]] Sent sent_since(uint64_t l1_block) {
        Sent sent;
        const std::string from = to_hex(*crypto::address_of(anvil_key));
        const uint64_t head = *anvil_->client().head_number();
        for (uint64_t number = l1_block + 1; number <= head; ++number) {
            const auto receipts = anvil_->rpc("eth_getBlockReceipts", {to_hex_quantity(number)});
            for (const auto& receipt : receipts) {
                sent.included += receipt["from"] == from ? 1 : 0;
                sent.failed += receipt["from"] == from && receipt["status"] != "0x1" ? 1 : 0;
            }
        }
        return sent;
    }
    /// All batches on L1, in order.
    [[nodiscard]] std::vector<BatchAt> batches() {
        const auto found =
            read_batches(anvil_->client(), config_.batch_inbox, 0, *anvil_->client().head_number());
        EXPECT_TRUE(found) << found.error().message;
        return found ? *found : std::vector<BatchAt>{};
    }

  private:
    static constexpr uint64_t l1_start = 1;

    explicit TestRollup(std::unique_ptr<TestAnvil> anvil)
        : anvil_(std::move(anvil)), archive_(directory_.path() / "blobs") {
        const sequencer::test::TestOptions options = chain_options();
        DeployConfig deploy;
        use_development_windows(deploy);
        deploy.l1_chain_id = *anvil_->client().chain_id();
        deploy.l2_chain_id = sequencer::test::chain_id;
        deploy.l1_start_block = l1_start;
        deploy.genesis_timestamp = options.genesis.header.timestamp;
        deploy.deployer = *crypto::address_of(anvil_key);
        deploy.guardian = deploy.sequencer = deploy.fee_vault = deploy.deployer;
        const DeploymentPlan plan = plan_deployment(deploy);
        TxManager sender(anvil_->client(), anvil_key, deploy.l1_chain_id, {.poll_ms = 5}, stop_);
        const auto deployed =
            Deployer(anvil_->client(), sender, [](const std::string&) {}).deploy(plan);
        EXPECT_TRUE(deployed) << deployed.error().message;
        config_ = make_rollup_file(deploy, plan.contracts, options.genesis.header).config;
        chain_ = sequencer::test::must_start(directory_.path() / "chain", options);
        source_ = std::make_unique<sequencer::BlockSource>(
            chain_->head, *chain_->blocks, *options.l1_genesis
        );
    }

    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    StopSignal stop_;
    std::unique_ptr<TestAnvil> anvil_;
    BlobArchive archive_;
    rollup::RollupConfig config_;
    std::unique_ptr<sequencer::test::TestChain> chain_;
    std::unique_ptr<sequencer::BlockSource> source_;
    uint64_t nonce_ = 0;
};

}  // namespace mega::settlement
