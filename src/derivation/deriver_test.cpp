#include "derivation/deriver.hpp"

#include "base/seed_test.hpp"
#include "rollup/test_l1.hpp"
#include "sequencer/block_source.hpp"
#include "sequencer/test_chain.hpp"

#include <random>

namespace mega::derivation {
namespace {

using namespace sequencer::test;
using rollup::test::MemoryL1;
using sequencer::test::address;

constexpr uint64_t l1_start = 10;

rollup::RollupConfig rollup_config() {
    const execution::Genesis genesis = make_genesis();
    rollup::RollupConfig config;
    config.l2_chain_id = chain_id;
    config.l1_start_block = l1_start;
    config.deposit_queue = address(0xd0);
    config.genesis_timestamp = genesis.header.timestamp;
    config.genesis_gas_limit = genesis.header.gas_limit;
    config.genesis_beneficiary = genesis.header.beneficiary;
    return config;
}

MemoryL1 make_l1() {
    rollup::RollupConfig config = rollup_config();
    config.genesis_timestamp = start_us / 1'000'000 - 1000;  // of L1's clock
    return MemoryL1(config);
}

TestOptions with_l1() {
    TestOptions options;
    options.l1_genesis = rollup::genesis_position(l1_start);
    return options;
}

class MemoryInputs final : public L1Inputs {
  public:
    explicit MemoryInputs(const MemoryL1& l1) : l1_(&l1) {}
    void show(const MemoryL1& l1) { l1_ = &l1; }

    Result<Heads> heads() override {
        if (is_away) {
            return Err{Error{"L1 is away"}};
        }
        return Heads{l1_->next_number() - 1, finalized};
    }
    Result<std::optional<Hash256>> hash_of(uint64_t number) override {
        return number < l1_->next_number() ? std::optional(l1_->block(number).block.ref.hash)
                                           : std::nullopt;
    }
    Result<std::vector<rollup::L1BlockInput>> read(uint64_t from, uint64_t to) override {
        std::vector<rollup::L1BlockInput> inputs;
        for (uint64_t n = from; n <= to; ++n) {
            inputs.push_back(l1_->block(n));
        }
        return inputs;
    }

    bool is_away = false;
    uint64_t finalized = 0;

  private:
    const MemoryL1* l1_;
};

/// A chain on a directory that follows what `inputs` show.
struct DerivedNode {
    DerivedNode(const std::filesystem::path& path, MemoryInputs& inputs)
        : parts(must_start(path, with_l1())),
          deriver(
              rollup_config(),
              {.l1_blocks_a_step = 3},
              {inputs,
               *parts->sequencer,
               parts->head,
               *parts->blocks,
               [this](const std::string& words) { log.push_back(words); }}
          ) {}

    void catch_up() {
        for (bool has_more = true; has_more;) {
            const auto stepped = deriver.step();
            ASSERT_TRUE(stepped.has_value()) << stepped.error().message;
            has_more = *stepped;
        }
    }
    [[nodiscard]] sequencer::SealedPtr head() const { return parts->head.position().sealed; }

    std::vector<std::string> log;
    std::unique_ptr<TestChain> parts;
    Deriver deriver;
};

/// The live side: a sequencer, and the L1 that it posts to.
struct LiveNode {
    explicit LiveNode(MemoryL1 start) : l1(std::move(start)) {
        parts = must_start(directory.path(), with_l1());
    }

    void mine_l1() { parts->sequencer->feed_l1({l1.mine().block}); }
    void mine_block() {
        parts->advance_ms(1000);
        parts->mine();
    }
    void send(mempool::TxPtr tx) {
        EXPECT_EQ(parts->submit_now(std::move(tx)).kind, sequencer::SubmitOutcome::Kind::executed);
    }
    [[nodiscard]] uint64_t sealed() const { return parts->head.position().sealed->header.number; }
    /// All that is sealed and in no batch, in one; `spoil` may damage the payload, `lie` the
    /// header.
    void post(
        const std::function<void(Bytes&)>& spoil = {},
        const std::function<void(rollup::BatchHeader&)>& lie = {}
    ) {
        const sequencer::BlockSource source(parts->head, *parts->blocks, *with_l1().l1_genesis);
        std::vector<rollup::BatchBlock> blocks;
        Hash256 hash;
        for (; next <= sealed(); ++next) {
            auto block = source.block(next);
            ASSERT_TRUE(block.has_value() && block->has_value());
            hash = (*block)->hash;
            blocks.push_back(std::move((*block)->content));
        }
        rollup::BatchHeader header = l1.header_of(blocks);
        header.last_block_hash = hash;
        Bytes payload = *rollup::encode_batch(chain_id, blocks);
        if (spoil) {
            spoil(payload);
        }
        if (lie) {
            lie(header);
        }
        l1.post_payload(header, payload, rollup::BatchKind::blobs);
    }

    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    MemoryL1 l1;
    std::unique_ptr<TestChain> parts;
    uint64_t next = 1;
};

TEST(deriver, makes_the_same_blocks_and_says_how_far_l1_is) {
    LiveNode live(make_l1());
    live.l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
    live.mine_l1();
    live.mine_block();
    live.send(store(0, 0, 1, 2));
    live.send(deploy(1, 0));
    live.mine_block();
    live.post();
    live.mine_l1();
    live.mine_block();
    live.send(transfer(0, 1));
    live.mine_block();
    live.post();
    live.mine_l1();

    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    DerivedNode node(directory.path(), inputs);
    node.catch_up();
    EXPECT_EQ(node.head()->hash, live.parts->head.position().sealed->hash);
    EXPECT_EQ(node.head()->l1, live.parts->head.position().sealed->l1);
    EXPECT_TRUE(node.log.empty()) << node.log.front();
    EXPECT_EQ(node.parts->reader->settled().safe, 4u);
    EXPECT_EQ(node.parts->reader->settled().finalized, 0u);
    inputs.finalized = 11;  // holds the first batch
    node.catch_up();
    EXPECT_EQ(node.parts->reader->settled().finalized, 2u);
    inputs.finalized = 100;
    node.catch_up();
    EXPECT_EQ(node.parts->reader->settled().finalized, 4u);
}

TEST(deriver, goes_on_after_hostile_batches_and_says_so) {
    LiveNode live(make_l1());
    live.l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
    live.mine_l1();
    live.mine_block();
    live.send(store(0, 0, 1, 2));
    live.mine_block();
    live.post([](Bytes& payload) { payload[payload.size() / 2] ^= 0xff; });
    live.mine_l1();
    live.mine_block();
    live.post([](Bytes& payload) { payload.clear(); });
    live.mine_l1();

    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    DerivedNode node(directory.path(), inputs);
    node.catch_up();
    EXPECT_EQ(node.head()->header.number, 3u);
    EXPECT_NE(node.head()->hash, live.parts->head.position().sealed->hash);
    EXPECT_EQ(node.deriver.counters().bad_batches, 2u);
    EXPECT_EQ(node.deriver.counters().disputable_batches, 2u);
    EXPECT_EQ(node.log.size(), 4u);
    const auto state = node.parts->reader->latest_state();
    EXPECT_EQ(state->account(address(0xaaa))->balance, 77) << "deposits are not lost";
    EXPECT_EQ(state->storage(store_address(), 1), 0);

    // The same for whoever starts later.
    const storage::TestDirectory other_directory{storage::TestDirectory::in_memory};
    DerivedNode other(other_directory.path(), inputs);
    other.catch_up();
    EXPECT_EQ(other.head()->hash, node.head()->hash);
}

/// The signatures are the end of a payload: r and s of each transaction, 64 bytes.
struct BadSignature {
    const char* name;
    std::function<void(std::span<uint8_t> signature)> act;
};

const std::vector<BadSignature>& bad_signatures() {
    static const std::vector<BadSignature> all{
        {"nobody's", [](std::span<uint8_t> bytes) { std::ranges::fill(bytes, uint8_t{0}); }},
        {"beyond the curve", [](std::span<uint8_t> bytes) { std::ranges::fill(bytes, 0xff); }},
        {"of a stranger without money", [](std::span<uint8_t> bytes) { bytes.back() ^= 1; }},
        {"with the other parity", [](std::span<uint8_t> bytes) { bytes[32] ^= 0x80; }},
    };
    return all;
}

TEST(deriver, leaves_out_what_bears_a_bad_signature_and_says_so) {
    for (const BadSignature& bad : bad_signatures()) {
        SCOPED_TRACE(bad.name);
        LiveNode live(make_l1());
        live.l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
        live.mine_l1();
        live.mine_block();
        live.send(store(0, 0, 1, 2));
        live.mine_block();
        live.post([&](Bytes& payload) { bad.act(std::span(payload).last(64)); });
        live.mine_l1();

        MemoryInputs inputs(live.l1);
        const storage::TestDirectory directory{storage::TestDirectory::in_memory};
        DerivedNode node(directory.path(), inputs);
        node.catch_up();
        // The blocks are those that were posted, without the transaction.
        EXPECT_EQ(node.head()->header.number, 2u);
        EXPECT_TRUE(std::ranges::all_of(node.head()->transactions, [](const auto& tx) {
            return tx->tx->tx.type == TxType::deposit;
        }));
        EXPECT_EQ(
            node.head()->header.timestamp, live.parts->head.position().sealed->header.timestamp
        );
        EXPECT_NE(node.head()->hash, live.parts->head.position().sealed->hash);
        EXPECT_EQ(node.deriver.counters().bad_batches, 0u) << "it decodes";
        EXPECT_EQ(node.deriver.counters().disputable_batches, 1u);
        const auto state = node.parts->reader->latest_state();
        EXPECT_EQ(state->account(address(0xaaa))->balance, 77) << "deposits are not lost";
        EXPECT_EQ(state->storage(store_address(), 1), 0);
        EXPECT_EQ(state->account(sender(0))->nonce, 0u);

        const storage::TestDirectory other_directory{storage::TestDirectory::in_memory};
        DerivedNode other(other_directory.path(), inputs);
        other.catch_up();
        EXPECT_EQ(other.head()->hash, node.head()->hash);
    }
}

/// The digest of the mini-blocks convicts a leader on L1; the chain does not depend on it.
TEST(deriver, makes_the_same_blocks_whatever_the_batch_says_of_its_mini_blocks) {
    LiveNode live(make_l1());
    live.mine_l1();
    live.mine_block();
    live.send(store(0, 0, 1, 2));
    live.mine_block();
    live.post({}, [](rollup::BatchHeader& header) { header.mini_block_digest = Hash256{{0xbd}}; });
    live.mine_l1();
    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    DerivedNode node(directory.path(), inputs);
    node.catch_up();
    EXPECT_EQ(node.head()->hash, live.parts->head.position().sealed->hash);
    EXPECT_TRUE(node.log.empty()) << node.log.front();
}

TEST(deriver, a_restart_recognises_what_is_there) {
    LiveNode live(make_l1());
    live.mine_l1();
    live.l1.queue(rollup::EntryKind::forced_transaction, transfer(2, 0)->raw);
    live.l1.queue(rollup::EntryKind::forced_transaction, transfer(2, 7)->raw);
    for (int i = 0; i < 3; ++i) {
        live.mine_l1();
        live.mine_block();
        live.send(transfer(0, static_cast<uint64_t>(i)));
        live.mine_block();
        live.post(i == 1 ? [](Bytes& payload) { payload.clear(); } : std::function<void(Bytes&)>{});
        if (i == 1) {
            break;  // what follows a hostile batch is not what the live side has
        }
    }
    live.mine_l1();
    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    Hash256 hash;
    {
        DerivedNode node(directory.path(), inputs);
        node.catch_up();
        hash = node.head()->hash;
        EXPECT_GT(node.parts->sequencer->counters().executed, 0u);
    }
    DerivedNode node(directory.path(), inputs);
    node.catch_up();
    EXPECT_EQ(node.head()->hash, hash);
    EXPECT_EQ(node.parts->sequencer->counters().executed, 0u) << "nothing is executed again";
    EXPECT_EQ(node.parts->sequencer->counters().reorganised, 0u);
}

TEST(deriver, follows_l1_when_it_goes_back) {
    LiveNode live(make_l1());
    live.mine_l1();
    live.mine_block();
    live.send(store(0, 0, 1, 2));
    live.mine_block();
    live.post();
    live.mine_l1();
    const MemoryL1 common = live.l1.fork_at(live.l1.next_number() - 1, 9);
    live.send(store(0, 1, 3, 4));
    live.mine_block();
    live.post();
    live.mine_l1();

    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    DerivedNode node(directory.path(), inputs);
    node.catch_up();
    EXPECT_EQ(node.head()->header.number, 3u);

    // The last batch is gone, and a forced one takes its place.
    MemoryL1 other = common;
    other.mine();
    inputs.show(other);
    node.catch_up();
    EXPECT_EQ(node.head()->header.number, 2u);
    EXPECT_EQ(node.parts->reader->settled().safe, 2u);
    rollup::BatchHeader header = other.header_of(std::vector<rollup::BatchBlock>(1));
    header.origin_number = 12;
    header.last_timestamp = start_us / 1'000'000 + 50;
    other.post_payload(header, {}, rollup::BatchKind::forced);
    other.mine();
    node.catch_up();
    EXPECT_EQ(node.head()->header.number, 3u);
    EXPECT_TRUE(node.head()->transactions.size() == 1) << "the L1 attributes";

    const storage::TestDirectory fresh_directory{storage::TestDirectory::in_memory};
    DerivedNode fresh(fresh_directory.path(), inputs);
    fresh.catch_up();
    EXPECT_EQ(fresh.head()->hash, node.head()->hash);
    EXPECT_EQ(node.deriver.counters().reorganisations, 1u);
}

TEST(deriver, a_restart_takes_back_what_l1_has_taken_back_meanwhile) {
    LiveNode live(make_l1());
    live.mine_l1();
    live.mine_block();
    live.send(store(0, 0, 1, 2));
    live.mine_block();
    live.post();
    live.mine_l1();
    MemoryL1 other = live.l1.fork_at(live.l1.next_number() - 1, 9);
    live.send(store(0, 1, 3, 4));
    live.mine_block();
    live.post();
    live.mine_l1();

    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    Hash256 hash;
    {
        DerivedNode node(directory.path(), inputs);
        node.catch_up();
        hash = node.head()->hash;
        EXPECT_EQ(node.head()->header.number, 3u);
    }
    {
        // An L1 node that is behind says nothing about what it has not seen.
        const MemoryL1 behind = live.l1.fork_at(l1_start, 0);
        inputs.show(behind);
        DerivedNode node(directory.path(), inputs);
        node.catch_up();
        EXPECT_EQ(node.head()->hash, hash);
        EXPECT_EQ(node.parts->reader->settled().safe, 0u);
    }
    // Another block in the place of the one with the second batch, and no batch in it.
    other.mine();
    inputs.show(other);
    DerivedNode node(directory.path(), inputs);
    node.catch_up();
    EXPECT_EQ(node.head()->header.number, 2u);
    EXPECT_EQ(node.parts->reader->settled().safe, 2u);
    EXPECT_EQ(node.deriver.counters().reorganisations, 1u);

    rollup::BatchHeader header = other.header_of(std::vector<rollup::BatchBlock>(1));
    header.origin_number = 12;
    header.last_timestamp = start_us / 1'000'000 + 50;
    other.post_payload(header, {}, rollup::BatchKind::forced);
    other.mine();
    node.catch_up();
    EXPECT_EQ(node.head()->header.number, 3u);
    const storage::TestDirectory fresh_directory{storage::TestDirectory::in_memory};
    DerivedNode fresh(fresh_directory.path(), inputs);
    fresh.catch_up();
    EXPECT_EQ(fresh.head()->hash, node.head()->hash);
}

TEST(deriver, waits_while_l1_is_away) {
    LiveNode live(make_l1());
    live.mine_l1();
    live.mine_block();
    live.mine_block();
    live.post();
    live.mine_l1();
    MemoryInputs inputs(live.l1);
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    DerivedNode node(directory.path(), inputs);
    inputs.is_away = true;
    EXPECT_FALSE(node.deriver.step().has_value());
    inputs.is_away = false;
    node.catch_up();
    EXPECT_EQ(node.head()->hash, live.parts->head.position().sealed->hash);
}

}  // namespace
}  // namespace mega::derivation
