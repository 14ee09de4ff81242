// A node that executes on two threads makes the blocks of one that executes on one, and a validator
// that executes one transaction after the other agrees with what it does under load.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { getCreateAddress } from 'ethers';
import { account, is_anvil, node_binary, post, receipt_of, repository, start_node, wait_for } from './harness.mjs';

const skip = is_anvil ? 'how blocks are executed is a matter of mega' : false;

const senders = 24;
const per_sender = 12;
const chain_id = 4242;
const never_ms = 3_600_000;

// Adds one to its first slot, and logs the sum: every call depends on the one before.
const counter_code = '5f54600101805f555f5260205fa000';
const counter_deployment = { data: `0x600f80600b6000396000f3${counter_code}`, gas: 200_000n };

const sign = (sender, nonce, fields) =>
    account(sender).signTransaction({
        type: 'eip1559', chainId: chain_id, nonce, gas: 100_000n, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1n, ...fields,
    });

// A creation of nothing, after 255 rounds of a loop.
const counting_down = '0x60ff5b600190038060025700';

/// Raw transactions: calls of the counter, transfers in a circle, transfers to one account, some that fail, creations.
async function make_load(counter, first_nonce) {
    const load = [];
    for (let round = 0; round < per_sender; ++round) {
        for (let sender = 0; sender < senders; ++sender) {
            const kinds = [
                { to: counter },
                { to: account((sender + round + 1) % senders).address, value: BigInt(round + 1) },
                { to: '0x00000000000000000000000000000000000000aa', value: 7n },
                { to: counter, gas: 23_000n }, // runs out of gas
                { data: counting_down, gas: 300_000n }, // work that disturbs nobody
            ];
            load.push(sign(sender, first_nonce[sender] + round, kinds[(sender + round) % kinds.length]));
        }
    }
    return Promise.all(load);
}

/// All in one request: they arrive together, in this order.
async function send_all(node, raw) {
    const calls = raw.map((tx, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [tx] }));
    const answers = JSON.parse((await post(node.http_url, JSON.stringify(calls))).text);
    for (const { error } of answers) assert.equal(error, undefined);
    return answers.sort((a, b) => a.id - b.id).map(({ result }) => result);
}

const start = (threads, block_interval_ms) =>
    start_node({ chain_id, block_interval_ms, args: ['--accounts', `${senders}`, '--execution-threads', `${threads}`] });

async function deploy_counter(node) {
    const [hash] = await send_all(node, [await sign(0, 0, counter_deployment)]);
    return (await receipt_of(node, hash)).contractAddress;
}

const first_nonces = Array.from({ length: senders }, (_, sender) => (sender === 0 ? 1 : 0));

describe('execution on several threads', { skip }, () => {
    describe('with the same inputs', () => {
        const nodes = [];
        before(async () => {
            for (const threads of [1, 2]) nodes.push(await start(threads, never_ms));
        });
        after(() => Promise.all(nodes.map((node) => node.stop())));

        it('leads to the same blocks', async () => {
            const timestamp = Math.floor(Date.now() / 1000) + 1000;
            const counter = getCreateAddress({ from: account(0).address, nonce: 0 });
            const load = [await sign(0, 0, counter_deployment), ...(await make_load(counter, first_nonces))];
            const blocks = [];
            for (const node of nodes) {
                await node.rpc('evm_setAutomine', false);
                await node.rpc('evm_setNextBlockTimestamp', timestamp);
                await send_all(node, load);
                await node.rpc('evm_mine');
                const block = await node.rpc('eth_getBlockByNumber', '0x1', false);
                assert.equal(Number(block.timestamp), timestamp);
                assert.equal(block.transactions.length, load.length);
                const receipts = await node.rpc('eth_getBlockReceipts', '0x1');
                assert.ok(receipts.some(({ status }) => status === '0x0') && receipts.some(({ status }) => status === '0x1'));
                assert.equal(receipts[0].contractAddress, counter.toLowerCase());
                blocks.push({ block, receipts });
            }
            assert.deepEqual(blocks[1], blocks[0]);
        });

        it('reports how', async () => {
            const [one, two] = await Promise.all(nodes.map((node) => node.rpc('mega_getExecutionReport', '0x1')));
            assert.equal(one.threads, 1);
            assert.equal(one.parallel_batches, 0);
            assert.equal(one.transactions, senders * per_sender + 1);
            assert.equal(one.executions, one.transactions);
            assert.equal(two.threads, 2);
            assert.ok(two.parallel_batches > 0, JSON.stringify(two));
            assert.equal(two.transactions, senders * per_sender + 1);
            assert.equal(two.executions, two.transactions + two.aborts);
            assert.ok(two.wall_ns > 0 && two.cpu_ns > 0);
            for (const abort of two.first_aborts) {
                assert.ok(abort.transaction < two.transactions && (abort.writer ?? 0) < abort.transaction);
                assert.match(abort.address, /^0x[0-9a-f]{40}$/);
            }
            await assert.rejects(nodes[1].rpc('mega_getExecutionReport', '0x99'), /no execution report of block 153/);
            await assert.rejects(nodes[1].rpc('mega_getExecutionReport', 'first'), /block/);
        });
    });

    it('is believed by a validator under load', async () => {
        const node = await start(2, 200);
        const validator = spawn(resolve(repository, node_binary), ['validate', node.ws_url, '--dev', '--trusted-number', '0'], { cwd: repository });
        try {
            let said = '';
            let code;
            validator.stdout.on('data', (chunk) => (said += chunk));
            validator.stderr.on('data', (chunk) => (said += chunk));
            validator.on('close', (status, signal) => (code = status ?? signal));
            const counter = await deploy_counter(node);
            const nonces = [...first_nonces];
            let last;
            for (let round = 0; round < 3; ++round) {
                const hashes = await send_all(node, await make_load(counter, nonces));
                for (let sender = 0; sender < senders; ++sender) nonces[sender] += per_sender;
                last = Number((await receipt_of(node, hashes.at(-1))).blockNumber);
            }
            const verified = () => Number([...said.matchAll(/^block (\d+) /gm)].at(-1)?.[1] ?? 0);
            await wait_for(() => code !== undefined || verified() >= last, 30_000, `the validator at block ${last}:\n${said}`);
            assert.equal(code, undefined, said);
            const metrics = await (await fetch(`${node.http_url}/metrics`)).text();
            const metric = (name) => Number(metrics.match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))[1]);
            assert.ok(metric('parallel_batches_total') > 0);
            assert.equal(metric('executions_total'), metric('transactions_executed_total') + metric('re_executions_total'));
        } finally {
            validator.kill('SIGKILL');
            await node.stop();
        }
    });

    it('refuses thread counts that cannot be', async () => {
        for (const threads of [0, 100_000]) {
            await assert.rejects(start(threads, 1000), /execution-threads must be from 1 to 256/);
        }
    });
});
