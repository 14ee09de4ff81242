// Hash-time-locked swaps between the layers. The one who knows the preimage locks first and longest:
//
//   Alice (knows the preimage)          Bob
//   lock on layer A, long deadline ---> sees it, locks on layer B with the same hash, short deadline
//   claims on layer B, and thereby <--- reads the preimage from Alice's claim
//   reveals the preimage                claims on layer A
//
// Bob's deadline must leave him time to claim on A after Alice's last moment on B.

import {
    type Address, type Hash, type Hex, bytesToHex, encodeFunctionData, erc20Abi, isAddressEqual,
    parseEventLogs, sha256, zeroAddress, zeroHash,
} from 'viem';
import { type MegaChain, predeploys } from './chain.js';
import type { Reader, Wallet } from './clients.js';
import { atomicSwapAbi } from './generated/abis.js';

export type SwapTerms = {
    sender: Address;
    recipient: Address;
    /** Zero address: the layer's own currency, ETH on L1 and MEGA on L2. */
    token: Address;
    amount: bigint;
    hashLock: Hash;
    /** Seconds since 1970, by the clock of the layer. */
    deadline: bigint;
};

export type Layer = 'l1' | 'l2';

/** Deadlines in seconds from now that leave each side an hour after the other's last moment. */
export const safeTimeouts = { first: 4n * 3600n, second: 2n * 3600n, least_distance: 3600n } as const;

export function newPreimage(): { preimage: Hex; hashLock: Hash } {
    const preimage = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
    return { preimage, hashLock: sha256(preimage) };
}

/** Why nobody should enter the second leg against the first, if so. */
export function problemOfLegs(first: SwapTerms, second: SwapTerms): string | undefined {
    if (first.hashLock !== second.hashLock) return 'the legs have different hash locks';
    if (!isAddressEqual(first.sender, second.recipient) || !isAddressEqual(first.recipient, second.sender)) {
        return 'the legs are not between the same two parties';
    }
    if (first.deadline < second.deadline + safeTimeouts.least_distance) {
        return `the first leg must end at least ${safeTimeouts.least_distance} s after the second`;
    }
    return undefined;
}

/**
 * Why `terms` should not be locked at `now`, by the clock of their layer, if so. A second leg is held against the
 * first; a first leg must last long enough for a second one.
 */
export function problemOfLocking(terms: SwapTerms, now: bigint, first?: SwapTerms): string | undefined {
    const { second, least_distance } = safeTimeouts;
    if (first) {
        return problemOfLegs(first, terms) ?? (terms.deadline < now + least_distance
            ? `the second leg must last at least ${least_distance} s` : undefined);
    }
    return terms.deadline < now + second + least_distance
        ? `a first leg must last at least ${second + least_distance} s; a second leg is locked against the first: \`first\``
        : undefined;
}

export class UnsafeSwapError extends Error {
    override name = 'UnsafeSwapError';
}

export function swapAddress(layer: Layer, chain: MegaChain): Address {
    const address = layer === 'l2' ? predeploys.atomicSwap : chain.mega.l1.atomicSwap;
    if (!address) throw new Error('the chain definition names no AtomicSwap on L1');
    return address;
}

type On = { layer: Layer; targetChain: MegaChain; terms: SwapTerms };

/**
 * Locks; approves the token first when there is one. Whoever locks the second leg gives the first one with it. Throws
 * an UnsafeSwapError, and sends nothing, where the deadlines leave somebody too little time.
 */
export async function lockSwap(
    wallet: Wallet,
    { layer, targetChain, terms, publicClient, first, allowUnsafe = false }: On & {
        publicClient: Reader;
        first?: SwapTerms | undefined;
        allowUnsafe?: boolean | undefined;
    },
): Promise<Hash> {
    const address = swapAddress(layer, targetChain);
    if (!allowUnsafe) {
        const { timestamp } = await publicClient.getBlock();
        const problem = problemOfLocking(terms, timestamp, first);
        if (problem) throw new UnsafeSwapError(problem);
    }
    const isNative = terms.token === zeroAddress;
    if (!isNative) {
        const hash = await wallet.writeContract({
            address: terms.token,
            abi: erc20Abi,
            functionName: 'approve',
            args: [address, terms.amount],
            account: wallet.account,
            chain: wallet.chain,
        });
        await publicClient.waitForTransactionReceipt({ hash });
    }
    return wallet.writeContract({
        address,
        abi: atomicSwapAbi,
        functionName: 'lock',
        args: [terms],
        value: isNative ? terms.amount : 0n,
        account: wallet.account,
        chain: wallet.chain,
    });
}

export function claimSwap(
    wallet: Wallet, { layer, targetChain, terms, preimage }: On & { preimage: Hex },
): Promise<Hash> {
    return wallet.writeContract({
        address: swapAddress(layer, targetChain),
        abi: atomicSwapAbi,
        functionName: 'claim',
        args: [terms, preimage],
        account: wallet.account,
        chain: wallet.chain,
    });
}

export function refundSwap(wallet: Wallet, { layer, targetChain, terms }: On): Promise<Hash> {
    return wallet.writeContract({
        address: swapAddress(layer, targetChain),
        abi: atomicSwapAbi,
        functionName: 'refund',
        args: [terms],
        account: wallet.account,
        chain: wallet.chain,
    });
}

/** The preimage that a claim has revealed. */
export function revealedPreimage(
    { logs }: { logs: Parameters<typeof parseEventLogs>[0]['logs'] },
): Hex | undefined {
    return parseEventLogs({ abi: atomicSwapAbi, logs, eventName: 'Claimed' })[0]?.args.preimage;
}

/** The preimage in a claim of these terms, when `input` is a call that makes one, maybe by way of another contract. */
function preimageIn(input: Hex, terms: SwapTerms): Hex | undefined {
    const claim = encodeFunctionData({ abi: atomicSwapAbi, functionName: 'claim', args: [terms, zeroHash] });
    const named = claim.slice('0x'.length + 8, -64); // the terms: what is between selector and preimage
    for (let at = input.indexOf(named); at >= 0; at = input.indexOf(named, at + 1)) {
        const digits = input.slice(at + named.length, at + named.length + 64);
        const preimage: Hex = `0x${digits}`;
        if (digits.length === 64 && sha256(preimage) === terms.hashLock) return preimage;
    }
    return undefined;
}

type PoolTransaction = { input?: Hex };

/** Inputs of what waits, as far as the node shows it: its next block, and what it holds of `from`. */
async function pendingInputs(publicClient: Reader, from: Address): Promise<Hex[]> {
    const ask = (method: string, params: unknown[]) =>
        (publicClient.request as (call: { method: string; params: unknown[] }) => Promise<unknown>)({ method, params });
    const next = await ask('eth_getBlockByNumber', ['pending', true]) as { transactions?: PoolTransaction[] } | null;
    // Not of the standard: where the pool is not shown, the next block has to do.
    const pool = await ask('txpool_contentFrom', [from]).catch(() => ask('txpool_content', [])).catch(() => ({}));
    const inputs: Hex[] = [];
    const collect = (value: unknown) => {
        if (typeof value !== 'object' || value === null) return;
        const { input } = value as PoolTransaction;
        if (typeof input === 'string') inputs.push(input.toLowerCase() as Hex);
        else Object.values(value).forEach(collect);
    };
    collect(next?.transactions);
    collect(pool);
    return inputs;
}

/**
 * The preimage that a claim of `terms` shows: one in a block, or one that still waits in the pool, which is as good:
 * the other leg can be claimed before the first claim is mined.
 */
export async function findPreimage(
    publicClient: Reader, { layer, targetChain, terms, fromBlock = 0n }: On & { fromBlock?: bigint | undefined },
): Promise<{ preimage: Hex; isPending: boolean } | undefined> {
    const claims = await publicClient.getContractEvents({
        address: swapAddress(layer, targetChain), abi: atomicSwapAbi, eventName: 'Claimed', fromBlock,
    });
    for (const { args } of claims) {
        if (args.preimage && sha256(args.preimage) === terms.hashLock) {
            return { preimage: args.preimage, isPending: false };
        }
    }
    for (const input of await pendingInputs(publicClient, terms.recipient)) {
        const preimage = preimageIn(input, terms);
        if (preimage) return { preimage, isPending: true };
    }
    return undefined;
}
