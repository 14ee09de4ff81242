#include "rollup/batch_format.hpp"

#include "base/seed_test.hpp"
#include "rollup/columns.hpp"
#include "rollup/test_batches.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

namespace mega::rollup {
namespace {

using test::chain_id;
using test::RandomBatches;

Bytes must_encode(std::span<const BatchBlock> blocks) {
    auto columns = encode_columns(chain_id, blocks);
    EXPECT_TRUE(columns.has_value()) << (columns ? "" : columns.error().message);
    return columns ? std::move(*columns) : Bytes{};
}

std::vector<BatchBlock> one_transaction(const std::function<void(Transaction&)>& change = {}) {
    Transaction tx;
    tx.type = TxType::dynamic_fee;
    tx.chain_id = chain_id;
    tx.gas_limit = 21'000;
    tx.to = Address{};
    if (change) {
        change(tx);
    }
    BatchBlock block;
    block.timestamp = 5;
    block.gas_limit = 30'000'000;
    block.transactions.push_back(tx);
    return {block};
}

std::string refusal_of(std::span<const BatchBlock> blocks) {
    const auto columns = encode_columns(chain_id, blocks);
    return columns ? "accepted" : columns.error().message;
}

Bytes payload_around(BytesView frame, BytesView signatures = {}) {
    Bytes payload{batch_version};
    for (const size_t size : {frame.size(), signatures.size()}) {
        for (size_t i = 0; i < 4; ++i) {
            payload.push_back(static_cast<uint8_t>(size >> (8 * i)));
        }
    }
    append(payload, frame);
    append(payload, signatures);
    return payload;
}

std::string refusal_of_payload(BytesView payload) {
    const auto columns = open_payload(payload);
    return columns ? "accepted" : columns.error().message;
}

TEST(batch_format, gives_back_what_it_was_given_and_is_canonical) {
    RandomBatches random(test_seed());
    for (int round = 0; round < 300; ++round) {
        const auto blocks = random.blocks(1 + random.below(6), 12);
        const auto payload = encode_batch(chain_id, blocks);
        ASSERT_TRUE(payload.has_value()) << payload.error().message;
        const auto decoded = decode_batch(chain_id, *payload);
        ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
        ASSERT_EQ(*decoded, blocks);
        ASSERT_EQ(must_encode(*decoded), *open_payload(*payload));
    }
}

TEST(batch_format, holds_transactions_whose_envelopes_come_out_the_same) {
    RandomBatches random(test_seed());
    const auto blocks = random.blocks(4, 50);
    const auto decoded = decode_columns(chain_id, must_encode(blocks));
    ASSERT_TRUE(decoded.has_value());
    for (size_t i = 0; i < blocks.size(); ++i) {
        for (size_t k = 0; k < blocks[i].transactions.size(); ++k) {
            EXPECT_EQ(encode((*decoded)[i].transactions[k]), encode(blocks[i].transactions[k]));
        }
    }
}

TEST(batch_format, holds_the_most_blocks_and_not_one_more) {
    std::vector<BatchBlock> blocks(max_blocks_per_batch);
    EXPECT_EQ(*decode_columns(chain_id, must_encode(blocks)), blocks);
    blocks.emplace_back();
    EXPECT_NE(refusal_of(blocks), "accepted");
    EXPECT_NE(refusal_of({}), "accepted");
}

TEST(batch_format, encoder_refuses_what_a_batch_cannot_hold) {
    EXPECT_EQ(refusal_of(one_transaction()), "accepted");
    EXPECT_NE(refusal_of(one_transaction([](auto& tx) { tx.chain_id = 1; })), "accepted");
    EXPECT_NE(refusal_of(one_transaction([](auto& tx) { tx.chain_id.reset(); })), "accepted");
    EXPECT_NE(refusal_of(one_transaction([](auto& tx) { tx.type = TxType::deposit; })), "accepted");
    EXPECT_NE(refusal_of(one_transaction([](auto& tx) { tx.type = TxType::blob; })), "accepted");
    EXPECT_NE(
        refusal_of(one_transaction([](auto& tx) { tx.data.resize(max_content_bytes + 1); })),
        "accepted"
    );
    EXPECT_NE(
        refusal_of(one_transaction([](auto& tx) {
            tx.to.reset();
            tx.data.resize(max_columns_bytes);
        })),
        "accepted"
    );
    EXPECT_NE(
        refusal_of(one_transaction([](auto& tx) { tx.signature.s.bytes[0] = 0x80; })), "accepted"
    );
    for (auto BatchBlock::* field :
         {&BatchBlock::timestamp, &BatchBlock::origin_number, &BatchBlock::cursor}) {
        std::vector<BatchBlock> blocks(2);
        blocks[0].*field = 1;
        EXPECT_NE(refusal_of(blocks), "accepted");
    }
}

TEST(batch_format, decoder_refuses_or_understands_every_damaged_byte) {
    RandomBatches random(test_seed());
    const auto blocks = random.blocks(2, 4);
    const Bytes columns = must_encode(blocks);
    for (size_t i = 0; i < columns.size(); ++i) {
        EXPECT_FALSE(decode_columns(chain_id, BytesView{columns}.first(i)).has_value());
        for (const uint8_t flip : Bytes{0x01, 0x80, 0xff}) {
            Bytes damaged = columns;
            damaged[i] = static_cast<uint8_t>(damaged[i] ^ flip);
            const auto decoded = decode_columns(chain_id, damaged);
            if (decoded) {
                ASSERT_NE(*decoded, blocks);
                ASSERT_EQ(must_encode(*decoded), damaged) << "byte " << i;
            }
        }
    }
    Bytes longer = columns;
    longer.push_back(0);
    EXPECT_FALSE(decode_columns(chain_id, longer).has_value());
}

TEST(batch_format, decoder_refuses_other_forms_of_the_same_batch) {
    // The only transaction's gas limit as an entry of a table, though it is used once.
    const auto blocks = one_transaction([](auto& tx) {
        tx.max_fee_per_gas = 5;
        tx.max_priority_fee_per_gas = 6;
    });
    const Bytes columns = must_encode(blocks);
    ColumnReader lengths(columns);
    std::vector<Bytes> parts(column_count);
    for (Bytes& part : parts) {
        part.resize(lengths.varint());
    }
    size_t at = columns.size() - lengths.left();
    for (Bytes& part : parts) {
        std::copy_n(columns.begin() + static_cast<std::ptrdiff_t>(at), part.size(), part.begin());
        at += part.size();
    }
    parts[static_cast<size_t>(Column::number_table)] = {1};
    parts[static_cast<size_t>(Column::gas_limit)] = {1};
    Bytes other;
    for (const Bytes& part : parts) {
        write_varint(other, part.size());
    }
    for (const Bytes& part : parts) {
        append(other, part);
    }
    const auto decoded = decode_columns(chain_id, other);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_NE(decoded.error().message.find("one form"), std::string::npos);
}

TEST(batch_format, payload_may_be_followed_by_zeros_alone) {
    Bytes payload = make_payload(must_encode(one_transaction()));
    payload.resize(payload.size() + 1000);
    EXPECT_EQ(*decode_batch(chain_id, payload), one_transaction());
    payload.back() = 1;
    EXPECT_NE(refusal_of_payload(payload), "accepted");
}

TEST(batch_format, payload_with_a_bad_head_is_refused) {
    const Bytes payload = make_payload(must_encode(one_transaction()));
    for (size_t i = 0; i < payload.size(); ++i) {
        EXPECT_NE(refusal_of_payload(BytesView{payload}.first(i)), "accepted") << i;
    }
    Bytes other = payload;
    other[0] = 2;
    EXPECT_EQ(refusal_of_payload(other), "batch: version 2 is unknown");
    for (const size_t i : {4u, 8u}) {
        other = payload;
        other[i] = 0xff;
        EXPECT_NE(refusal_of_payload(other), "accepted");
    }
}

TEST(batch_format, bombs_are_refused_before_they_are_opened) {
    Bytes zeros(max_columns_bytes + 1);
    Bytes frame(ZSTD_compressBound(zeros.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), zeros.data(), zeros.size(), 1));
    EXPECT_LT(frame.size(), 10'000u);
    EXPECT_NE(refusal_of_payload(payload_around(frame)).find("content size"), std::string::npos);
    // A frame that lies about its size: the descriptor byte says 8 bytes of size follow.
    Bytes liar = frame;
    liar[5] = 1;
    EXPECT_NE(refusal_of_payload(payload_around(liar)), "accepted");
}

TEST(batch_format, frames_of_other_kinds_are_refused) {
    const Bytes payload = make_payload(must_encode(one_transaction()));
    const Bytes frame(payload.begin() + 9, payload.end() - 64);
    const Bytes signatures(payload.end() - 64, payload.end());
    EXPECT_EQ(payload_around(frame, signatures), payload);
    Bytes twice = frame;
    append(twice, frame);
    EXPECT_NE(refusal_of_payload(payload_around(twice)), "accepted");
    const Bytes skippable{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    EXPECT_NE(refusal_of_payload(payload_around(skippable)), "accepted");
    Bytes prefixed = skippable;
    append(prefixed, frame);
    EXPECT_NE(refusal_of_payload(payload_around(prefixed)), "accepted");
    EXPECT_NE(refusal_of_payload(payload_around({})), "accepted");
}

TEST(batch_format, any_level_of_compression_decodes_to_the_same) {
    RandomBatches random(test_seed());
    const auto blocks = random.blocks(3, 40);
    for (const int level : {-5, 1, 3, 9, 19, 22}) {
        EXPECT_EQ(*decode_batch(chain_id, *encode_batch(chain_id, blocks, {level})), blocks);
    }
}

TEST(columns, amounts_are_cut_as_far_as_they_go) {
    const auto parts = [](const u256& value) {
        const Amount amount = split_amount(value);
        EXPECT_EQ(join_amount(amount), value);
        return std::pair{amount.digits, unsigned{amount.exponent}};
    };
    EXPECT_EQ(parts(0), std::pair(u256{0}, 0u));
    EXPECT_EQ(parts(1), std::pair(u256{1}, 0u));
    EXPECT_EQ(parts(1'500'000'000'000'000'000), std::pair(u256{15}, 17u));
    EXPECT_EQ(parts(10'000'000'000'000'000'000ULL), std::pair(u256{1}, 19u));
    u256 power = 1;
    for (unsigned i = 0; i < 77; ++i) {
        power = power * u256{10};
        EXPECT_EQ(parts(power), std::pair(u256{1}, i + 1));
        EXPECT_EQ(parts(power + u256{2}).second, i == 0 ? 0u : 0u);
    }
    parts(u256::max());
    EXPECT_EQ(join_amount({2, 77}), std::nullopt);
    EXPECT_EQ(join_amount({1, 78}), std::nullopt);
}

TEST(columns, varints_have_one_form) {
    for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, UINT64_MAX}) {
        Bytes written;
        write_varint(written, value);
        ColumnReader in(written);
        EXPECT_EQ(in.varint(), value);
        EXPECT_TRUE(in.at_end() && !in.failed());
    }
    for (const Bytes& bad :
         {Bytes{},
          Bytes{0x80},
          Bytes{0x80, 0x00},
          Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
          Bytes{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}}) {
        ColumnReader in(bad);
        static_cast<void>(in.varint());
        EXPECT_TRUE(in.failed());
    }
}

}  // namespace
}  // namespace mega::rollup
