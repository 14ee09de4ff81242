// What happens within milliseconds: mini-blocks and state changes as they are signed. Needs a client
// over a WebSocket.

import type { Address, Client, Hash, Hex, WebSocketTransport } from 'viem';
import { hexToBigInt, keccak256, numberToHex, recoverAddress, toRlp } from 'viem';

export type MiniBlock = {
    blockNumber: bigint;
    blockTimestamp: bigint;
    /** Within the block. */
    index: bigint;
    /** Within the chain. */
    miniBlockNumber: bigint;
    timestampUs: bigint;
    gasUsed: bigint;
    transactionRoot: Hash;
    receiptRoot: Hash;
    transactions: unknown[];
    receipts: unknown[];
    signature: { r: Hex; s: Hex; yParity: number };
};

export type StateChange = {
    address: Address;
    nonce: bigint;
    balance: bigint;
    storage: Record<Hash, Hash>;
};

type Watch<T> = { onData: (data: T) => void; onError?: ((error: Error) => void) | undefined };
type Socket = Client<WebSocketTransport>;

async function subscribe(client: Socket, params: unknown[], watch: Watch<any>) {
    const { unsubscribe } = await client.transport.subscribe({
        params: params as any,
        onData: (data: any) => watch.onData(data.result),
        onError: (error: any) => watch.onError?.(error),
    });
    return async () => {
        await unsubscribe();
    };
}

function toMiniBlock(raw: any): MiniBlock {
    return {
        blockNumber: hexToBigInt(raw.block_number),
        blockTimestamp: hexToBigInt(raw.block_timestamp),
        index: hexToBigInt(raw.index),
        miniBlockNumber: hexToBigInt(raw.mini_block_number),
        timestampUs: hexToBigInt(raw.mini_block_timestamp),
        gasUsed: hexToBigInt(raw.gas_used),
        transactionRoot: raw.transaction_root,
        receiptRoot: raw.receipt_root,
        transactions: raw.transactions,
        receipts: raw.receipts,
        signature: {
            r: raw.signature.r, s: raw.signature.s, yParity: Number(raw.signature.yParity),
        },
    };
}

/** Calls `onData` for every mini-block; resolves with the function that stops it. */
export function watchMiniBlocks(client: Socket, watch: Watch<MiniBlock>) {
    return subscribe(client, ['miniBlocks'], {
        ...watch, onData: (raw) => watch.onData(toMiniBlock(raw)),
    });
}

/** State changes of `addresses` (of all when absent; at most 256). */
export function watchStateChanges(
    client: Socket, { addresses, ...watch }: Watch<StateChange> & { addresses?: Address[] },
) {
    return subscribe(client, ['stateChanges', ...(addresses ? [addresses] : [])], {
        ...watch,
        onData: (raw) => watch.onData({
            address: raw.address,
            nonce: hexToBigInt(raw.nonce),
            balance: hexToBigInt(raw.balance),
            storage: raw.storage,
        }),
    });
}

const integer = (value: bigint): Hex => (value === 0n ? '0x' : numberToHex(value));

/** Who signed the mini-block: compare it with the sequencer's address. */
export function recoverMiniBlockSigner(block: MiniBlock): Promise<Address> {
    const hash = keccak256(toRlp([
        integer(block.blockNumber), integer(block.blockTimestamp), integer(block.index),
        integer(block.miniBlockNumber), integer(block.timestampUs), integer(block.gasUsed),
        block.transactionRoot, block.receiptRoot,
    ]));
    return recoverAddress({ hash, signature: { ...block.signature } });
}
