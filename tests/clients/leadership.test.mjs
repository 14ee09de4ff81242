// Three sequencers with stake take turns on one chain: each a process of its own, on a real L1 with the staking contracts.
// Hand-overs lose nothing that was acknowledged; a leader that is killed is replaced.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { only_mega, sleep, wait_for, temporary_directory } from './harness.mjs';
import { account, batches, block_number, deploy_chain, free_port, l2_chain_id, start_follower_from_l1, start_l1, start_sequencer } from './settlement_harness.mjs';
import { keys_of, open_epoch, read_staking, register, write_keystore } from './staking_harness.mjs';

const skip = only_mega;
const one = 10n ** 18n;
const operators = [13, 15, 16]; // the first is in charge until somebody has staked
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

describe('sequencers that take turns', { skip }, () => {
    let l1, chain, epochs_are_kept;
    const nodes = [];
    const ports = [];
    const standing = (node) => node.rpc('mega_getLeadership');
    const leaders = async () => (await Promise.all(nodes.map(async (node) => ((await standing(node).catch(() => undefined))?.isLeading ? node : undefined)))).filter(Boolean);
    const the_leader = (except) => wait_for(async () => {
        const all = await leaders();
        return all.length === 1 && all[0] !== except ? all[0] : undefined;
    }, 30_000, 'one leader', nodes[0]);

    const start_node = async (i) => {
        nodes[i] = await start_sequencer(chain, l1, {
            data: join(chain.directory, `data${i}`), key: join(chain.directory, `sequencer${i}.json`), batcher: join(chain.directory, `operator${i}.key`), port: ports[i],
            args: ['--peers', operators.map((op, j) => `${account(op).address}=ws://127.0.0.1:${ports[j]}`).filter((_, j) => j !== i).join(',')],
        });
        nodes[i].index = i;
        nodes[i].operator = account(operators[i]).address.toLowerCase();
        return nodes[i];
    };

    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('leadership'), { staking: { epochLength: 12, slotsPerEpoch: 3 } });
        const { staking } = chain.contracts;
        for (let i = 0; i < 3; ++i) {
            ports[i] = await free_port();
            await write_keystore(join(chain.directory, `sequencer${i}.json`), keys_of(`validator ${i}`, staking).base, 'secret');
            writeFileSync(join(chain.directory, `operator${i}.key`), account(operators[i]).private_key);
        }
        await l1.tick();
        await Promise.all([0, 1, 2].map(start_node));
    });
    /// Opens each epoch as it comes, so that the lots are drawn anew.
    const keep_epochs = async () => {
        while (epochs_are_kept) {
            await open_epoch(l1, chain).catch(() => undefined);
            await sleep(500);
        }
    };
    after(async () => {
        epochs_are_kept = false;
        await Promise.all(nodes.map((node) => node.stop('SIGKILL').catch(() => undefined)));
        await l1?.stop();
    });

    /// Sends a transfer of account `from` through `node` and waits for its receipt.
    const nonces = new Map();
    const send = async (node, from) => {
        const nonce = nonces.get(from) ?? 0;
        const raw = await account(from).signTransaction({ chainId: l2_chain_id, type: 'eip1559', nonce, gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, to: account(9).address, value: 1n });
        const receipt = await node.rpc('eth_sendRawTransactionSync', raw);
        assert.equal(receipt.status, '0x1');
        nonces.set(from, nonce + 1);
        return receipt;
    };
    /// All nodes have the same chain, and these receipts are in it as they were given.
    const check = async (receipts) => {
        const height = Math.max(...receipts.map((receipt) => Number(receipt.blockNumber)));
        await wait_for(async () => {
            const heads = await Promise.all(nodes.map((node) => node.rpc('eth_getBlockByNumber', 'latest', false)));
            return heads.every((head) => Number(head.number) > height + 1);
        }, 20_000, `block ${height + 2} everywhere`, nodes[0]);
        for (const node of nodes) {
            for (const receipt of receipts) {
                const there = await node.rpc('eth_getTransactionReceipt', receipt.transactionHash);
                assert.ok(there, `${receipt.transactionHash} is lost at node ${node.index}`);
                assert.equal(there.blockNumber, receipt.blockNumber);
                assert.equal(there.transactionIndex, receipt.transactionIndex);
                assert.equal(there.gasUsed, receipt.gasUsed);
            }
        }
        const hashes = await Promise.all(nodes.map(async (node) => (await node.rpc('eth_getBlockByNumber', `0x${height.toString(16)}`, false)).hash));
        assert.equal(new Set(hashes).size, 1);
    };

    it('follows the one in charge, and takes transactions anywhere', async () => {
        const leader = await the_leader();
        assert.equal(leader.index, 0, 'nobody has staked: the first one is in charge');
        const receipts = [];
        for (let i = 0; i < 30; ++i) receipts.push(await send(nodes[i % 3], 0));
        await check(receipts);
        assert.deepEqual((await Promise.all(nodes.map(standing))).map((s) => s.leader), [0, 1, 2].map(() => nodes[0].operator));
    });

    it('hands over at the end of each slot without losing what was acknowledged', async (test) => {
        for (let i = 0; i < 3; ++i) await register(l1, chain, operators[i], `validator ${i}`, 100n * one);
        epochs_are_kept = true;
        keep_epochs();
        await wait_for(async () => {
            const start = await read_staking(l1, chain.contracts.leaderSchedule, 'slotStartOf', [BigInt(Math.floor(Date.now() / 1000))]);
            return (await read_staking(l1, chain.contracts.leaderSchedule, 'candidatesOf', [start])).length === 3;
        }, 60_000, 'a schedule of three', nodes[0]);
        const seen = new Set();
        const receipts = [];
        const gaps = [];
        let last = performance.now();
        const taken = async () => (await Promise.all(nodes.map((node) => metric(node, 'leadership_taken_total')))).reduce((a, b) => a + b);
        const began = Date.now();
        // Who leads the next slot is drawn by lot: as long as it takes until the lead has changed often enough.
        while (Date.now() - began < 120_000 && (Date.now() - began < 20_000 || (await taken()) < 6)) {
            const from = receipts.length % 3;
            receipts.push(await send(nodes[(receipts.length * 7) % 3], from));
            gaps.push(performance.now() - last);
            last = performance.now();
            if (receipts.length % 20 === 0) for (const leader of await leaders()) seen.add(leader.index);
        }
        await check(receipts);
        const led = await taken();
        assert.ok(led >= 6, `the lead was taken ${led} times only`);
        test.diagnostic(`${receipts.length} receipts over ${led} changes of the lead; longest wait ${Math.round(Math.max(...gaps))} ms, median ${median(gaps).toFixed(1)} ms`);
    });

    it('goes on without a leader that is killed, and takes it back', async (test) => {
        const gaps = [];
        for (let round = 0; round < 5; ++round) {
            const leader = await the_leader();
            const receipts = [];
            for (let i = 0; i < 20; ++i) receipts.push(await send(leader, 0));
            await sleep(30); // a few mini-blocks: what is told to the others stands
            const other = nodes[(leader.index + 1) % 3];
            const killed = performance.now();
            await leader.stop('SIGKILL');
            receipts.push(await send(other, 1));
            gaps.push(performance.now() - killed);
            await start_node(leader.index);
            await check(receipts);
        }
        test.diagnostic(`gap after the leader was killed: median ${Math.round(median(gaps))} ms, longest ${Math.round(Math.max(...gaps))} ms`);
    });

    it('ends in a chain that L1 alone gives again', async () => {
        const posted = (await batches(l1, chain)).length;
        await wait_for(async () => (await batches(l1, chain)).length >= posted + 2, 60_000, 'two more batches', nodes[0]);
        const senders = new Set((await batches(l1, chain)).map((batch) => batch.header.sequencer.toLowerCase()));
        assert.ok(senders.size >= 2, `batches of ${senders.size} sequencer(s) only`);
        const last = (await batches(l1, chain)).at(-1).header;
        const follower = await start_follower_from_l1(chain, l1, join(chain.directory, 'from-l1'), ['--blob-archive', join(chain.directory, 'data0/blobs')]);
        try {
            await wait_for(async () => (await block_number(follower, 'safe')) >= Number(last.lastBlock), 60_000, 'the rebuilt chain', follower);
            const rebuilt = await follower.rpc('eth_getBlockByNumber', `0x${last.lastBlock.toString(16)}`, false);
            assert.equal(rebuilt.hash, last.lastBlockHash);
        } finally {
            await follower.stop('SIGKILL');
        }
    });
});

async function metric(node, name) {
    const text = await (await fetch(`${node.url}/metrics`)).text();
    return Number(text.match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))?.[1] ?? NaN);
}
