#include "rollup/derivation.hpp"

#include "base/seed_test.hpp"
#include "rollup/test_batches.hpp"
#include "rollup/test_l1.hpp"

#include <gtest/gtest.h>

namespace mega::rollup {
namespace {

using test::MemoryL1;
using test::RandomBatches;

Address address(uint64_t id) { return u256{id}.to_address(); }

RollupConfig config() {
    RollupConfig config;
    config.l2_chain_id = test::chain_id;
    config.l1_start_block = 10;
    config.deposit_queue = address(0xd0);
    config.genesis_timestamp = 1000;
    config.genesis_gas_limit = 30'000'000;
    config.genesis_beneficiary = address(0xfee);
    return config;
}

/// What an honest sequencer makes: `count` blocks of a second each.
std::vector<BatchBlock> honest_blocks(
    size_t count, uint64_t timestamp, uint64_t origin, uint64_t cursor
) {
    std::vector<BatchBlock> blocks(count);
    for (size_t i = 0; i < count; ++i) {
        blocks[i].timestamp = timestamp + i;
        blocks[i].origin_number = origin;
        blocks[i].cursor = cursor;
        blocks[i].gas_limit = 30'000'000;
        blocks[i].beneficiary = address(0xfee);
    }
    return blocks;
}

std::vector<DerivedBatch> feed(Derivation& derivation, const L1BlockInput& block) {
    auto derived = derivation.accept(block);
    EXPECT_TRUE(derived.has_value()) << (derived ? "" : derived.error().message);
    return derived ? std::move(*derived) : std::vector<DerivedBatch>{};
}

std::vector<DerivedBatch> feed_all(Derivation& derivation, const MemoryL1& l1) {
    std::vector<DerivedBatch> all;
    for (uint64_t n = derivation.state().l1.number + 1; n < l1.next_number(); ++n) {
        for (DerivedBatch& batch : feed(derivation, l1.block(n))) {
            all.push_back(std::move(batch));
        }
    }
    return all;
}

/// Blocks 10 and 11, two deposits in the second.
MemoryL1 l1_with_deposits() {
    MemoryL1 l1(config());
    l1.mine();
    l1.queue_deposit(address(1), address(2), 5);
    l1.queue_deposit(address(3), std::nullopt, 6);
    l1.mine();
    return l1;
}

TEST(derivation, gives_the_blocks_of_a_batch_with_their_deposits) {
    RandomBatches random(test_seed());
    MemoryL1 l1 = l1_with_deposits();
    auto blocks = honest_blocks(3, 1030, 11, 0);
    blocks[1].cursor = blocks[2].cursor = 2;
    blocks[2].transactions = {random.transaction(1032)};
    for (const BatchKind kind : {BatchKind::blobs, BatchKind::calldata}) {
        MemoryL1 posted = l1;
        posted.post(blocks, kind);
        posted.mine();
        Derivation derivation(config());
        const auto batches = feed_all(derivation, posted);
        ASSERT_EQ(batches.size(), 1u);
        EXPECT_EQ(batches[0].fault, std::nullopt);
        ASSERT_EQ(batches[0].blocks.size(), 3u);
        const auto& derived = batches[0].blocks;
        EXPECT_EQ(derived[0].number, 1u);
        EXPECT_EQ(derived[0].position.origin, posted.block(11).block.ref);
        EXPECT_EQ(derived[0].from_l1.size(), 1u) << "the origin advanced";
        ASSERT_EQ(derived[1].from_l1.size(), 3u);
        EXPECT_EQ(read_l1_attributes(derived[1].from_l1[0].tx), derived[1].position);
        EXPECT_EQ(derived[1].from_l1[1].sender, address(1));
        EXPECT_EQ(derived[1].from_l1[2].tx.to, std::nullopt);
        EXPECT_TRUE(derived[2].from_l1.empty());
        EXPECT_EQ(derived[2].transactions, blocks[2].transactions);
        EXPECT_EQ(derivation.state().block_number, 3u);
        EXPECT_EQ(derivation.state().position.cursor, 2u);
    }
}

/// Each turns an honest batch on l1_with_deposits into one with bad content.
struct Hostility {
    const char* name;
    std::function<void(BatchHeader&, std::vector<BatchBlock>&, Bytes&)> act;
};

const std::vector<Hostility>& hostilities() {
    using Blocks = std::vector<BatchBlock>;
    static const std::vector<Hostility> all{
        {"garbage", [](BatchHeader&, Blocks&, Bytes& payload) { payload = Bytes(1000, 0xab); }},
        {"empty", [](BatchHeader&, Blocks&, Bytes& payload) { payload = {1}; }},
        {"one byte changed", [](BatchHeader&, Blocks&, Bytes& payload) { payload[9] ^= 0x10; }},
        {"a signature cut short",
         [](BatchHeader&, Blocks&, Bytes& payload) {
             payload.pop_back();
             payload[5] -= 1;  // the length of the signatures
         }},
        {"no signatures",
         [](BatchHeader&, Blocks&, Bytes& payload) {
             payload.resize(payload.size() - 64);
             payload[5] -= 64;
         }},
        {"a signature too many",
         [](BatchHeader&, Blocks&, Bytes& payload) {
             payload.insert(payload.end(), 64, 0x11);
             payload[5] += 64;
         }},
        {"a block more", [](BatchHeader& header, Blocks&, Bytes&) { ++header.last_block; }},
        {"a block less", [](BatchHeader& header, Blocks&, Bytes&) { --header.last_block; }},
        {"another timestamp", [](BatchHeader& header, Blocks&, Bytes&) { ++header.last_timestamp; }
        },
        {"another cursor", [](BatchHeader& header, Blocks&, Bytes&) { header.deposit_cursor = 1; }},
        {"another origin", [](BatchHeader& header, Blocks&, Bytes&) { header.origin_number = 10; }},
        {"before the parent",
         [](BatchHeader&, Blocks& blocks, Bytes&) { blocks[0].timestamp = 999; }},
        {"before its origin",
         [](BatchHeader&, Blocks& blocks, Bytes&) { blocks[0].timestamp = 1020; }},
        {"entries too early",
         [](BatchHeader&, Blocks& blocks, Bytes&) {
             blocks[0].origin_number = 10;
             blocks[0].cursor = 2;
         }},
        {"a tiny gas limit",
         [](BatchHeader&, Blocks& blocks, Bytes&) { blocks[0].gas_limit = min_block_gas_limit - 1; }
        },
        {"a huge gas limit",
         [](BatchHeader&, Blocks& blocks, Bytes&) { blocks[2].gas_limit = max_block_gas_limit + 1; }
        },
    };
    return all;
}

TEST(derivation, hostile_content_derives_to_blocks_without_transactions) {
    RandomBatches random(test_seed());
    for (const Hostility& hostility : hostilities()) {
        SCOPED_TRACE(hostility.name);
        MemoryL1 l1 = l1_with_deposits();
        auto blocks = honest_blocks(3, 1030, 11, 2);
        blocks[2].transactions = {random.transaction(1032)};
        BatchHeader header = l1.header_of(blocks);
        Bytes ignored(100);
        hostility.act(header, blocks, ignored);
        Bytes payload = *encode_batch(test::chain_id, blocks);
        auto unused = blocks;
        BatchHeader same = header;
        hostility.act(same, unused, payload);
        l1.post_payload(header, payload, BatchKind::calldata);
        l1.mine();

        Derivation derivation(config());
        const auto batches = feed_all(derivation, l1);
        ASSERT_EQ(batches.size(), 1u);
        EXPECT_TRUE(batches[0].fault.has_value());
        ASSERT_EQ(batches[0].blocks.size(), header.last_block - header.first_block + 1);
        for (const DerivedBlock& block : batches[0].blocks) {
            EXPECT_TRUE(block.transactions.empty());
            EXPECT_GE(block.timestamp, block.position.origin.timestamp);
            EXPECT_EQ(block.gas_limit, 30'000'000u);
        }
        EXPECT_EQ(derivation.state().position.cursor, header.deposit_cursor);
        // The chain goes on.
        l1.post(honest_blocks(1, 2000, 12, 2));
        l1.mine();
        const auto next = feed_all(derivation, l1);
        ASSERT_EQ(next.size(), 1u);
        EXPECT_EQ(next[0].fault, std::nullopt) << next[0].fault.value_or("");
    }
}

TEST(derivation, data_that_is_not_what_was_hashed_is_bad) {
    MemoryL1 l1 = l1_with_deposits();
    const auto blocks = honest_blocks(1, 1030, 11, 2);
    BatchInput input;
    input.posted.header = l1.header_of(blocks);
    input.posted.kind = BatchKind::calldata;
    input.calldata = *encode_batch(test::chain_id, blocks);
    input.posted.data_hashes = {Hash256{}};
    l1.post_input(input);
    l1.mine();
    Derivation derivation(config());
    EXPECT_TRUE(feed_all(derivation, l1).at(0).fault.has_value());
}

TEST(derivation, a_hostile_batch_cannot_skip_what_its_cursor_covers) {
    // An old timestamp and an old origin do not keep the deposits out.
    MemoryL1 l1 = l1_with_deposits();
    BatchHeader header = l1.header_of(honest_blocks(2, 1000, 9, 2));
    l1.post_payload(header, {}, BatchKind::calldata);
    l1.mine();
    Derivation derivation(config());
    const auto batches = feed_all(derivation, l1);
    const auto& blocks = batches.at(0).blocks;
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_EQ(blocks[0].from_l1.size(), 3u);
    EXPECT_EQ(blocks[0].position.origin.number, 11u);
    EXPECT_EQ(blocks[0].timestamp, l1.block(11).block.ref.timestamp);
    EXPECT_TRUE(blocks[1].from_l1.empty());
}

TEST(derivation, entries_beyond_a_blocks_gas_go_into_the_next) {
    MemoryL1 l1(config());
    for (int i = 0; i < 5; ++i) {
        l1.queue_deposit(address(1), address(2), 1, 10'000'000);
    }
    l1.mine();
    l1.post_payload(l1.header_of(honest_blocks(2, 1030, 10, 5)), {}, BatchKind::calldata);
    l1.mine();
    Derivation derivation(config());
    auto batches = feed_all(derivation, l1);
    ASSERT_EQ(batches.at(0).blocks.size(), 2u);
    EXPECT_EQ(batches[0].blocks[0].position.cursor, 2u);
    EXPECT_EQ(batches[0].blocks[1].position.cursor, 4u);
    EXPECT_EQ(derivation.state().position.cursor, 4u) << "the header says 5; the rest waits";
    // An honest batch takes it up from where it really stands.
    l1.post(honest_blocks(1, 1040, 11, 5));
    l1.mine();
    batches = feed_all(derivation, l1);
    EXPECT_EQ(batches.at(0).fault, std::nullopt);
    EXPECT_EQ(batches[0].blocks[0].from_l1.size(), 2u);

    // In content, too many entries for a block are bad.
    MemoryL1 other(config());
    for (int i = 0; i < 3; ++i) {
        other.queue_deposit(address(1), address(2), 1, 10'000'000);
    }
    other.mine();
    other.post(honest_blocks(1, 1030, 10, 3));
    other.mine();
    Derivation strict(config());
    EXPECT_TRUE(feed_all(strict, other).at(0).fault.has_value());
}

TEST(derivation, forced_batches_take_20_million_gas_of_entries) {
    MemoryL1 l1(config());
    for (int i = 0; i < 3; ++i) {
        l1.queue_deposit(address(1), address(2), 1, 10'000'000);
    }
    l1.mine();
    BatchHeader header = l1.header_of(honest_blocks(1, 1030, 10, 3));
    l1.post_payload(header, {}, BatchKind::forced);
    l1.mine();
    Derivation derivation(config());
    const auto batches = feed_all(derivation, l1);
    EXPECT_EQ(batches.at(0).fault, std::nullopt);
    ASSERT_EQ(batches[0].blocks.size(), 1u);
    EXPECT_EQ(batches[0].blocks[0].position.cursor, 2u);
    EXPECT_EQ(batches[0].blocks[0].timestamp, 1030u);
}

TEST(derivation, refuses_an_endpoint_that_contradicts_the_contracts) {
    const auto code_of = [](const L1BlockInput& block) {
        Derivation derivation(config());
        const auto derived = derivation.accept(block);
        EXPECT_EQ(derivation.state().l1.number, derived ? 10u : 9u);
        return derived ? std::nullopt : std::optional{derived.error().code};
    };
    const auto inconsistent = DerivationErrorCode::inconsistent_source;
    MemoryL1 l1(config());
    l1.queue_deposit(address(1), address(2), 5);
    l1.post(honest_blocks(2, 1000, 9, 0));
    const L1BlockInput good = l1.mine();
    EXPECT_EQ(code_of(good), std::nullopt);
    for (const auto& spoil : std::vector<std::function<void(L1BlockInput&)>>{
             [](auto& block) { block.block.entries[0].index = 1; },
             [](auto& block) { block.block.entries[0].envelope.push_back(0); },
             [](auto& block) { block.block.entries[0].kind = EntryKind::forced_transaction; },
             [](auto& block) { block.batches[0].posted.header.index = 1; },
             [](auto& block) { block.batches[0].posted.header.parent.bytes[0] = 1; },
             [](auto& block) { block.batches[0].posted.header.first_block = 2; },
             [](auto& block) { block.batches[0].posted.header.last_block = 0; },
             [](auto& block) { block.batches[0].posted.header.last_block = UINT64_MAX; },
             [](auto& block) { block.batches[0].posted.header.last_timestamp = 7; },
             [](auto& block) { block.batches[0].posted.hash.bytes[0] ^= 1; },
         }) {
        L1BlockInput bad = good;
        spoil(bad);
        EXPECT_EQ(code_of(bad), inconsistent);
    }
    L1BlockInput gap = good;
    ++gap.block.ref.number;
    EXPECT_EQ(code_of(gap), DerivationErrorCode::not_the_next_block);

    Derivation derivation(config());
    feed(derivation, good);
    L1BlockInput orphan = l1.mine();
    orphan.block.parent_hash.bytes[0] ^= 1;
    EXPECT_EQ(derivation.accept(orphan).error().code, DerivationErrorCode::not_the_next_block);
}

/// An L1 as it may come: deposits, batches honest and hostile, forced ones.
void grow(MemoryL1& l1, Derivation& shadow, RandomBatches& random, size_t blocks) {
    for (size_t i = 0; i < blocks; ++i) {
        for (uint64_t n = random.below(3); n > 0; --n) {
            l1.queue_deposit(random.address(), random.address(), random.below(100));
        }
        const DerivationState& state = shadow.state();
        if (random.one_in(2) && state.l1.number > 9) {
            const uint64_t origin = state.l1.number;
            auto content = honest_blocks(
                1 + random.below(4),
                std::max(state.timestamp, state.l1.timestamp),
                origin,
                state.queue_length
            );
            content.back().transactions = {random.transaction(content.back().timestamp)};
            BatchHeader header = l1.header_of(content);
            Bytes payload = *encode_batch(test::chain_id, content);
            if (random.one_in(4)) {
                payload[random.below(payload.size())] ^= 0x55;
            }
            const bool is_forced = random.one_in(6);
            if (is_forced) {
                header.last_block = header.first_block;
            }
            l1.post_payload(header, payload, is_forced ? BatchKind::forced : BatchKind::calldata);
        }
        feed(shadow, l1.mine());
    }
}

std::vector<Hash256> digest(const std::vector<DerivedBatch>& batches) {
    std::vector<Hash256> all;
    for (const DerivedBatch& batch : batches) {
        for (const DerivedBlock& block : batch.blocks) {
            Bytes bytes = to_bytes(u256{block.number}.to_hash().view());
            append(bytes, u256{block.timestamp}.to_hash().view());
            append(bytes, block.position.origin.hash.view());
            append(bytes, u256{block.position.cursor}.to_hash().view());
            for (const auto& tx : block.from_l1) {
                append(bytes, tx.hash.view());
            }
            for (const auto& tx : block.transactions) {
                append(bytes, encode(tx));
            }
            all.push_back(crypto::keccak256(bytes));
        }
    }
    return all;
}

TEST(derivation, a_reorganised_l1_derives_as_if_the_old_one_had_never_been) {
    RandomBatches random(test_seed());
    for (int round = 0; round < 20; ++round) {
        MemoryL1 first(config());
        Derivation wandering(config());
        Derivation shadow(config());
        grow(first, shadow, random, 20 + random.below(10));
        feed_all(wandering, first);

        const uint64_t common = 10 + random.below(first.next_number() - 11);
        MemoryL1 second = first.fork_at(common, 7);
        Derivation straight(config());
        const auto before = digest(feed_all(straight, second));
        grow(second, straight, random, 15);
        ASSERT_TRUE(wandering.rewind(common).has_value());
        const auto after = digest(feed_all(wandering, second));

        Derivation fresh(config());
        auto expected = digest(feed_all(fresh, second));
        auto pieced = before;
        pieced.insert(pieced.end(), after.begin(), after.end());
        EXPECT_EQ(pieced, expected);
        EXPECT_EQ(wandering.state().batch_hash, fresh.state().batch_hash);
        EXPECT_EQ(wandering.state().rolling_hash, fresh.state().rolling_hash);
    }
}

TEST(derivation, forgets_what_is_final_and_nothing_that_it_needs) {
    RandomBatches random(test_seed());
    MemoryL1 l1(config());
    Derivation shadow(config());
    grow(l1, shadow, random, 60);
    Derivation forgetful(config());
    Derivation remembering(config());
    for (const L1BlockInput& block : l1.blocks()) {
        EXPECT_EQ(digest(feed(forgetful, block)), digest(feed(remembering, block)));
        const uint64_t number = block.block.ref.number;
        forgetful.finalize(number > 5 ? number - 5 : 0);
        EXPECT_NE(forgetful.state_after(number > 15 ? number - 5 : number), nullptr);
    }
    EXPECT_EQ(forgetful.state_after(9), nullptr);
    EXPECT_FALSE(forgetful.rewind(9).has_value());
    EXPECT_TRUE(forgetful.rewind(l1.next_number() - 6).has_value());
}

}  // namespace
}  // namespace mega::rollup
