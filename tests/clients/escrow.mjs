// MEGA on both layers, counted: what a random life of the chain did to it, and that in every L2 block there is at least as much
// in escrow on L1 as exists on L2.
//
// What exists on L2 is the sum over all accounts that the genesis or a transaction names. Nothing hides elsewhere: block for block
// the sum has to change by what deposits minted, withdrawals burned and fees burned.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEventLog, encodeFunctionData, parseAbi, sha256, toHex } from 'viem';
import { abi, account, deposit, l1_block, l1_chain_id, l2_chain_id, message_passer, queue_entries, reader, wallet } from './settlement_harness.mjs';

const one = 10n ** 18n;
const atomic_swap = '0x4200000000000000000000000000000000000020';
const wrapped_mega = '0x4200000000000000000000000000000000000006';
const events = parseAbi([
    'event EscrowFunded(address indexed by, uint256 amount)',
    'event MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target, uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash)',
]);
const l2_abi = parseAbi([
    'struct Lock { address sender; address recipient; address token; uint256 amount; bytes32 hashLock; uint64 deadline; }',
    'function lock(Lock l) payable returns (bytes32)',
    'function claim(Lock l, bytes32 preimage)',
    'function deposit() payable',
    'function withdraw(uint256 amount)',
]);

/// A reproducible `random(n)`: an integer below n (mulberry32).
export function numbers_from(seed) {
    let state = seed | 0;
    return (n) => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
    };
}

const stranger = (n) => `0x${(0x40000 + n).toString(16).padStart(40, '0')}`;

/// `count` things that five accounts do in a random order: deposits, withdrawals, transfers, swaps and wrapping.
export async function random_life(l1, chain, node, random, count) {
    const locks = [];
    const wrapped = new Map();
    const users = [0, 1, 2, 3, 4].map((i) => wallet(node.url, l2_chain_id, i));
    const some = () => BigInt(1 + random(9)) * (one / 10n) + BigInt(random(1_000_000_000));
    const confirm = async (i, call) => assert.equal((await users[i].confirm(call)).status, 'success');
    const deeds = [
        (i) => deposit(l1, chain, i, stranger(random(8)), some()),
        (i) => confirm(i, { address: message_passer, functionName: 'initiateWithdrawal', args: [stranger(random(8)), 100_000n, '0x'], value: some() }),
        (i) => confirm(i, { to: random(2) === 0 ? stranger(random(8)) : account(random(5)).address, value: some() }),
        async (i) => {
            const preimage = toHex(BigInt(random(2 ** 31)) + 1n, { size: 32 });
            const { timestamp } = await users[i].reads.getBlock();
            const lock = { sender: account(i).address, recipient: stranger(random(8)), token: `0x${'00'.repeat(20)}`, amount: some(), hashLock: sha256(preimage), deadline: timestamp + 3600n + BigInt(random(1000)) };
            await confirm(i, { address: atomic_swap, abi: l2_abi, functionName: 'lock', args: [lock], value: lock.amount });
            locks.push({ lock, preimage });
        },
        async (i) => {
            if (locks.length === 0) return;
            const { lock, preimage } = locks.splice(random(locks.length), 1)[0];
            await confirm(i, { address: atomic_swap, abi: l2_abi, functionName: 'claim', args: [lock, preimage] });
        },
        async (i) => {
            const held = wrapped.get(i) ?? 0n;
            wrapped.set(i, held === 0n ? some() : 0n);
            if (held === 0n) await confirm(i, { address: wrapped_mega, abi: l2_abi, functionName: 'deposit', value: wrapped.get(i) });
            else await confirm(i, { address: wrapped_mega, abi: l2_abi, functionName: 'withdraw', args: [held] });
        },
        // A call that fails: its fee alone is gone.
        async (i) => {
            const data = encodeFunctionData({ abi: l2_abi, functionName: 'withdraw', args: [10n ** 30n] });
            const hash = await users[i].sendTransaction({ to: wrapped_mega, data, gas: 100_000n });
            assert.equal((await users[i].reads.waitForTransactionReceipt({ hash })).status, 'reverted');
        },
    ];
    for (let round = 0; round < count; ++round) await deeds[random(deeds.length)](random(5));
}

const escrow_at = (l1, chain, blockNumber) =>
    reader(l1.url, l1_chain_id).readContract({ address: chain.contracts.portal, abi, functionName: 'escrowed', blockNumber });

const latest = (a, b) => (a > b ? a : b);
const hex = (number) => `0x${number.toString(16)}`;

/// Everybody whom the genesis or a block up to `last` names.
function everybody(chain, blocks) {
    const { alloc } = JSON.parse(readFileSync(join(chain.out, 'genesis.json'), 'utf8'));
    const named = Object.keys(alloc).map((address) => (address.startsWith('0x') ? address : `0x${address}`));
    for (const { block, receipts } of blocks) {
        named.push(block.miner);
        for (const tx of block.transactions) named.push(tx.from, tx.to);
        for (const { contractAddress, logs } of receipts) {
            named.push(contractAddress);
            // Recipients of swaps appear in nothing but topics.
            for (const { address, topics } of logs) named.push(address, ...topics.slice(1).map((topic) => `0x${topic.slice(26)}`));
        }
    }
    for (let i = 0; i < 8; ++i) named.push(stranger(i));
    return [...new Set(named.filter(Boolean).map((address) => address.toLowerCase()))];
}

/// What a block minted, less what it burned.
function growth_of({ block, receipts }) {
    let growth = 0n;
    for (const [i, tx] of block.transactions.entries()) {
        if (tx.type === '0x7e') growth += BigInt(tx.mint);
        else growth -= BigInt(receipts[i].gasUsed) * BigInt(block.baseFeePerGas);
        for (const log of receipts[i].logs) {
            if (log.address.toLowerCase() === message_passer) growth -= decodeEventLog({ abi: events, ...log }).args.value;
        }
    }
    return growth;
}

/// Checks L2 blocks 0 to `last`; the least that escrow was above the supply.
export async function check_escrow(l1, chain, node, last) {
    const l2 = reader(node.url, l2_chain_id);
    const entries = await queue_entries(l1, chain);
    // What backs the genesis, and thereby the chain's begin; deploying may have queued something before.
    const funded = (await reader(l1.url, l1_chain_id).getLogs({ address: chain.contracts.portal, event: events[0], fromBlock: 0n }))[0].blockNumber;
    const blocks = await Promise.all(Array.from({ length: last + 1 }, async (_, number) => ({
        block: await node.rpc('eth_getBlockByNumber', hex(number), true),
        receipts: await node.rpc('eth_getBlockReceipts', hex(number)),
    })));
    const accounts = everybody(chain, blocks);
    let least;
    let before;
    for (const [number, block] of blocks.entries()) {
        const balances = await Promise.all(accounts.map((address) => node.rpc('eth_getBalance', address, hex(number))));
        const supply = balances.reduce((sum, balance) => sum + BigInt(balance), 0n);
        if (before !== undefined) assert.equal(supply - before, growth_of(block), `the supply after block ${number} against what the block did`);
        before = supply;
        const position = (functionName) => l2.readContract({ address: l1_block, abi, functionName, blockNumber: BigInt(number) });
        const cursor = Number(await position('depositCursor'));
        const origin = await position('number');
        const consumed_at = latest(funded, cursor > 0 ? entries[cursor - 1].block : 0n);
        for (const seen of [consumed_at, latest(consumed_at, origin)]) {
            const above = (await escrow_at(l1, chain, seen)) - supply;
            assert.ok(above >= 0n, `block ${number} (cursor ${cursor}): ${-above} wei more on L2 than in escrow at L1 block ${seen}`);
            if (least === undefined || above < least) least = above;
        }
    }
    return { least, accounts: accounts.length };
}
