#include "sequencer/log_record.hpp"

#include <gtest/gtest.h>

namespace mega::sequencer {
namespace {

Hash256 hash(uint8_t fill) {
    Hash256 result;
    result.bytes.fill(fill);
    return result;
}

Address address(uint8_t fill) {
    Address result;
    result.bytes.fill(fill);
    return result;
}

std::vector<LogRecord> one_of_each() {
    return {
        OpenBlockRecord{7, 1'700'000'000, 30'000'000, address(1), hash(2), u256{1'000'000}},
        BatchRecord{{{Bytes{1, 2, 3}, address(3)}, {Bytes{0xff}, address(4)}}},
        MiniBlockRecord{1'700'000'000'010'000},
        SealRecord{hash(5)},
        PooledRecord{Bytes{9, 9}, address(6)},
        OverrideRecord{address(7), Account{1, u256{2}, hash(8)}, Bytes{0x60}, {{u256{1}, u256{2}}}},
        RevertRecord{3},
        DroppedRecord{hash(9)},
        SignedMiniBlockRecord{{1, 2, 3, 4, 5, 6, hash(10), hash(11), {hash(12), hash(13), true}}},
    };
}

}  // namespace

TEST(log_record, every_kind_round_trips) {
    const auto records = one_of_each();
    ASSERT_EQ(records.size(), std::variant_size_v<LogRecord>);
    for (const LogRecord& record : records) {
        const auto decoded = decode_log_record(encode(record));
        ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
        EXPECT_EQ(*decoded, record);
    }
}

TEST(log_record, every_truncation_and_every_trailing_byte_is_refused) {
    for (const LogRecord& record : one_of_each()) {
        Bytes encoded = encode(record);
        for (size_t size = 0; size < encoded.size(); ++size) {
            EXPECT_FALSE(decode_log_record(BytesView{encoded}.first(size)).has_value());
        }
        encoded.push_back(0);
        EXPECT_FALSE(decode_log_record(encoded).has_value());
    }
}

TEST(log_record, unknown_kind_is_named) {
    EXPECT_EQ(decode_log_record(Bytes{99, 0xc0}).error().message, "log record of unknown kind 99");
}

}  // namespace mega::sequencer
