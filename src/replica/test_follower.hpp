#pragma once

// For tests: a leader that is a whole chain, and a mirror on a directory of its own that is fed by
// hand.

#include "feed/source.hpp"
#include "replica/mirror.hpp"
#include "sequencer/test_chain.hpp"

namespace mega::replica::test {

using namespace sequencer::test;

/// What a leader's subscribers would be pushed.
class FeedTap final : public sequencer::Listener {
  public:
    void on_opened(const sequencer::OpenBlockPtr& block) override {
        records_.push_back(feed::record_of(*block));
    }
    void on_mini_block(const sequencer::MiniBlockPtr& mini_block) override {
        records_.push_back(feed::record_of(*mini_block));
    }
    void on_sealed(const sequencer::SealedPtr& block) override {
        records_.push_back(feed::record_of(*block));
    }
    void on_reverted(uint64_t number) override {
        records_.push_back(encode(feed::Record{feed::RevertRecord{number}}));
    }
    [[nodiscard]] std::vector<Bytes> take() { return std::exchange(records_, {}); }

  private:
    std::vector<Bytes> records_;
};

inline feed::Record decoded(const Bytes& encoded) {
    auto record = feed::decode_record(encoded);
    MEGA_ASSERT(record.has_value());
    return *std::move(record);
}

/// The parts below a mirror.
class Follower {
  public:
    explicit Follower(const std::filesystem::path& directory, MirrorConfig config = {}) {
        database = *storage::Database::open({.path = directory / "database"});
        MEGA_ASSERT(sequencer::ensure_genesis(*database, make_genesis()).has_value());
        states = std::make_unique<storage::StateStore>(*database, storage::StateStoreOptions{});
        blocks = std::make_unique<storage::ChainStore>(*database);
        nodes = std::make_unique<storage::NodeReader>(*database);
        const auto stored = *sequencer::load_head(*blocks);
        commitment = std::make_unique<sequencer::Commitment>(
            *nodes, stored.head->header.state_root, stored.head->header.number, 64u << 20
        );
        config.chain_id = chain_id;
        mirror = std::make_unique<Mirror>(
            config, *states, *commitment, stored.head, stored.checkpoint.next_mini_block_number
        );
    }

    [[nodiscard]] Result<Applied, Refusal> apply(const feed::Record& record, bool execute = false) {
        auto applied = mirror->apply(record, execute);
        if (applied && applied->sealed) {
            states->seal_block(applied->sealed->header.number, applied->sealed->diff);
        }
        return applied;
    }
    [[nodiscard]] Result<Applied, Refusal> apply(const Bytes& record, bool execute = false) {
        return apply(decoded(record), execute);
    }
    void must_apply(const std::vector<Bytes>& records, bool execute = false) {
        for (const Bytes& record : records) {
            const auto applied = apply(record, execute);
            ASSERT_TRUE(applied.has_value())
                << feed::describe(decoded(record)) << ": " << to_string(applied.error());
        }
    }
    [[nodiscard]] Refusal must_refuse(const feed::Record& record, bool execute = false) {
        const auto applied = apply(record, execute);
        EXPECT_FALSE(applied.has_value()) << feed::describe(record);
        return applied ? Refusal{} : applied.error();
    }

    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::StateStore> states;
    std::unique_ptr<storage::ChainStore> blocks;
    std::unique_ptr<storage::NodeReader> nodes;
    std::unique_ptr<sequencer::Commitment> commitment;
    std::unique_ptr<Mirror> mirror;
};

}  // namespace mega::replica::test
