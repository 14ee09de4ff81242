// Calls from a contract or account of one layer to a contract of the other, through the messengers.

import { type Address, type Hash, type Hex, size } from 'viem';
import { type MegaChain, predeploys } from './chain.js';
import type { Reader, Wallet } from './clients.js';
import { crossDomainMessengerAbi, l1MessengerAbi } from './generated/abis.js';

export type Message = { target: Address; message: Hex; minGasLimit?: number | undefined };

const defaultGas = 200_000;

/** From L1 to L2. */
export async function sendMessageToL2(
    wallet: Wallet,
    { publicClient, targetChain, target, message, minGasLimit = defaultGas }:
        Message & { publicClient: Reader; targetChain: MegaChain },
): Promise<Hash> {
    const address = targetChain.mega.l1.l1Messenger;
    const fee = await publicClient.readContract({
        address,
        abi: l1MessengerAbi,
        functionName: 'messageFee',
        args: [BigInt(size(message)), minGasLimit],
    });
    return wallet.writeContract({
        address,
        abi: crossDomainMessengerAbi,
        functionName: 'sendMessage',
        args: [target, message, minGasLimit],
        value: fee * 2n,
        account: wallet.account,
        chain: wallet.chain,
    });
}

/** From L2 to L1: the receipt is then proven and finalised like any withdrawal. */
export function sendMessageToL1(
    wallet: Wallet,
    { target, message, minGasLimit = defaultGas, value = 0n }: Message & { value?: bigint },
): Promise<Hash> {
    return wallet.writeContract({
        address: predeploys.l2Messenger,
        abi: crossDomainMessengerAbi,
        functionName: 'sendMessage',
        args: [target, message, minGasLimit],
        value,
        account: wallet.account,
        chain: wallet.chain,
    });
}
