// A mega chain as viem sees it, and where its contracts are.

import { type Address, type Chain, defineChain } from 'viem';

/** Contracts that every mega chain has on L2, from its genesis on. */
export const predeploys = {
    l2Messenger: '0x4200000000000000000000000000000000000007',
    l2StandardBridge: '0x4200000000000000000000000000000000000010',
    l2TokenFactory: '0x4200000000000000000000000000000000000012',
    l1Block: '0x4200000000000000000000000000000000000015',
    messagePasser: '0x4200000000000000000000000000000000000016',
    feeVault: '0x420000000000000000000000000000000000001A',
    atomicSwap: '0x4200000000000000000000000000000000000020',
    l2Eth: '0x4200000000000000000000000000000000000021',
} as const satisfies Record<string, Address>;

/** Contracts of one chain on L1: what `mega l1 deploy` writes to addresses.json. */
export type L1Addresses = {
    portal: Address;
    depositQueue: Address;
    stateClaims: Address;
    l1Messenger: Address;
    l1StandardBridge: Address;
    token: Address;
    atomicSwap?: Address | undefined;
};

export type MegaChain = Chain & { mega: { l1: L1Addresses; l1ChainId: number } };

export type MegaChainParameters = {
    id: number;
    name?: string | undefined;
    rpcUrl: string;
    webSocketUrl?: string | undefined;
    l1ChainId: number;
    l1: L1Addresses;
};

/** The chain definition that the actions of this package want as `targetChain`. */
export function defineMegaChain(parameters: MegaChainParameters): MegaChain {
    const { id, name = 'mega', rpcUrl, webSocketUrl, l1ChainId, l1 } = parameters;
    const chain = defineChain({
        id,
        name,
        nativeCurrency: { name: 'MEGA', symbol: 'MEGA', decimals: 18 },
        rpcUrls: {
            default: { http: [rpcUrl], ...(webSocketUrl ? { webSocket: [webSocketUrl] } : {}) },
        },
        sourceId: l1ChainId,
    });
    return { ...chain, mega: { l1, l1ChainId } };
}
