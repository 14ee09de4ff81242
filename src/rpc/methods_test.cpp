// The methods against a whole chain.

#include "rpc/test_chain.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;
using test::TestChain;

class MethodsTest : public testing::Test {
  protected:
    MethodsTest() : owner_(to_hex(chain_.owner())) {}
    TestChain chain_;
    std::string owner_;
    const std::string target_ = "0x000000000000000000000000000000000000beef";
};

TEST_F(MethodsTest, tells_who_it_is) {
    EXPECT_EQ(chain_.result("eth_chainId"), "0x539");
    EXPECT_EQ(chain_.result("net_version"), "1337");
    EXPECT_EQ(chain_.result("eth_accounts"), json::array({owner_}));
    EXPECT_EQ(chain_.result("eth_syncing"), false);
    EXPECT_EQ(chain_.result("eth_blockNumber"), "0x0");
    EXPECT_EQ(chain_.result("rpc_modules")["eth"], "1.0");
}

TEST_F(MethodsTest, a_receipt_comes_with_a_block_that_answers) {
    const json receipt = chain_.result("eth_sendRawTransactionSync", {chain_.signed_transfer(0)});
    EXPECT_EQ(receipt["status"], "0x1");
    EXPECT_EQ(receipt["blockNumber"], "0x1");
    EXPECT_EQ(chain_.result("eth_blockNumber"), "0x1");
    const json block = chain_.result("eth_getBlockByHash", {receipt["blockHash"], false});
    EXPECT_EQ(block["transactions"][0], receipt["transactionHash"]);
    EXPECT_EQ(chain_.result("eth_getTransactionReceipt", {receipt["transactionHash"]}), receipt);
    EXPECT_EQ(chain_.result("eth_getBalance", {target_, "latest"}), "0x5");
    EXPECT_EQ(chain_.result("eth_getBalance", {target_, "0x0"}), "0x0");
}

TEST_F(MethodsTest, sealed_blocks_still_answer_to_the_open_name) {
    const json receipt = chain_.result("realtime_sendRawTransaction", {chain_.signed_transfer(0)});
    chain_.mine();
    const json block = chain_.result("eth_getBlockByHash", {receipt["blockHash"], true});
    EXPECT_EQ(block["number"], "0x1");
    EXPECT_EQ(block["transactions"].size(), 1u);
    EXPECT_EQ(chain_.result("eth_getBlockByNumber", {"safe", true}), block);
    EXPECT_EQ(chain_.result("eth_getBlockReceipts", {"0x1"}).size(), 1u);
}

TEST_F(MethodsTest, eip_7966_names_the_expected_nonce) {
    const json error = chain_.error("eth_sendRawTransactionSync", {chain_.signed_transfer(2), 50});
    EXPECT_EQ(error["code"], 6);
    EXPECT_EQ(error["data"], "0x0");
    EXPECT_EQ(chain_.result("txpool_status")["queued"], "0x0");
}

TEST_F(MethodsTest, eip_7966_times_out_with_the_hash) {
    chain_.sequencer().run([this] { chain_.sequencer().set_automine(false); });
    const json error =
        chain_.error("eth_sendRawTransactionSync", {chain_.signed_transfer(0), "0xa"});
    EXPECT_EQ(error["code"], 4);
    EXPECT_EQ(chain_.result("eth_getTransactionByHash", {error["data"]})["blockHash"], json());
    EXPECT_EQ(chain_.result("txpool_status")["pending"], "0x1");
    EXPECT_EQ(chain_.result("eth_getTransactionCount", {owner_, "pending"}), "0x1");
    EXPECT_EQ(chain_.result("eth_getTransactionCount", {owner_, "latest"}), "0x0");
    EXPECT_EQ(
        chain_.error("realtime_sendRawTransaction", {chain_.signed_transfer(1), 5})["message"],
        "realtime transaction expired"
    );
}

TEST_F(MethodsTest, refuses_raw_transactions_with_the_words_wallets_know) {
    const auto words = [&](const std::string& raw) {
        const json error = chain_.error("eth_sendRawTransaction", {raw});
        EXPECT_EQ(error["code"], server_error);
        return error["message"].get<std::string>();
    };
    const auto contains = [&](const std::string& raw, const char* text) {
        EXPECT_NE(words(raw).find(text), std::string::npos) << words(raw);
    };
    (void)chain_.result("eth_sendRawTransaction", {chain_.signed_transfer(0)});
    contains(chain_.signed_transfer(0), "nonce too low");
    contains(
        chain_.signed_transfer(1, [](auto& tx) { tx.gas_limit = 20'000; }), "intrinsic gas too low"
    );
    contains(
        chain_.signed_transfer(1, [](auto& tx) { tx.value = u256::max(); }), "insufficient funds"
    );
    contains(chain_.signed_transfer(1, [](auto& tx) { tx.chain_id = 1; }), "chain");
    EXPECT_FALSE(words("0x").empty());
    EXPECT_FALSE(words("0x02c0").empty());
    EXPECT_EQ(chain_.error("eth_sendRawTransaction", {"0xz"})["code"], invalid_params);
}

TEST_F(MethodsTest, calls_see_overrides_and_reverts_carry_data) {
    // returns BALANCE(caller); reverts when called with data
    const json returns{{target_, {{"code", "0x3331600052366014576020600060006000f35b"}}}};
    const json reverting{{target_, {{"code", "0x60ff60005260206000fd"}}}};
    const json call{{"from", owner_}, {"to", target_}};
    const json error = chain_.error("eth_call", {call, "latest", reverting});
    EXPECT_EQ(error["code"], 3);
    EXPECT_EQ(error["message"], "execution reverted");
    EXPECT_EQ(error["data"], "0x" + std::string(62, '0') + "ff");
    const json number{{target_, {{"code", "0x4360005260206000f3"}}}};
    EXPECT_EQ(
        chain_.result("eth_call", {call, "latest", number, {{"number", "0x11"}}}),
        "0x" + std::string(62, '0') + "11"
    );
    EXPECT_EQ(chain_.result("eth_estimateGas", {call}), "0x5208");
    EXPECT_EQ(chain_.error("eth_call", {call, "0x99"})["code"], server_error);
}

TEST_F(MethodsTest, a_call_after_waits_for_the_nonce) {
    const json call{{"to", target_}};
    const json condition{{"account", owner_}, {"nonce", 1}, {"timeout", 20}};
    EXPECT_EQ(chain_.error("eth_callAfter", {call, condition})["code"], server_error);
    auto waiting = std::async(std::launch::async, [&] {
        return chain_.result(
            "eth_callAfter", {call, {{"account", owner_}, {"nonce", "0x1"}, {"timeout", 10'000}}}
        );
    });
    (void)chain_.result("eth_sendRawTransaction", {chain_.signed_transfer(0)});
    EXPECT_EQ(waiting.get(), "0x");
}

TEST_F(MethodsTest, sends_for_its_own_accounts) {
    const json hash = chain_.result(
        "eth_sendTransaction", {{{"from", owner_}, {"to", target_}, {"value", "0x7"}}}
    );
    EXPECT_EQ(chain_.result("eth_getTransactionReceipt", {hash})["status"], "0x1");
    EXPECT_EQ(
        chain_.error("eth_sendTransaction", {{{"from", target_}}})["message"], "unknown account"
    );
    EXPECT_EQ(chain_.result("personal_sign", {"0x01", owner_}).get<std::string>().size(), 132u);
}

TEST_F(MethodsTest, proves_against_the_sealed_root) {
    (void)chain_.result("eth_sendRawTransaction", {chain_.signed_transfer(0)});
    chain_.mine();
    const json proof = chain_.result("eth_getProof", {owner_, {"0x0"}, "latest"});
    EXPECT_EQ(proof["nonce"], "0x1");
    EXPECT_FALSE(proof["accountProof"].empty());
    EXPECT_EQ(proof["storageProof"][0]["key"], "0x0");
    EXPECT_EQ(chain_.error("eth_getProof", {owner_, json::array(), "0x99"})["code"], server_error);
}

TEST_F(MethodsTest, fee_history_covers_what_was_asked) {
    for (uint64_t nonce = 0; nonce < 3; ++nonce) {
        (void)chain_.result("eth_sendRawTransaction", {chain_.signed_transfer(nonce)});
        chain_.mine();
    }
    const json history = chain_.result("eth_feeHistory", {"0x2", "0x3", {10, 90}});
    EXPECT_EQ(history["oldestBlock"], "0x2");
    EXPECT_EQ(history["baseFeePerGas"].size(), 3u);
    EXPECT_EQ(history["gasUsedRatio"].size(), 2u);
    EXPECT_EQ(history["reward"], json::parse(R"([["0x1","0x1"],["0x1","0x1"]])"));
    EXPECT_FALSE(chain_.result("eth_feeHistory", {1, "latest"}).contains("reward"));
    EXPECT_EQ(chain_.error("eth_feeHistory", {1, "latest", {50, 10}})["code"], invalid_params);
    EXPECT_EQ(chain_.error("eth_feeHistory", {1, "latest", {101}})["code"], invalid_params);
    EXPECT_EQ(chain_.error("eth_feeHistory", {1, "0x99"})["code"], server_error);
}

TEST_F(MethodsTest, simulates_without_a_trace) {
    const json request{
        {"blockStateCalls",
         {{{"calls", {{{"from", owner_}, {"to", target_}, {"value", "0x9"}}}}},
          {{"calls", {{{"from", owner_}, {"to", target_}}}}}}},
        {"traceTransfers", true}
    };
    const json blocks = chain_.result("eth_simulateV1", {request, "latest"});
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_EQ(blocks[0]["calls"][0]["status"], "0x1");
    EXPECT_EQ(blocks[0]["calls"][0]["logs"].size(), 1u);
    EXPECT_EQ(blocks[1]["parentHash"], blocks[0]["hash"]);
    EXPECT_EQ(chain_.result("eth_getBalance", {target_, "latest"}), "0x0");
    EXPECT_EQ(
        chain_.error("eth_simulateV1", {{{"blockStateCalls", json::array()}}})["code"],
        invalid_params
    );
}

TEST_F(MethodsTest, mini_blocks_can_be_fetched_later) {
    (void)chain_.result("eth_sendRawTransactionSync", {chain_.signed_transfer(0)});
    chain_.mine();
    const json mini_block = chain_.result("mega_getMiniBlockByNumber", {0});
    EXPECT_EQ(mini_block["transactions"].size(), 1u);
    EXPECT_TRUE(chain_.result("mega_getMiniBlockByNumber", {"0xffff"}).is_null());
}

TEST_F(MethodsTest, headers_of_mini_blocks_are_those_of_a_sealed_block) {
    (void)chain_.result("eth_sendRawTransactionSync", {chain_.signed_transfer(0)});
    chain_.mine();
    const json mini_block = chain_.result("mega_getMiniBlockByNumber", {0});
    const json headers = chain_.result("mega_getMiniBlockHeaders", {mini_block["block_number"]});
    ASSERT_EQ(headers.size(), 1u);
    const auto header =
        decode_mini_block_header(*from_hex(headers[0].get_ref<const std::string&>()));
    ASSERT_TRUE(header);
    EXPECT_EQ(mini_block["receipt_root"], to_hex(header->receipt_root));
    EXPECT_EQ(mini_block["mini_block_number"], to_hex_quantity(header->mini_block_number));
    EXPECT_EQ(chain_.error("mega_getMiniBlockHeaders", {"0x99"})["code"], resource_not_found);
    EXPECT_EQ(chain_.error("mega_getMiniBlockHeaders", {"what"})["code"], invalid_params);
}

TEST_F(MethodsTest, unknown_things_are_null) {
    const std::string nowhere = "0x" + std::string(64, '1');
    EXPECT_TRUE(chain_.result("eth_getBlockByNumber", {"0x99", false}).is_null());
    EXPECT_TRUE(chain_.result("eth_getBlockByHash", {nowhere, false}).is_null());
    EXPECT_TRUE(chain_.result("eth_getTransactionByHash", {nowhere}).is_null());
    EXPECT_TRUE(chain_.result("eth_getTransactionReceipt", {nowhere}).is_null());
    EXPECT_FALSE(chain_.result("eth_getBlockByNumber", {"pending", false}).is_null());
}

TEST_F(MethodsTest, log_ranges_are_checked) {
    EXPECT_EQ(chain_.result("eth_getLogs", {{{"fromBlock", "0x0"}}}), json::array());
    EXPECT_EQ(
        chain_.error("eth_getLogs", {{{"fromBlock", "0x1"}, {"toBlock", "0x0"}}})["code"],
        invalid_params
    );
    EXPECT_EQ(
        chain_.error("eth_getLogs", {{{"fromBlock", "0x0"}, {"toBlock", "0x99"}}})["code"],
        invalid_params
    );
    const json page = chain_.result("eth_getLogsWithCursor", {{{"fromBlock", "0x0"}}});
    EXPECT_EQ(page["logs"], json::array());
    EXPECT_FALSE(page.contains("cursor"));
}

}  // namespace
}  // namespace mega::rpc
