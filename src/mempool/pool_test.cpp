#include "mempool/pool.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::mempool {
namespace {

constexpr uint64_t now_ms = 1'000'000;

Address address(uint8_t id) {
    Address result;
    result[19] = id;
    return result;
}

TxPtr make_tx(
    uint8_t sender, uint64_t nonce, uint64_t fee_cap, uint64_t tip, size_t size_bytes = 110
) {
    auto tx = std::make_shared<SignedTransaction>();
    tx->tx.type = TxType::dynamic_fee;
    tx->tx.nonce = nonce;
    tx->tx.gas_limit = 21'000;
    tx->tx.max_fee_per_gas = fee_cap;
    tx->tx.max_priority_fee_per_gas = tip;
    tx->sender = address(sender);
    tx->raw.resize(size_bytes);
    static uint64_t next_id = 1;
    tx->hash = u256{next_id++}.to_hash();
    return tx;
}

Account rich(uint64_t nonce = 0) { return {.nonce = nonce, .balance = u256{1} << 100}; }

std::vector<Hash256> hashes(const std::vector<TxPtr>& txs) {
    std::vector<Hash256> result;
    for (const auto& tx : txs) {
        result.push_back(tx->hash);
    }
    return result;
}

}  // namespace

TEST(pool, hands_out_best_tip_first_and_nonces_in_order) {
    Pool pool{PoolLimits{}};
    const auto cheap = make_tx(1, 0, 100, 1);
    const auto first = make_tx(2, 0, 100, 5);
    const auto second = make_tx(2, 1, 100, 50);
    for (const auto& tx : {cheap, second, first}) {
        ASSERT_TRUE(pool.add(tx, rich(), 0, now_ms).has_value());
    }
    EXPECT_EQ(hashes(pool.take_ready(10, 1'000'000, 0)), hashes({first, second, cheap}));
    EXPECT_EQ(pool.status().bytes, 0U);
}

TEST(pool, equal_tips_go_by_arrival) {
    Pool pool{PoolLimits{}};
    const auto early = make_tx(9, 0, 100, 5);
    const auto late = make_tx(1, 0, 100, 5);
    ASSERT_TRUE(pool.add(early, rich(), 0, now_ms).has_value());
    ASSERT_TRUE(pool.add(late, rich(), 0, now_ms).has_value());
    EXPECT_EQ(hashes(pool.take_ready(10, 1'000'000, 0)), hashes({early, late}));
}

TEST(pool, gap_waits_until_it_is_filled) {
    Pool pool{PoolLimits{}};
    const auto later = make_tx(1, 1, 100, 5);
    const auto added = pool.add(later, rich(), 0, now_ms);
    ASSERT_TRUE(added.has_value());
    EXPECT_FALSE(added->is_pending);
    EXPECT_TRUE(pool.take_ready(10, 1'000'000, 0).empty());
    EXPECT_EQ(pool.status().queued, 1U);
    ASSERT_TRUE(pool.add(make_tx(1, 0, 100, 5), rich(), 0, now_ms)->is_pending);
    EXPECT_EQ(pool.next_nonce(address(1)), 2U);
    EXPECT_EQ(pool.take_ready(10, 1'000'000, 0).size(), 2U);
}

TEST(pool, block_gas_and_base_fee_hold_transactions_back) {
    Pool pool{PoolLimits{}};
    ASSERT_TRUE(pool.add(make_tx(1, 0, 100, 5), rich(), 0, now_ms).has_value());
    EXPECT_TRUE(pool.take_ready(10, 20'999, 0).empty());
    EXPECT_TRUE(pool.take_ready(10, 21'000, 101).empty());
    EXPECT_EQ(pool.take_ready(10, 21'000, 100).size(), 1U);
}

TEST(pool, a_least_tip_holds_cheaper_senders_back) {
    Pool pool{PoolLimits{}};
    const auto cheap = make_tx(1, 0, 100, 4);
    const auto after_cheap = make_tx(1, 1, 100, 50);
    const auto dear = make_tx(2, 0, 100, 5);
    const auto capped = make_tx(3, 0, 12, 50);  // pays 2 above the base fee at most
    for (const auto& tx : {cheap, after_cheap, dear, capped}) {
        ASSERT_TRUE(pool.add(tx, rich(), 10, now_ms).has_value());
    }
    EXPECT_EQ(hashes(pool.take_ready(10, 1'000'000, 10, 5)), hashes({dear}));
    EXPECT_EQ(hashes(pool.take_ready(10, 1'000'000, 10)), hashes({cheap, after_cheap, capped}));
}

TEST(pool, replacement_needs_both_caps_ten_percent_higher) {
    Pool pool{PoolLimits{}};
    const auto old = make_tx(1, 0, 100, 10);
    ASSERT_TRUE(pool.add(old, rich(), 0, now_ms).has_value());
    EXPECT_EQ(
        pool.add(make_tx(1, 0, 109, 11), rich(), 0, now_ms).error().message,
        "replacement transaction underpriced"
    );
    EXPECT_FALSE(pool.add(make_tx(1, 0, 200, 10), rich(), 0, now_ms).has_value());
    const auto better = make_tx(1, 0, 110, 11);
    const auto added = pool.add(better, rich(), 0, now_ms);
    ASSERT_TRUE(added.has_value());
    EXPECT_EQ(added->replaced, old);
    EXPECT_EQ(pool.find(old->hash), nullptr);
    EXPECT_EQ(hashes(pool.take_ready(10, 1'000'000, 0)), hashes({better}));
}

TEST(pool, refuses_with_geths_words) {
    Pool pool{PoolLimits{}};
    const auto tx = make_tx(1, 3, 100, 1);
    ASSERT_TRUE(pool.add(tx, rich(3), 0, now_ms).has_value());
    EXPECT_EQ(pool.add(tx, rich(3), 0, now_ms).error().message, "already known");
    EXPECT_EQ(
        pool.add(make_tx(1, 2, 100, 1), rich(3), 0, now_ms).error().message,
        "nonce too low: next nonce 3, tx nonce 2"
    );
    EXPECT_EQ(
        pool.add(make_tx(2, 0, 1, 1), Account{.balance = 20'999}, 0, now_ms).error().message,
        "insufficient funds for gas * price + value: balance 20999, tx cost 21000"
    );
    EXPECT_TRUE(pool.add(make_tx(2, 0, 1, 1), Account{.balance = 21'000}, 0, now_ms).has_value());
    EXPECT_EQ(
        pool.add(make_tx(3, 0, 1, 1, (128U << 10) + 1), rich(), 0, now_ms).error().code,
        PoolErrorCode::oversized
    );
}

TEST(pool, full_pool_lets_only_dearer_transactions_in) {
    Pool pool{PoolLimits{.max_transactions = 2}};
    const auto cheapest = make_tx(1, 0, 10, 1);
    ASSERT_TRUE(pool.add(cheapest, rich(), 0, now_ms).has_value());
    ASSERT_TRUE(pool.add(make_tx(2, 0, 20, 1), rich(), 0, now_ms).has_value());
    EXPECT_EQ(pool.add(make_tx(3, 0, 10, 1), rich(), 0, now_ms).error().message, "txpool is full");
    const auto added = pool.add(make_tx(3, 0, 11, 1), rich(), 0, now_ms);
    ASSERT_TRUE(added.has_value());
    EXPECT_EQ(hashes(added->evicted), hashes({cheapest}));
    EXPECT_EQ(pool.status().pending, 2U);
}

TEST(pool, limits_the_number_per_sender) {
    Pool pool{PoolLimits{.max_per_sender = 2}};
    ASSERT_TRUE(pool.add(make_tx(1, 0, 10, 1), rich(), 0, now_ms).has_value());
    ASSERT_TRUE(pool.add(make_tx(1, 5, 10, 1), rich(), 0, now_ms).has_value());
    EXPECT_EQ(
        pool.add(make_tx(1, 1, 10, 1), rich(), 0, now_ms).error().code, PoolErrorCode::sender_limit
    );
}

TEST(pool, expires_what_waited_too_long) {
    Pool pool{PoolLimits{.lifetime_ms = 100}};
    const auto tx = make_tx(1, 7, 10, 1);
    ASSERT_TRUE(pool.add(tx, rich(), 0, now_ms).has_value());
    EXPECT_TRUE(pool.expire(now_ms + 99).empty());
    EXPECT_EQ(hashes(pool.expire(now_ms + 100)), hashes({tx}));
    EXPECT_EQ(pool.find(tx->hash), nullptr);
}

TEST(pool, account_change_drops_stale_nonces) {
    Pool pool{PoolLimits{}};
    for (uint64_t nonce = 0; nonce < 4; ++nonce) {
        ASSERT_TRUE(pool.add(make_tx(1, nonce, 10, 1), rich(), 0, now_ms).has_value());
    }
    pool.account_changed(address(1), 2);
    EXPECT_EQ(pool.status().pending, 2U);
    EXPECT_EQ(pool.take_ready(10, 1'000'000, 0).size(), 2U);
}

/// Whatever happens, the sums agree with what is inside and the limits hold.
TEST(pool, random_operations_keep_the_books) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    Pool pool{PoolLimits{.max_per_sender = 8, .max_transactions = 40}};
    std::array<uint64_t, 10> nonces{};
    for (int step = 0; step < 20'000; ++step) {
        const auto sender = static_cast<uint8_t>(random() % 10);
        const uint64_t nonce = nonces[sender] + random() % 5;
        (void)pool.add(
            make_tx(sender, nonce, 1 + random() % 50, 1 + random() % 5),
            rich(nonces[sender]),
            0,
            now_ms
        );
        if (random() % 4 == 0) {
            for (const auto& tx : pool.take_ready(1 + random() % 5, 100'000, random() % 40)) {
                ASSERT_EQ(tx->tx.nonce, nonces[tx->sender[19]]);
                ++nonces[tx->sender[19]];
            }
        }
        size_t bytes = 0;
        size_t count = 0;
        pool.visit([&](const Entry& entry, bool) {
            bytes += entry.tx->raw.size();
            ++count;
        });
        ASSERT_EQ(pool.status().bytes, bytes);
        ASSERT_EQ(pool.status().pending + pool.status().queued, count);
        ASSERT_LE(count, 40U);
    }
}

}  // namespace mega::mempool
