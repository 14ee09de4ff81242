// Two sequencers, one chain: whoever follows stands where the leader stands, and takes over in the
// midst of a block.

#include "sequencer/opening.hpp"
#include "sequencer/test_chain.hpp"

namespace mega::sequencer::test {
namespace {

using Kind = SubmitOutcome::Kind;

/// What a leader tells, to be applied to a follower.
class Telling final : public Listener {
  public:
    void on_opened(const OpenBlockPtr& block) override { add(inputs_of(*block)); }
    void on_mini_block(const MiniBlockPtr& mini_block) override { add(mini_block); }
    void on_sealed(const SealedPtr& block) override { add(block->header); }

    using Event = std::variant<OpenBlockRecord, MiniBlockPtr, BlockHeader>;
    [[nodiscard]] std::vector<Event> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }

  private:
    void add(Event event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    std::mutex mutex_;
    std::vector<Event> events_;  // guarded by mutex_
};

Result<void> follow(Sequencer& follower, const Telling::Event& event) {
    if (const auto* opening = std::get_if<OpenBlockRecord>(&event)) {
        return follower.follow_opening(*opening);
    }
    if (const auto* header = std::get_if<BlockHeader>(&event)) {
        return follower.follow_seal(*header);
    }
    const auto& mini_block = std::get<MiniBlockPtr>(event);
    std::vector<mempool::TxPtr> transactions;
    for (const ExecutedPtr& one : mini_block->transactions) {
        transactions.push_back(one->tx);
    }
    return follower.follow_mini_block(mini_block->header, transactions);
}

struct FollowingTest : ::testing::Test {
    struct Node {
        explicit Node(bool leads) {
            options.sequencer.starts_following = !leads;
            options.sequencer.beneficiary = address(leads ? 0xa : 0xb);
            options.signing_key = leads ? u256{7}.to_hash() : u256{8}.to_hash();
            start();
        }
        void start() {
            parts = must_open(directory.path(), options);
            parts->publisher.add_listener(telling);
            parts->start();
        }
        void restart() {
            parts.reset();
            start();
        }
        void cut() { parts->advance_ms(20); }
        [[nodiscard]] Sequencer& sequencer() const { return *parts->sequencer; }

        storage::TestDirectory directory{storage::TestDirectory::in_memory};
        TestOptions options;
        Telling telling;
        std::unique_ptr<TestChain> parts;
    };
    Node a{true};
    Node b{false};

    /// Tells `to` what `from` has done; the first words of refusal, if any.
    static std::string tell(Node& from, Node& to) {
        from.parts->settle();
        for (const auto& event : from.telling.take()) {
            if (auto done = follow(to.sequencer(), event); !done) {
                return done.error().message;
            }
        }
        // What the other one has told of it is no news.
        to.parts->settle();
        static_cast<void>(to.telling.take());
        return "";
    }
    static void expect_same(const Node& x, const Node& y) {
        const auto at_x = x.parts->head.position();
        const auto at_y = y.parts->head.position();
        EXPECT_EQ(at_x.sealed->hash, at_y.sealed->hash);
        const auto in_x = at_x.open->transactions();
        const auto in_y = at_y.open->transactions();
        ASSERT_EQ(in_x.size(), in_y.size());
        for (size_t i = 0; i < in_x.size(); ++i) {
            EXPECT_EQ(in_x[i]->receipt, in_y[i]->receipt);
        }
        EXPECT_EQ(
            x.parts->reader->latest_state()->account(sender(0)),
            y.parts->reader->latest_state()->account(sender(0))
        );
    }
};

}  // namespace

TEST_F(FollowingTest, arrives_at_the_leaders_blocks_and_keeps_its_signatures) {
    for (uint64_t nonce = 0; nonce < 6; ++nonce) {
        ASSERT_EQ(a.parts->submit_now(store(0, nonce, nonce, nonce + 1)).kind, Kind::executed);
        a.cut();
        if (nonce == 3) {
            a.parts->mine();
        }
    }
    ASSERT_EQ(tell(a, b), "");
    expect_same(a, b);
    EXPECT_EQ(b.parts->head.position().sealed->header.number, 1u);
    const auto mini_blocks = b.parts->head.position().open->mini_blocks();
    ASSERT_EQ(mini_blocks.size(), 2u);
    EXPECT_EQ(recover_signer(mini_blocks[0]->header), crypto::address_of(u256{7}.to_hash()));
}

TEST_F(FollowingTest, takes_no_transactions) {
    const auto outcome = b.parts->submit_now(transfer(0, 0));
    EXPECT_EQ(outcome.kind, Kind::refused);
    EXPECT_EQ(outcome.message, "another sequencer leads");
}

TEST_F(FollowingTest, goes_on_in_the_midst_of_a_block_when_the_leader_is_gone) {
    ASSERT_EQ(a.parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    a.cut();
    ASSERT_EQ(tell(a, b), "");
    const Hash256 name = b.parts->head.position().open->name();
    b.sequencer().lead();
    ASSERT_EQ(b.parts->submit_now(transfer(0, 1)).kind, Kind::executed);
    EXPECT_EQ(b.parts->head.position().open->name(), name);
    b.parts->mine();
    const auto block = *b.parts->reader->block(1);
    ASSERT_EQ(block->transactions.size(), 2u);
    EXPECT_EQ(block->header.beneficiary, address(0xa));
    const auto& sealed = b.parts->head.position().sealed;
    ASSERT_EQ(sealed->mini_blocks.size(), 2u);
    EXPECT_EQ(
        recover_signer(sealed->mini_blocks[1]->header), crypto::address_of(u256{8}.to_hash())
    );
    // The block after it is all the new leader's.
    EXPECT_EQ(b.parts->head.position().open->opening_header().beneficiary, address(0xb));
}

TEST_F(FollowingTest, hands_over_there_and_back_without_losing_anything) {
    uint64_t nonce = 0;
    Node* leader = &a;
    Node* follower = &b;
    for (int turn = 0; turn < 6; ++turn) {
        for (int i = 0; i < 3; ++i) {
            ASSERT_EQ(leader->parts->submit_now(transfer(0, nonce++)).kind, Kind::executed);
        }
        EXPECT_TRUE(leader->sequencer().step_down().empty());
        ASSERT_EQ(tell(*leader, *follower), "") << "turn " << turn;
        follower->sequencer().lead();
        std::swap(leader, follower);
        expect_same(a, b);
    }
    EXPECT_EQ(a.parts->head.position().sealed->header.number, 6u);
    EXPECT_EQ(b.parts->reader->latest_state()->account(sender(0))->nonce, nonce);
}

TEST_F(FollowingTest, gives_what_waits_to_the_next_leader) {
    ASSERT_EQ(a.parts->submit_now(transfer(1, 3), SubmitMode::accepted).kind, Kind::pooled);
    ASSERT_EQ(a.parts->submit_now(transfer(1, 1), SubmitMode::accepted).kind, Kind::pooled);
    const auto waiting = a.sequencer().step_down();
    ASSERT_EQ(waiting.size(), 2u);
    EXPECT_EQ(waiting[0].tx->tx.nonce, 3u) << "in the order of arrival";
    EXPECT_EQ(a.sequencer().pool_status().queued, 0u);
    a.options.sequencer.starts_following = true;
    a.restart();
    EXPECT_EQ(a.sequencer().pool_status().queued, 0u) << "nor after a restart";
}

TEST_F(FollowingTest, a_restart_in_the_midst_of_a_block_finds_all_of_it_again) {
    for (uint64_t nonce = 0; nonce < 4; ++nonce) {
        ASSERT_EQ(a.parts->submit_now(store(0, nonce, 1, nonce)).kind, Kind::executed);
        a.cut();
    }
    ASSERT_EQ(tell(a, b), "");
    const uint64_t next = b.parts->chain->next_mini_block_number();
    b.restart();
    EXPECT_EQ(b.parts->chain->next_mini_block_number(), next);
    expect_same(a, b);
    a.parts->mine();
    ASSERT_EQ(tell(a, b), "");
    expect_same(a, b);
}

TEST_F(FollowingTest, leaves_a_branch_that_the_leader_does_not_have) {
    ASSERT_EQ(a.parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    a.parts->mine();
    ASSERT_EQ(tell(a, b), "");
    // The leader goes on unheard, and is gone; the other one takes over.
    ASSERT_EQ(a.parts->submit_now(transfer(1, 0)).kind, Kind::executed);
    a.parts->mine();
    ASSERT_EQ(a.parts->submit_now(transfer(2, 0)).kind, Kind::executed);
    const uint64_t signed_before = a.parts->chain->next_mini_block_number();
    b.sequencer().lead();
    ASSERT_EQ(b.parts->submit_now(transfer(3, 0)).kind, Kind::executed);
    b.parts->mine();

    static_cast<void>(a.sequencer().step_down());
    const auto lost = a.sequencer().follow_back_to(1);
    ASSERT_TRUE(lost.has_value()) << lost.error().message;
    EXPECT_EQ(lost->size(), 2u);
    ASSERT_EQ(tell(b, a), "");
    expect_same(a, b);
    EXPECT_GE(a.parts->chain->next_mini_block_number(), signed_before)
        << "no number is signed twice";
    a.restart();
    expect_same(a, b);
    EXPECT_GE(a.parts->chain->next_mini_block_number(), signed_before);
}

TEST_F(FollowingTest, gives_up_the_open_block_alone_and_survives_a_restart) {
    ASSERT_EQ(a.parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    a.parts->mine();
    ASSERT_EQ(a.parts->submit_now(transfer(0, 1)).kind, Kind::executed);
    a.cut();
    ASSERT_EQ(tell(a, b), "");
    const auto lost = b.sequencer().follow_back_to(1);
    ASSERT_TRUE(lost.has_value() && lost->size() == 1);
    EXPECT_TRUE(b.parts->head.position().open->is_empty());
    b.restart();
    EXPECT_EQ(b.parts->head.position().sealed->header.number, 1u);
    EXPECT_TRUE(b.parts->head.position().open->is_empty());
    EXPECT_EQ(b.parts->reader->latest_state()->account(sender(0))->nonce, 1u);
}

TEST_F(FollowingTest, refuses_what_does_not_come_out_as_told) {
    ASSERT_EQ(a.parts->submit_now(transfer(0, 0)).kind, Kind::executed);
    a.cut();
    ASSERT_EQ(a.parts->submit_now(transfer(0, 1)).kind, Kind::executed);
    a.cut();
    a.parts->mine();
    a.parts->settle();
    const auto events = a.telling.take();
    const auto opening = std::get<OpenBlockRecord>(events[0]);
    std::vector<MiniBlockPtr> mini_blocks;
    BlockHeader header;
    for (const auto& event : events) {
        if (const auto* mini_block = std::get_if<MiniBlockPtr>(&event)) {
            mini_blocks.push_back(*mini_block);
        } else if (const auto* sealed = std::get_if<BlockHeader>(&event)) {
            header = *sealed;
        }
    }
    ASSERT_EQ(mini_blocks.size(), 2u);
    const auto words_of = [&](const Telling::Event& event) {
        const auto done = follow(b.sequencer(), event);
        return done ? std::string() : done.error().message;
    };
    const auto contains = [](const std::string& words, std::string_view part) {
        return words.find(part) != std::string::npos;
    };
    auto other = opening;
    other.base_fee_per_gas += 1;
    EXPECT_TRUE(contains(words_of(other), "base fee"));
    other = opening;
    other.prev_randao = Hash256{};
    EXPECT_TRUE(contains(words_of(other), "prev_randao"));
    other = opening;
    other.gas_limit = 21'000;
    EXPECT_TRUE(contains(words_of(other), "gas limit"));
    other = opening;
    other.number = 2;
    EXPECT_TRUE(contains(words_of(other), "does not follow"));

    ASSERT_EQ(words_of(opening), "");
    EXPECT_TRUE(contains(words_of(mini_blocks[1]), "cannot be executed")) << "its nonce is ahead";
    ASSERT_EQ(words_of(opening), "") << "the block was given up";
    auto spoilt = std::make_shared<MiniBlock>(*mini_blocks[0]);
    spoilt->header.receipt_root = Hash256{};
    EXPECT_TRUE(contains(words_of(MiniBlockPtr(spoilt)), "other receipts"));
    ASSERT_EQ(words_of(opening), "");
    spoilt->header = mini_blocks[0]->header;
    spoilt->header.index = 1;
    EXPECT_TRUE(contains(words_of(MiniBlockPtr(spoilt)), "no place"));

    ASSERT_EQ(words_of(opening), "");
    ASSERT_EQ(words_of(mini_blocks[0]), "");
    ASSERT_EQ(words_of(mini_blocks[1]), "");
    auto lie = header;
    lie.state_root = Hash256{};
    EXPECT_TRUE(contains(words_of(lie), "comes out as"));
    // Then it goes back, and follows who tells the truth.
    ASSERT_TRUE(b.sequencer().follow_back_to(0).has_value());
    ASSERT_EQ(words_of(opening), "");
    ASSERT_EQ(words_of(mini_blocks[0]), "");
    ASSERT_EQ(words_of(mini_blocks[1]), "");
    ASSERT_EQ(words_of(header), "");
    EXPECT_EQ(b.parts->head.position().sealed->hash, hash_of(header));
}

}  // namespace mega::sequencer::test
