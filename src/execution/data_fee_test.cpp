#include "execution/data_fee.hpp"

#include "execution/call.hpp"
#include "execution/l2_parameters.hpp"
#include "state/overlay.hpp"

#include <gtest/gtest.h>
#include <random>

namespace mega::execution {
namespace {

Address address_of(uint8_t last) {
    Address address;
    address[0] = 0xcc;
    address[19] = last;
    return address;
}
const Address sender = address_of(1);
const Address recipient = address_of(2);
const Address refunding = address_of(3);  // SSTORE(0, 0) over a slot that is set
const Address beneficiary = address_of(9);
const u256 riches = u256{1'000'000'000} * u256{1'000'000'000};

Bytes noise(size_t size, uint32_t seed) {
    std::mt19937 random(seed);
    Bytes bytes(size);
    for (uint8_t& byte : bytes) {
        byte = static_cast<uint8_t>(random());
    }
    return bytes;
}

TEST(DataSize, NoiseCostsALittleMoreThanItsLength) {
    for (const size_t size : {0, 1, 3, 4, 5, 100, 1000, 100'000}) {
        const uint64_t estimate = compressed_size_estimate(noise(size, 1));
        EXPECT_GE(estimate, size - size / 100) << size;
        EXPECT_LE(estimate, size + size / 32) << size;
    }
}

TEST(DataSize, RepetitionCostsNextToNothing) {
    EXPECT_LE(compressed_size_estimate(Bytes(100'000, 0)), 100'000 / 264 * 3 + 10);
    Bytes twice = noise(1000, 2);
    append(twice, noise(1000, 2));
    EXPECT_LE(compressed_size_estimate(twice), 1000 + 1000 / 32 + 20);
}

TEST(DataSize, WhatIsFartherBackThanTheWindowIsForgotten) {
    Bytes bytes = noise(1000, 3);
    append(bytes, noise(10'000, 4));
    append(bytes, noise(1000, 3));
    EXPECT_GE(compressed_size_estimate(bytes), 11'900U);
}

TEST(DataSize, NoEnvelopeIsBelowTheLeast) {
    SignedTransaction tx;
    tx.tx.type = TxType::dynamic_fee;
    EXPECT_EQ(data_size(tx), min_data_size_bytes);
    tx.raw = Bytes(110, 0x01);
    EXPECT_EQ(data_size(tx), min_data_size_bytes);
    tx.raw = noise(265, 5);
    EXPECT_EQ(data_size(tx), 200 + 200 / 32 + 65);
}

class DataFeeTest : public testing::Test {
  protected:
    DataFeeTest() {
        view_.set_balance(sender, riches);
        view_.set_code(refunding, Bytes{0x5f, 0x5f, 0x55});
        view_.set_storage(refunding, 0, 1);
        env_.context.base_fee_per_gas = 7;
        env_.context.gas_limit = 30'000'000;
        env_.context.beneficiary = beneficiary;
        env_.l2_fees.base_fee_per_gas = 7;
        call_.sender = sender;
        Transaction& tx = call_.tx;
        tx.type = TxType::dynamic_fee;
        tx.gas_limit = 100'000;
        tx.max_fee_per_gas = 10;
        tx.max_priority_fee_per_gas = 2;
        tx.to = recipient;
        tx.value = 5;
        call_.raw = noise(265, 6);  // 271 bytes of data
    }

    [[nodiscard]] auto execute() { return execute_transaction(vm_, view_, env_, call_); }
    [[nodiscard]] u256 balance(const Address& address) const {
        const auto account = view_.account(address);
        return account ? account->balance : u256{};
    }

    state::EmptyState nothing_;
    state::Overlay view_{nothing_};
    evm::Vm vm_;
    BlockEnv env_;
    SignedTransaction call_;
};

TEST_F(DataFeeTest, WithoutAPriceNothingChanges) {
    const auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->gas_used, 21000U);
    view_.apply(result->diff);
    EXPECT_FALSE(view_.account(fee_vault_address));
}

TEST_F(DataFeeTest, TheDataIsGasAndItsBaseFeeGoesToTheVault) {
    env_.l2_fees.data_price = 70;
    ASSERT_EQ(data_gas(env_.l2_fees, call_), 2710U);
    const auto result = execute();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->gas_used, 23710U);
    EXPECT_EQ(result->data_gas, 2710U);
    view_.apply(result->diff);
    EXPECT_EQ(balance(sender), riches - u256{5 + 9 * 23710});
    EXPECT_EQ(balance(beneficiary), u256{2 * 23710});
    EXPECT_EQ(balance(fee_vault_address), u256{7 * 2710});
}

TEST_F(DataFeeTest, AShareOfTheBaseFeeGoesToTheVault) {
    env_.l2_fees.base_fee_share_bps = 2500;
    const auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->gas_used, 21000U);
    view_.apply(result->diff);
    EXPECT_EQ(balance(fee_vault_address), u256{7 * 21000 / 4});
}

TEST_F(DataFeeTest, AGasLimitBelowIntrinsicAndDataIsRefused) {
    env_.l2_fees.data_price = 70;
    call_.tx.gas_limit = 23709;
    const auto refused = execute();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, TxErrorCode::intrinsic_gas_too_low);
    EXPECT_EQ(
        refused.error().message,
        "intrinsic gas too low: have 23709, want 23710 (2710 of it for data on L1)"
    );
    call_.tx.gas_limit = 23710;
    EXPECT_TRUE(execute()) << "the border is allowed";
}

TEST_F(DataFeeTest, DataGasIsNeverRefunded) {
    call_.tx.to = refunding;
    call_.tx.value = 0;
    const auto plain = execute();
    env_.l2_fees.data_price = 7000;
    call_.tx.gas_limit = 400'000;
    const auto priced = execute();
    ASSERT_TRUE(plain && priced);
    EXPECT_GT(plain->gas_refunded, 0U);
    EXPECT_EQ(priced->gas_refunded, plain->gas_refunded);
    EXPECT_EQ(priced->gas_used, plain->gas_used + 271'000);
}

TEST_F(DataFeeTest, APriceBeyondAnyGasLimitIsRefusedAndNotWrapped) {
    env_.l2_fees.data_price = u256::max() >> 128;
    EXPECT_EQ(data_gas(env_.l2_fees, call_), max_data_gas);
    call_.tx.gas_limit = 1 << 24;
    const auto refused = execute();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, TxErrorCode::intrinsic_gas_too_low);
}

TEST_F(DataFeeTest, DepositsPayNothingForData) {
    env_.l2_fees.data_price = 70;
    call_.tx = Transaction{};
    call_.tx.type = TxType::deposit;
    call_.tx.from = sender;
    call_.tx.gas_limit = 21000;
    call_.tx.to = recipient;
    const auto result = execute();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->success());
    EXPECT_EQ(result->gas_used, 21000U);
}

TEST_F(DataFeeTest, TheEstimateHoldsTheDataWithAMargin) {
    env_.l2_fees.data_price = 70;
    const auto estimate = estimate_gas(vm_, view_, env_, call_, 0);
    ASSERT_TRUE(estimate);
    EXPECT_EQ(*estimate, 23710U + 2710 / 4);
    call_.tx.max_fee_per_gas = 0;  // a call that offers no fee sees no base fee, yet pays for data
    call_.tx.max_priority_fee_per_gas = 0;
    const auto free_call = estimate_gas(vm_, view_, env_, call_, 0);
    ASSERT_TRUE(free_call);
    EXPECT_EQ(*free_call, *estimate);
}

// ------------------------------------------------------------------------------------------------

class L2ParametersTest : public testing::Test {
  protected:
    void configure(const u256& packed, const u256& min_base_fee, const u256& mega_per_eth) {
        view_.set_nonce(l2_config_address, 1);
        view_.set_storage(l2_config_address, 0, packed);
        view_.set_storage(l2_config_address, 1, min_base_fee);
        view_.set_storage(l2_config_address, 2, mega_per_eth);
    }
    void set_l1_prices(const u256& base_fee, const u256& blob_base_fee) {
        view_.set_nonce(l1_block_address, 1);
        view_.set_storage(l1_block_address, 1, base_fee);
        view_.set_storage(l1_block_address, 2, blob_base_fee);
    }
    [[nodiscard]] L2Parameters read() const {
        return read_l2_parameters(view_, {2, 8, u256{1000}});
    }
    /// As L2Config packs them.
    static u256 packed(
        uint64_t gas_limit,
        uint64_t elasticity,
        uint64_t denominator,
        uint64_t base_fee_scalar,
        uint64_t blob_scalar,
        uint64_t rest = 0
    ) {
        return u256{gas_limit} | u256{elasticity} << 64 | u256{denominator} << 96 |
               u256{base_fee_scalar} << 128 | u256{blob_scalar} << 160 | u256{rest} << 192;
    }

    state::EmptyState nothing_;
    state::Overlay view_{nothing_};
};

TEST_F(L2ParametersTest, WithoutTheContractTheConfigurationHolds) {
    const L2Parameters parameters = read();
    EXPECT_EQ(parameters.gas_limit, 0U);
    EXPECT_EQ(parameters.fee_market.min_base_fee, u256{1000});
    EXPECT_EQ(parameters.fee_market.elasticity_multiplier, 2U);
    EXPECT_TRUE(parameters.data_price.is_zero());
    EXPECT_EQ(parameters.base_fee_share_bps, 0U);
}

TEST_F(L2ParametersTest, WhatIsZeroIsNotSet) {
    configure(0, 0, 0);
    EXPECT_EQ(read().fee_market.min_base_fee, u256{1000});
    EXPECT_EQ(read().fee_market.base_fee_change_denominator, 8U);
}

TEST_F(L2ParametersTest, EveryFieldIsReadFromItsPlace) {
    configure(packed(30'000'000, 3, 50, 0, 0, 1234 | uint64_t{20} << 16), 5, 0);
    const L2Parameters parameters = read();
    EXPECT_EQ(parameters.gas_limit, 30'000'000U);
    EXPECT_EQ(parameters.fee_market.elasticity_multiplier, 3U);
    EXPECT_EQ(parameters.fee_market.base_fee_change_denominator, 50U);
    EXPECT_EQ(parameters.fee_market.min_base_fee, u256{5});
    EXPECT_EQ(parameters.base_fee_share_bps, 1234U);
    EXPECT_EQ(parameters.mini_block_interval_ms, 20U);
}

TEST_F(L2ParametersTest, AShareAboveAllIsAll) {
    configure(packed(0, 0, 0, 0, 0, 0xffff), 0, 0);
    EXPECT_EQ(read().base_fee_share_bps, 10'000U);
}

TEST_F(L2ParametersTest, ThePriceOfAByteFollowsL1) {
    const u256 one = 1'000'000'000'000'000'000;
    configure(packed(0, 0, 0, 100, 1'032'258), 0, one * u256{2500});
    EXPECT_TRUE(read().data_price.is_zero()) << "no L1 has been seen";
    set_l1_prices(1'000'000'000, 2'000'000'000);
    // (10^9 * 100 + 2 * 10^9 * 1032258) / 10^6 = 2064616000 wei of ether
    EXPECT_EQ(read().data_price, u256{2'064'616'000} * u256{2500});
}

TEST_F(L2ParametersTest, AbsurdPricesAreCutOffAndDoNotWrap) {
    configure(packed(0, 0, 0, UINT32_MAX, UINT32_MAX), 0, u256::max());
    set_l1_prices(u256::max(), u256::max());
    EXPECT_EQ(read().data_price, u256::max() >> 128);
}

}  // namespace
}  // namespace mega::execution
