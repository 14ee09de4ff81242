#include "feed/source.hpp"

#include "sequencer/opening.hpp"
#include "sequencer/test_chain.hpp"

namespace mega::feed {
namespace {

using namespace sequencer::test;

class FeedSource : public testing::Test {
  protected:
    std::vector<Record> read(const Place& from, const ExcerptLimits& limits = {}) {
        auto excerpt = read_from(*chain_->reader, from, limits);
        EXPECT_TRUE(excerpt.has_value()) << excerpt.error().message;
        last_ = *excerpt;
        std::vector<Record> records;
        for (const Bytes& encoded : excerpt->records) {
            auto record = decode_record(encoded);
            EXPECT_TRUE(record.has_value()) << record.error().message;
            records.push_back(*std::move(record));
        }
        return records;
    }
    void send(size_t from, uint64_t nonce) {
        EXPECT_EQ(
            chain_->submit_now(transfer(from, nonce)).kind, sequencer::SubmitOutcome::Kind::executed
        );
    }

    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    std::unique_ptr<sequencer::test::TestChain> chain_ = must_start(directory_.path());
    Excerpt last_;
};

}  // namespace

TEST_F(FeedSource, an_empty_chain_gives_the_opening_of_its_first_block) {
    const auto records = read({1, 0});
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(std::get<OpenRecord>(records[0]).opening.number, 1U);
    EXPECT_TRUE(last_.is_whole);
    EXPECT_EQ(last_.sealed_number, 0U);
}

TEST_F(FeedSource, sealed_blocks_are_whole_and_the_open_one_is_told_by_mini_blocks) {
    send(0, 0);
    chain_->mine();
    send(0, 1);
    chain_->advance_ms(20);
    send(1, 0);
    chain_->advance_ms(20);
    chain_->advance_ms(20);
    const auto records = read({1, 0});
    ASSERT_EQ(records.size(), 4U);
    const auto& block = std::get<BlockRecord>(records[0]);
    EXPECT_EQ(block.header, chain_->head.position().sealed->header);
    EXPECT_EQ(block.transactions.size(), 1U);
    ASSERT_EQ(block.mini_blocks.size(), 1U);
    EXPECT_EQ(block.diff, *chain_->head.position().sealed->diff);
    EXPECT_EQ(std::get<OpenRecord>(records[1]).opening.number, 2U);
    const auto& first = std::get<MiniBlockRecord>(records[2]);
    const auto& second = std::get<MiniBlockRecord>(records[3]);
    EXPECT_EQ(first.header.mini_block_number + 1, second.header.mini_block_number);
    EXPECT_EQ(second.transactions[0].sender, sender(1));
    EXPECT_EQ(last_.next_mini_block_number, second.header.mini_block_number + 1);
}

TEST_F(FeedSource, begins_where_the_follower_stands) {
    chain_->mine();
    send(0, 0);
    chain_->advance_ms(20);
    send(1, 0);
    chain_->advance_ms(20);
    chain_->advance_ms(20);
    const auto records = read({2, 1});
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(std::get<MiniBlockRecord>(records[1]).header.mini_block_number, 1U);
}

TEST_F(FeedSource, is_cut_at_its_limits_and_goes_on_from_there) {
    for (int i = 0; i < 5; ++i) {
        chain_->mine();
    }
    EXPECT_EQ(read({1, 0}, {.max_records = 2}).size(), 2U);
    EXPECT_FALSE(last_.is_whole);
    EXPECT_EQ(read({1, 0}, {.max_bytes = 1}).size(), 1U);
    const auto rest = read({3, 0});
    EXPECT_EQ(std::get<BlockRecord>(rest[0]).header.number, 3U);
    EXPECT_TRUE(last_.is_whole);
}

TEST_F(FeedSource, gives_nothing_beyond_the_chain) {
    EXPECT_TRUE(read({2, 0}).empty());
    EXPECT_TRUE(read({UINT64_MAX, UINT64_MAX}).empty());
    EXPECT_TRUE(last_.is_whole);
}

TEST_F(FeedSource, a_seal_tells_what_no_mini_block_did) {
    struct Seals final : sequencer::Listener {
        void on_sealed(const sequencer::SealedPtr& block) override { sealed = block; }
        sequencer::SealedPtr sealed;
    } seals;
    chain_->publisher.add_listener(seals);
    chain_->mine();
    ASSERT_NE(seals.sealed, nullptr);
    const auto seal = decode_record(record_of(*seals.sealed));
    ASSERT_TRUE(seal.has_value());
    // The block's beginning, which writes the parent's hash (EIP-2935).
    EXPECT_FALSE(std::get<SealRecord>(*seal).diff.is_empty());
    EXPECT_EQ(std::get<SealRecord>(*seal).diff, *seals.sealed->diff);
}

}  // namespace mega::feed
