#include "execution/l2_parameters.hpp"

namespace mega::execution {

namespace {

constexpr uint64_t scalar_unit = 1'000'000;
constexpr uint64_t wei_per_ether = 1'000'000'000'000'000'000;
constexpr uint16_t all_bps = 10'000;

uint64_t field(const u256& word, unsigned low_bit, unsigned bits) {
    const uint64_t mask = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
    return (word >> low_bit).low64() & mask;
}

/// Prices that L1 cannot reach are cut off, so that no product overflows.
u256 clamp_bits(const u256& value, unsigned bits) {
    const u256 bound = u256{1} << bits;
    return value < bound ? value : bound - u256{1};
}

u256 data_price(const state::StateView& state, const u256& packed, const u256& mega_per_eth) {
    const uint64_t base_fee_scalar = field(packed, 128, 32);
    const uint64_t blob_scalar = field(packed, 160, 32);
    if ((base_fee_scalar == 0 && blob_scalar == 0) || mega_per_eth.is_zero() ||
        !state.account(l1_block_address)) {
        return {};
    }
    const u256 base_fee = clamp_bits(state.storage(l1_block_address, 1), 80);
    const u256 blob_base_fee = clamp_bits(state.storage(l1_block_address, 2), 80);
    const u256 in_ether =
        (base_fee * u256{base_fee_scalar} + blob_base_fee * u256{blob_scalar}) / u256{scalar_unit};
    return clamp_bits(in_ether * clamp_bits(mega_per_eth, 128) / u256{wei_per_ether}, 128);
}

}  // namespace

L2Parameters read_l2_parameters(const state::StateView& state, const FeeMarket& configured) {
    L2Parameters parameters;
    parameters.fee_market = configured;
    if (!state.account(l2_config_address)) {
        return parameters;
    }
    const u256 packed = state.storage(l2_config_address, 0);
    const u256 min_base_fee = state.storage(l2_config_address, 1);
    const u256 mega_per_eth = state.storage(l2_config_address, 2);
    parameters.gas_limit = field(packed, 0, 64);
    if (const uint64_t elasticity = field(packed, 64, 32); elasticity != 0) {
        parameters.fee_market.elasticity_multiplier = elasticity;
    }
    if (const uint64_t denominator = field(packed, 96, 32); denominator != 0) {
        parameters.fee_market.base_fee_change_denominator = denominator;
    }
    if (!min_base_fee.is_zero()) {
        parameters.fee_market.min_base_fee = min_base_fee;
    }
    parameters.base_fee_share_bps =
        static_cast<uint16_t>(std::min<uint64_t>(field(packed, 192, 16), all_bps));
    parameters.mini_block_interval_ms = static_cast<uint32_t>(field(packed, 208, 32));
    parameters.data_price = data_price(state, packed, mega_per_eth);
    return parameters;
}

BlockEnv l2_block_env(
    Fork fork, uint64_t chain_id, const BlockHeader& header, const L2Parameters& parameters
) {
    BlockEnv env = block_env(fork, chain_id, header);
    env.l2_fees.data_price = parameters.data_price;
    env.l2_fees.base_fee_per_gas = env.context.base_fee_per_gas;
    env.l2_fees.base_fee_share_bps = parameters.base_fee_share_bps;
    return env;
}

BlockEnv l2_block_env(
    Fork fork, uint64_t chain_id, const BlockHeader& header, const state::StateView& state
) {
    return l2_block_env(fork, chain_id, header, read_l2_parameters(state, FeeMarket{}));
}

}  // namespace mega::execution
