#include "rpc/development.hpp"

#include "rpc/chain_test_support.hpp"
#include "rpc/filters.hpp"
#include "rpc/trace_methods.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr Address somebody{{0x5b}};

class DevelopmentTest : public test::ChainTest {
  protected:
    DevelopmentTest() : development_(backend_, sequencer_), filters_(backend_) {
        add_development_methods(dispatcher_, development_);
        add_filter_methods(dispatcher_, filters_);
        add_trace_methods(dispatcher_, backend_);
        ground_.publisher.add_listener(filters_);
        start();
    }

    [[nodiscard]] uint64_t timestamp_of(uint64_t number) const {
        return (*reader_.header(number))->timestamp;
    }
    [[nodiscard]] Account account(const Address& address) const {
        return reader_.latest_state()->account(address).value_or(Account{});
    }

    Development development_;
    Filters filters_;
};

TEST_F(DevelopmentTest, mines_on_top_of_what_is_visible) {
    EXPECT_EQ(result("anvil_mine"), nullptr);
    EXPECT_EQ(reader_.latest_number(), 1U);
    send(somebody);
    EXPECT_EQ(reader_.latest_number(), 2U);
    EXPECT_EQ(result("hardhat_mine", json::array({"0x2"})), true);
    EXPECT_EQ(reader_.latest_number(), 4U);
    EXPECT_EQ(result("evm_mine"), "0x0");
    EXPECT_EQ(reader_.latest_number(), 5U);
    EXPECT_TRUE(ask("anvil_mine", json::array({"0xffffffff"})).contains("error"));
    EXPECT_EQ(reader_.latest_number(), 5U);
}

TEST_F(DevelopmentTest, mines_with_an_interval) {
    result("anvil_mine", json::array({"0x3", "0x3c"}));
    EXPECT_EQ(timestamp_of(2), timestamp_of(1) + 60);
    EXPECT_EQ(timestamp_of(3), timestamp_of(2) + 60);
}

TEST_F(DevelopmentTest, sets_the_time) {
    const uint64_t far = 4'000'000'000;
    EXPECT_EQ(result("evm_setNextBlockTimestamp", json::array({far})), true);
    result("evm_mine");
    EXPECT_EQ(timestamp_of(1), far);
    EXPECT_EQ(
        ask("evm_setNextBlockTimestamp", json::array({far}))["error"]["code"], invalid_params
    );
    result("evm_increaseTime", json::array({"0x3e8"}));
    result("evm_mine");
    EXPECT_GE(timestamp_of(2), far + 1000);
    EXPECT_LT(timestamp_of(2), far + 1100);
    EXPECT_EQ(result("evm_mine", json::array({far + 5000})), "0x0");
    EXPECT_EQ(timestamp_of(3), far + 5000);
}

TEST_F(DevelopmentTest, goes_back_to_a_snapshot_once) {
    send(somebody);
    const json id = result("evm_snapshot");
    send(somebody);
    result("anvil_mine");
    EXPECT_EQ(account(somebody).balance, u256{2});
    EXPECT_EQ(result("evm_revert", json::array({id})), true);
    EXPECT_EQ(account(somebody).balance, u256{1});
    EXPECT_EQ(reader_.latest_number(), 1U);
    EXPECT_EQ(result("evm_revert", json::array({id})), false);
    EXPECT_EQ(result("evm_revert", json::array({"0x99"})), false);
    --nonce_;
    send(somebody);
    EXPECT_EQ(account(somebody).balance, u256{2});
}

TEST_F(DevelopmentTest, sets_accounts) {
    const std::string address = to_hex(somebody);
    result("anvil_setBalance", json::array({address, "0x64"}));
    result("anvil_addBalance", json::array({address, "0x1"}));
    result("hardhat_setNonce", json::array({address, "0x7"}));
    result("anvil_setCode", json::array({address, "0x6001"}));
    EXPECT_EQ(account(somebody).balance, u256{101});
    EXPECT_EQ(account(somebody).nonce, 7U);
    EXPECT_TRUE(account(somebody).has_code());
    EXPECT_TRUE(ask("anvil_addBalance", json::array({address, "0x" + std::string(64, 'f')}))
                    .contains("error"));
    result("anvil_mine");
    EXPECT_EQ(account(somebody).balance, u256{101});
    EXPECT_TRUE(ask("anvil_setBalance", json::array({"0x12", "0x1"})).contains("error"));
}

TEST_F(DevelopmentTest, sets_storage) {
    const std::string address = to_hex(somebody);
    result("anvil_setCode", json::array({address, "0x6001"}));
    result("anvil_mine");
    const std::string slot = "0x" + std::string(63, '0') + "5";
    EXPECT_EQ(result("hardhat_setStorageAt", json::array({address, "0x5", slot})), true);
    EXPECT_EQ(reader_.latest_state()->storage(somebody, 5), u256{5});
    result("anvil_mine");
    EXPECT_EQ(reader_.latest_state()->storage(somebody, 5), u256{5});
    EXPECT_TRUE(ask("anvil_setStorageAt", json::array({address, "5", slot})).contains("error"));
}

TEST_F(DevelopmentTest, sets_the_environment_of_blocks) {
    result("anvil_setCoinbase", json::array({to_hex(somebody)}));
    result("anvil_setNextBlockBaseFeePerGas", json::array({"0x77"}));
    result("anvil_setPrevRandao", json::array({to_hex(Hash256{{0x33}})}));
    result("evm_mine");
    const auto header = **reader_.header(1);
    EXPECT_EQ(header.beneficiary, somebody);
    EXPECT_EQ(header.prev_randao, (Hash256{{0x33}}));
    result("evm_setBlockGasLimit", json::array({"0x989680"}));
    result("evm_mine");
    EXPECT_EQ((*reader_.header(2))->gas_limit, 10'000'000U);
    EXPECT_TRUE(ask("evm_setBlockGasLimit", json::array({"0x1"})).contains("error"));
}

TEST_F(DevelopmentTest, describes_itself_and_switches) {
    EXPECT_EQ(result("anvil_nodeInfo")["environment"]["chainId"], test::chain_id);
    EXPECT_EQ(result("hardhat_metadata")["clientVersion"], "mega/test");
    EXPECT_EQ(result("hardhat_getAutomine"), true);
    result("evm_setAutomine", json::array({false}));
    EXPECT_EQ(result("anvil_getAutomine"), false);
    EXPECT_TRUE(ask("evm_setAutomine", json::array({"no"})).contains("error"));
    EXPECT_EQ(result("anvil_getIntervalMining"), nullptr);
    EXPECT_TRUE(ask("hardhat_reset").contains("error"));
    result("hardhat_impersonateAccount", json::array({to_hex(somebody)}));
    EXPECT_TRUE(accounts_.is_impersonated(somebody));
    result("hardhat_stopImpersonatingAccount", json::array({to_hex(somebody)}));
    EXPECT_FALSE(accounts_.is_impersonated(somebody));
}

// -------------------------------------------------------------------------------------------------
// filters and traces on the same chain

/// Init code that emits one empty log: PUSH1 0, PUSH1 0, LOG0.
Bytes logging_init_code() { return {0x60, 0x00, 0x60, 0x00, 0xa0}; }

TEST_F(DevelopmentTest, filters_give_what_is_new) {
    send(std::nullopt, logging_init_code());
    const json logs = result("eth_newFilter", json::array({json::object()}));
    const json blocks = result("eth_newBlockFilter");
    const json pending = result("eth_newPendingTransactionFilter");
    EXPECT_EQ(result("eth_getFilterChanges", json::array({logs})), json::array());
    const Hash256 hash = send(std::nullopt, logging_init_code());
    const json found = result("eth_getFilterChanges", json::array({logs}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0]["transactionHash"], to_hex(hash));
    EXPECT_EQ(found[0]["logIndex"], "0x1");
    EXPECT_EQ(result("eth_getFilterChanges", json::array({blocks})), json::array());
    result("anvil_mine");
    EXPECT_EQ(result("eth_getFilterChanges", json::array({logs})), json::array());
    const json hashes = result("eth_getFilterChanges", json::array({blocks}));
    ASSERT_EQ(hashes.size(), 2U);
    EXPECT_EQ(hashes[0], to_hex((*reader_.block(1))->hash));
    EXPECT_EQ(result("eth_getFilterChanges", json::array({pending})), json::array({to_hex(hash)}));
    EXPECT_EQ(result("eth_getFilterChanges", json::array({pending})), json::array());
    EXPECT_EQ(result("eth_uninstallFilter", json::array({logs})), true);
    EXPECT_EQ(result("eth_uninstallFilter", json::array({logs})), false);
    EXPECT_EQ(
        ask("eth_getFilterChanges", json::array({logs}))["error"]["message"], "filter not found"
    );
}

TEST_F(DevelopmentTest, filters_follow_the_chain_back) {
    const json blocks = result("eth_newBlockFilter");
    const json id = result("evm_snapshot");
    result("anvil_mine", json::array({"0x2"}));
    EXPECT_EQ(result("eth_getFilterChanges", json::array({blocks})).size(), 2U);
    result("evm_revert", json::array({id}));
    result("anvil_mine");
    EXPECT_EQ(result("eth_getFilterChanges", json::array({blocks})).size(), 1U);
}

TEST_F(DevelopmentTest, filters_expire_and_are_bounded) {
    uint64_t now_ms = 0;
    Backend bounded = backend_;
    bounded.limits.max_filters = 2;
    bounded.limits.filter_lifetime_ms = 100;
    Filters filters(bounded, [&] { return now_ms; });
    const auto first = filters.add_block_filter();
    const auto second = filters.add_pending_filter();
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_FALSE(filters.add_block_filter().has_value());
    now_ms = 60;
    EXPECT_TRUE(filters.changes(json::parse(*first)).has_value());
    now_ms = 110;
    EXPECT_FALSE(filters.changes(json::parse(*second)).has_value());
    EXPECT_TRUE(filters.changes(json::parse(*first)).has_value());
    EXPECT_EQ(filters.count(), 1U);
}

TEST_F(DevelopmentTest, traces_transactions_of_open_and_sealed_blocks) {
    send(somebody);
    const Hash256 hash = send(std::nullopt, logging_init_code());
    const json config{{"tracer", "callTracer"}};
    const json open = result("debug_traceTransaction", json::array({to_hex(hash), config}));
    EXPECT_EQ(open["type"], "CREATE");
    result("anvil_mine");
    EXPECT_EQ(result("debug_traceTransaction", json::array({to_hex(hash), config})), open);
    const json block = result("debug_traceBlockByNumber", json::array({"0x1", config}));
    ASSERT_EQ(block.size(), 2U);
    EXPECT_EQ(block[1]["result"], open);
    EXPECT_EQ(block[1]["txHash"], to_hex(hash));
    EXPECT_EQ(
        ask("debug_traceBlockByNumber", json::array({"0x0"}))["error"]["message"],
        "genesis is not traceable"
    );
    EXPECT_TRUE(
        ask("debug_traceTransaction", json::array({to_hex(Hash256{{0x99}})})).contains("error")
    );
    const json call{{"to", to_hex(somebody)}, {"data", "0x01020304"}};
    EXPECT_EQ(result("debug_traceCall", json::array({call, "latest", config}))["type"], "CALL");
}

}  // namespace
}  // namespace mega::rpc
