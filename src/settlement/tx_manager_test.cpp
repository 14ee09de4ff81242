#include "settlement/tx_manager.hpp"

#include "settlement/test_anvil.hpp"

#include <gtest/gtest.h>

namespace mega::settlement {
namespace {

const Address someone = *fixed_from_hex<20>("0x00000000000000000000000000000000000a11ce");

class tx_manager : public ::testing::Test {
  protected:
    void start(const std::vector<std::string>& more = {}) { anvil = TestAnvil::start(more); }
    [[nodiscard]] TxManager manager(TxManagerOptions options = {}) const {
        options.poll_ms = 20;
        return {anvil->client(), anvil_key, *anvil->client().chain_id(), options, stop};
    }
    static TxRequest payment(uint64_t value) {
        return {.to = someone, .data = {}, .value = u256{value}, .gas_limit = 0, .sidecar = {}};
    }
    static TxRequest with_blobs(size_t count) {
        std::vector<Blob> blobs;
        for (size_t i = 0; i < count; ++i) {
            blobs.emplace_back(crypto::kzg::blob_size_bytes, 0);
            blobs.back()[1] = static_cast<uint8_t>(i + 1);
        }
        auto sidecar = make_sidecar(std::move(blobs));
        return {
            .to = someone,
            .data = {},
            .value = {},
            .gas_limit = 21'000,
            .sidecar = *std::move(sidecar)
        };
    }

    /// Once `sender` has sent its second transaction: the one with the first.
    static void take_back_a_block(L1Client& l1, const TxManager& sender) {
        while (sender.counters().sent < 2) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        (void)l1.raw_call("anvil_reorg", {1, replay::json::array()});
    }

    std::unique_ptr<TestAnvil> anvil;
    StopSignal stop;
};

#define NEEDS_ANVIL(...)                                                      \
    start(__VA_ARGS__);                                                       \
    if (!anvil) {                                                             \
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts"; \
    }

TEST_F(tx_manager, sends_one_after_the_other) {
    NEEDS_ANVIL();
    TxManager sender = manager();
    for (uint64_t i = 1; i <= 3; ++i) {
        const auto receipt = sender.send(payment(i));
        ASSERT_TRUE(receipt) << receipt.error().message;
        EXPECT_TRUE(receipt->status);
        EXPECT_EQ(receipt->block.number, i);
    }
    EXPECT_EQ(*anvil->client().balance(someone), u256{6});
}

TEST_F(tx_manager, sends_blobs_that_the_beacon_endpoint_gives_back) {
    NEEDS_ANVIL();
    TxManager sender = manager();
    const TxRequest request = with_blobs(2);
    const auto receipt = sender.send(request);
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(receipt->blob_gas_used, 2U * 131'072);
    const auto block = anvil->client().block(receipt->block.number);
    ASSERT_TRUE(block && *block);
    const auto& hashes = request.sidecar->versioned_hashes;
    const auto blobs = anvil->client().blobs(**block, {hashes[1], hashes[0]});
    ASSERT_TRUE(blobs) << blobs.error().message;
    EXPECT_EQ((*blobs)[0], request.sidecar->blobs[1]);
    EXPECT_EQ((*blobs)[1], request.sidecar->blobs[0]);
    const auto other = anvil->client().blobs(**block, {Hash256{}});
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("is not at"), std::string::npos);
}

TEST_F(tx_manager, says_why_a_call_would_revert_and_sends_nothing) {
    NEEDS_ANVIL();
    // PUSH0 PUSH0 REVERT
    const auto created = manager().send(
        {.to = {},
         .data = *from_hex("0x625f5ffd5f526003601df3"),
         .value = {},
         .gas_limit = 100'000,
         .sidecar = {}}
    );
    ASSERT_TRUE(created && created->created) << created.error().message;
    TxManager sender = manager();
    const auto sent = sender.send(
        {.to = *created->created, .data = {}, .value = {}, .gas_limit = 0, .sidecar = {}}
    );
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, TxFailure::Kind::reverts);
    EXPECT_EQ(sender.counters().sent, 0U);
}

TEST_F(tx_manager, takes_the_place_of_what_a_former_run_left_in_the_pool) {
    NEEDS_ANVIL({"--no-mining"});
    anvil->rpc(
        "eth_sendTransaction",
        {{{"from", to_hex(*crypto::address_of(anvil_key))},
          {"to", to_hex(someone)},
          {"value", "0x64"},
          {"maxFeePerGas", "0xba43b7400"},
          {"maxPriorityFeePerGas", "0x77359400"}}}
    );
    std::thread miner([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(700));
        const auto own = L1Client::open({.url = anvil->url(), .beacon_url = {}});
        (void)(*own)->raw_call("anvil_mine", {"0x1"});
    });
    TxManager sender = manager();
    const auto receipt = sender.send(payment(7));
    miner.join();
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(*anvil->client().balance(someone), u256{7});
    EXPECT_GE(sender.counters().replaced, 1U);
}

TEST_F(tx_manager, leaves_alone_what_another_process_has_in_the_pool_when_it_yields) {
    NEEDS_ANVIL({"--no-mining"});
    anvil->rpc(
        "eth_sendTransaction",
        {{{"from", to_hex(*crypto::address_of(anvil_key))},
          {"to", to_hex(someone)},
          {"value", "0x64"},
          {"maxFeePerGas", "0xba43b7400"},
          {"maxPriorityFeePerGas", "0x77359400"}}}
    );
    TxManager sender = manager();
    TxRequest request = payment(7);
    request.yields = true;
    const auto refused = sender.send(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, TxFailure::Kind::nonce_taken) << refused.error().message;
    anvil->mine();
    EXPECT_EQ(*anvil->client().balance(someone), u256{0x64});
    // It still outbids itself.
    std::atomic<bool> done{false};
    std::thread miner([&] {
        const auto own = L1Client::open({.url = anvil->url(), .beacon_url = {}});
        while (sender.counters().sent == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        for (int i = 0; i < 1000 && !done; ++i) {
            if (sender.counters().replaced == 0) {
                (void)(*own)->raw_call("anvil_setNextBlockBaseFeePerGas", {"0x174876e800"});
            }
            (void)(*own)->raw_call("anvil_mine", {"0x1"});
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
        }
    });
    const auto receipt = sender.send(request);
    done = true;
    miner.join();
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_GE(sender.counters().replaced, 1U);
    EXPECT_EQ(*anvil->client().balance(someone), u256{0x64 + 7});
}

TEST_F(tx_manager, sends_nothing_under_another_nonce_than_it_is_told) {
    NEEDS_ANVIL();
    TxManager sender = manager();
    ASSERT_TRUE(sender.send(payment(1)));
    TxRequest late = payment(2);
    late.nonce = 0;
    const auto refused = sender.send(late);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, TxFailure::Kind::nonce_taken) << refused.error().message;
    late.nonce = 1;
    EXPECT_TRUE(sender.send(late));
    EXPECT_EQ(*anvil->client().balance(someone), u256{3});
}

TEST_F(tx_manager, outbids_itself_when_blocks_pass_without_its_transaction) {
    NEEDS_ANVIL({"--no-mining"});
    std::atomic<bool> done{false};
    TxManager sender = manager();
    // Blocks pass while the transaction bids too little for them: from when it is in the pool until
    // it is outbid.
    std::thread miner([&] {
        const auto own = L1Client::open({.url = anvil->url(), .beacon_url = {}});
        const auto is_pooled = [&] {
            const auto status = (*own)->raw_call("txpool_status", replay::json::array());
            return status && (status->value("pending", "0x0") != "0x0" ||
                              status->value("queued", "0x0") != "0x0");
        };
        for (int i = 0; i < 1000 && !done; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
            if (!is_pooled()) {
                continue;
            }
            if (sender.counters().replaced == 0) {
                (void)(*own)->raw_call("anvil_setNextBlockBaseFeePerGas", {"0x174876e800"});
            }
            (void)(*own)->raw_call("anvil_mine", {"0x1"});
        }
    });
    const auto receipt = sender.send(with_blobs(1));
    done = true;
    miner.join();
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_GE(sender.counters().replaced, 1U);
    EXPECT_EQ(*anvil->client().nonce(sender.address(), false), 1U);
}

TEST_F(tx_manager, sends_again_what_the_pool_lost) {
    NEEDS_ANVIL({"--no-mining"});
    std::thread helper([&] {
        const auto own = L1Client::open({.url = anvil->url(), .beacon_url = {}});
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        (void)(*own)->raw_call("anvil_dropAllTransactions", replay::json::array());
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        (void)(*own)->raw_call("anvil_mine", {"0x1"});
    });
    TxManager sender = manager();
    const auto receipt = sender.send(payment(5));
    helper.join();
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_GE(sender.counters().sent, 2U);
    EXPECT_EQ(*anvil->client().balance(someone), u256{5});
}

TEST_F(tx_manager, gives_up_what_stands_behind_a_transaction_that_l1_took_back) {
    NEEDS_ANVIL();
    TxManager sender = manager();
    ASSERT_TRUE(sender.send(payment(1)));
    anvil->rpc("evm_setAutomine", {false});
    std::atomic<bool> done{false};
    std::thread helper([&] {
        const auto own = L1Client::open({.url = anvil->url(), .beacon_url = {}});
        take_back_a_block(**own, sender);
        while (!done) {
            (void)(*own)->raw_call("anvil_mine", {"0x1"});
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    });
    const auto failed = sender.send(payment(2));
    done = true;
    helper.join();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, TxFailure::Kind::taken_back) << failed.error().message;
    anvil->rpc("evm_setAutomine", {true});
    const auto receipt = sender.send(payment(3));
    ASSERT_TRUE(receipt) << receipt.error().message;
}

TEST_F(tx_manager, waits_while_l1_has_made_no_blocks_over_what_it_took_back) {
    NEEDS_ANVIL();
    TxManager sender = manager();
    ASSERT_TRUE(sender.send(payment(1)));
    anvil->rpc("evm_setAutomine", {false});
    std::thread helper([&] {
        const auto own = L1Client::open({.url = anvil->url(), .beacon_url = {}});
        take_back_a_block(**own, sender);
        // Many looks, and no block; then L1 takes in again what it had taken back.
        std::this_thread::sleep_for(std::chrono::milliseconds(800));
        (void)(*own)->raw_call(
            "eth_sendTransaction",
            {{{"from", to_hex(sender.address())},
              {"to", to_hex(someone)},
              {"value", "0x1"},
              {"nonce", "0x0"},
              {"maxFeePerGas", "0xba43b7400"},
              {"maxPriorityFeePerGas", "0x77359400"}}}
        );
        (void)(*own)->raw_call("anvil_mine", {"0x1"});
        (void)(*own)->raw_call("anvil_mine", {"0x1"});
    });
    const auto receipt = sender.send(payment(2));
    helper.join();
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(*anvil->client().balance(someone), u256{3});
}

TEST_F(tx_manager, waits_for_an_l1_that_is_away_and_stops_when_told) {
    NEEDS_ANVIL();
    const uint64_t chain_id = *anvil->client().chain_id();
    anvil->process().stop();
    TxManager sender(
        anvil->client(), anvil_key, chain_id, {.poll_ms = 10, .patience_ms = 200}, stop
    );
    const auto lost = sender.send(payment(1));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, TxFailure::Kind::lost);
    stop.stop();
    const auto stopped = sender.send(payment(1));
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, TxFailure::Kind::stopped);
}

}  // namespace
}  // namespace mega::settlement
