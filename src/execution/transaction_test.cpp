#include "execution/transaction.hpp"

#include "execution/block.hpp"
#include "execution/call.hpp"
#include "execution/genesis.hpp"
#include "execution/host.hpp"
#include "state/overlay.hpp"

#include <gtest/gtest.h>

namespace mega::execution {
namespace {

constexpr uint64_t ether_gwei = 1'000'000'000;

Address address_of(uint8_t last) {
    Address address;
    address[0] = 0xcc;
    address[19] = last;
    return address;
}
const Address sender = address_of(1);
const Address recipient = address_of(2);
const Address reverting = address_of(3);  // PUSH0 PUSH0 REVERT
const Address storing = address_of(4);    // PUSH1 1 PUSH0 SSTORE
const Address beneficiary = address_of(9);

class TransactionTest : public testing::Test {
  protected:
    TransactionTest() {
        view_.set_balance(sender, u256{ether_gwei} * u256{ether_gwei});
        view_.set_code(reverting, Bytes{0x5f, 0x5f, 0xfd});
        view_.set_code(storing, Bytes{0x60, 0x01, 0x5f, 0x55});
        env_.context.base_fee_per_gas = 7;
        env_.context.gas_limit = 30'000'000;
        env_.context.beneficiary = beneficiary;
        call_.sender = sender;
        Transaction& tx = call_.tx;
        tx.type = TxType::dynamic_fee;
        tx.gas_limit = 100'000;
        tx.max_fee_per_gas = 10;
        tx.max_priority_fee_per_gas = 2;
        tx.to = recipient;
        tx.value = 5;
    }

    [[nodiscard]] auto execute(const ExecutionOptions& options = {}) {
        return execute_transaction(vm_, view_, env_, call_, options);
    }
    [[nodiscard]] std::string refusal(const ExecutionOptions& options = {}) {
        const auto result = execute(options);
        return result ? "accepted" : result.error().message;
    }
    void make_deposit(const u256& mint) {
        call_.tx = Transaction{};
        call_.tx.type = TxType::deposit;
        call_.tx.from = sender;
        call_.tx.mint = mint;
        call_.tx.gas_limit = 100'000;
        call_.tx.to = recipient;
    }

    state::EmptyState nothing_;
    state::Overlay view_{nothing_};
    evm::Vm vm_;
    BlockEnv env_;
    SignedTransaction call_;
};

TEST_F(TransactionTest, ATransferPaysTheBeneficiaryAndBurnsTheBaseFee) {
    const auto result = execute();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->success());
    EXPECT_EQ(result->gas_used, 21000U);
    EXPECT_EQ(result->effective_gas_price, u256{9});
    view_.apply(result->diff);
    EXPECT_EQ(view_.account(recipient)->balance, u256{5});
    EXPECT_EQ(view_.account(beneficiary)->balance, u256{2 * 21000});
    EXPECT_EQ(
        view_.account(sender)->balance, u256{ether_gwei} * u256{ether_gwei} - u256{5 + 9 * 21000}
    );
    EXPECT_EQ(view_.account(sender)->nonce, 1U);
}

TEST_F(TransactionTest, RefusalsHaveGethsTexts) {
    const std::string who = to_hex(sender);
    view_.set_nonce(sender, 1);
    EXPECT_EQ(refusal(), "nonce too low: address " + who + ", tx: 0 state: 1");
    call_.tx.nonce = 2;
    EXPECT_EQ(refusal(), "nonce too high: address " + who + ", tx: 2 state: 1");
    call_.tx.nonce = 1;
    env_.context.base_fee_per_gas = 11;
    EXPECT_EQ(
        refusal(),
        "max fee per gas less than block base fee: address " + who +
            ", maxFeePerGas: 10, baseFee: 11"
    );
    env_.context.base_fee_per_gas = 7;
    view_.set_balance(sender, 1);
    EXPECT_EQ(
        refusal(),
        "insufficient funds for gas * price + value: address " + who + " have 1 want 1000005"
    );
    view_.set_balance(sender, 1000005);
    EXPECT_EQ(refusal(), "accepted") << "the border is allowed";
    EXPECT_EQ(refusal({.block_gas_left = 99'999}), "gas limit reached");
    EXPECT_EQ(refusal({.block_gas_left = 100'000}), "accepted");
    view_.set_code(sender, Bytes{1, 2, 3});
    EXPECT_EQ(refusal(), "sender not an eoa: address " + who + ", len(code): 3");
}

TEST_F(TransactionTest, StatelessRefusals) {
    const auto why = [&] {
        const auto checked = check_stateless(Fork::osaka, 1, call_.tx);
        return checked ? std::string{"accepted"} : checked.error().message;
    };
    call_.tx.gas_limit = 1;
    EXPECT_EQ(why(), "intrinsic gas too low: have 1, want 21000");
    call_.tx.gas_limit = 21000;
    EXPECT_EQ(why(), "accepted");
    call_.tx.data = Bytes(10, 1);
    call_.tx.gas_limit = 21160;
    EXPECT_EQ(why(), "insufficient gas for floor data gas cost: have 21160, want 21400");
    call_.tx.gas_limit = 16'777'216;
    EXPECT_EQ(why(), "accepted");
    call_.tx.gas_limit = 20'000'000;
    EXPECT_EQ(why(), "transaction gas limit too high (cap: 16777216, tx: 20000000)");
    call_.tx.gas_limit = 16'000'000;
    call_.tx.to.reset();
    call_.tx.data = Bytes(49152, 0);
    EXPECT_EQ(why(), "accepted");
    call_.tx.data.push_back(0);
    EXPECT_EQ(why(), "max initcode size exceeded: code size 49153 limit 49152");
    call_.tx.chain_id = 2;
    EXPECT_EQ(why(), "invalid chain id for signer: have 2 want 1");
}

TEST_F(TransactionTest, TheL2RefusesBlobsAndForgedDeposits) {
    EXPECT_TRUE(check_l2_accepts(call_.tx));
    call_.tx.type = TxType::blob;
    EXPECT_EQ(
        check_l2_accepts(call_.tx).error().message,
        "blob transactions are not supported on this chain"
    );
    call_.tx.type = TxType::deposit;
    EXPECT_FALSE(check_l2_accepts(call_.tx));
}

TEST_F(TransactionTest, ADepositMintsEvenWhenItsCallFails) {
    const u256 before = view_.account(sender)->balance;
    make_deposit(1000);
    call_.tx.value = 300;
    call_.tx.to = reverting;
    auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, evm::Status::revert);
    view_.apply(result->diff);
    EXPECT_EQ(view_.account(sender)->balance, before + u256{1000});
    EXPECT_EQ(view_.account(sender)->nonce, 1U);
    EXPECT_FALSE(view_.account(beneficiary));

    call_.tx.to = recipient;
    result = execute();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->success());
    view_.apply(result->diff);
    EXPECT_EQ(view_.account(recipient)->balance, u256{300});
    EXPECT_EQ(view_.account(sender)->balance, before + u256{1700});
}

TEST_F(TransactionTest, ADepositIsNeverInvalid) {
    make_deposit(1);
    call_.tx.gas_limit = 1;  // below the intrinsic gas
    auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->success());
    EXPECT_EQ(result->gas_used, 1U);
    make_deposit(0);
    call_.tx.value = u256::max();
    result = execute();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, evm::Status::insufficient_balance);
    make_deposit(u256::max());  // would pass 2^256
    result = execute();
    ASSERT_TRUE(result);
    view_.apply(result->diff);
    EXPECT_EQ(view_.account(sender)->balance, u256{ether_gwei} * u256{ether_gwei});
    make_deposit(0);
    EXPECT_EQ(refusal({.block_gas_left = 99'999}), "gas limit reached");
}

TEST_F(TransactionTest, CreationAddressesMatchEip1014) {
    EXPECT_EQ(
        to_hex(create2_address({}, {}, Bytes{0})), "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"
    );
    call_.tx.to.reset();
    const auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->created, create_address(sender, 0));
}

TEST_F(TransactionTest, EstimatesAreEnoughAndClose) {
    call_.tx.gas_limit = 0;
    EXPECT_EQ(*estimate_gas(vm_, view_, env_, call_), 21000U);
    call_.tx.to = storing;
    call_.tx.value = 0;
    const auto estimate = estimate_gas(vm_, view_, env_, call_);
    ASSERT_TRUE(estimate) << estimate.error().message;
    call_.tx.gas_limit = *estimate;
    const auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->success());
    EXPECT_LE(*estimate, result->gas_used + result->gas_used / 50);
    call_.tx.to = reverting;
    const auto failure = estimate_gas(vm_, view_, env_, call_);
    ASSERT_FALSE(failure);
    EXPECT_EQ(failure.error().kind, EstimateError::Kind::reverted);
}

TEST_F(TransactionTest, AccessListsNameTheSlots) {
    call_.tx.to = storing;
    const auto found = create_access_list(vm_, view_, env_, call_);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->access_list.size(), 1U);
    EXPECT_EQ(found->access_list[0].address, storing);
    EXPECT_EQ(found->access_list[0].storage_keys, std::vector<Hash256>{Hash256{}});
}

TEST_F(TransactionTest, ABlockAddsUpAndNamesTheBadTransaction) {
    std::vector<SignedTransaction> transactions{call_, call_};
    transactions[1].tx.nonce = 1;
    const BlockHeader header;
    const auto block = execute_block(vm_, view_, env_, header, transactions, {});
    ASSERT_TRUE(block) << block.error().message;
    EXPECT_EQ(block->gas_used, 42000U);
    EXPECT_EQ(block->receipts[1].cumulative_gas_used, 42000U);
    EXPECT_TRUE(block->fault.has_value()) << "there are no request contracts here";
    view_.apply(block->diff);
    EXPECT_EQ(view_.account(recipient)->balance, u256{10});
    const auto again = execute_block(vm_, view_, env_, header, transactions, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message.find("transaction 0: nonce too low"), 0U);
}

TEST(FeeMarket, TheBaseFeeFollowsTheGas) {
    BlockHeader parent;
    parent.gas_limit = 30'000'000;
    parent.base_fee_per_gas = 1000;
    parent.gas_used = 15'000'000;
    EXPECT_EQ(next_base_fee(parent), u256{1000});
    parent.gas_used = 30'000'000;
    EXPECT_EQ(next_base_fee(parent), u256{1125});
    parent.gas_used = 0;
    EXPECT_EQ(next_base_fee(parent), u256{875});
    EXPECT_EQ(next_base_fee(parent, {.min_base_fee = 900}), u256{900});
    EXPECT_EQ(blob_base_fee(0, 5007716), u256{1});
    EXPECT_EQ(blob_base_fee(UINT64_MAX, 1), u256::max());
}

TEST(Genesis, NothingHasTheEmptyRoot) {
    EXPECT_EQ(make_genesis(Fork::osaka, {}).header.state_root, empty_trie_root);
    GenesisSpec spec;
    spec.alloc[sender].balance = 1;
    EXPECT_NE(make_genesis(Fork::osaka, spec).header.state_root, empty_trie_root);
    EXPECT_EQ(requests_hash({}), empty_requests_hash);
}

}  // namespace
}  // namespace mega::execution
