// L1 -> L2: money and calls through the Portal. The hash of the L2 transaction is known from the
// log on L1.

import {
    type Address, type Hash, type Hex, type TransactionReceipt,
    erc20Abi, keccak256, parseEventLogs, zeroAddress,
} from 'viem';
import type { MegaChain } from './chain.js';
import { type Polling, type Reader, type Wallet, poll } from './clients.js';
import { depositQueueAbi, portalAbi } from './generated/abis.js';

export type DepositRequest = {
    /** Absent creates a contract out of `data`. */
    to?: Address | undefined;
    /** MEGA that is taken on L1 and appears on L2. */
    mint?: bigint | undefined;
    /** MEGA that the L2 transaction sends on; `mint` unless stated. */
    value?: bigint | undefined;
    /** L2 gas. */
    gas: bigint;
    data?: Hex | undefined;
};

export type DepositTransactionParameters = {
    /** Reads L1. */
    publicClient: Reader;
    request: DepositRequest;
    targetChain: MegaChain;
};

/** Approves the Portal for what is to be minted when it is not yet. */
async function approve(wallet: Wallet, reader: Reader, chain: MegaChain, amount: bigint) {
    const { token, portal } = chain.mega.l1;
    const allowance = await reader.readContract({
        address: token,
        abi: erc20Abi,
        functionName: 'allowance',
        args: [wallet.account.address, portal],
    });
    if (allowance >= amount) return;
    const hash = await wallet.writeContract({
        address: token,
        abi: erc20Abi,
        functionName: 'approve',
        args: [portal, amount],
        account: wallet.account,
        chain: wallet.chain,
    });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new Error(`approval ${hash} reverted`);
}

/** Sends a deposit; resolves with the hash of the L1 transaction. */
export async function depositTransaction(
    wallet: Wallet, { publicClient, request, targetChain }: DepositTransactionParameters,
): Promise<Hash> {
    const { to, mint = 0n, gas, data = '0x' } = request;
    const value = request.value ?? mint;
    if (mint > 0n) await approve(wallet, publicClient, targetChain, mint);
    const address = targetChain.mega.l1.portal;
    const fee = await publicClient.readContract({
        address, abi: portalAbi, functionName: 'depositFee', args: [gas],
    });
    return wallet.writeContract({
        address,
        abi: portalAbi,
        functionName: 'depositTransaction',
        args: [to ?? zeroAddress, mint, value, gas, to === undefined, data],
        // The price may rise until the transaction is included; what is not due comes back.
        value: fee * 2n,
        account: wallet.account,
        chain: wallet.chain,
    });
}

/** The L2 transactions that an L1 transaction has brought about, in order. */
export function getL2TransactionHashes(
    { logs }: Pick<TransactionReceipt, 'logs'>,
): Hash[] {
    return parseEventLogs({ abi: depositQueueAbi, logs, eventName: 'DepositQueued' })
        .map((log) => keccak256(log.args.envelope));
}

/** Waits on L2 until the deposit of that hash is executed. */
export function waitForDeposit(
    l2: Reader, { hash, ...polling }: { hash: Hash } & Polling,
): Promise<TransactionReceipt> {
    return poll(`deposit ${hash}`, async () => {
        try {
            return await l2.getTransactionReceipt({ hash });
        } catch (error) {
            if ((error as Error).name === 'TransactionReceiptNotFoundError') return undefined;
            throw error;
        }
    }, { pollingIntervalMs: 100, ...polling });
}
