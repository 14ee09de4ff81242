// The formulas of contracts/src/staking, in integers as L1 computes them. Vectors made from here are checked by forge
// against the contracts (contracts/test/fixtures/make_*.mjs), so that the simulation and L1 cannot drift apart.
import { AbiCoder, keccak256 } from 'ethers';

const abi = AbiCoder.defaultAbiCoder();
export const PPM = 1_000_000n;
export const RANKS = 8;

export const keccakOf = (types, values) => keccak256(abi.encode(types, values));

// ---------------------------------------------------------------- lib/Draw.sol, Epochs, LeaderSchedule, Committee

/** Draws without replacement, weighted: positions in `weights`. */
export function order(weights, seed, count) {
    const rest = weights.map(BigInt);
    let left = rest.reduce((a, b) => a + b, 0n);
    const positive = rest.filter((w) => w > 0n).length;
    const picked = [];
    for (let i = 0; i < Math.min(count, positive); ++i) {
        // abi.encode(bytes32, uint256), by hand: it is called a million times.
        const point = BigInt(keccak256(seed + i.toString(16).padStart(64, '0'))) % left;
        let at = 0;
        let sum = rest[0];
        while (sum <= point) {
            sum += rest[++at];
        }
        picked.push(at);
        left -= rest[at];
        rest[at] = 0n;
    }
    return picked;
}

export function epochSeed(l1ChainId, l2ChainId, epoch, prevRandao, blockHash) {
    return keccakOf(
        ['string', 'uint256', 'uint64', 'uint48', 'bytes32', 'bytes32'],
        ['mega.epoch', l1ChainId, l2ChainId, epoch, prevRandao, blockHash],
    );
}

/** Fewer ranks are the first of the same order. */
export function leadersOf(seed, slot, ids, stakes, ranks = RANKS) {
    const slotSeed = keccakOf(['string', 'bytes32', 'uint256'], ['mega.leader', seed, BigInt(slot)]);
    return order(stakes, slotSeed, ranks).map((at) => ids[at]);
}

export function committeeOf(seed, ids, stakes, size) {
    if (ids.length <= size) {
        return { ids: [...ids], stakes: [...stakes] };
    }
    const picked = order(stakes, keccakOf(['string', 'bytes32'], ['mega.committee', seed]), size);
    return { ids: picked.map((at) => ids[at]), stakes: picked.map((at) => stakes[at]) };
}

// ---------------------------------------------------------------- lib/ChurnQueue.sol

export const roundUp = (epoch, stride) => ((epoch + stride - 1n) / stride) * stride;

/** `cursor` is {epoch, used}; it is changed. */
export function take(cursor, earliest, stride, amount, budget) {
    let epoch = roundUp(earliest, stride);
    let used = amount;
    if (cursor.epoch >= epoch) {
        epoch = cursor.epoch;
        used += cursor.used;
    }
    if (used > budget) {
        const steps = (used - 1n) / budget;
        epoch += steps * stride;
        used -= steps * budget;
    }
    cursor.epoch = epoch;
    cursor.used = used;
    return epoch;
}

// ---------------------------------------------------------------- lib/PenaltyMath.sol, Staking.slash

export const INITIAL_PPM = 100_000n;
export const CORRELATION = 3n;
export const REPORTER_PPM = 50_000n;
export const REPORTER_SELF_CAP_PPM = 250_000n;

const min = (a, b) => (a < b ? a : b);

export const contradictionPpm = (guilty, total) =>
    total === 0n ? INITIAL_PPM : min(PPM, INITIAL_PPM + (CORRELATION * guilty * PPM) / total);
export const remainderPpm = (target, taken) => (target <= taken ? 0n : ((target - taken) * PPM) / (PPM - taken));
export const downtimePpm = (timesBefore) => 1_000n << BigInt(timesBefore > 4 ? 4 : timesBefore);
export const cutOf = (stake, ppm) => (stake * ppm) / PPM;
export const reporterReward = (slashed, selfSlashed) =>
    min(slashed * REPORTER_PPM, selfSlashed * REPORTER_SELF_CAP_PPM) / PPM;

// ---------------------------------------------------------------- lib/RewardMath.sol

export const SEQUENCER_PPM = 200_000n;
export const emission = (reserve, ratePpb, cap) => min((reserve * ratePpb) / 1_000_000_000n, cap);
export const sequencerPot = (pot) => (pot * SEQUENCER_PPM) / PPM;
export const sequencerReward = (pot, blocks, allBlocks) =>
    allBlocks === 0n ? 0n : (sequencerPot(pot) * blocks) / allBlocks;
export const attesterReward = (pot, stake, totalStake, attested, recorded) =>
    totalStake === 0n || recorded === 0n
        ? 0n
        : ((((pot - sequencerPot(pot)) * stake) / totalStake) * attested) / recorded;
export const commissionOf = (reward, bps) => (reward * bps) / 10_000n;
export const shareOf = (rest, shares, totalShares) => (totalShares === 0n ? 0n : (rest * shares) / totalShares);
