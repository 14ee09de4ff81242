// The chain on a real L1 (anvil, mainnet's limits): deposits, batches, claims, withdrawals, forced inclusion, and what
// becomes of them when L1 is reorganised or away and when our own processes are killed.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keccak256 } from 'viem';
import { account, is_anvil, spawn_node, temporary_directory } from './harness.mjs';
import { check_escrow, numbers_from, random_life } from './escrow.mjs';
import {
    abi, batches, block_number, deploy_chain, deposit, l1_block, l1_chain_id, l2_chain_id, mega, message_passer, queue_entries, queue_length, reader,
    run_mega, sleep, start_chain, start_l1, wait_for, wait_for_block, wallet,
} from './settlement_harness.mjs';

const skip = is_anvil ? 'settlement is a part of mega' : false;
const one = 10n ** 18n;
const stranger = (n) => `0x${(0x10000 + n).toString(16).padStart(40, '0')}`;

const balance_l2 = async (node, address, tag = 'latest') => BigInt(await node.rpc('eth_getBalance', address, tag));
const token_balance = (l1, chain, address) =>
    reader(l1.url, l1_chain_id).readContract({ address: chain.contracts.token, abi, functionName: 'balanceOf', args: [address] });
const l2_call = (node, address, functionName, blockNumber) => reader(node.url, l2_chain_id).readContract({ address, abi, functionName, blockNumber });

/// The number of the L1 block that L2 is at; none where that is not on L1, or no longer.
async function l2_origin(l1, node) {
    const hash = await l2_call(node, l1_block, 'hash');
    const block = await l1.rpc('eth_getBlockByHash', hash, false).catch(() => null);
    const same = block && (await l1.rpc('eth_getBlockByNumber', block.number, false));
    return same?.hash === hash ? BigInt(block.number) : undefined;
}

/// Every batch on L1 continues the one before and ends in a block that the node has.
async function check_batches(l1, chain, node) {
    const posted = await batches(l1, chain);
    let next_block = 1n;
    for (const [i, { index, header }] of posted.entries()) {
        assert.equal(index, BigInt(i));
        assert.equal(header.firstBlock, next_block);
        next_block = header.lastBlock + 1n;
        const block = await node.rpc('eth_getBlockByNumber', `0x${header.lastBlock.toString(16)}`, false);
        if (header.lastBlockHash !== `0x${'0'.repeat(64)}`) assert.equal(block.hash, header.lastBlockHash, `last block of batch ${i}`);
    }
    return posted;
}

/// Every entry of the queue below the chain's cursor is on L2 once, in order, and nothing else is.
async function check_deposits(l1, chain, node) {
    const entries = await queue_entries(l1, chain);
    const found = [];
    const last = await block_number(node, 'latest');
    const cursor = Number(await l2_call(node, l1_block, 'depositCursor', BigInt(last)));
    for (let number = 1; number <= last; ++number) {
        const block = await node.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, true);
        for (const tx of block.transactions) if (tx.type === '0x7e' && tx.to !== l1_block) found.push(tx.hash);
    }
    const wanted = entries.slice(0, cursor).filter(({ name }) => name === 'DepositQueued').map(({ envelope }) => keccak256(envelope));
    assert.deepEqual(found, wanted);
    return entries.length;
}

describe('settlement on an L1 that behaves', { skip }, () => {
    let l1, chain, node;
    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('settlement'));
        await l1.tick();
        node = await start_chain(chain, l1);
    });
    after(async () => {
        await node?.stop();
        await l1?.stop();
    });

    it('deploys again without sending anything', async () => {
        const nonce = await l1.rpc('eth_getTransactionCount', account(12).address, 'latest');
        await mega(['l1', 'deploy', '--l1', l1.url, '--key', chain.key_files.deployer, '--config', chain.config, '--genesis', chain.genesis, '--out', chain.out]);
        assert.equal(await l1.rpc('eth_getTransactionCount', account(12).address, 'latest'), nonce);
    });

    it('includes a deposit in the first block that has seen its L1 block', async () => {
        const receipt = await deposit(l1, chain, 1, stranger(1), 5n * one);
        const [{ envelope }] = (await queue_entries(l1, chain)).slice(-1);
        const hash = keccak256(envelope);
        const on_l2 = await wait_for(() => node.rpc('eth_getTransactionReceipt', hash), 20_000, 'the deposit on L2', node);
        assert.equal(on_l2.status, '0x1');
        assert.equal(await balance_l2(node, stranger(1)), 5n * one);
        const number = BigInt(on_l2.blockNumber);
        const origin = (at) => l2_call(node, l1_block, 'number', at);
        assert.ok((await origin(number)) >= receipt.blockNumber);
        assert.ok(number === 1n || (await origin(number - 1n)) < receipt.blockNumber);
    });

    it('posts batches of blobs that end in its own blocks, and keeps the blobs', async () => {
        await wait_for(async () => (await batches(l1, chain)).length >= 3, 60_000, 'three batches', node);
        const posted = await check_batches(l1, chain, node);
        assert.ok(posted.every(({ kind }) => kind === 0));
        await wait_for_block(node, Number(posted.at(-1).header.lastBlock), 'safe', 20_000);
        const kept = readdirSync(join(chain.directory, 'data/blobs'));
        for (const { dataHashes } of posted) for (const hash of dataHashes) assert.ok(kept.includes(`${hash}.blob`));
        await wait_for_block(node, 1, 'finalized', 30_000);
    });

    it('pays a withdrawal once', async () => {
        const before_ = await token_balance(l1, chain, stranger(2));
        const said = await mega(['bridge', 'withdraw', '1.5', '--to', stranger(2), '--key', key_of(chain, 2), '--l1', l1.url, '--l2', node.url, '--rollup', chain.rollup], 110_000);
        assert.match(said, /challenge window/);
        assert.match(said, /paid\s*$/);
        assert.equal((await token_balance(l1, chain, stranger(2))) - before_, 15n * 10n ** 17n);
    });

    it('says where a deposit and a withdrawal stand', async () => {
        const places = ['--l1', l1.url, '--l2', node.url, '--rollup', chain.rollup];
        const said = await mega(['bridge', 'deposit', '2', '--to', stranger(3), '--key', key_of(chain, 3), ...places]);
        assert.equal(await balance_l2(node, stranger(3)), 2n * one);
        const [, hash] = said.match(/L1 transaction (0x[0-9a-f]{64})/);
        assert.match(await mega(['bridge', 'status', hash, ...places]), /on L2 in block \d+: done/);
        const refused = await run_mega(['bridge', 'status', `0x${'12'.repeat(32)}`, ...places]);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /neither a deposit .* nor a withdrawal/);
    });

    it('has at least as much MEGA in escrow as there is on L2, in every block of a random run', async (test) => {
        const seed = Number(process.env.MEGA_SEED ?? Date.now() % 2 ** 31);
        console.log(`# MEGA_SEED=${seed}`);
        const random = numbers_from(seed);
        const finalized = async () => Number((await (await fetch(`${node.url}/metrics`)).text()).match(/^mega_withdrawals_finalized_total (\d+)$/m)[1]);
        const paid = await finalized();
        await random_life(l1, chain, node, random, 40);
        await wait_for(async () => (await finalized()) > paid, 60_000, 'a withdrawal of this run to be paid', node);
        await random_life(l1, chain, node, random, 20);
        const length = await queue_length(l1, chain);
        await wait_for(async () => (await l2_call(node, l1_block, 'depositCursor')) >= length, 30_000, 'all deposits on L2', node);
        const last = await block_number(node);
        await wait_for_block(node, last + 1);
        const { least, accounts } = await check_escrow(l1, chain, node, last);
        await check_deposits(l1, chain, node);
        test.diagnostic(`seed ${seed}: ${last + 1} blocks, ${accounts} accounts, escrow above the supply by ${least} wei at least`);
    });

    it('measures itself', async () => {
        const text = await (await fetch(`${node.url}/metrics`)).text();
        const value = (name) => Number(text.match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))?.[1] ?? NaN);
        assert.equal(value('l1_connected'), 1);
        assert.ok(value('batches_total') >= 3);
        assert.ok(value('claims_total') >= 1);
        assert.ok(value('withdrawals_finalized_total') >= 1);
        assert.ok(value('l1_origin_lag_blocks') <= 5);
    });
});

describe('settlement when things go wrong', { skip }, () => {
    let l1, chain, node;
    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('settlement'), { forcedInclusionDelay: 4 });
        await l1.tick();
        node = await start_chain(chain, l1);
        await wait_for(async () => (await batches(l1, chain)).length >= 1, 60_000, 'a batch', node);
    });
    after(async () => {
        await node?.stop();
        await l1?.stop();
    });

    it('loses, doubles and reorders no deposit when L1 is reorganised under them', async () => {
        for (let round = 0; round < 3; ++round) {
            for (let i = 0; i < 3; ++i) await deposit(l1, chain, i, stranger(40 + i), BigInt(1 + i) * one);
            if (round > 0) await sleep(1200);
            // anvil drops the transactions of the blocks it replaces: some deposits vanish, as on L1.
            await l1.rpc('anvil_reorg', 2 + round, []);
            await sleep(1500);
        }
        const newest = await deposit(l1, chain, 1, stranger(49), one);
        // Only on this branch of L1 does the cursor say what is here: the one that was left had as many entries, maybe.
        await wait_for(async () => (await l2_origin(l1, node)) >= newest.blockNumber, 30_000, 'L2 on the last branch of L1', node);
        const length = Number(await queue_length(l1, chain));
        await wait_for(async () => Number(await l2_call(node, l1_block, 'depositCursor')) === length, 30_000, 'all entries on L2', node);
        assert.equal(await check_deposits(l1, chain, node), length);
        await check_batches(l1, chain, node);
    });

    it('goes on after its batcher was killed between blobs and receipt, without gap or double', async () => {
        await l1.hold();
        const waiting = await wait_for(async () => {
            const pool = await l1.rpc('txpool_content');
            return Object.values(pool.pending[account(13).address] ?? pool.pending[account(13).address.toLowerCase()] ?? {})[0];
        }, 60_000, 'a batch in the pool', node);
        assert.equal(waiting.type, '0x3');
        await node.stop('SIGKILL');
        await l1.tick();
        node = await start_chain(chain, l1);
        const posted = (await batches(l1, chain)).length;
        await wait_for(async () => (await batches(l1, chain)).length >= posted + 2, 60_000, 'two more batches', node);
        await check_batches(l1, chain, node);
    });

    it('goes on while L1 is away, and catches up', async () => {
        l1.child.kill('SIGSTOP');
        const began = await block_number(node);
        const safe = await block_number(node, 'safe');
        await wait_for_block(node, began + 6);
        assert.equal(await block_number(node, 'safe'), safe);
        l1.child.kill('SIGCONT');
        await wait_for_block(node, began + 6, 'safe', 60_000);
        await check_batches(l1, chain, node);
    });

    it('gets a transaction in with all our servers dead, and adopts it when they are back', async () => {
        const signer = account(3);
        const l2 = wallet(node.url, l2_chain_id, 3);
        const nonce = await l2.reads.getTransactionCount({ address: signer.address });
        await node.stop('SIGKILL');
        const envelope = await signer.signTransaction({ chainId: l2_chain_id, type: 'eip1559', nonce, gas: 100_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n, to: stranger(77), value: 3n * one });
        const { forcedInclusion, batchInbox } = chain.contracts;
        const user = wallet(l1.url, l1_chain_id, 4);
        const fee = await user.reads.readContract({ address: forcedInclusion, abi, functionName: 'fee', args: [100_000n] });
        assert.equal((await user.confirm({ address: forcedInclusion, functionName: 'forceTransaction', args: [envelope], value: fee * 3n })).status, 'success');
        await sleep(6_000);
        assert.equal((await user.confirm({ address: batchInbox, functionName: 'submitForced', args: [] })).status, 'success');
        const forced = (await batches(l1, chain)).at(-1);
        assert.equal(forced.kind, 2);
        node = await start_chain(chain, l1);
        // The node may first take the entry into a block of its own: what L1 dictates comes instead.
        const in_forced_block = async () => {
            const receipt = await node.rpc('eth_getTransactionReceipt', keccak256(envelope));
            return receipt && BigInt(receipt.blockNumber) === forced.header.lastBlock;
        };
        await wait_for(in_forced_block, 60_000, 'the forced transaction in the block that L1 dictates', node);
        assert.equal(await balance_l2(node, stranger(77)), 3n * one);
        await wait_for(async () => (await batches(l1, chain)).length > Number(forced.index) + 1, 60_000, 'a batch after the forced one', node);
        await check_batches(l1, chain, node);
    });
});

describe('mega dev with its L1', { skip }, () => {
    const data = temporary_directory('dev');
    let node;
    const start_dev = async () => {
        const began = performance.now();
        node = spawn_node({ data, with_l1: true, args: ['--l1-port', '0'] });
        const url = await wait_for(() => node.log.match(/RPC +(http:\/\/\S+)/)?.[1], 10_000, 'the RPC', node);
        node.url = url;
        node.rpc = (method, ...params) => reader(url, 6342).request({ method, params });
        assert.equal(await node.rpc('eth_chainId'), '0x18c6');
        node.answered_in_ms = performance.now() - began;
        await wait_for(() => node.log.includes('L1 is ready'), 60_000, 'L1', node);
        node.l1_url = node.log.match(/L1 +(http:\/\/\S+)/)[1];
    };
    const all_children = (pid) => readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number));
    after(() => node?.child.kill('SIGKILL'));

    it('answers before its L1 is there, and brings everything up', async (test) => {
        await start_dev();
        test.diagnostic(`RPC after ${Math.round(node.answered_in_ms)} ms`);
        const said = await mega(['bridge', 'deposit', '3', '--account', '1', '--to', stranger(9), '--l1', node.l1_url, '--l2', node.url, '--rollup', join(data, 'l1/rollup.json')]);
        assert.match(said, /on L2 in block/);
        assert.equal(await balance_l2(node, stranger(9)), 3n * one);
        assert.equal(all_children(node.pid).length, 2); // anvil and the validator
    });

    it('is followed by a replica that checks every block', async () => {
        const replica = spawn_node({ command: ['node', '--follow', node.url.replace('http', 'ws'), '--dev', '--verify', 'stateless', '--rpc-port', '0', '--data', temporary_directory('dev-replica')] });
        try {
            const url = await wait_for(() => replica.log.match(/RPC +(http:\/\/\S+)/)?.[1], 10_000, 'the RPC', replica);
            const ask = (method, ...params) => reader(url, 6342).request({ method, params });
            const head = await node.rpc('eth_getBlockByNumber', 'finalized', false);
            const number = `0x${(Number(head.number) + 2).toString(16)}`;
            const theirs = await wait_for(() => ask('eth_getBlockByNumber', number, false).then((block) => (block && BigInt(block.stateRoot) !== 0n ? block : undefined)), 20_000, 'a block beyond the final ones', replica);
            const ours = await node.rpc('eth_getBlockByNumber', number, false);
            assert.equal(theirs.hash, ours.hash);
            await wait_for(async () => BigInt(await ask('eth_getBalance', stranger(9), 'latest')) === 3n * one, 20_000, 'the deposit on the replica', replica);
        } finally {
            replica.child.kill('SIGTERM');
            await replica.exited(20_000);
        }
    });

    it('keeps both layers over a restart', async () => {
        await wait_for_block(node, 2, 'safe');
        node.child.kill('SIGTERM');
        await node.exited(30_000);
        assert.equal(node.exit.code, 0);
        await start_dev();
        assert.equal(await balance_l2(node, stranger(9)), 3n * one);
        const safe = await block_number(node, 'safe');
        await wait_for_block(node, safe + 3, 'safe', 60_000);
    });

    it('leaves no process behind when it is killed', async () => {
        const pids = all_children(node.pid);
        assert.ok(pids.length >= 1);
        node.child.kill('SIGKILL');
        await wait_for(() => pids.every((pid) => !existsSync(`/proc/${pid}/status`) || /State:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))), 10_000, 'its children to end');
    });
});

function key_of(chain, index) {
    return join(chain.directory, `user${index}.key`);
}
