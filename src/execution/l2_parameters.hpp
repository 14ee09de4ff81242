#pragma once

// What governance may change of mega's L2 while it runs: parameters that lie in the L2's own state,
// in the predeploy L2Config, where deposits from L1's SystemConfig put them, and L1's prices, which
// the L1 attributes deposit leaves in L1Block. A block's parameters are those at the end of its
// parent. Sequencer, replicas, validators and derivation read them from the state they have, so
// that a change takes effect at the same block everywhere and needs no restart.
//
//   L2Config  slot 0   gasLimit u64 | elasticity u32 | baseFeeDenominator u32 | baseFeeScalar u32 |
//                      blobBaseFeeScalar u32 | baseFeeShareBps u16 | miniBlockIntervalMs u32,
//                      from the low end
//             slot 1   minBaseFee                 wei per gas
//             slot 2   megaPerEth                 wei of MEGA for 10^18 wei of ether
//   L1Block   slot 1   baseFee,  slot 2  blobBaseFee
//
//   price of a byte = (baseFee * baseFeeScalar + blobBaseFee * blobBaseFeeScalar) / 10^6
//                     * megaPerEth / 10^18
//
// A field that is zero is not set: the chain's own configuration holds.

#include "execution/block.hpp"

namespace mega::execution {

/// 0x4200000000000000000000000000000000000023
inline constexpr Address l2_config_address{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                            0,    0, 0, 0, 0, 0, 0, 0, 0, 0x23}};
/// 0x4200000000000000000000000000000000000015
inline constexpr Address l1_block_address{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                           0,    0, 0, 0, 0, 0, 0, 0, 0, 0x15}};

struct L2Parameters {
    FeeMarket fee_market;
    /// Of the next block; 0 when the sequencer chooses.
    uint64_t gas_limit = 0;
    /// 0 when the sequencer chooses.
    uint32_t mini_block_interval_ms = 0;
    u256 data_price;
    uint16_t base_fee_share_bps = 0;
};

/// `state` is that after the parent; what is not set there comes from `configured`.
[[nodiscard]] L2Parameters read_l2_parameters(
    const state::StateView& state, const FeeMarket& configured
);

/// block_env with the L2's fees: what every execution of a mega block uses.
[[nodiscard]] BlockEnv l2_block_env(
    Fork fork, uint64_t chain_id, const BlockHeader& header, const L2Parameters& parameters
);
/// The same for who needs the parameters for nothing else; `state` is that after the parent.
[[nodiscard]] BlockEnv l2_block_env(
    Fork fork, uint64_t chain_id, const BlockHeader& header, const state::StateView& state
);

}  // namespace mega::execution
