#include "replica/mirror.hpp"

#include "replica/test_follower.hpp"

namespace mega::replica {
namespace {

using namespace test;
using Kind = Refusal::Kind;

class MirrorTest : public testing::Test {
  protected:
    MirrorTest() {
        leader_->publisher.add_listener(tap_);
        leader_->start();
    }
    ~MirrorTest() override { leader_.reset(); }

    void send(mempool::TxPtr tx) {
        EXPECT_EQ(
            leader_->submit_now(std::move(tx)).kind, sequencer::SubmitOutcome::Kind::executed
        );
    }
    /// So that what was sent is in a mini-block.
    void cut() {
        leader_->advance_ms(20);
        leader_->advance_ms(20);
    }
    /// Two blocks with transfers, a store, a deployment, one without anything.
    void make_history() {
        send(transfer(0, 0));
        send(store(1, 0, 1, 2));
        cut();
        send(deploy(2, 0));
        cut();
        leader_->mine();
        leader_->mine();
        send(store(1, 1, 1, 0));
        send(store(1, 2, 9, 9));
        cut();
        leader_->mine();
    }
    std::vector<Bytes> pushed() {
        leader_->settle();
        return tap_.take();
    }
    template <class T>
    static size_t find(const std::vector<Bytes>& records, size_t skip = 0) {
        for (size_t i = 0; i < records.size(); ++i) {
            if (std::holds_alternative<T>(decoded(records[i])) && skip-- == 0) {
                return i;
            }
        }
        ADD_FAILURE() << "there is no such record";
        return 0;
    }
    template <class T>
    static feed::Record changed(const Bytes& record, const std::function<void(T&)>& change) {
        auto told = std::get<T>(decoded(record));
        change(told);
        return feed::Record{std::move(told)};
    }
    Follower make_follower(MirrorConfig config = {}) {
        directories_.push_back(
            std::make_unique<storage::TestDirectory>(storage::TestDirectory::in_memory)
        );
        return Follower(directories_.back()->path(), config);
    }
    void expect_same_state(const Follower& follower) {
        const auto ours = follower.states->latest();
        const auto theirs = leader_->states->latest();
        for (size_t i = 0; i < sender_count; ++i) {
            EXPECT_EQ(ours->account(sender(i)), theirs->account(sender(i))) << i;
        }
        for (const Address& one : {address(0xbeef), address(0xfee), store_address()}) {
            EXPECT_EQ(ours->account(one), theirs->account(one));
        }
        for (const uint64_t slot : {1, 5, 9}) {
            EXPECT_EQ(ours->storage(store_address(), slot), theirs->storage(store_address(), slot));
        }
    }

    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    FeedTap tap_;
    std::unique_ptr<sequencer::test::TestChain> leader_ = must_open(directory_.path());
    std::vector<std::unique_ptr<storage::TestDirectory>> directories_;
};

}  // namespace

TEST_F(MirrorTest, arrives_at_the_leaders_blocks_without_executing) {
    make_history();
    Follower follower = make_follower();
    follower.must_apply(pushed());
    EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
    EXPECT_EQ(follower.mirror->head()->header.number, 3U);
    expect_same_state(follower);
}

TEST_F(MirrorTest, executing_again_agrees) {
    make_history();
    Follower follower = make_follower({.check_senders = true});
    follower.must_apply(pushed(), true);
    EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
    expect_same_state(follower);
}

TEST_F(MirrorTest, whole_blocks_lead_to_the_same_chain) {
    make_history();
    for (const bool execute : {false, true}) {
        Follower follower = make_follower();
        const auto excerpt = feed::read_from(*leader_->reader, {1, 0}, {});
        ASSERT_TRUE(excerpt.has_value());
        follower.must_apply(excerpt->records, execute);
        EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
        expect_same_state(follower);
    }
}

TEST_F(MirrorTest, a_whole_block_completes_one_that_was_told_in_part) {
    make_history();
    const auto records = pushed();
    const auto whole = feed::read_from(*leader_->reader, {1, 0}, {});
    ASSERT_TRUE(whole.has_value());
    // The first block has two mini-blocks: none, one, or both of them are told before.
    for (size_t told = 0; told <= 2; ++told) {
        for (const bool execute : {false, true}) {
            Follower follower = make_follower();
            follower.must_apply({records[0]});
            for (size_t i = 0; i < told; ++i) {
                follower.must_apply({records[find<feed::MiniBlockRecord>(records, i)]}, execute);
            }
            const auto applied = follower.apply(whole->records[0], execute);
            ASSERT_TRUE(applied.has_value()) << to_string(applied.error());
            EXPECT_EQ(applied->mini_blocks.size(), 2 - told);
            ASSERT_NE(applied->sealed, nullptr);
            EXPECT_EQ(applied->sealed->mini_blocks.size(), 2U);
            EXPECT_EQ(
                *applied->sealed->diff, std::get<feed::BlockRecord>(decoded(whole->records[0])).diff
            );
            follower.must_apply({whole->records.begin() + 1, whole->records.end()}, execute);
            expect_same_state(follower);
        }
    }
}

TEST_F(MirrorTest, receipts_are_the_leaders) {
    make_history();
    Follower follower = make_follower();
    for (const Bytes& record : pushed()) {
        const auto applied = follower.apply(record);
        ASSERT_TRUE(applied.has_value());
        if (!applied->sealed) {
            continue;
        }
        const auto theirs = *leader_->reader->block(applied->sealed->header.number);
        ASSERT_EQ(theirs->transactions.size(), applied->sealed->transactions.size());
        for (size_t i = 0; i < theirs->transactions.size(); ++i) {
            const auto& a = *theirs->transactions[i];
            const auto& b = *applied->sealed->transactions[i];
            EXPECT_EQ(a.receipt, b.receipt);
            EXPECT_EQ(a.gas_used, b.gas_used);
            EXPECT_EQ(a.effective_gas_price, b.effective_gas_price);
            EXPECT_EQ(a.created, b.created);
            EXPECT_EQ(a.first_log_index, b.first_log_index);
            EXPECT_EQ(a.tx->sender, b.tx->sender);
        }
    }
}

TEST_F(MirrorTest, repetitions_change_nothing) {
    make_history();
    Follower follower = make_follower();
    for (const Bytes& record : pushed()) {
        follower.must_apply({record});
        const Hash256 head = follower.mirror->head()->hash;
        const auto again = follower.apply(record);
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(again->block, nullptr);
        EXPECT_EQ(follower.mirror->head()->hash, head);
    }
}

TEST_F(MirrorTest, a_missing_record_is_a_gap) {
    make_history();
    const auto records = pushed();
    for (size_t missing = 0; missing + 1 < records.size(); ++missing) {
        Follower follower = make_follower();
        bool has_refused = false;
        for (size_t i = 0; i < records.size() && !has_refused; ++i) {
            if (i == missing) {
                continue;
            }
            const auto applied = follower.apply(records[i]);
            if (!applied) {
                has_refused = true;
                EXPECT_EQ(applied.error().kind, Kind::gap)
                    << missing << ": " << to_string(applied.error());
            }
        }
        // A missing seal or mini-block shows; the opening of the last block has nothing after it.
        EXPECT_TRUE(has_refused || missing + 1 == records.size()) << missing;
    }
}

TEST_F(MirrorTest, the_sequencer_is_learned_from_the_first_mini_block) {
    make_history();
    Follower follower = make_follower();
    EXPECT_TRUE(follower.mirror->sequencers().empty());
    follower.must_apply(pushed());
    EXPECT_EQ(follower.mirror->sequencers(), std::vector{*crypto::address_of(signing_key())});
}

TEST_F(MirrorTest, another_signer_is_refused_by_name) {
    make_history();
    const auto records = pushed();
    Follower follower = make_follower({.sequencers = {sender(3)}});
    follower.must_apply({records[0]});
    const auto refusal =
        follower.must_refuse(decoded(records[find<feed::MiniBlockRecord>(records)]));
    EXPECT_EQ(refusal.kind, Kind::mismatch);
    EXPECT_EQ(refusal.block_number, 1U);
    EXPECT_NE(to_string(refusal).find("not signed by the sequencer"), std::string::npos);
    EXPECT_NE(refusal.expected.find(to_hex(sender(3))), std::string::npos);
}

TEST_F(MirrorTest, lies_in_a_mini_block_are_named) {
    make_history();
    const auto records = pushed();
    const Bytes honest = records[find<feed::MiniBlockRecord>(records)];
    using Record = feed::MiniBlockRecord;
    const struct {
        const char* words;
        std::function<void(Record&)> change;
    } lies[] = {
        {"not signed by the sequencer", [](Record& r) { r.header.gas_used += 1; }},
        {"not signed by the sequencer", [](Record& r) { r.header.signature.r[5] ^= 1; }},
        {"transaction root", [](Record& r) { r.transactions.pop_back(); }},
        {"receipt root", [](Record& r) { r.transactions[0].status = false; }},
        {"receipt root", [](Record& r) { r.transactions[1].logs.clear(); }},
        {"gas that it cannot have",
         [](Record& r) { r.transactions[0].cumulative_gas_used = 1u << 30; }},
        {"is malformed", [](Record& r) { r.transactions[0].raw.pop_back(); }},
        {"wrong created contract", [](Record& r) { r.transactions[0].created = address(1); }},
        {"another state of account",
         [](Record& r) { r.diff.accounts[0].before = Account{.nonce = 77}; }},
        {"another value of slot", [](Record& r) { r.diff.slots[0].before = 77; }},
    };
    Follower follower = make_follower({.sequencers = {*crypto::address_of(signing_key())}});
    follower.must_apply({records[0]});
    for (const auto& lie : lies) {
        const auto refusal = follower.must_refuse(changed<Record>(honest, lie.change));
        EXPECT_EQ(refusal.kind, Kind::mismatch) << lie.words;
        EXPECT_NE(to_string(refusal).find(lie.words), std::string::npos) << to_string(refusal);
    }
    // None of them left a trace.
    follower.must_apply({honest});
}

TEST_F(MirrorTest, a_changed_diff_is_found_at_the_seal_or_by_executing) {
    make_history();
    const auto records = pushed();
    const size_t mini_block = find<feed::MiniBlockRecord>(records);
    const auto lie = changed<feed::MiniBlockRecord>(records[mini_block], [](auto& record) {
        record.diff.accounts[0].after->balance = record.diff.accounts[0].after->balance + 1;
    });
    Follower executing = make_follower();
    executing.must_apply({records[0]});
    const auto at_once = executing.must_refuse(lie, true);
    EXPECT_EQ(at_once.kind, Kind::mismatch);
    EXPECT_NE(to_string(at_once).find("not what its transactions lead to"), std::string::npos);

    Follower trusting = make_follower();
    trusting.must_apply({records[0]});
    ASSERT_TRUE(trusting.apply(lie).has_value());
    Refusal refusal;
    for (size_t i = mini_block + 1; i < records.size(); ++i) {
        const auto applied = trusting.apply(records[i]);
        if (!applied) {
            refusal = applied.error();
            break;
        }
    }
    EXPECT_EQ(refusal.kind, Kind::mismatch);
    EXPECT_EQ(refusal.block_number, 1U);
}

TEST_F(MirrorTest, a_code_that_is_not_told_is_missed) {
    make_history();
    const auto records = pushed();
    Follower follower = make_follower();
    follower.must_apply({records[0], records[find<feed::MiniBlockRecord>(records)]});
    const auto lie = changed<feed::MiniBlockRecord>(
        records[find<feed::MiniBlockRecord>(records, 1)],
        [](feed::MiniBlockRecord& record) {
            for (auto& change : record.diff.accounts) {
                if (!change.before && change.after->has_code()) {
                    change.after->code_hash[0] ^= 1;
                }
            }
        }
    );
    EXPECT_NE(follower.must_refuse(lie).words.find("lacks the code"), std::string::npos);
}

TEST_F(MirrorTest, a_header_with_a_changed_field_is_named) {
    make_history();
    const auto records = pushed();
    const size_t seal = find<feed::SealRecord>(records);
    const struct {
        const char* field;
        std::function<void(BlockHeader&)> change;
    } lies[] = {
        {"state root", [](BlockHeader& h) { h.state_root[0] ^= 1; }},
        {"receipts root", [](BlockHeader& h) { h.receipts_root[0] ^= 1; }},
        {"parent hash", [](BlockHeader& h) { h.parent_hash[0] ^= 1; }},
        {"timestamp", [](BlockHeader& h) { h.timestamp += 1; }},
        {"gas used", [](BlockHeader& h) { h.gas_used += 1; }},
        {"logs bloom", [](BlockHeader& h) { h.logs_bloom[0] ^= 1; }},
        {"hash", [](BlockHeader& h) { h.extra_data.push_back(1); }},
    };
    for (const auto& lie : lies) {
        Follower follower = make_follower();
        follower.must_apply({records.begin(), records.begin() + static_cast<ptrdiff_t>(seal)});
        const auto refusal = follower.must_refuse(changed<feed::SealRecord>(
            records[seal], [&](feed::SealRecord& record) { lie.change(record.header); }
        ));
        EXPECT_EQ(refusal.kind, Kind::mismatch);
        EXPECT_NE(refusal.words.find(lie.field), std::string::npos) << to_string(refusal);
    }
}

TEST_F(MirrorTest, another_branch_is_a_fork) {
    make_history();
    const auto records = pushed();
    const auto whole = feed::read_from(*leader_->reader, {1, 0}, {});
    Follower follower = make_follower();
    follower.must_apply(records);
    // The same number, another hash.
    const auto seal = follower.must_refuse(changed<feed::SealRecord>(
        records[find<feed::SealRecord>(records, 2)],
        [](feed::SealRecord& record) { record.header.timestamp += 1; }
    ));
    EXPECT_EQ(seal.kind, Kind::fork);

    Follower behind = make_follower();
    behind.must_apply({whole->records[0]});
    const auto block = behind.must_refuse(changed<feed::BlockRecord>(
        whole->records[1], [](feed::BlockRecord& record) { record.header.parent_hash[3] ^= 1; }
    ));
    EXPECT_EQ(block.kind, Kind::fork);

    Follower partly = make_follower();
    partly.must_apply({records[0], records[find<feed::MiniBlockRecord>(records)]});
    const auto content = partly.must_refuse(changed<feed::BlockRecord>(
        whole->records[0],
        [](feed::BlockRecord& record) { record.mini_blocks[0].header.timestamp_us += 1; }
    ));
    EXPECT_EQ(content.kind, Kind::fork);
}

TEST_F(MirrorTest, a_wrong_sender_is_found_when_senders_are_checked) {
    make_history();
    const auto records = pushed();
    const auto lie = changed<feed::MiniBlockRecord>(
        records[find<feed::MiniBlockRecord>(records)],
        [](feed::MiniBlockRecord& record) { record.transactions[0].sender = address(9); }
    );
    Follower follower = make_follower({.check_senders = true});
    follower.must_apply({records[0]});
    EXPECT_NE(follower.must_refuse(lie).words.find("another sender"), std::string::npos);
}

TEST_F(MirrorTest, a_block_opened_anew_replaces_an_untouched_one) {
    leader_->sequencer->run([&] { leader_->sequencer->set_next_timestamp(1'900'000'000); });
    send(transfer(0, 0));
    cut();
    leader_->mine();
    Follower follower = make_follower();
    follower.must_apply(pushed());
    EXPECT_EQ(follower.mirror->head()->header.timestamp, 1'900'000'000U);
    EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
}

TEST_F(MirrorTest, going_back_is_left_to_who_drives_it) {
    make_history();
    Follower follower = make_follower();
    follower.must_apply(pushed());
    EXPECT_EQ(follower.must_refuse(feed::Record{feed::RevertRecord{1}}).kind, Kind::fork);
}

TEST_F(MirrorTest, giving_the_open_block_up_leaves_no_trace) {
    make_history();
    const auto records = pushed();
    Follower follower = make_follower();
    const auto before = follower.states->latest()->account(sender(0));
    follower.must_apply({records[0], records[find<feed::MiniBlockRecord>(records)]});
    EXPECT_NE(follower.states->latest()->account(sender(0)), before);
    EXPECT_TRUE(follower.mirror->has_begun());
    follower.mirror->give_up_open_block();
    EXPECT_EQ(follower.states->latest()->account(sender(0)), before);
    EXPECT_FALSE(follower.mirror->has_begun());
    EXPECT_EQ(*follower.commitment->root(), follower.mirror->head()->header.state_root);
    follower.mirror->give_up_open_block();
    follower.must_apply(records);
    EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
    expect_same_state(follower);
}

TEST_F(MirrorTest, what_was_refused_leaves_no_trace_once_the_open_block_is_given_up) {
    make_history();
    const auto records = pushed();
    const size_t seal = find<feed::SealRecord>(records);
    Follower follower = make_follower();
    follower.must_apply({records.begin(), records.begin() + static_cast<ptrdiff_t>(seal)});
    const auto refusal =
        follower.must_refuse(changed<feed::SealRecord>(records[seal], [](feed::SealRecord& record) {
            record.header.state_root[0] ^= 1;
        }));
    EXPECT_EQ(refusal.kind, Kind::mismatch);
    follower.mirror->give_up_open_block();
    follower.must_apply(records);
    EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
}

TEST_F(MirrorTest, several_sequencers_take_turns) {
    make_history();
    Follower follower =
        make_follower({.sequencers = {sender(3), *crypto::address_of(signing_key())}});
    follower.must_apply(pushed());
    EXPECT_EQ(follower.mirror->head()->hash, leader_->chain->head()->hash);
}

TEST_F(MirrorTest, hostile_openings_end_nothing) {
    Follower follower = make_follower();
    sequencer::OpenBlockRecord opening;
    opening.number = 1;
    opening.timestamp = UINT64_MAX;
    EXPECT_EQ(follower.must_refuse(feed::Record{feed::OpenRecord{opening}}).kind, Kind::mismatch);
    opening.gas_limit = UINT64_MAX;
    opening.base_fee_per_gas = u256::max();
    EXPECT_TRUE(follower.apply(feed::Record{feed::OpenRecord{opening}}).has_value());
    opening.number = UINT64_MAX;
    EXPECT_EQ(follower.must_refuse(feed::Record{feed::OpenRecord{opening}}).kind, Kind::gap);
}

TEST_F(MirrorTest, notices_of_unknown_kinds_are_passed_over) {
    Follower follower = make_follower();
    const auto applied = follower.apply(feed::Record{feed::NoticeRecord{200, {1, 2, 3}}});
    ASSERT_TRUE(applied.has_value());
    EXPECT_EQ(applied->block, nullptr);
}

}  // namespace mega::replica
