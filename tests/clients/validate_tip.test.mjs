// mega validate: how much a validator needs to be at the tip does not depend on how long the chain is.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { account, is_anvil, post, receipt_of, start_node, wait_for } from './harness.mjs';
import { start_validator, validate } from './validators.mjs';

const skip = is_anvil ? 'mega validate is a command of mega' : false;

const more_blocks = 6_000;
// Between the two lengths the numbers in requests grow by digits, and the trie of recent block hashes (EIP-2935, 8191 slots) by levels.
const slack_bytes = 16_384; // in hex

/// A server before a node that notes what was asked and how much was answered.
async function start_counter(upstream) {
    const asked = [];
    let bytes = 0;
    const server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', async () => {
            const { method, params } = JSON.parse(body);
            asked.push(method === 'debug_getRawHeader' && params[0] === 'sealed' ? 'the head' : method);
            const { text } = await post(upstream, body);
            bytes += body.length + text.length;
            response.end(text);
        });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => (server.closeAllConnections(), server.close()),
        counted: () => ({ asked: [...asked].sort(), bytes }),
    };
}

describe('validate, at the tip of a short and of a long chain', { skip }, () => {
    let node;
    before(async () => {
        node = await start_node({ block_interval_ms: 600_000 }); // blocks come when they are asked for
    });
    after(() => node?.stop());

    const sealed_number = async () => Number((await node.rpc('eth_getBlockByNumber', 'finalized', false)).number);
    async function mine(count) {
        const goal = Number(await node.rpc('eth_blockNumber')) + count;
        await node.rpc('anvil_mine', `0x${count.toString(16)}`);
        await wait_for(async () => (await sealed_number()) >= goal, 120_000, `block ${goal}`, node);
    }
    /// The same at the end of either chain: one block with a transfer.
    async function end_with_a_transfer() {
        const [from] = await node.rpc('eth_accounts');
        const hash = await node.rpc('eth_sendTransaction', { from, to: account(1).address, value: '0x1' });
        await wait_for(() => receipt_of(node, hash), 10_000, 'the transfer');
        await mine(1);
        return sealed_number();
    }
    /// All that a validator asks for until it has verified the newest block.
    const need_at_tip = () => need('--blocks', 1);
    async function need(...args) {
        const counter = await start_counter(node.http_url);
        const { code, stdout, stderr } = await validate(counter.url, '--dev', ...args);
        counter.stop();
        assert.equal(code, 0, stdout + stderr);
        const verified = [...stdout.matchAll(/^block (\d+) /gm)].map(([, number]) => Number(number));
        const [, time_ms] = stdout.match(/at the tip after (\d+) ms/);
        return { ...counter.counted(), verified, time_ms };
    }
    async function metrics_at(number) {
        const validator = start_validator(node.http_url, '--dev', '--status-port', 0);
        await validator.reaches(number);
        const [, url] = validator.said.match(/status at (\S+)/);
        const text = await (await fetch(`${url}/metrics`)).text();
        assert.equal(await validator.stop(), 0, validator.complained);
        return Object.fromEntries([...text.matchAll(/^mega_validator_(\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]));
    }

    it('asks for the same, and verifies one block', async () => {
        const lengths = [];
        for (const blocks of [2, more_blocks]) {
            await mine(blocks);
            const number = await end_with_a_transfer();
            const need = await need_at_tip();
            lengths.push({ number, ...need, metrics: await metrics_at(number) });
            console.log(`# ${number} blocks: ${need.asked.length} requests, ${need.bytes} bytes, ${need.time_ms} ms`);
        }
        const [short, long] = lengths;
        assert.ok(long.number > short.number + more_blocks, `${short.number} and ${long.number} blocks`);
        assert.deepEqual([short.verified, long.verified], [[short.number], [long.number]]);
        assert.deepEqual(long.asked, short.asked);
        assert.equal(long.asked.filter((method) => method === 'debug_getRawBlock').length, 1);
        assert.equal(long.asked.filter((method) => method === 'mega_getBlockWitness').length, 1);
        assert.ok(long.bytes <= short.bytes + slack_bytes, `${short.bytes} and ${long.bytes} bytes`);
        // The validator's own account of it.
        for (const { number, metrics } of lengths) {
            assert.equal(metrics.block_number, number);
            assert.equal(metrics.blocks_verified_total, 1);
            assert.equal(metrics.blocks_left_total, 0);
            assert.ok(metrics.headers_received_total >= 3, `${metrics.headers_received_total} headers`);
        }
        assert.equal(long.metrics.block_bytes_total > 0, true);
        const received = ({ metrics }) => metrics.block_bytes_total + metrics.witness_bytes_total;
        assert.ok(received(long) <= received(short) + slack_bytes, `${received(short)} and ${received(long)} bytes`);
    });

    it('asks for more only where an older block is trusted', async () => {
        const number = await sealed_number();
        const { asked, verified } = await need('--trusted-number', number - 20, '--blocks', 20);
        assert.deepEqual(verified, Array.from({ length: 20 }, (_, i) => number - 19 + i));
        assert.equal(asked.filter((method) => method === 'mega_getBlockWitness').length, 20);
    });
});
