// Hash-time-locked swaps between the layers. The one who knows the preimage locks first and longest:
//
//   Alice (knows the preimage)          Bob
//   lock on layer A, long deadline ---> sees it, locks on layer B with the same hash, short deadline
//   claims on layer B, and thereby <--- reads the preimage from Alice's claim
//   reveals the preimage                claims on layer A
//
// Bob's deadline must leave him time to claim on A after Alice's last moment on B.

import {
    type Address, type Hash, type Hex, bytesToHex, erc20Abi, parseEventLogs, sha256, zeroAddress,
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
    if (first.deadline < second.deadline + safeTimeouts.least_distance) {
        return `the first leg must end at least ${safeTimeouts.least_distance} s after the second`;
    }
    return undefined;
}

export function swapAddress(layer: Layer, chain: MegaChain): Address {
    const address = layer === 'l2' ? predeploys.atomicSwap : chain.mega.l1.atomicSwap;
    if (!address) throw new Error('the chain definition names no AtomicSwap on L1');
    return address;
}

type On = { layer: Layer; targetChain: MegaChain; terms: SwapTerms };

/** Locks; approves the token first when there is one. */
export async function lockSwap(
    wallet: Wallet, { layer, targetChain, terms, publicClient }: On & { publicClient: Reader },
): Promise<Hash> {
    const address = swapAddress(layer, targetChain);
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
