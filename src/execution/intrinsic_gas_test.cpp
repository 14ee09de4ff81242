// What a transaction pays before it runs, which types each fork knows, and the caps on its gas: in
// every fork, on both sides of every border. Expected figures are written out from the EIPs, not
// taken from rules.hpp.

#include "execution/checks.hpp"
#include "execution/transaction.hpp"

#include <gtest/gtest.h>

namespace mega::execution {
namespace {

constexpr uint64_t cap_7825 = 16'777'216;

std::vector<Fork> all_forks() {
    std::vector<Fork> forks;
    for (int i = 0; i <= static_cast<int>(current_fork); ++i) {
        forks.push_back(static_cast<Fork>(i));
    }
    return forks;
}

Transaction call(TxType type = TxType::legacy) {
    Transaction tx;
    tx.type = type;
    tx.to = Address{};
    tx.gas_limit = 10'000'000;
    if (type != TxType::legacy) {
        tx.chain_id = 1;
    }
    if (type == TxType::blob) {
        tx.blob_versioned_hashes.resize(1);
        tx.blob_versioned_hashes[0][0] = 1;
    }
    if (type == TxType::set_code) {
        tx.authorization_list.resize(1);
    }
    return tx;
}

Bytes data_of(size_t zeros, size_t nonzeros) {
    Bytes data(zeros, 0);
    data.insert(data.end(), nonzeros, 1);
    return data;
}

std::optional<TxErrorCode> refusal(Fork fork, const Transaction& tx) {
    const auto checked = check_stateless(fork, 1, tx);
    return checked ? std::nullopt : std::optional(checked.error().code);
}

/// `tx` passes with `gas` and is refused for `code` with one unit less.
void expect_border(Fork fork, Transaction tx, uint64_t gas, TxErrorCode code) {
    SCOPED_TRACE(to_string(fork));
    tx.gas_limit = gas;
    EXPECT_EQ(refusal(fork, tx), std::nullopt);
    tx.gas_limit = gas - 1;
    EXPECT_EQ(refusal(fork, tx), code);
}

TEST(IntrinsicGas, OfCallsWithData) {
    for (const Fork fork : all_forks()) {
        SCOPED_TRACE(to_string(fork));
        const uint64_t nonzero = fork >= Fork::istanbul ? 16 : 68;  // EIP-2028
        for (const auto [zeros, nonzeros] : {std::pair{0, 0}, {1, 0}, {0, 1}, {31, 33}, {500, 7}}) {
            Transaction tx = call();
            tx.data = data_of(static_cast<size_t>(zeros), static_cast<size_t>(nonzeros));
            const auto z = static_cast<uint64_t>(zeros);
            const auto n = static_cast<uint64_t>(nonzeros);
            const IntrinsicGas gas = intrinsic_gas(fork, tx);
            EXPECT_EQ(gas.intrinsic, 21000 + 4 * z + nonzero * n);
            // EIP-7623: 10 a token, a non-zero byte being four
            EXPECT_EQ(gas.floor, fork >= Fork::prague ? 21000 + 10 * (z + 4 * n) : 0);
        }
    }
}

TEST(IntrinsicGas, OfCreations) {
    for (const Fork fork : all_forks()) {
        for (const size_t size : {0, 1, 32, 33, 49152}) {
            Transaction tx = call();
            tx.to.reset();
            tx.data = data_of(size, 0);
            const uint64_t create = fork >= Fork::homestead ? 32000 : 0;                 // EIP-2
            const uint64_t words = fork >= Fork::shanghai ? 2 * ((size + 31) / 32) : 0;  // EIP-3860
            EXPECT_EQ(intrinsic_gas(fork, tx).intrinsic, 21000 + create + 4 * size + words)
                << to_string(fork) << ' ' << size;
        }
    }
}

TEST(IntrinsicGas, OfAccessListsAndAuthorizations) {
    Transaction tx = call(TxType::access_list);
    tx.access_list = {{Address{}, std::vector<Hash256>(3)}, {Address{}, {}}, {Address{}, {}}};
    for (const Fork fork : {Fork::berlin, Fork::london, Fork::cancun, Fork::osaka}) {
        EXPECT_EQ(intrinsic_gas(fork, tx).intrinsic, 21000U + 3 * 2400 + 3 * 1900);
    }
    tx = call(TxType::set_code);
    for (const size_t tuples : {1, 2, 100}) {
        tx.authorization_list.resize(tuples);
        tx.access_list = {{Address{}, std::vector<Hash256>(1)}};
        for (const Fork fork : {Fork::prague, Fork::osaka}) {
            EXPECT_EQ(intrinsic_gas(fork, tx).intrinsic, 21000U + 25000 * tuples + 2400 + 1900);
        }
    }
}

TEST(IntrinsicGas, IsTheLeastGasLimitInEveryFork) {
    for (const Fork fork : all_forks()) {
        expect_border(fork, call(), 21000, TxErrorCode::intrinsic_gas_too_low);
        Transaction create = call();
        create.to.reset();
        create.data = data_of(1, 0);
        const uint64_t gas = fork >= Fork::shanghai    ? 53006
                             : fork >= Fork::homestead ? 53004
                                                       : 21004;
        expect_border(fork, create, gas, TxErrorCode::intrinsic_gas_too_low);
    }
}

TEST(IntrinsicGas, TheFloorBindsWhereItIsHigher) {
    Transaction tx = call();
    tx.data = data_of(0, 100);
    expect_border(Fork::cancun, tx, 22600, TxErrorCode::intrinsic_gas_too_low);
    for (const Fork fork : {Fork::prague, Fork::osaka}) {
        expect_border(fork, tx, 25000, TxErrorCode::floor_data_gas_too_low);
        // Below both, the intrinsic gas is what is named.
        Transaction low = tx;
        low.gas_limit = 22599;
        EXPECT_EQ(refusal(fork, low), TxErrorCode::intrinsic_gas_too_low);
        // An access list makes the intrinsic gas the higher of the two.
        Transaction listed = tx;
        listed.type = TxType::access_list;
        listed.chain_id = 1;
        listed.access_list.resize(2);
        expect_border(fork, listed, 27400, TxErrorCode::intrinsic_gas_too_low);
        // So do authorizations.
        Transaction authorized = call(TxType::set_code);
        authorized.data = tx.data;
        expect_border(fork, authorized, 47600, TxErrorCode::intrinsic_gas_too_low);
    }
}

TEST(TransactionTypes, AreKnownFromTheirForkOn) {
    const std::pair<TxType, Fork> since[] = {
        {TxType::legacy, Fork::frontier},
        {TxType::access_list, Fork::berlin},
        {TxType::dynamic_fee, Fork::london},
        {TxType::blob, Fork::cancun},
        {TxType::set_code, Fork::prague},
    };
    for (const auto& [type, fork_of_type] : since) {
        for (const Fork fork : all_forks()) {
            SCOPED_TRACE(
                "type " + std::to_string(static_cast<int>(type)) + " in " +
                std::string(to_string(fork))
            );
            EXPECT_EQ(
                refusal(fork, call(type)),
                fork < fork_of_type ? std::optional(TxErrorCode::type_not_supported) : std::nullopt
            );
        }
    }
}

TEST(TransactionTypes, EachHasItsOwnChecks) {
    for (const TxType type : {TxType::access_list, TxType::dynamic_fee, TxType::set_code}) {
        Transaction tx = call(type);
        tx.chain_id = 2;
        EXPECT_EQ(refusal(Fork::prague, tx), TxErrorCode::wrong_chain_id);
        tx = call(type);
        tx.nonce = UINT64_MAX;
        EXPECT_EQ(refusal(Fork::prague, tx), TxErrorCode::nonce_overflow);
        tx.nonce = UINT64_MAX - 1;
        EXPECT_EQ(refusal(Fork::prague, tx), std::nullopt);
    }
    for (const TxType type : {TxType::dynamic_fee, TxType::blob, TxType::set_code}) {
        Transaction tx = call(type);
        tx.max_fee_per_gas = 7;
        tx.max_priority_fee_per_gas = 7;
        EXPECT_EQ(refusal(Fork::prague, tx), std::nullopt);
        tx.max_priority_fee_per_gas = 8;
        EXPECT_EQ(refusal(Fork::prague, tx), TxErrorCode::tip_above_fee_cap);
    }
    Transaction tx = call(TxType::set_code);
    tx.authorization_list.clear();
    EXPECT_EQ(refusal(Fork::prague, tx), TxErrorCode::empty_authorization_list);
    tx = call(TxType::set_code);
    tx.to.reset();
    EXPECT_EQ(refusal(Fork::prague, tx), TxErrorCode::set_code_creates_contract);
    tx = call(TxType::blob);
    tx.to.reset();
    EXPECT_EQ(refusal(Fork::cancun, tx), TxErrorCode::blob_creates_contract);
    tx = call(TxType::blob);
    tx.blob_versioned_hashes[0][0] = 2;
    EXPECT_EQ(refusal(Fork::cancun, tx), TxErrorCode::invalid_blob_hash_version);
    tx.blob_versioned_hashes.clear();
    EXPECT_EQ(refusal(Fork::cancun, tx), TxErrorCode::blobs_missing);
}

TEST(TransactionTypes, InitCodeIsLimitedFromShanghaiOn) {
    for (const Fork fork : all_forks()) {
        Transaction tx = call();
        tx.to.reset();
        tx.data = data_of(49152, 0);
        EXPECT_EQ(refusal(fork, tx), std::nullopt) << to_string(fork);
        tx.data.push_back(0);
        EXPECT_EQ(
            refusal(fork, tx),
            fork >= Fork::shanghai ? std::optional(TxErrorCode::init_code_too_large) : std::nullopt
        ) << to_string(fork);
        tx.to = Address{};
        EXPECT_EQ(refusal(fork, tx), std::nullopt) << "data of a call: " << to_string(fork);
    }
}

TEST(GasCap, BindsFromOsakaOn) {
    for (const TxType type :
         {TxType::legacy, TxType::access_list, TxType::dynamic_fee, TxType::blob, TxType::set_code
         }) {
        Transaction tx = call(type);
        tx.gas_limit = cap_7825;
        EXPECT_EQ(refusal(Fork::osaka, tx), std::nullopt);
        tx.gas_limit = cap_7825 + 1;
        EXPECT_EQ(refusal(Fork::osaka, tx), TxErrorCode::gas_limit_too_high);
        EXPECT_EQ(refusal(Fork::prague, tx), std::nullopt);
    }
}

/// As much calldata as the cap has room for, by the intrinsic gas or by the floor.
TEST(GasCap, CalldataThatFillsIt) {
    for (const bool is_zero : {true, false}) {
        const uint64_t floor = is_zero ? 10 : 40;
        const size_t most = (cap_7825 - 21000) / floor;
        Transaction tx = call();
        tx.gas_limit = cap_7825;
        tx.data.assign(most, is_zero ? 0 : 1);
        EXPECT_EQ(refusal(Fork::osaka, tx), std::nullopt);
        tx.data.push_back(is_zero ? 0 : 1);
        EXPECT_EQ(refusal(Fork::osaka, tx), TxErrorCode::floor_data_gas_too_low);
        EXPECT_EQ(refusal(Fork::cancun, tx), std::nullopt);
    }
}

/// The same with access lists: of many addresses, and of one address with many keys.
TEST(GasCap, AccessListsThatFillIt) {
    Transaction tx = call(TxType::access_list);
    tx.gas_limit = cap_7825;
    tx.access_list.resize((cap_7825 - 21000) / 2400);
    EXPECT_EQ(refusal(Fork::osaka, tx), std::nullopt);
    tx.access_list.resize(tx.access_list.size() + 1);
    EXPECT_EQ(refusal(Fork::osaka, tx), TxErrorCode::intrinsic_gas_too_low);
    tx.gas_limit = cap_7825 + 2400;
    EXPECT_EQ(refusal(Fork::osaka, tx), TxErrorCode::gas_limit_too_high);
    EXPECT_EQ(refusal(Fork::prague, tx), std::nullopt);

    tx.gas_limit = cap_7825;
    tx.access_list.assign(1, {});
    tx.access_list[0].storage_keys.resize((cap_7825 - 21000 - 2400) / 1900);
    EXPECT_EQ(refusal(Fork::osaka, tx), std::nullopt);
    tx.access_list[0].storage_keys.resize(tx.access_list[0].storage_keys.size() + 1);
    EXPECT_EQ(refusal(Fork::osaka, tx), TxErrorCode::intrinsic_gas_too_low);
}

}  // namespace
}  // namespace mega::execution
