// L2 -> L1: start on L2, prove against a claim of the L2 state, finalise when claim and proof are
// ripe. Names and shapes are those of viem's op-stack.

import {
    type Address, type Hash, type Hex, type TransactionReceipt,
    encodeAbiParameters, keccak256, parseEventLogs,
} from 'viem';
import { type MegaChain, predeploys } from './chain.js';
import { type Polling, type Reader, type Wallet, poll } from './clients.js';
import { l2ToL1MessagePasserAbi, portalAbi, stateClaimsAbi } from './generated/abis.js';

export type Withdrawal = {
    nonce: bigint;
    sender: Address;
    target: Address;
    value: bigint;
    gasLimit: bigint;
    data: Hex;
    withdrawalHash: Hash;
};

export type WithdrawalStatus =
    | 'waiting-to-prove'
    | 'ready-to-prove'
    | 'waiting-to-finalize'
    | 'ready-to-finalize'
    | 'finalized';

export type WithdrawalRequest = {
    to: Address;
    /** MEGA. */
    value?: bigint | undefined;
    /** For the call on L1. */
    gas?: bigint | undefined;
    data?: Hex | undefined;
};

type OnL1 = { receipt: TransactionReceipt; targetChain: MegaChain };

/** Sends the L2 transaction that starts a withdrawal. */
export function initiateWithdrawal(
    wallet: Wallet, { request }: { request: WithdrawalRequest },
): Promise<Hash> {
    return wallet.writeContract({
        address: predeploys.messagePasser,
        abi: l2ToL1MessagePasserAbi,
        functionName: 'initiateWithdrawal',
        args: [request.to, request.gas ?? 0n, request.data ?? '0x'],
        value: request.value ?? 0n,
        account: wallet.account,
        chain: wallet.chain,
    });
}

/** The withdrawals that an L2 transaction has started. */
export function getWithdrawals({ logs }: Pick<TransactionReceipt, 'logs'>): Withdrawal[] {
    return parseEventLogs({ abi: l2ToL1MessagePasserAbi, logs, eventName: 'MessagePassed' })
        .map(({ args }) => ({ ...args }));
}

function onlyWithdrawal(receipt: TransactionReceipt): Withdrawal {
    const [withdrawal] = getWithdrawals(receipt);
    if (!withdrawal) {
        throw new Error(`transaction ${receipt.transactionHash} started no withdrawal`);
    }
    return withdrawal;
}

// Numbers of IStateClaims.Status.
const finalStatus = 3;
const rejectedStatus = 4;

export type Claim = { index: bigint; lastBlock: bigint; isFinal: boolean; finalizableAt: bigint };

async function claimAt(l1: Reader, chain: MegaChain, index: bigint) {
    return l1.readContract({
        address: chain.mega.l1.stateClaims,
        abi: stateClaimsAbi,
        functionName: 'getClaim',
        args: [index],
    });
}

/** The first claim that covers L2 block `blockNumber` and was not rejected. */
export async function getClaim(
    l1: Reader, { blockNumber, targetChain }: { blockNumber: bigint; targetChain: MegaChain },
): Promise<Claim | undefined> {
    const count = await l1.readContract({
        address: targetChain.mega.l1.stateClaims, abi: stateClaimsAbi, functionName: 'claimCount',
    });
    let found: Claim | undefined;
    for (let index = count - 1n; index >= 0n; --index) {
        const claim = await claimAt(l1, targetChain, index);
        if (claim.status === 0 || claim.status === rejectedStatus) continue;
        if (claim.lastBlock < blockNumber) break;
        found = {
            index,
            lastBlock: claim.lastBlock,
            isFinal: claim.status === finalStatus,
            finalizableAt: claim.finalizableAt,
        };
    }
    return found;
}

async function provenBy(l1: Reader, { portal }: { portal: Address }, hash: Hash) {
    const count = await l1.readContract({
        address: portal, abi: portalAbi, functionName: 'numProofSubmitters', args: [hash],
    });
    if (count === 0n) return undefined;
    const submitter = await l1.readContract({
        address: portal, abi: portalAbi, functionName: 'proofSubmitters', args: [hash, count - 1n],
    });
    const [claim, , matureAt] = await l1.readContract({
        address: portal, abi: portalAbi, functionName: 'provenWithdrawals', args: [hash, submitter],
    });
    return { submitter, claim, matureAt };
}

export async function getWithdrawalStatus(
    l1: Reader, { receipt, targetChain }: OnL1,
): Promise<WithdrawalStatus> {
    const { withdrawalHash } = onlyWithdrawal(receipt);
    const { portal } = targetChain.mega.l1;
    const isPaid = await l1.readContract({
        address: portal,
        abi: portalAbi,
        functionName: 'finalizedWithdrawals',
        args: [withdrawalHash],
    });
    if (isPaid) return 'finalized';
    const proven = await provenBy(l1, { portal }, withdrawalHash);
    if (proven) {
        const claim = await claimAt(l1, targetChain, BigInt(proven.claim));
        if (claim.status !== rejectedStatus) {
            const { timestamp } = await l1.getBlock();
            const isRipe = claim.status === finalStatus && timestamp >= proven.matureAt;
            return isRipe ? 'ready-to-finalize' : 'waiting-to-finalize';
        }
    }
    const claim = await getClaim(l1, { blockNumber: receipt.blockNumber, targetChain });
    return claim ? 'ready-to-prove' : 'waiting-to-prove';
}

/** Waits until a claim covers the withdrawal. */
export function waitToProve(
    l1: Reader, { receipt, targetChain, ...polling }: OnL1 & Polling,
): Promise<Claim> {
    return poll('a claim that covers the withdrawal', () =>
        getClaim(l1, { blockNumber: receipt.blockNumber, targetChain }), polling);
}

/** Waits until the withdrawal can be finalised. */
export async function waitToFinalize(
    l1: Reader, { receipt, targetChain, ...polling }: OnL1 & Polling,
): Promise<void> {
    await poll('the withdrawal to be ripe', async () => {
        const status = await getWithdrawalStatus(l1, { receipt, targetChain });
        return status === 'ready-to-finalize' || status === 'finalized' ? status : undefined;
    }, polling);
}

export type ProveWithdrawalParameters = OnL1 & {
    /** Reads L1. */
    publicClient: Reader;
    /** Reads L2, and has the state of the claimed block. */
    l2Client: Reader;
};

/** What proveWithdrawal sends: the withdrawal, the claim, and the proofs. */
export async function buildProveWithdrawal(
    { publicClient, l2Client, receipt, targetChain }: ProveWithdrawalParameters,
) {
    const withdrawal = onlyWithdrawal(receipt);
    const claim = await getClaim(publicClient, { blockNumber: receipt.blockNumber, targetChain });
    if (!claim) throw new Error(`no claim covers L2 block ${receipt.blockNumber} yet`);
    const slot = keccak256(encodeAbiParameters(
        [{ type: 'bytes32' }, { type: 'uint256' }], [withdrawal.withdrawalHash, 0n],
    ));
    const [block, proof] = await Promise.all([
        l2Client.getBlock({ blockNumber: claim.lastBlock }),
        l2Client.getProof({
            address: predeploys.messagePasser, storageKeys: [slot], blockNumber: claim.lastBlock,
        }),
    ]);
    const { withdrawalHash: _, ...transaction } = withdrawal;
    return {
        withdrawal: transaction,
        claim: claim.index,
        outputRootProof: {
            version: `0x${'00'.repeat(32)}` as Hash,
            stateRoot: block.stateRoot,
            messagePasserStorageRoot: proof.storageHash,
            latestBlockhash: block.hash,
        },
        withdrawalProof: proof.storageProof[0]?.proof ?? [],
    };
}

export async function proveWithdrawal(
    wallet: Wallet, parameters: ProveWithdrawalParameters,
): Promise<Hash> {
    const built = await buildProveWithdrawal(parameters);
    return wallet.writeContract({
        address: parameters.targetChain.mega.l1.portal,
        abi: portalAbi,
        functionName: 'proveWithdrawalTransaction',
        args: [built.withdrawal, built.claim, built.outputRootProof, built.withdrawalProof],
        account: wallet.account,
        chain: wallet.chain,
    });
}

/** Anyone may finalise; whose proof stands is looked up. */
export async function finalizeWithdrawal(
    wallet: Wallet, { publicClient, receipt, targetChain }: OnL1 & { publicClient: Reader },
): Promise<Hash> {
    const { withdrawalHash, ...transaction } = onlyWithdrawal(receipt);
    const { portal } = targetChain.mega.l1;
    const proven = await provenBy(publicClient, { portal }, withdrawalHash);
    if (!proven) throw new Error(`withdrawal ${withdrawalHash} is not proven`);
    return wallet.writeContract({
        address: portal,
        abi: portalAbi,
        functionName: 'finalizeWithdrawalTransactionExternalProof',
        args: [transaction, proven.submitter],
        account: wallet.account,
        chain: wallet.chain,
    });
}
