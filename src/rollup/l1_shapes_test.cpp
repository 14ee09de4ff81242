// What L1 and L2 must agree on to the byte: deposits, events, batch hashes, blobs, output roots.

#include "base/hex.hpp"
#include "base/seed_test.hpp"
#include "crypto/keccak.hpp"
#include "rollup/blobs.hpp"
#include "rollup/deposits.hpp"
#include "rollup/events.hpp"
#include "rollup/output_root.hpp"
#include "rollup/test_batches.hpp"

#include <gtest/gtest.h>

namespace mega::rollup {
namespace {

Address address(uint64_t id) { return u256{id}.to_address(); }

BatchHeader sample_header() {
    return {
        .parent = u256{1}.to_hash(),
        .index = 2,
        .first_block = 3,
        .last_block = 4,
        .deposit_cursor = 5,
        .origin_number = 6,
        .origin_hash = u256{7}.to_hash(),
        .last_timestamp = 8,
        .last_block_hash = u256{9}.to_hash(),
        .mini_block_digest = u256{10}.to_hash(),
        .sequencer = address(11)
    };
}

L1Position sample_position() { return {{7, u256{8}.to_hash(), 9, 10, u256::max()}, 11}; }

TEST(deposits, contracts_are_aliased_modulo_2_to_160) {
    EXPECT_EQ(to_hex(alias_of(address(1))), "0x1111000000000000000000000000000000001112");
    Address highest;
    highest.bytes.fill(0xff);
    EXPECT_EQ(to_hex(alias_of(highest)), "0x1111000000000000000000000000000000001110");
}

TEST(deposits, rolling_hash_covers_kind_and_envelope) {
    const Bytes envelope{1, 2, 3};
    Bytes preimage(32, 0);
    preimage.push_back(1);
    append(preimage, crypto::keccak256(envelope).view());
    EXPECT_EQ(
        next_rolling_hash({}, EntryKind::forced_transaction, envelope), crypto::keccak256(preimage)
    );
    EXPECT_NE(next_rolling_hash({}, EntryKind::deposit, envelope), crypto::keccak256(preimage));
}

TEST(deposits, l1_attributes_say_what_they_were_given) {
    const Transaction tx = l1_attributes_deposit(6342, 5, sample_position());
    EXPECT_EQ(read_l1_attributes(tx), sample_position());
    EXPECT_EQ(decode_transaction(encode(tx)).value(), tx);
    EXPECT_EQ(tx.data.size(), 4 + 6 * 32u);
    EXPECT_NE(l1_attributes_deposit(6342, 6, sample_position()).source_hash, tx.source_hash);
    Transaction other = tx;
    other.from = address(1);
    EXPECT_EQ(read_l1_attributes(other), std::nullopt);
    other = tx;
    other.data.push_back(0);
    EXPECT_EQ(read_l1_attributes(other), std::nullopt);
    other = tx;
    other.data[0] ^= 1;
    EXPECT_EQ(read_l1_attributes(other), std::nullopt);
}

QueueEntry deposit_entry(uint64_t gas_limit) {
    Transaction tx;
    tx.type = TxType::deposit;
    tx.from = address(1);
    tx.to = address(2);
    tx.gas_limit = gas_limit;
    return {0, EntryKind::deposit, encode(tx), {}};
}

QueueEntry forced_entry(const std::function<void(Transaction&)>& change = {}) {
    Transaction tx;
    tx.type = TxType::dynamic_fee;
    tx.chain_id = 6342;
    tx.to = address(2);
    tx.gas_limit = 21'000;
    if (change) {
        change(tx);
    }
    sign_transaction(tx, u256{1}.to_hash());
    return {0, EntryKind::forced_transaction, encode(tx), {}};
}

TEST(deposits, entries_are_what_their_kind_may_be) {
    EXPECT_TRUE(read_entry(deposit_entry(21'000)).has_value());
    EXPECT_EQ(read_entry(forced_entry())->sender, *crypto::address_of(u256{1}.to_hash()));
    QueueEntry wrong = deposit_entry(21'000);
    wrong.kind = EntryKind::forced_transaction;
    EXPECT_FALSE(read_entry(wrong).has_value()) << "a deposit cannot be forced";
    wrong = forced_entry();
    wrong.kind = EntryKind::deposit;
    EXPECT_FALSE(read_entry(wrong).has_value());
    wrong = forced_entry();
    wrong.envelope.pop_back();
    EXPECT_FALSE(read_entry(wrong).has_value());
    EXPECT_EQ(gas_of(wrong), 0u);
    EXPECT_EQ(
        gas_of(forced_entry([](auto& tx) { tx.gas_limit = max_transaction_gas; })),
        max_transaction_gas
    );
    EXPECT_EQ(gas_of(forced_entry([](auto& tx) { tx.gas_limit = max_transaction_gas + 1; })), 0u);
}

TEST(deposits, fit_while_their_gas_limits_do) {
    const std::vector<QueueEntry> entries(3, deposit_entry(100));
    EXPECT_EQ(count_fitting(entries, l1_attributes_gas + 300), 3u);
    EXPECT_EQ(count_fitting(entries, l1_attributes_gas + 299), 2u);
    EXPECT_EQ(count_fitting(entries, l1_attributes_gas), 0u);
    EXPECT_EQ(count_fitting(entries, 0), 0u);
    EXPECT_EQ(count_fitting({}, 0), 0u);
}

TEST(deposits, a_block_that_does_not_move_takes_nothing) {
    const L1Position position = sample_position();
    EXPECT_TRUE(transactions_from_l1(1, 1, position, position, {}).empty());
    L1Position moved = position;
    ++moved.cursor;
    const std::vector<QueueEntry> entries{deposit_entry(1)};
    const auto taken = transactions_from_l1(1, 1, position, moved, entries);
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].sender, l1_attributes_sender);
    EXPECT_EQ(taken[1].hash, crypto::keccak256(entries[0].envelope));
}

TEST(events, give_back_what_the_contracts_logged) {
    for (const EntryKind kind : {EntryKind::deposit, EntryKind::forced_transaction}) {
        const QueueEntry entry{9, kind, Bytes(33, 7), u256{5}.to_hash()};
        const Log log = write_queue_log(address(1), entry, address(2));
        EXPECT_EQ(read_queue_log(log).value(), entry);
        EXPECT_EQ(read_batch_log(log).value(), std::nullopt);
    }
    for (const size_t hashes : {0u, 1u, 6u}) {
        PostedBatch batch{sample_header(), BatchKind::blobs, {}, u256{3}.to_hash()};
        batch.data_hashes.resize(hashes, u256{4}.to_hash());
        const Log log = write_batch_log(address(1), batch);
        EXPECT_EQ(read_batch_log(log).value(), batch);
        EXPECT_EQ(read_queue_log(log).value(), std::nullopt);
    }
    const auto calldata = read_calldata_log(write_calldata_log(address(1), {5, Bytes(40, 1)}));
    EXPECT_EQ(calldata.value()->index, 5u);
    EXPECT_EQ(calldata.value()->data, Bytes(40, 1));
}

TEST(events, malformed_logs_are_refused_or_read_as_something_else) {
    PostedBatch batch{sample_header(), BatchKind::blobs, {u256{4}.to_hash()}, u256{3}.to_hash()};
    const Log logs[] = {
        write_batch_log(address(1), batch),
        write_queue_log(address(1), {9, EntryKind::deposit, Bytes(33, 7), {}}, address(2)),
        write_calldata_log(address(1), {5, Bytes(40, 1)})
    };
    for (const Log& log : logs) {
        for (size_t i = 0; i <= log.data.size(); ++i) {
            Log damaged = log;
            if (i == log.data.size()) {
                damaged.topics.pop_back();
            } else {
                damaged.data[i] ^= 0x80;
            }
            const auto batch_read = read_batch_log(damaged);
            const auto entry_read = read_queue_log(damaged);
            const auto calldata_read = read_calldata_log(damaged);
            const bool all_good = batch_read && entry_read && calldata_read;
            EXPECT_TRUE(i < log.data.size() || !all_good) << "a topic is missing";
            Log cut = log;
            cut.data.resize(i);
            if (i < log.data.size()) {
                EXPECT_FALSE(read_batch_log(cut) && read_queue_log(cut) && read_calldata_log(cut));
            }
        }
    }
    batch.kind = static_cast<BatchKind>(3);
    EXPECT_FALSE(read_batch_log(write_batch_log(address(1), batch)).has_value());
}

TEST(events, topics_are_those_of_the_contracts) {
    // As solc has them in the contracts' ABI.
    EXPECT_EQ(
        deposit_queued_topic(),
        crypto::keccak256(as_bytes("DepositQueued(uint64,address,bytes,bytes32)"))
    );
    EXPECT_EQ(
        batch_posted_topic(),
        crypto::keccak256(as_bytes(
            "BatchPosted(uint64,bytes32,uint8,(bytes32,uint64,uint64,uint64,uint64,uint64,bytes32,"
            "uint64,bytes32,bytes32,address),bytes32[])"
        ))
    );
}

TEST(batch_header, hash_covers_every_field) {
    const std::vector<Hash256> hashes{u256{1}.to_hash()};
    const Hash256 hash = batch_hash(1, sample_header(), BatchKind::blobs, hashes);
    EXPECT_NE(batch_hash(2, sample_header(), BatchKind::blobs, hashes), hash);
    EXPECT_NE(batch_hash(1, sample_header(), BatchKind::calldata, hashes), hash);
    EXPECT_NE(batch_hash(1, sample_header(), BatchKind::blobs, {}), hash);
    BatchHeader other = sample_header();
    other.sequencer = address(12);
    EXPECT_NE(batch_hash(1, other, BatchKind::blobs, hashes), hash);
}

TEST(blobs, give_back_data_with_zeros_behind) {
    test::RandomBatches random(test_seed());
    for (const size_t size :
         {size_t{0}, size_t{1}, size_t{31}, size_t{32}, data_bytes_per_blob, data_bytes_per_blob + 1
         }) {
        const Bytes data = random.random_bytes(size);
        const auto blobs = pack_blobs(data);
        EXPECT_EQ(blobs.size(), std::max<size_t>(1, blobs_needed(size)));
        auto unpacked = unpack_blobs(blobs);
        ASSERT_TRUE(unpacked.has_value());
        EXPECT_EQ(unpacked->size(), blobs.size() * data_bytes_per_blob);
        EXPECT_TRUE(equal(BytesView{*unpacked}.first(size), data));
        EXPECT_TRUE(std::all_of(
            unpacked->begin() + static_cast<std::ptrdiff_t>(size),
            unpacked->end(),
            [](uint8_t byte) { return byte == 0; }
        ));
    }
}

TEST(blobs, of_other_shapes_are_refused) {
    auto blobs = pack_blobs(Bytes(100, 1));
    blobs[0][32] = 1;
    EXPECT_FALSE(unpack_blobs(blobs).has_value());
    blobs[0].pop_back();
    EXPECT_FALSE(unpack_blobs(blobs).has_value());
    EXPECT_EQ(unpack_blobs({})->size(), 0u);
}

TEST(output_root, is_version_0_of_the_op_stack) {
    Bytes preimage(32, 0);
    for (const uint64_t part : {1, 2, 3}) {
        append(preimage, u256{part}.to_hash().view());
    }
    EXPECT_EQ(
        output_root(u256{1}.to_hash(), u256{2}.to_hash(), u256{3}.to_hash()),
        crypto::keccak256(preimage)
    );
}

}  // namespace
}  // namespace mega::rollup
