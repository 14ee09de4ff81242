#include "rpc/trace.hpp"

#include "base/fixtures_test.hpp"
#include "execution/block.hpp"
#include "execution/genesis.hpp"
#include "state/overlay.hpp"
#include "types/rlp.hpp"

#include <gtest/gtest.h>
#include <sstream>

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr Address sender{{0xaa}};
constexpr Address caller_contract{{0xc1}};
constexpr Address callee_contract{{0xc2}};

/// A state with three accounts, and one transaction that calls `caller_contract`.
class Tracing : public ::testing::Test {
  protected:
    Tracing() : state_(empty_) {
        state_.set_balance(sender, u256{1} << 80);
        env_.context.number = 7;
        env_.context.gas_limit = 30'000'000;
        env_.context.base_fee_per_gas = 10;
        env_.context.chain_id = 1;
        env_.context.beneficiary = Address{{0xbe}};
        call_.sender = sender;
        call_.hash = Hash256{{0x77}};
        call_.tx.to = caller_contract;
        call_.tx.chain_id = 1;
        call_.tx.gas_limit = 200'000;
        call_.tx.max_fee_per_gas = 10;
        call_.tx.max_priority_fee_per_gas = 10;
    }

    void set_code(const Address& address, std::string_view digits) {
        state_.set_code(address, *from_hex(digits, false));
    }

    json trace(const json& config, TraceBudget budget = {100'000, 10u << 20}) {
        const auto options = read_trace_options(config);
        EXPECT_TRUE(options.has_value()) << (options ? "" : options.error().message);
        const TraceContext context{call_, state_, env_, Hash256{{0xbb}}, 3};
        const auto tracer = make_tracer(*options, context, budget);
        evm::Vm vm;
        vm.set_tracer(tracer.get());
        const auto result = execution::execute_transaction(vm, state_, env_, call_);
        EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
        const std::string text = tracer->json(*result);
        is_exceeded_ = budget.is_exceeded;
        return json::parse(text, nullptr, false);
    }

    state::EmptyState empty_;
    state::Overlay state_;
    execution::BlockEnv env_;
    SignedTransaction call_;
    bool is_exceeded_ = false;
};

// CALL(gas, callee, value 0, no input) with the callee's address as PUSH20.
std::string call_code(std::string_view after) {
    return "60006000600060006000"
           "73"
           "c200000000000000000000000000000000000000"
           "5a"
           "f1" +
           std::string(after);
}

TEST_F(Tracing, struct_log_shows_stack_storage_and_cost) {
    set_code(
        caller_contract,
        "6005600155600154"
        "50"
        "00"
    );  // SSTORE(1, 5), SLOAD(1), POP, STOP
    const json log = trace(nullptr);
    EXPECT_FALSE(log["failed"].get<bool>());
    EXPECT_EQ(log["returnValue"], "0x");
    const json& steps = log["structLogs"];
    ASSERT_EQ(steps.size(), 7U);
    EXPECT_EQ(steps[0]["op"], "PUSH1");
    EXPECT_EQ(steps[0]["depth"], 1);
    EXPECT_EQ(steps[0]["gas"], 200'000 - 21'000);
    EXPECT_EQ(steps[2]["op"], "SSTORE");
    EXPECT_EQ(steps[2]["stack"], json::array({"0x5", "0x1"}));
    EXPECT_EQ(steps[2]["gasCost"], 22'100);
    const std::string slot = "0x" + std::string(63, '0') + "1";
    const std::string value = "0x" + std::string(63, '0') + "5";
    EXPECT_EQ(steps[2]["storage"][slot], value);
    EXPECT_EQ(steps[4]["op"], "SLOAD");
    EXPECT_EQ(steps[4]["storage"][slot], value);
    EXPECT_FALSE(steps[0].contains("storage"));
    EXPECT_FALSE(steps[0].contains("memory"));
}

TEST_F(Tracing, struct_log_learns_what_sload_found_from_the_state) {
    set_code(
        caller_contract,
        "600154"
        "50"
        "00"
    );
    state_.set_storage(caller_contract, 1, 9);
    const json log = trace(nullptr);
    const std::string slot = "0x" + std::string(63, '0') + "1";
    EXPECT_EQ(log["structLogs"][1]["storage"][slot], "0x" + std::string(63, '0') + "9");
    EXPECT_FALSE(trace({{"disableStorage", true}})["structLogs"][1].contains("storage"));
    EXPECT_FALSE(trace({{"disableStack", true}})["structLogs"][1].contains("stack"));
    EXPECT_EQ(trace({{"limit", 2U}})["structLogs"].size(), 2U);
}

TEST_F(Tracing, struct_log_counts_the_gas_handed_to_a_call) {
    set_code(caller_contract, call_code("00"));
    set_code(callee_contract, "00");
    const json steps = trace(nullptr)["structLogs"];
    const auto call = std::ranges::find_if(steps, [](const json& s) { return s["op"] == "CALL"; });
    ASSERT_NE(call, steps.end());
    const json& inside = *(call + 1);
    EXPECT_EQ(inside["depth"], 2);
    EXPECT_EQ((*call)["gasCost"].get<int64_t>(), 2600 + inside["gas"].get<int64_t>());
}

TEST_F(Tracing, struct_log_names_the_fault) {
    set_code(caller_contract, "01");  // ADD on an empty stack
    const json log = trace(nullptr);
    EXPECT_TRUE(log["failed"].get<bool>());
    ASSERT_EQ(log["structLogs"].size(), 1U);
    EXPECT_EQ(log["structLogs"][0]["error"], "stack underflow");
}

TEST_F(Tracing, ends_when_the_budget_is_spent) {
    set_code(caller_contract, "5b600056");  // for ever
    trace(nullptr, {100, 1u << 20});
    EXPECT_TRUE(is_exceeded_);
    trace({{"tracer", "callTracer"}}, {100, 1u << 20});
    EXPECT_FALSE(is_exceeded_);
    trace(nullptr, {1'000'000, 1000});
    EXPECT_TRUE(is_exceeded_);
}

TEST_F(Tracing, call_tracer_nests_calls_and_reverts) {
    set_code(caller_contract, call_code("00"));
    set_code(callee_contract, "60006000fd");
    const json top = trace({{"tracer", "callTracer"}});
    EXPECT_EQ(top["type"], "CALL");
    EXPECT_EQ(top["from"], to_hex(sender));
    EXPECT_EQ(top["to"], to_hex(caller_contract));
    EXPECT_EQ(top["gas"], to_hex_quantity(200'000));
    EXPECT_EQ(top["value"], "0x0");
    EXPECT_FALSE(top.contains("error"));
    ASSERT_EQ(top["calls"].size(), 1U);
    const json& inner = top["calls"][0];
    EXPECT_EQ(inner["from"], to_hex(caller_contract));
    EXPECT_EQ(inner["to"], to_hex(callee_contract));
    EXPECT_EQ(inner["error"], "execution reverted");
    EXPECT_EQ(inner["gasUsed"], "0x6");
    const json config{{"tracer", "callTracer"}, {"tracerConfig", {{"onlyTopCall", true}}}};
    EXPECT_FALSE(trace(config).contains("calls"));
}

TEST_F(Tracing, call_tracer_keeps_only_logs_that_happened) {
    const json config{{"tracer", "callTracer"}, {"tracerConfig", {{"withLog", true}}}};
    set_code(caller_contract, call_code("60006000a000"));  // call, then LOG0
    set_code(callee_contract, "602a60006000a100");         // LOG1 with topic 42
    json top = trace(config);
    ASSERT_EQ(top["logs"].size(), 1U);
    EXPECT_EQ(top["logs"][0]["position"], "0x1");
    ASSERT_EQ(top["calls"][0]["logs"].size(), 1U);
    EXPECT_EQ(top["calls"][0]["logs"][0]["address"], to_hex(callee_contract));
    EXPECT_EQ(top["calls"][0]["logs"][0]["topics"][0], "0x" + std::string(62, '0') + "2a");
    set_code(callee_contract, "602a60006000a160006000fd");
    top = trace(config);
    EXPECT_FALSE(top["calls"][0].contains("logs"));
    EXPECT_FALSE(trace({{"tracer", "callTracer"}}).contains("logs"));
}

TEST_F(Tracing, flat_call_tracer_lists_with_addresses) {
    set_code(caller_contract, call_code(call_code("00")));
    set_code(callee_contract, "60006000fd");
    const json list = trace({{"tracer", "flatCallTracer"}});
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0]["subtraces"], 2);
    EXPECT_EQ(list[0]["traceAddress"], json::array());
    EXPECT_EQ(list[0]["blockNumber"], 7);
    EXPECT_EQ(list[0]["transactionPosition"], 3);
    EXPECT_EQ(list[2]["traceAddress"], json::array({1}));
    EXPECT_EQ(list[2]["error"], "Reverted");
    EXPECT_EQ(list[2]["action"]["callType"], "call");
}

TEST_F(Tracing, prestate_tracer_shows_what_was_looked_at) {
    set_code(
        caller_contract,
        "6001546002"
        "55"
        "73"
        "dd00000000000000000000000000000000000000"
        "31"
        "00"
    );
    state_.set_storage(caller_contract, 1, 9);
    const json pre = trace({{"tracer", "prestateTracer"}});
    EXPECT_EQ(pre[to_hex(sender)]["balance"], to_hex_quantity(u256{1} << 80));
    EXPECT_TRUE(pre.contains(to_hex(Address{{0xbe}})));
    EXPECT_EQ(pre[to_hex(Address{{0xdd}})]["balance"], "0x0");
    const json& contract = pre[to_hex(caller_contract)];
    EXPECT_TRUE(contract.contains("code"));
    ASSERT_EQ(contract["storage"].size(), 2U);
    EXPECT_EQ(
        contract["storage"]["0x" + std::string(63, '0') + "1"], "0x" + std::string(63, '0') + "9"
    );
    EXPECT_EQ(pre.size(), 4U);
}

TEST_F(Tracing, prestate_tracer_shows_differences) {
    set_code(
        caller_contract,
        "6005600155"
        "6000600255"
        "00"
    );
    state_.set_storage(caller_contract, 2, 9);
    state_.set_storage(caller_contract, 3, 8);
    const json config{{"tracer", "prestateTracer"}, {"tracerConfig", {{"diffMode", true}}}};
    const json diff = trace(config);
    const std::string contract = to_hex(caller_contract);
    const std::string zeros(63, '0');
    EXPECT_EQ(diff["pre"][contract]["storage"], (json{{"0x" + zeros + "2", "0x" + zeros + "9"}}));
    EXPECT_EQ(
        diff["post"][contract], (json{{"storage", {{"0x" + zeros + "1", "0x" + zeros + "5"}}}})
    );
    EXPECT_EQ(diff["post"][to_hex(sender)]["nonce"], 1);
    EXPECT_FALSE(diff["pre"][to_hex(sender)].contains("nonce"));
    EXPECT_FALSE(diff["pre"].contains(to_hex(Address{{0xbe}})));  // no tip was paid
}

TEST_F(Tracing, selector_tracer_counts) {
    set_code(caller_contract, "00");
    call_.tx.data = *from_hex("0x0102030405");
    EXPECT_EQ(trace({{"tracer", "4byteTracer"}}), (json{{"0x01020304-1", 1}}));
    EXPECT_EQ(trace({{"tracer", "noopTracer"}}), json::object());
}

TEST(trace_options, refuses_what_it_does_not_know) {
    for (const char* bad :
         {R"("callTracer")",
          R"({"tracer": "{step: function() {}}"})",
          R"({"tracer": 5})",
          R"({"disableStack": "yes"})",
          R"({"limit": -1})",
          R"({"tracer": "callTracer", "tracerConfig": []})",
          R"({"tracer": "callTracer", "tracerConfig": {"withLog": 1}})"}) {
        EXPECT_FALSE(read_trace_options(json::parse(bad)).has_value()) << bad;
    }
    EXPECT_TRUE(read_trace_options(json::parse(R"({"timeout": "5s", "reexec": 128})")).has_value());
}

// -------------------------------------------------------------------------------------------------
// geth's own answers

execution::GenesisSpec read_genesis(const json& file) {
    execution::GenesisSpec spec;
    for (const auto& [text, object] : file.at("alloc").items()) {
        execution::GenesisAccount& account =
            spec.alloc[Address::from(*from_hex(text, /*prefix_required=*/false))];
        account.balance = *u256_from_text(object.value("balance", "0x0"));
        account.nonce = u256_from_text(object.value("nonce", "0x0"))->low64();
        account.code = *from_hex(object.value("code", "0x"));
        for (const auto& [slot, value] : object.value("storage", json::object()).items()) {
            account.storage[*u256_from_text(slot)] = *u256_from_text(value.get<std::string>());
        }
    }
    return spec;
}

std::vector<json> responses_of(const std::filesystem::path& file, std::vector<json>& requests) {
    std::vector<json> responses;
    std::istringstream lines(read_fixture(file));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(">> ")) {
            requests.push_back(json::parse(line.substr(3)));
        } else if (line.starts_with("<< ")) {
            responses.push_back(json::parse(line.substr(3)));
        }
    }
    return responses;
}

/// Executes the blocks of the official chain and traces the one that is asked for.
json trace_official_block(const std::filesystem::path& root, uint64_t number, const json& config) {
    const auto spec = read_genesis(json::parse(read_fixture(root / "genesis.json")));
    const state::EmptyState nothing;
    state::Overlay state(nothing);
    state.apply(execution::allocate(spec.alloc));
    const auto options = read_trace_options(config);
    const std::string file = read_fixture(root / "chain.rlp");
    rlp::Reader chain(as_bytes(file));
    json traced = json::array();
    TraceBudget budget{1'000'000, 64u << 20};
    for (uint64_t i = 1; i <= number; ++i) {
        const auto block = decode_block(*chain.read_item());
        const auto env = execution::block_env(Fork::homestead, 1, block->header);
        for (const Bytes& envelope : block->transactions) {
            const auto tx = decode_signed_transaction(envelope);
            const TraceContext context{*tx, state, env, {}, 0};
            const auto tracer = make_tracer(*options, context, budget);
            evm::Vm vm;
            vm.set_tracer(tracer.get());
            const auto result = execution::execute_transaction(vm, state, env, *tx);
            EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
            if (i == number) {
                traced.push_back(
                    {{"txHash", to_hex(tx->hash)}, {"result", json::parse(tracer->json(*result))}}
                );
            }
            state.apply(result->diff);
        }
        const Address& miner = block->header.beneficiary;
        const u256 balance = state.account(miner).value_or(Account{}).balance;
        state.set_balance(miner, balance + u256{5'000'000'000'000'000'000});
    }
    return traced;
}

TEST(trace_fixtures, struct_logs_equal_geths) {
    const auto fixtures = fixtures_root();
    if (!fixtures) {
        GTEST_SKIP() << fixtures_missing("rpc/execution-apis/debug_traceBlockByNumber");
    }
    const auto root = *fixtures / "rpc/execution-apis";
    size_t compared = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(root / "debug_traceBlockByNumber")) {
        std::vector<json> requests;
        const auto responses = responses_of(entry.path(), requests);
        ASSERT_EQ(requests.size(), responses.size());
        for (size_t i = 0; i < requests.size(); ++i) {
            if (!responses[i].contains("result")) {
                continue;
            }
            const json& params = requests[i].at("params");
            const uint64_t number = u256_from_text(params.at(0).get<std::string>())->low64();
            const json config = params.size() > 1 ? params[1] : json{};
            EXPECT_EQ(trace_official_block(root, number, config), responses[i].at("result"))
                << entry.path();
            ++compared;
        }
    }
    EXPECT_GE(compared, 4U);
}

}  // namespace
}  // namespace mega::rpc
