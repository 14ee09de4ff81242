// The official VMTests: single frames under Frontier's rules, with the gas that must be left.

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "evm/test_host.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::evm {
namespace {

using nlohmann::json;

u256 number(const json& text) { return *u256_from_text(text.get<std::string>()); }
Address address(const std::string& text) { return *fixed_from_hex<20>(text); }
Bytes bytes(const json& text) { return *from_hex(text.get<std::string>()); }

void load_accounts(TestHost& host, const json& accounts) {
    for (const auto& [key, fields] : accounts.items()) {
        TestHost::Account& account = host.accounts[address(key)];
        account.balance = number(fields.at("balance"));
        account.nonce = number(fields.at("nonce")).low64();
        account.code = std::make_shared<const Code>(bytes(fields.at("code")));
        for (const auto& [slot, value] : fields.at("storage").items()) {
            account.storage[*u256_from_text(slot)] = number(value);
        }
    }
}

/// The block hash that these tests expect is the hash of the decimal number.
class VmTestHost final : public TestHost {
  public:
    Hash256 block_hash(uint64_t number) override {
        return crypto::keccak256(as_bytes(std::to_string(number)));
    }
};

void load_block(BlockContext& block, const json& env) {
    block.beneficiary = address(env.at("currentCoinbase"));
    block.prev_randao = number(env.at("currentDifficulty")).to_hash();
    block.gas_limit = number(env.at("currentGasLimit")).low64();
    block.number = number(env.at("currentNumber")).low64();
    block.timestamp = number(env.at("currentTimestamp")).low64();
}

void expect_storage(TestHost& host, const json& post) {
    for (const auto& [key, fields] : post.items()) {
        std::map<u256, u256> expected;
        for (const auto& [slot, value] : fields.at("storage").items()) {
            expected[*u256_from_text(slot)] = number(value);
        }
        auto& found = host.accounts[address(key)].storage;
        std::erase_if(found, [](const auto& entry) { return entry.second.is_zero(); });
        EXPECT_TRUE(found == expected) << key;
    }
}

void run_case(const json& test) {
    VmTestHost host;
    host.fork = Fork::frontier;
    load_block(host.block_context, test.at("env"));
    load_accounts(host, test.at("pre"));
    const json& exec = test.at("exec");
    host.tx_context.origin = address(exec.at("origin"));
    host.tx_context.gas_price = number(exec.at("gasPrice"));
    const Bytes input = bytes(exec.at("data"));
    Message message;
    message.gas = static_cast<int64_t>(number(exec.at("gas")).low64());
    message.recipient = address(exec.at("address"));
    message.code_address = message.recipient;
    message.sender = address(exec.at("caller"));
    message.value = number(exec.at("value"));
    message.input = input;

    const CallResult result =
        host.vm.execute(host.fork, host, message, Code(bytes(exec.at("code"))));

    if (!test.contains("post")) {
        EXPECT_NE(result.status, Status::success);
        EXPECT_EQ(result.gas_left, 0);
        return;
    }
    EXPECT_EQ(result.status, Status::success) << to_string(result.status);
    EXPECT_EQ(u256{static_cast<uint64_t>(result.gas_left)}, number(test.at("gas")));
    EXPECT_EQ(to_hex(result.output), test.at("out").get<std::string>());
    expect_storage(host, test.at("post"));
    EXPECT_EQ(to_hex(crypto::keccak256(encode(host.logs))), test.at("logs").get<std::string>());
}

TEST(vm_tests, official) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("VMTests");
    }
    size_t count = 0;
    for (const auto& file : json_files_below(*root / "vm_tests")) {
        for (const auto& [name, test] : json::parse(read_fixture(file)).items()) {
            SCOPED_TRACE(name);
            run_case(test);
            ++count;
        }
    }
    EXPECT_GE(count, 500U);
}

}  // namespace
}  // namespace mega::evm
