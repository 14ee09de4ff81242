#include "replica/return_to.hpp"

#include "replica/feed_replay.hpp"
#include "replica/test_follower.hpp"

namespace mega::replica {
namespace {

using namespace test;

/// A leader that goes back, and a replica of it that keeps what a replica keeps.
class ReturnTo : public testing::Test {
  protected:
    ReturnTo() {
        leader_->publisher.add_listener(tap_);
        leader_->start();
    }
    ~ReturnTo() override { leader_.reset(); }

    void send(size_t from, uint64_t nonce) {
        EXPECT_EQ(
            leader_->submit_now(transfer(from, nonce)).kind,
            sequencer::SubmitOutcome::Kind::executed
        );
        leader_->advance_ms(20);
        leader_->advance_ms(20);
    }
    void mine(size_t blocks) {
        for (size_t i = 0; i < blocks; ++i) {
            send(0, nonce_++);
            leader_->mine();
        }
    }
    void leader_returns_to(uint64_t number, uint64_t nonce) {
        leader_->sequencer->run([&] {
            EXPECT_TRUE(leader_->sequencer->revert_to(number).has_value());
        });
        nonce_ = nonce;
    }
    std::vector<Bytes> pushed() {
        leader_->settle();
        return tap_.take();
    }

    struct Kept {
        explicit Kept(const std::filesystem::path& directory)
            : follower(directory),
              checkpointer({*follower.database, *follower.states, *follower.blocks, nullptr}),
              replay(*follower.mirror, checkpointer, {}, std::nullopt) {}
        void play(const std::vector<Bytes>& records, uint64_t first_sequence = 1) {
            for (const Bytes& record : records) {
                ASSERT_TRUE(replay.accept(first_sequence++, record)) << replay.failure();
            }
            next_sequence = first_sequence;
        }
        [[nodiscard]] bool accept(const feed::Record& record) {
            return replay.accept(next_sequence++, encode(record));
        }

        Follower follower;
        sequencer::Checkpointer checkpointer;
        FeedReplay replay;
        uint64_t next_sequence = 1;
    };
    void expect_same(Kept& kept) {
        EXPECT_EQ(kept.follower.mirror->head()->hash, leader_->chain->head()->hash);
        EXPECT_EQ(
            *kept.follower.commitment->root(), kept.follower.mirror->head()->header.state_root
        );
        for (size_t i = 0; i < sender_count; ++i) {
            EXPECT_EQ(
                kept.follower.states->latest()->account(sender(i)),
                leader_->states->latest()->account(sender(i))
            ) << i;
        }
    }

    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    storage::TestDirectory other_{storage::TestDirectory::in_memory};
    FeedTap tap_;
    std::unique_ptr<sequencer::test::TestChain> leader_ = must_open(directory_.path());
    uint64_t nonce_ = 0;
};

}  // namespace

TEST_F(ReturnTo, a_log_that_goes_back_leads_to_the_leaders_branch) {
    mine(5);
    send(1, 0);  // of an open block
    leader_returns_to(2, 2);
    mine(4);
    Kept kept(other_.path());
    kept.play(pushed());
    EXPECT_EQ(kept.follower.mirror->head()->header.number, 6U);
    expect_same(kept);
}

TEST_F(ReturnTo, again_and_again_to_the_same_block) {
    mine(2);
    Kept kept(other_.path());
    kept.play(pushed());
    for (uint64_t round = 0; round < 10; ++round) {
        mine(3);
        leader_returns_to(2, 2);
        kept.play(pushed(), kept.next_sequence);
        expect_same(kept);
    }
    EXPECT_EQ(kept.replay.finish().unsaved.size(), 0U);
}

TEST_F(ReturnTo, the_open_block_alone) {
    mine(2);
    send(1, 0);
    Kept kept(other_.path());
    kept.play(pushed());
    EXPECT_TRUE(kept.follower.mirror->has_begun());
    EXPECT_TRUE(kept.accept(feed::Record{feed::RevertRecord{2}}));
    EXPECT_FALSE(kept.follower.mirror->has_begun());
    const auto excerpt = feed::read_from(*leader_->reader, {3, 0}, {});
    ASSERT_TRUE(excerpt.has_value());
    kept.play(excerpt->records, kept.next_sequence);
    EXPECT_TRUE(kept.follower.mirror->has_begun());
    leader_->mine();
    kept.play(pushed(), kept.next_sequence);
    expect_same(kept);
}

TEST_F(ReturnTo, what_is_written_is_read_again_from_there) {
    mine(5);
    Kept kept(other_.path());
    kept.play(pushed());
    EXPECT_TRUE(kept.accept(feed::Record{feed::RevertRecord{3}}));
    const auto stored = sequencer::load_head(*kept.follower.blocks);
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->head->header.number, 3U);
    EXPECT_EQ(stored->checkpoint.log_sequence, kept.next_sequence - 1);
    EXPECT_EQ(*kept.follower.blocks->block(4), nullptr);
    EXPECT_EQ(*kept.follower.commitment->root(), stored->head->header.state_root);
}

TEST_F(ReturnTo, what_a_refused_block_left_is_gone_and_the_good_one_opens_anew) {
    mine(2);
    send(1, 0);
    leader_->mine();
    const auto excerpt = feed::read_from(*leader_->reader, {1, 0}, {});
    ASSERT_TRUE(excerpt.has_value());
    ASSERT_EQ(std::get<feed::BlockRecord>(decoded(excerpt->records[2])).header.number, 3U);
    Kept kept(other_.path());
    kept.play({excerpt->records[0], excerpt->records[1]});
    auto lie = std::get<feed::BlockRecord>(decoded(excerpt->records[2]));
    lie.header.gas_used += 1;
    Mirror& mirror = *kept.follower.mirror;
    EXPECT_EQ(
        kept.follower.must_refuse(feed::Record{std::move(lie)}).kind, Refusal::Kind::mismatch
    );
    // It has been opened and holds transactions that nobody was told of.
    EXPECT_TRUE(mirror.has_begun());
    EXPECT_FALSE(mirror.executed().empty());
    EXPECT_TRUE(kept.accept(feed::Record{feed::RevertRecord{2}}));
    EXPECT_FALSE(mirror.has_begun());
    EXPECT_TRUE(mirror.executed().empty());
    const auto applied = kept.follower.apply(excerpt->records[2]);
    ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
    EXPECT_TRUE(applied->is_opened);
    ASSERT_NE(applied->sealed, nullptr);
    expect_same(kept);
}

TEST_F(ReturnTo, a_block_that_does_not_exist_is_refused) {
    mine(2);
    Kept kept(other_.path());
    kept.play(pushed());
    EXPECT_FALSE(kept.accept(feed::Record{feed::RevertRecord{3}}));
    EXPECT_NE(kept.replay.failure().find("which does not exist"), std::string::npos);
}

TEST_F(ReturnTo, numbers_of_mini_blocks_leap_where_a_branch_was_left) {
    mine(4);
    leader_returns_to(1, 1);
    mine(2);
    Kept kept(other_.path());
    const auto excerpt = feed::read_from(*leader_->reader, {1, 0}, {});
    ASSERT_TRUE(excerpt.has_value());
    kept.play(excerpt->records);
    expect_same(kept);
}

}  // namespace mega::replica
