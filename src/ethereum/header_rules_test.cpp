#include "ethereum/header_rules.hpp"

#include "execution/checks.hpp"

#include <gtest/gtest.h>

namespace mega::ethereum {
namespace {

constexpr uint64_t blob = execution::gas_per_blob;

/// A header that follows `parent` rightly, under rules that hold from the start.
class HeaderRules : public testing::Test {
  protected:
    explicit HeaderRules(const char* network = "Osaka") { use(network); }

    void use(const char* network) {
        config_ = config_of_network(network).value();
        const bool is_merged = config_.terminal_total_difficulty.has_value();
        fork_ = fork_at(config_, 0, 0, is_merged);
        parent_ = {};
        parent_.number = 6;
        parent_.timestamp = 1000;
        parent_.gas_limit = 1'024'000;
        parent_.gas_used = 512'000;  // the target: the base fee stays
        parent_.difficulty = is_merged ? u256{} : u256{1'000'000};
        parent_.base_fee_per_gas = fork_ >= Fork::london ? std::optional{u256{7}} : std::nullopt;
        add_fields(parent_);
        child_ = parent_;
        child_.number = 7;
        child_.timestamp = 1012;
        child_.difficulty = is_merged ? u256{} : difficulty();
    }
    void add_fields(BlockHeader& header) const {
        if (fork_ >= Fork::shanghai) {
            header.withdrawals_root = empty_trie_root;
        }
        if (fork_ >= Fork::cancun) {
            header.blob_gas_used = 0;
            header.excess_blob_gas = 0;
            header.parent_beacon_block_root = Hash256{};
        }
        if (fork_ >= Fork::prague) {
            header.requests_hash = empty_requests_hash;
        }
    }
    [[nodiscard]] u256 difficulty() const {
        return fork_ == Fork::frontier ? u256{1'000'488} : u256{1'000'000};
    }

    /// Nothing when the child is right.
    [[nodiscard]] std::optional<BlockFaultCode> fault() const {
        const auto checked = check_header(config_, fork_, parent_, child_);
        return checked ? std::nullopt : std::optional{checked.error().code};
    }

    ChainConfig config_;
    Fork fork_ = Fork::osaka;
    BlockHeader parent_;
    BlockHeader child_;
};

using Code = BlockFaultCode;

TEST_F(HeaderRules, AcceptARightChildOfEveryFork) {
    for (const char* network :
         {"Frontier",
          "Homestead",
          "EIP150",
          "EIP158",
          "Istanbul",
          "Berlin",
          "London",
          "Paris",
          "Shanghai",
          "Cancun",
          "Prague",
          "Osaka",
          "BPO1",
          "BPO4"}) {
        use(network);
        EXPECT_EQ(fault(), std::nullopt) << network;
    }
}

TEST_F(HeaderRules, NumberFollowsTheParents) {
    child_.number = 8;
    EXPECT_EQ(fault(), Code::wrong_number);
    child_.number = 6;
    EXPECT_EQ(fault(), Code::wrong_number);
    parent_.number = UINT64_MAX;
    child_.number = 0;
    EXPECT_EQ(fault(), Code::wrong_number);
}

TEST_F(HeaderRules, TimestampIsAfterTheParents) {
    child_.timestamp = 1001;
    EXPECT_EQ(fault(), std::nullopt);
    child_.timestamp = 1000;
    EXPECT_EQ(fault(), Code::timestamp_not_after_parent);
}

TEST_F(HeaderRules, GasLimitMovesByLessThanItsThousandAndTwentyFourth) {
    for (const uint64_t good : {1'024'999U, 1'023'001U}) {
        child_.gas_limit = good;
        EXPECT_EQ(fault(), std::nullopt) << good;
    }
    for (const uint64_t bad : {1'025'000U, 1'023'000U}) {
        child_.gas_limit = bad;
        EXPECT_EQ(fault(), Code::gas_limit_out_of_bounds) << bad;
    }
}

TEST_F(HeaderRules, GasLimitHasAFloorAndACeiling) {
    parent_.gas_limit = 5001;
    parent_.gas_used = 2500;
    child_.gas_used = 0;
    child_.gas_limit = 5000;
    EXPECT_EQ(fault(), std::nullopt);
    parent_.gas_limit = 5000;
    child_.gas_limit = 4999;
    EXPECT_EQ(fault(), Code::gas_limit_out_of_bounds);
    parent_.gas_limit = INT64_MAX;
    parent_.gas_used = INT64_MAX / 2;
    child_.gas_limit = INT64_MAX;
    EXPECT_EQ(fault(), std::nullopt);
    child_.gas_limit = uint64_t{INT64_MAX} + 1;
    EXPECT_EQ(fault(), Code::gas_limit_out_of_bounds);
}

TEST_F(HeaderRules, GasUsedFitsTheLimit) {
    child_.gas_used = child_.gas_limit;
    EXPECT_EQ(fault(), std::nullopt);
    child_.gas_used = child_.gas_limit + 1;
    EXPECT_EQ(fault(), Code::gas_used_above_limit);
}

TEST_F(HeaderRules, ExtraDataHasAtMostThirtyTwoBytes) {
    child_.extra_data = Bytes(32, 1);
    EXPECT_EQ(fault(), std::nullopt);
    child_.extra_data = Bytes(33, 1);
    EXPECT_EQ(fault(), Code::extra_data_too_long);
}

TEST_F(HeaderRules, TenBlocksOfTheDaoForkSaySo) {
    use("HomesteadToDaoAt5");
    const Bytes words = to_bytes(as_bytes("dao-hard-fork"));
    for (uint64_t number = 3; number <= 17; ++number) {
        parent_.number = number - 1;
        child_.number = number;
        const bool is_within = number >= 5 && number < 15;
        child_.extra_data = words;
        EXPECT_EQ(fault(), std::nullopt) << number;
        child_.extra_data = {};
        EXPECT_EQ(fault().has_value(), is_within) << number;
    }
    child_.number = 5;
    parent_.number = 4;
    EXPECT_EQ(fault(), Code::wrong_dao_extra_data);
}

TEST_F(HeaderRules, DifficultyIsWhatTheFormulaGives) {
    use("Homestead");
    child_.difficulty += u256{1};
    EXPECT_EQ(fault(), Code::wrong_difficulty);
    child_.difficulty = 0;
    EXPECT_EQ(fault(), Code::wrong_difficulty);
}

TEST_F(HeaderRules, AfterTheMergeDifficultyAndNonceAreZero) {
    child_.difficulty = 1;
    EXPECT_EQ(fault(), Code::wrong_difficulty);
    child_.difficulty = 0;
    child_.nonce[7] = 1;
    EXPECT_EQ(fault(), Code::wrong_nonce);
}

TEST_F(HeaderRules, BaseFeeFollowsTheParentsGas) {
    child_.base_fee_per_gas = 8;
    EXPECT_EQ(fault(), Code::wrong_base_fee);
    parent_.gas_used = parent_.gas_limit;
    EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HeaderRules, LondonsFirstBlockDoublesTheGasLimit) {
    use("London");
    parent_.base_fee_per_gas.reset();
    child_.base_fee_per_gas = 1'000'000'000;
    child_.gas_limit = 2 * parent_.gas_limit;
    EXPECT_EQ(fault(), std::nullopt);
    child_.gas_limit = parent_.gas_limit;
    EXPECT_EQ(fault(), Code::gas_limit_out_of_bounds);
    child_.gas_limit = 2 * parent_.gas_limit;
    child_.base_fee_per_gas = 999'999'999;
    EXPECT_EQ(fault(), Code::wrong_base_fee);
}

TEST_F(HeaderRules, EveryForksFieldsAreThereAndNoOthers) {
    const char* networks[] = {"Berlin", "London", "Paris", "Shanghai", "Cancun", "Prague", "Osaka"};
    for (const char* network : networks) {
        use(network);
        const BlockHeader right = child_;
        const auto without = [&](auto BlockHeader::* field) {
            child_ = right;
            const bool is_wanted = (child_.*field).has_value();
            if (is_wanted) {
                (child_.*field).reset();
            } else {
                (child_.*field).emplace();
            }
            EXPECT_EQ(fault(), is_wanted ? Code::missing_field : Code::unexpected_field) << network;
        };
        without(&BlockHeader::base_fee_per_gas);
        without(&BlockHeader::withdrawals_root);
        without(&BlockHeader::blob_gas_used);
        without(&BlockHeader::excess_blob_gas);
        without(&BlockHeader::parent_beacon_block_root);
        without(&BlockHeader::requests_hash);
    }
}

TEST_F(HeaderRules, BlobGasIsOfWholeBlobsAndNotTooMany) {
    child_.blob_gas_used = 9 * blob;
    EXPECT_EQ(fault(), std::nullopt);
    child_.blob_gas_used = 10 * blob;
    EXPECT_EQ(fault(), Code::wrong_blob_gas_used);
    child_.blob_gas_used = blob + 1;
    EXPECT_EQ(fault(), Code::wrong_blob_gas_used);
    use("Cancun");
    child_.blob_gas_used = 6 * blob;
    EXPECT_EQ(fault(), std::nullopt);
    child_.blob_gas_used = 7 * blob;
    EXPECT_EQ(fault(), Code::wrong_blob_gas_used);
}

TEST_F(HeaderRules, ExcessBlobGasIsWhatTheParentLeft) {
    use("Prague");
    parent_.blob_gas_used = 9 * blob;
    child_.excess_blob_gas = 3 * blob;
    EXPECT_EQ(fault(), std::nullopt);
    child_.excess_blob_gas = 2 * blob;
    EXPECT_EQ(fault(), Code::wrong_excess_blob_gas);
}

TEST(ExcessBlobGas, FallsToZeroBelowTheTarget) {
    const execution::BlobSchedule prague = execution::blob_schedule(Fork::prague);
    BlockHeader parent;
    parent.base_fee_per_gas = 7;
    parent.blob_gas_used = 6 * blob;
    parent.excess_blob_gas = 0;
    EXPECT_EQ(next_excess_blob_gas(Fork::prague, prague, parent), 0U);
    parent.excess_blob_gas = 1;
    EXPECT_EQ(next_excess_blob_gas(Fork::prague, prague, parent), 1U);
    parent.blob_gas_used = 5 * blob;
    EXPECT_EQ(next_excess_blob_gas(Fork::prague, prague, parent), 0U);
    parent.excess_blob_gas.reset();
    parent.blob_gas_used.reset();
    EXPECT_EQ(
        next_excess_blob_gas(Fork::cancun, execution::blob_schedule(Fork::cancun), parent), 0U
    );
}

/// EIP-7918: below the reserve price a full block adds (max - target) / max of its gas, an empty
/// one nothing; at a price of 1 wei the border is a base fee of 131072 / 8192 = 16.
TEST(ExcessBlobGas, OsakaHasAReservePrice) {
    const execution::BlobSchedule osaka = execution::blob_schedule(Fork::osaka);
    BlockHeader parent;
    parent.blob_gas_used = 9 * blob;
    parent.excess_blob_gas = 6 * blob;
    parent.base_fee_per_gas = 16;
    EXPECT_EQ(next_excess_blob_gas(Fork::osaka, osaka, parent), 9 * blob);
    parent.base_fee_per_gas = 17;
    EXPECT_EQ(next_excess_blob_gas(Fork::osaka, osaka, parent), 9 * blob);
    parent.blob_gas_used = 0;
    EXPECT_EQ(next_excess_blob_gas(Fork::osaka, osaka, parent), 6 * blob);
    EXPECT_EQ(next_excess_blob_gas(Fork::prague, osaka, parent), 0U);
    parent.base_fee_per_gas = 16;
    EXPECT_EQ(next_excess_blob_gas(Fork::osaka, osaka, parent), 0U);
}

TEST(BlockSize, IsLimitedFromOsakaOn) {
    EXPECT_TRUE(check_block_size(Fork::osaka, 8'388'608));
    const auto refused = check_block_size(Fork::osaka, 8'388'609);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::block_too_large);
    EXPECT_EQ(refused.error().message(), "block too large: 8388609 of 8388608 bytes");
    EXPECT_TRUE(check_block_size(Fork::prague, 8'388'609));
}

}  // namespace
}  // namespace mega::ethereum
