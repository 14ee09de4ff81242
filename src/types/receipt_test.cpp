#include "types/receipt.hpp"

#include "base/fixtures_test.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega {
namespace {

Receipt sample(TxType type) {
    Receipt receipt;
    receipt.type = type;
    receipt.status = true;
    receipt.cumulative_gas_used = 123'456;
    receipt.logs = {
        Log{Address{{1}}, {Hash256{{2}}, Hash256{{3}}, Hash256{{4}}, Hash256{{5}}}, {6, 7}},
        Log{Address{{8}}, {}, {}},
    };
    receipt.bloom = bloom_of(receipt.logs);
    return receipt;
}

/// A legacy receipt with one log.
Bytes with_topics(size_t count) {
    rlp::Writer out;
    const size_t receipt = out.begin_list();
    out.write(uint64_t{1});
    out.write(uint64_t{21'000});
    out.write(Bloom{});
    const size_t logs = out.begin_list();
    const size_t log = out.begin_list();
    out.write(Address{});
    const size_t topics = out.begin_list();
    for (size_t i = 0; i < count; ++i) {
        out.write(Hash256{});
    }
    out.end_list(topics);
    out.write(BytesView{});
    out.end_list(log);
    out.end_list(logs);
    out.end_list(receipt);
    return out.take();
}

}  // namespace

TEST(receipt, every_type_round_trips) {
    for (const TxType type :
         {TxType::legacy,
          TxType::access_list,
          TxType::dynamic_fee,
          TxType::blob,
          TxType::set_code,
          TxType::deposit}) {
        Receipt receipt = sample(type);
        EXPECT_EQ(*decode_receipt(encode(receipt)), receipt);
        receipt.status = false;
        EXPECT_EQ(*decode_receipt(encode(receipt)), receipt);
    }
}

TEST(receipt, before_byzantium_holds_a_state_root) {
    Receipt receipt = sample(TxType::legacy);
    receipt.status = false;
    receipt.post_state = Hash256{{9}};
    EXPECT_EQ(*decode_receipt(encode(receipt)), receipt);
}

TEST(receipt, refuses_what_it_could_not_have_written) {
    const Bytes good = encode(sample(TxType::dynamic_fee));
    for (size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(decode_receipt(BytesView(good).first(size)));
    }
    Bytes bad = good;
    bad[0] = 5;  // no such type
    EXPECT_FALSE(decode_receipt(bad));
    bad = good;
    bad.push_back(0);
    EXPECT_EQ(decode_receipt(bad).error(), rlp::DecodeError::trailing_bytes);
    bad = good;
    ASSERT_EQ(bad[4], 1);  // type, list header of three bytes, status
    bad[4] = 2;
    EXPECT_EQ(decode_receipt(bad).error(), rlp::DecodeError::unexpected_value);
    bad[4] = 0;
    EXPECT_EQ(decode_receipt(bad).error(), rlp::DecodeError::unexpected_value);
    EXPECT_TRUE(decode_receipt(with_topics(4)));
    EXPECT_EQ(decode_receipt(with_topics(5)).error(), rlp::DecodeError::unexpected_value);
}

TEST(receipt, logs_encode_as_their_list) {
    EXPECT_EQ(encode(std::vector<Log>{}), Bytes{0xc0});
    const Bytes one = encode(std::vector<Log>{Log{}});
    // [[address, [], ""]]
    EXPECT_EQ(to_hex(one), "0xd8d7940000000000000000000000000000000000000000c080");
}

TEST(bloom, of_many_logs_is_that_of_their_entries_one_by_one) {
    std::vector<Log> logs;
    Bloom expected;
    for (uint8_t i = 0; i < 100; ++i) {
        Log& log = logs.emplace_back();
        log.address = Address{{static_cast<uint8_t>(i % 3)}};
        add_to_bloom(expected, log.address);
        for (uint8_t topic = 0; topic < i % 5; ++topic) {
            log.topics.push_back(Hash256{{topic, static_cast<uint8_t>(i / 2)}});
            add_to_bloom(expected, log.topics.back());
        }
        EXPECT_EQ(bloom_of(logs), expected) << int{i};
    }
}

TEST(bloom, contains_what_was_added_and_little_else) {
    Bloom bloom;
    const Address address{{1}};
    EXPECT_FALSE(may_contain(bloom, address));
    add_to_bloom(bloom, address);
    EXPECT_TRUE(may_contain(bloom, address));
    EXPECT_FALSE(may_contain(bloom, Address{{2}}));
    size_t bits = 0;
    for (const uint8_t byte : bloom.bytes) {
        bits += static_cast<size_t>(std::popcount(byte));
    }
    EXPECT_LE(bits, 3U);
    EXPECT_GE(bits, 1U);
}

TEST(bloom, merging_keeps_both_sides) {
    Bloom left;
    Bloom right;
    add_to_bloom(left, Address{{1}});
    add_to_bloom(right, Address{{2}});
    merge(left, right);
    EXPECT_TRUE(may_contain(left, Address{{1}}));
    EXPECT_TRUE(may_contain(left, Address{{2}}));
    EXPECT_FALSE(may_contain(right, Address{{1}}));
}

// Raw receipts as other clients wrote them: they decode, encode to the same bytes, and their bloom
// is that of their logs.
TEST(receipt, official_raw_receipts_round_trip) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("rpc/execution-apis/debug_getRawReceipts");
    }
    size_t receipts = 0;
    size_t logs = 0;
    const auto directory = *root / "rpc/execution-apis/debug_getRawReceipts";
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        std::istringstream lines(read_fixture(entry.path()));
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("<< ")) {
                continue;
            }
            const auto response = nlohmann::json::parse(line.substr(3));
            if (!response.contains("result")) {
                continue;
            }
            for (const auto& text : response.at("result")) {
                const Bytes encoded = *from_hex(text.get<std::string>());
                const auto receipt = decode_receipt(encoded);
                ASSERT_TRUE(receipt) << to_string(receipt.error());
                EXPECT_EQ(encode(*receipt), encoded);
                EXPECT_EQ(bloom_of(receipt->logs), receipt->bloom);
                ++receipts;
                logs += receipt->logs.size();
            }
        }
    }
    EXPECT_GT(receipts, 0U);
    EXPECT_GT(logs, 0U);
}

}  // namespace mega
