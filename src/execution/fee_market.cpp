#include "execution/block.hpp"

namespace mega::execution {

u256 next_base_fee(const BlockHeader& parent, const FeeMarket& market) {
    if (!parent.base_fee_per_gas) {
        return std::max(u256{1'000'000'000}, market.min_base_fee);  // EIP-1559's first block
    }
    const u256& fee = *parent.base_fee_per_gas;
    const uint64_t target = parent.gas_limit / market.elasticity_multiplier;
    if (parent.gas_used == target || target == 0) {
        return std::max(fee, market.min_base_fee);
    }
    const bool is_rising = parent.gas_used > target;
    const uint64_t distance = is_rising ? parent.gas_used - target : target - parent.gas_used;
    const u256 delta = fee * u256{distance} / u256{target} / market.base_fee_change_denominator;
    const u256 next = is_rising ? fee + std::max(delta, u256{1}) : fee - delta;
    return std::max(next, market.min_base_fee);
}

BlobSchedule blob_schedule(Fork fork) {
    if (fork < Fork::cancun) {
        return {};
    }
    return fork < Fork::prague ? BlobSchedule{3, 6, 3338477} : BlobSchedule{6, 9, 5007716};
}

u256 blob_base_fee(uint64_t excess_blob_gas, uint64_t base_fee_update_fraction) {
    // EIP-4844's fake_exponential: the Taylor series of e^(excess / fraction), term by term, scaled
    // by the fraction.
    const u256 fraction = base_fee_update_fraction;
    u256 sum;
    u256 term = fraction;
    for (uint64_t i = 1; !term.is_zero(); ++i) {
        const AddResult added = add_with_carry(sum, term);
        if (added.carry || multiply_overflows(term, excess_blob_gas)) {
            return u256::max();
        }
        sum = added.value;
        term = term * u256{excess_blob_gas} / (fraction * u256{i});
    }
    return sum / fraction;
}

BlockEnv block_env(Fork fork, uint64_t chain_id, const BlockHeader& header) {
    const BlobSchedule blobs = blob_schedule(fork);
    BlockEnv env;
    env.fork = fork;
    env.max_blobs = blobs.max;
    env.context.number = header.number;
    env.context.timestamp = header.timestamp;
    env.context.gas_limit = header.gas_limit;
    env.context.beneficiary = header.beneficiary;
    env.context.prev_randao =
        fork >= Fork::paris ? header.prev_randao : header.difficulty.to_hash();
    env.context.base_fee_per_gas = header.base_fee_per_gas.value_or(u256{});
    if (fork >= Fork::cancun) {
        env.context.blob_base_fee =
            blob_base_fee(header.excess_blob_gas.value_or(0), blobs.base_fee_update_fraction);
    }
    env.context.chain_id = chain_id;
    return env;
}

}  // namespace mega::execution
