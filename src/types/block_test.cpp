#include "types/block.hpp"

#include "base/fixtures_test.hpp"
#include "crypto/keccak.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>

namespace mega {
namespace {

/// A header with the first `forks` optional fields.
BlockHeader sample_header(int forks) {
    BlockHeader header;
    header.parent_hash[0] = 1;
    header.beneficiary[19] = 2;
    header.logs_bloom[255] = 3;
    header.difficulty = u256{0, 0, 0, 4};
    header.number = 5;
    header.gas_limit = 30'000'000;
    header.timestamp = UINT64_MAX;
    header.extra_data = Bytes(32, 0xee);
    header.nonce[7] = 6;
    if (forks > 0) {
        header.base_fee_per_gas = 7;
    }
    if (forks > 1) {
        header.withdrawals_root = empty_trie_root;
    }
    if (forks > 2) {
        header.blob_gas_used = 0;
    }
    if (forks > 3) {
        header.excess_blob_gas = 131'072;
    }
    if (forks > 4) {
        header.parent_beacon_block_root = Hash256{};
    }
    if (forks > 5) {
        header.requests_hash = empty_requests_hash;
    }
    return header;
}

Block sample_block() {
    Block block;
    block.header = sample_header(6);
    Transaction tx;
    tx.to = Address{};
    for (const TxType type : {TxType::legacy, TxType::dynamic_fee, TxType::deposit}) {
        tx.type = type;
        block.transactions.push_back(encode(tx));
    }
    block.ommers = {sample_header(0), sample_header(1)};
    block.withdrawals = {{Withdrawal{1, 2, Address{{3}}, UINT64_MAX}, Withdrawal{}}};
    return block;
}

/// rlp([header, [transaction item], []])
Bytes block_with_transaction_item(BytesView item) {
    rlp::Writer out;
    const size_t list = out.begin_list();
    out.write_raw(encode(sample_header(0)));
    const size_t transactions = out.begin_list();
    out.write_raw(item);
    out.end_list(transactions);
    out.end_list(out.begin_list());
    out.end_list(list);
    return out.take();
}

}  // namespace

TEST(block, empty_hashes_are_what_they_say) {
    EXPECT_EQ(crypto::keccak256(Bytes{0xc0}), empty_ommers_hash);
    EXPECT_EQ(crypto::keccak256(Bytes{0x80}), empty_trie_root);
    EXPECT_EQ(crypto::keccak256({}), crypto::keccak256_of_empty);
}

TEST(block_header, round_trips_at_every_fork) {
    for (int forks = 0; forks <= 6; ++forks) {
        const BlockHeader header = sample_header(forks);
        const auto decoded = decode_header(encode(header));
        ASSERT_TRUE(decoded) << forks;
        EXPECT_EQ(*decoded, header) << forks;
        EXPECT_EQ(hash_of(header), crypto::keccak256(encode(header)));
    }
}

TEST(block_header, refuses_more_fields_than_it_knows) {
    Bytes encoded = encode(sample_header(6));
    const rlp::Reader fields(rlp::Reader(encoded).read_list()->rest());
    rlp::Writer out;
    const size_t list = out.begin_list();
    out.write_raw(fields.rest());
    out.write(uint64_t{1});
    out.end_list(list);
    EXPECT_EQ(decode_header(out.view()).error(), rlp::DecodeError::trailing_bytes);
}

// The blob gas in the place of the withdrawals root, and the requests hash in the place of the blob
// gas.
TEST(block_header, refuses_a_later_field_without_the_earlier_one) {
    const Bytes before = encode(sample_header(1));
    const BytesView fields = rlp::Reader(before).read_list()->rest();
    const auto decode_with = [&](const auto& field, bool with_withdrawals) {
        rlp::Writer out;
        const size_t list = out.begin_list();
        out.write_raw(fields);
        if (with_withdrawals) {
            out.write(empty_trie_root);
        }
        out.write(field);
        out.end_list(list);
        return decode_header(out.view());
    };
    EXPECT_EQ(decode_with(uint64_t{5}, false).error(), rlp::DecodeError::wrong_length);
    EXPECT_EQ(decode_with(empty_requests_hash, true).error(), rlp::DecodeError::integer_too_large);
    EXPECT_TRUE(decode_with(uint64_t{5}, true));
}

using BlockHeaderDeathTest = testing::Test;

TEST(BlockHeaderDeathTest, a_gap_between_optional_fields_has_no_encoding) {
    BlockHeader header = sample_header(2);
    header.base_fee_per_gas.reset();
    EXPECT_DEATH((void)encode(header), "assertion failed");
}

TEST(block, round_trips) {
    const Block block = sample_block();
    const Bytes encoded = encode(block);
    const auto decoded = decode_block(encoded);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->header, block.header);
    EXPECT_EQ(decoded->transactions, block.transactions);
    EXPECT_EQ(decoded->ommers, block.ommers);
    EXPECT_EQ(decoded->withdrawals, block.withdrawals);
    EXPECT_EQ(encode(*decoded), encoded);
}

TEST(block, absent_and_empty_withdrawals_differ) {
    Block block = sample_block();
    block.withdrawals.reset();
    EXPECT_EQ(decode_block(encode(block))->withdrawals, std::nullopt);
    block.withdrawals.emplace();
    EXPECT_EQ(decode_block(encode(block))->withdrawals, std::vector<Withdrawal>{});
}

TEST(block, truncation_and_trailing_bytes_are_refused) {
    Bytes encoded = encode(sample_block());
    for (size_t size = 0; size < encoded.size(); ++size) {
        EXPECT_FALSE(decode_block(BytesView(encoded).first(size)));
    }
    encoded.push_back(0xc0);
    EXPECT_EQ(decode_block(encoded).error(), rlp::DecodeError::trailing_bytes);
}

// A legacy transaction wrapped in a string would have two encodings.
TEST(block, transaction_items_have_one_form) {
    EXPECT_TRUE(decode_block(block_with_transaction_item(Bytes{0xc0})));
    EXPECT_TRUE(decode_block(block_with_transaction_item(Bytes{0x82, 0x02, 0xc0})));
    EXPECT_FALSE(decode_block(block_with_transaction_item(Bytes{0x81, 0xc0})));
    EXPECT_FALSE(decode_block(block_with_transaction_item(Bytes{0x81, 0x80})));
    EXPECT_FALSE(decode_block(block_with_transaction_item(Bytes{0x80})));
}

// 54 blocks over all forks from Frontier on, linked by their hashes.
TEST(block, official_chain_decodes_links_and_recovers) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("rpc/execution-apis/chain.rlp");
    }
    const std::string file = read_fixture(*root / "rpc/execution-apis/chain.rlp");
    rlp::Reader chain(as_bytes(file));
    std::optional<Hash256> parent;
    std::map<TxType, size_t> transactions;
    uint64_t number = 0;
    while (!chain.at_end()) {
        const auto encoded = chain.read_item();
        ASSERT_TRUE(encoded);
        const auto block = decode_block(*encoded);
        ASSERT_TRUE(block) << to_string(block.error());
        EXPECT_TRUE(equal(encode(*block), *encoded));
        EXPECT_EQ(block->header.number, ++number);
        if (parent) {
            EXPECT_EQ(block->header.parent_hash, *parent);
        }
        parent = hash_of(block->header);
        for (const Bytes& envelope : block->transactions) {
            const auto tx = decode_signed_transaction(envelope);
            ASSERT_TRUE(tx) << number << ": " << to_string(tx.error());
            EXPECT_EQ(encode(tx->tx), envelope);
            ++transactions[tx->tx.type];
        }
    }
    EXPECT_EQ(number, 54U);
    const auto head =
        nlohmann::json::parse(read_fixture(*root / "rpc/execution-apis/headfcu.json"));
    EXPECT_EQ(to_hex(*parent), head.at("params").at(0).at("headBlockHash").get<std::string>());
    size_t total = 0;
    for (const auto& [type, count] : transactions) {
        total += count;
    }
    EXPECT_EQ(total, 249U);
    EXPECT_EQ(transactions.size(), 5U);
}

}  // namespace mega
