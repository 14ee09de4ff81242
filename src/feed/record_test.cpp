#include "feed/record.hpp"

#include <gtest/gtest.h>

namespace mega::feed {
namespace {

Address address(uint64_t id) { return u256{id}.to_address(); }

sequencer::OpenBlockRecord opening() {
    return {
        .number = 8,
        .timestamp = 1'700'000'000,
        .gas_limit = 30'000'000,
        .beneficiary = address(0xfee),
        .prev_randao = u256{5}.to_hash(),
        .base_fee_per_gas = 1'000'000
    };
}

MiniBlockHeader mini_block_header() {
    MiniBlockHeader header{
        .block_number = 8,
        .block_timestamp = 1'700'000'000,
        .index = 1,
        .mini_block_number = 77,
        .timestamp_us = 1'700'000'000'010'000,
        .gas_used = 21'000
    };
    header.transaction_root[3] = 9;
    header.signature.r[0] = 1;
    header.signature.y_parity = 1;
    return header;
}

FeedTransaction transaction(size_t logs) {
    FeedTransaction tx;
    tx.raw = {0x02, 0xc0};
    tx.sender = address(1);
    tx.status = true;
    tx.cumulative_gas_used = 21'000;
    for (size_t i = 0; i < logs; ++i) {
        tx.logs.push_back({address(2), {u256{i}.to_hash(), u256{7}.to_hash()}, {1, 2, 3}});
    }
    return tx;
}

state::StateDiff diff() {
    state::StateDiff diff;
    diff.accounts.push_back({address(1), Account{.nonce = 1, .balance = 9}, Account{.nonce = 2}});
    diff.slots.push_back({address(1), 3, 0, 4});
    return diff;
}

BlockHeader header() {
    BlockHeader header;
    header.number = 8;
    header.gas_used = 21'000;
    return header;
}

std::vector<Record> samples() {
    FeedTransaction creation = transaction(0);
    creation.created = address(3);
    creation.status = false;
    return {
        OpenRecord{opening()},
        MiniBlockRecord{mini_block_header(), {transaction(2), creation}, diff()},
        MiniBlockRecord{mini_block_header(), {}, {}},
        SealRecord{header(), diff()},
        BlockRecord{opening(), header(), {{mini_block_header(), 1}}, {transaction(1)}, diff()},
        RevertRecord{5},
        NoticeRecord{NoticeRecord::first_kind, {1, 2}},
        NoticeRecord{255, {}},
    };
}

}  // namespace

TEST(feed_record, encoding_round_trips) {
    for (const Record& record : samples()) {
        const auto decoded = decode_record(encode(record));
        ASSERT_TRUE(decoded.has_value()) << describe(record) << ": " << decoded.error().message;
        EXPECT_EQ(*decoded, record) << describe(record);
    }
}

TEST(feed_record, every_truncation_is_refused) {
    for (const Record& record : samples()) {
        if (std::holds_alternative<NoticeRecord>(record)) {
            continue;  // any body is one
        }
        const Bytes encoded = encode(record);
        for (size_t size = 0; size < encoded.size(); ++size) {
            EXPECT_FALSE(decode_record(BytesView{encoded}.first(size))) << describe(record) << size;
        }
    }
}

TEST(feed_record, every_changed_byte_is_refused_or_gives_itself_back) {
    for (const Record& record : samples()) {
        Bytes encoded = encode(record);
        for (size_t i = 0; i < encoded.size(); ++i) {
            for (const int change : {1, 0x40, 0x80, 0xff}) {
                encoded[i] ^= static_cast<uint8_t>(change);
                if (const auto decoded = decode_record(encoded)) {
                    EXPECT_EQ(encode(*decoded), encoded) << describe(record) << " at " << i;
                }
                encoded[i] ^= static_cast<uint8_t>(change);
            }
        }
    }
}

TEST(feed_record, a_trailing_byte_is_refused) {
    for (const Record& record : samples()) {
        if (std::holds_alternative<NoticeRecord>(record)) {
            continue;
        }
        Bytes encoded = encode(record);
        encoded.push_back(0);
        EXPECT_FALSE(decode_record(encoded)) << describe(record);
    }
}

TEST(feed_record, unknown_kinds_and_versions_are_named) {
    const auto kind = decode_record(Bytes{1, 6, 0xc0});
    ASSERT_FALSE(kind.has_value());
    EXPECT_NE(kind.error().message.find("unknown kind 6"), std::string::npos);
    EXPECT_FALSE(decode_record(Bytes{2, 1, 0xc0}));
    EXPECT_FALSE(decode_record({}));
}

namespace {

/// The items again, and where the list of these topics stands, one of `count` zero topics instead.
void copy_with_topics(rlp::Writer& out, rlp::Reader items, BytesView topics, size_t count) {
    while (!items.at_end()) {
        if (!items.next_is_list()) {
            out.write_raw(*items.read_item());
            continue;
        }
        const rlp::Reader list = *items.read_list();
        const size_t mark = out.begin_list();
        if (std::ranges::equal(list.rest(), topics)) {
            for (size_t i = 0; i < count; ++i) {
                out.write(Hash256{}.view());
            }
        } else {
            copy_with_topics(out, list, topics, count);
        }
        out.end_list(mark);
    }
}

}  // namespace

TEST(feed_record, a_fifth_topic_is_refused) {
    const MiniBlockRecord record{mini_block_header(), {transaction(1)}, {}};
    rlp::Writer topics;
    for (const Hash256& topic : record.transactions[0].logs[0].topics) {
        topics.write(topic.view());
    }
    const Bytes encoded = encode(Record{record});
    const BytesView version_and_kind = BytesView{encoded}.first(2);
    for (const size_t count : {4U, 5U}) {
        rlp::Writer out;
        copy_with_topics(out, rlp::Reader{BytesView{encoded}.subspan(2)}, topics.view(), count);
        Bytes changed = to_bytes(version_and_kind);
        append(changed, out.view());
        EXPECT_EQ(decode_record(changed).has_value(), count == 4) << count;
    }
}

}  // namespace mega::feed
