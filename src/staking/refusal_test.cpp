#include "staking/refusal.hpp"

#include "base/hex.hpp"
#include "settlement/abi.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

std::string words_with(std::string_view error) {
    return R"(eth_estimateGas: error {"code":3,"data":")" +
           to_hex(settlement::abi::selector(error).view()) + R"(","message":"execution reverted"})";
}

TEST(refusal, of_the_evidence_itself_lasts) {
    EXPECT_EQ(lasting_refusal(words_with("NoContradiction()")), "NoContradiction");
    EXPECT_EQ(lasting_refusal(words_with("TooOld(uint48)")), "TooOld");
    EXPECT_EQ(lasting_refusal("execution reverted: VoidedByForcedBatch()"), "VoidedByForcedBatch");
}

TEST(refusal, of_this_moment_does_not) {
    EXPECT_FALSE(lasting_refusal(words_with("Paused()")));
    EXPECT_FALSE(lasting_refusal(words_with("UnknownBatch()")));
    EXPECT_FALSE(lasting_refusal("execution reverted"));
    EXPECT_FALSE(lasting_refusal(""));
}

}  // namespace
}  // namespace mega::staking
