// mega replay --rpc: blocks of anvil and of our own node on our engine, and endpoints that lie, stall and die.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Interface, keccak256 } from 'ethers';
import {
    account,
    artifact,
    is_anvil,
    node_binary,
    post,
    receipt_of,
    repository,
    rpc,
    sealed_block,
    start_node,
    temporary_directory,
    wait_for,
} from './harness.mjs';

const skip = is_anvil ? 'mega replay is a command of mega' : false;
const token = skip ? undefined : artifact('Token');
const playground = skip ? undefined : artifact('Playground');
const stranger = '0x00000000000000000000000000000000deadbeef';

/// `mega replay` with these arguments: `{ code, stdout, stderr }`.
function replay(...args) {
    return new Promise((done) => {
        execFile(resolve(repository, node_binary), ['replay', ...args.map(String)], { timeout: 60_000 },
            (error, stdout, stderr) => done({ code: error ? (error.code ?? -1) : 0, stdout, stderr }));
    });
}

async function expect_match(count, ...args) {
    const { code, stdout, stderr } = await replay(...args);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`^${count} passed, 0 failed, 0 skipped$`, 'm'));
    return stdout;
}

/// Everything below a directory that is a file.
const files_below = (directory) =>
    existsSync(directory)
        ? readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => entry.name)
        : [];

async function start_anvil() {
    const packages = join(repository, 'node_modules/@foundry-rs');
    const name = readdirSync(packages).find((entry) => entry.startsWith('anvil-'));
    const child = spawn(join(packages, name, 'bin/anvil'), ['--port', '0', '--hardfork', 'osaka']);
    let log = '';
    child.stdout.on('data', (chunk) => (log += chunk));
    process.on('exit', () => child.kill('SIGKILL'));
    const port = await wait_for(() => log.match(/Listening on [^\s:]+:(\d+)/)?.[1], 20_000, 'anvil');
    child.unref();
    child.stdout.unref();
    const url = `http://127.0.0.1:${port}`;
    return { http_url: url, rpc: (method, ...params) => rpc(url, method, params), stop: () => child.kill('SIGKILL') };
}

/// Deployments, ERC-20 transfers, plain transfers, reverts; returns the number of the last block.
async function make_traffic(node) {
    const from = (await node.rpc('eth_accounts'))[0];
    const send = (fields) => node.rpc('eth_sendTransaction', { from, gas: '0x2dc6c0', ...fields });
    const mined = async (fields) => receipt_of(node, await send(fields));
    const { contract_arguments, abi } = { contract_arguments: new Interface(playground.abi), abi: new Interface(token.abi) };
    const deployed_token = await mined({ data: token.bytecode + abi.encodeDeploy(token_arguments(abi)).slice(2) });
    assert.equal(deployed_token.status, '0x1');
    const deployed = await mined({ data: playground.bytecode + contract_arguments.encodeDeploy([41]).slice(2), value: '0x7' });
    assert.equal(deployed.status, '0x1');
    const transfer = (to, amount) => ({ to: deployed_token.contractAddress, data: abi.encodeFunctionData('transfer', [to, amount]) });
    const receipts = [];
    for (let i = 1; i <= 5; i++) {
        receipts.push(await mined(transfer(account(i).address, 1000n * BigInt(i))));
        receipts.push(await mined({ to: stranger, value: '0x1' }));
    }
    const reverted = await mined(transfer(stranger, 10n ** 60n));
    assert.equal(reverted.status, '0x0');
    // One after the other: anvil may give two that arrive together the same nonce.
    const several = [];
    for (const i of [1, 2, 3, 4]) several.push(await send(transfer(account(i).address, 5n)));
    for (const hash of several) receipts.push(await receipt_of(node, hash));
    assert.ok(receipts.every((receipt) => receipt.status === '0x1'));
    return Math.max(...receipts.map((receipt) => Number(receipt.blockNumber)));
}

const token_arguments = (abi) => abi.deploy.inputs.map(({ type }) => (type === 'string' ? 'T' : type === 'address' ? account(0).address : 10n ** 24n));

/// A server between replay and a real endpoint; `tamper(request, answer)` changes answers, `instead(response)` takes over.
async function start_between(upstream, { tamper = (_, answer) => answer, instead = () => false } = {}) {
    let asked = 0;
    const server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', async () => {
            if (instead(response, ++asked)) return;
            const requests = JSON.parse(body);
            const answers = JSON.parse((await post(upstream, body)).text);
            const changed = Array.isArray(answers)
                ? answers.map((answer) => tamper(requests.find(({ id }) => id === answer.id), answer))
                : tamper(requests, answers);
            response.end(JSON.stringify(changed));
        });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return { url: `http://127.0.0.1:${server.address().port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

describe('replay --rpc', { skip }, () => {
    let anvil;
    let last;
    before(async () => {
        anvil = await start_anvil();
        last = await make_traffic(anvil);
    });
    after(() => anvil?.stop());

    it('matches every block of anvil', async () => {
        const table = await expect_match(last, '--rpc', anvil.http_url, '--from', 1, '--to', last);
        assert.match(table, /Osaka/);
        assert.match(table, /each receipt/);
    });

    // anvil keeps a leaf of zero for each empty slot that was read (see docs/replay.md): where an empty slot is read for
    // the first time its state root is not Ethereum's. The last blocks read none.
    it('proves the state of anvil and checks the state root after', async () => {
        const table = await expect_match(5, '--rpc', anvil.http_url, '--from', last - 4, '--to', last, '--proofs');
        assert.equal(table.split('\n').filter((line) => line.endsWith('state root')).length, 5);
    });

    it('matches the blocks of our own node, plain and with proofs', async () => {
        const node = await start_node({ block_interval_ms: 100 });
        try {
            const newest = await make_traffic(node);
            await sealed_block(node, `0x${newest.toString(16)}`);
            const first = newest - Math.min(newest, 20) + 1;
            const range = ['--rpc', node.http_url, '--from', first, '--to', newest];
            await expect_match(newest - first + 1, ...range);
            const table = await expect_match(newest - first + 1, ...range, '--proofs');
            assert.match(table, /state root/);
        } finally {
            await node.stop();
        }
    });

    it('notices the wrong fork', async () => {
        const { code, stdout } = await replay('--rpc', anvil.http_url, '--from', 1, '--to', last, '--fork', 'Homestead');
        assert.equal(code, 1);
        assert.match(stdout, new RegExp(`0 passed, ${last} failed`));
        assert.match(stdout, /transaction 0: .*not supported/);
        const unknown = await replay('--rpc', anvil.http_url, '--from', 1, '--fork', 'atlantis');
        assert.equal(unknown.code, 1);
        assert.match(unknown.stderr, /unknown fork "atlantis"/);
    });

    it('keeps blocks whole, refetches a spoilt one, and replays a kept one without the endpoint', async () => {
        const cache = temporary_directory('replay');
        const range = ['--rpc', anvil.http_url, '--from', 1, '--to', 3, '--cache', cache];
        await expect_match(3, ...range);
        assert.deepEqual(files_below(cache).sort(), ['1.block', '2.block', '3.block']);
        const file = join(cache, '31337/2.block');
        const good = readFileSync(file, 'utf8');
        writeFileSync(file, good.slice(0, good.length / 2));
        assert.equal((await replay(file)).code, 1);
        await expect_match(3, ...range);
        assert.equal(readFileSync(file, 'utf8'), good);
        await expect_match(1, file);
        await expect_match(3, join(cache, '31337'));
    });

    it('fetches a kept state again that was proven against another root', async () => {
        const cache = temporary_directory('replay');
        const range = ['--rpc', anvil.http_url, '--from', last, '--cache', cache, '--proofs'];
        await expect_match(1, ...range);
        const file = join(cache, `31337/${last}.block`);
        const good = readFileSync(file, 'utf8');
        const [head, body] = good.split(/\n(.*)/s);
        const changed = JSON.stringify({ ...JSON.parse(body), provenRoot: keccak256('0x') });
        writeFileSync(file, `${head.slice(0, -66)}${keccak256(Buffer.from(changed))}\n${changed}`);
        await expect_match(1, ...range);
        assert.deepEqual(JSON.parse(readFileSync(file, 'utf8').split('\n')[1]).provenRoot, JSON.parse(body).provenRoot);
    });

    it('writes what it found as JSON', async () => {
        const file = join(temporary_directory('replay'), 'report.json');
        await expect_match(2, '--rpc', anvil.http_url, '--from', 1, '--to', 2, '--json', file, '--repeat', 3);
        const report = JSON.parse(readFileSync(file, 'utf8'));
        assert.equal(report.passed, 2);
        assert.deepEqual(report.blocks.map(({ number, match }) => [number, match]), [[1, true], [2, true]]);
    });

    it('prints the call trace of one transaction', async () => {
        const { transactions } = await anvil.rpc('eth_getBlockByNumber', '0x3', false);
        const { code, stdout } = await replay('--rpc', anvil.http_url, '--from', 3, '--trace-tx', transactions[0]);
        assert.equal(code, 0);
        assert.equal(JSON.parse(stdout).type, 'CALL');
    });

    const byte_changed = (hex) => hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
    const lies = {
        'another block hash': [[], (request, answer) => {
            if (request.method === 'eth_getBlockByNumber' && answer.result) answer.result.hash = keccak256('0x');
            return answer;
        }, /block hash 0x\w+ expected 0x/],
        'another gas used': [[], (request, answer) => {
            if (request.method === 'eth_getBlockReceipts') answer.result[0].gasUsed = '0x1';
            return answer;
        }, /first differing transaction 0: gas used \d+ expected 1/],
        'another storage value': [[], (request, answer) => {
            if (request.method === 'eth_getStorageAt') answer.result = `0x${'0'.repeat(64)}`;
            return answer;
        }, /expected/],
        'another balance, under --proofs': [['--proofs'], (request, answer) => {
            if (request.method === 'eth_getProof') answer.result.accountProof = answer.result.accountProof.map(byte_changed);
            return answer;
        }, /the endpoint's proof of account 0x\w+ does not hold/],
        'another slot, under --proofs': [['--proofs'], (request, answer) => {
            for (const slot of answer.result?.storageProof ?? []) slot.proof = slot.proof.map(byte_changed);
            return answer;
        }, /the endpoint's proof of slot \w+ of 0x\w+ does not hold/],
        'another code, under --proofs': [['--proofs'], (request, answer) => {
            if (request.method === 'eth_getCode' && answer.result.length > 2) answer.result = byte_changed(answer.result);
            return answer;
        }, /its code has another hash/],
        'an error': [[], (request, answer) =>
            request.method === 'eth_getBalance' ? { jsonrpc: '2.0', id: request.id, error: { code: -32000, message: 'missing trie node' } } : answer,
        /eth_getBalance: error .*missing trie node/],
        'numbers that are none': [[], (request, answer) =>
            request.method === 'eth_getBalance' ? { ...answer, result: { very: 'odd' } } : answer,
        /balance/],
        'no receipts': [[], (request, answer) => (request.method === 'eth_getBlockReceipts' ? { ...answer, result: null } : answer),
            /no receipts of it/],
        'a contract that nobody created': [[], (request, answer) => {
            if (request.method === 'eth_getBlockReceipts') answer.result.find(({ to }) => to).contractAddress = `0x${'11'.repeat(20)}`;
            return answer;
        }, /contract address none expected 0x1111/],
        'a block that leaves out its hash': [[], (request, answer) => {
            if (request.method === 'eth_getBlockByNumber' && answer.result) delete answer.result.hash;
            return answer;
        }, /gave no block hash/],
        'a transaction without a sender': [[], (request, answer) => {
            if (request.params?.[1] === true) delete answer.result.transactions[0].from;
            return answer;
        }, /transaction 0: the endpoint gave no sender/],
        'uncles that are no list': [[], (request, answer) => {
            if (request.method === 'eth_getBlockByNumber') answer.result.uncles = 'all';
            return answer;
        }, /block.uncles: want an array/],
        'more uncles than there can be': [[], (request, answer) => {
            if (request.method === 'eth_getBlockByNumber') answer.result.uncles = Array(3).fill(keccak256('0x'));
            return answer;
        }, /block.uncles: 3 of them, at most 2/],
        'a chain that breaks Ethereum\'s rules of headers': [[], (request, answer) =>
            request.method === 'eth_chainId' ? { ...answer, result: '0x1' } : answer,
        /header: /],
        'no block': [[], (request, answer) => (request.method === 'eth_getBlockByNumber' ? { ...answer, result: null } : answer), /does not have it/],
    };
    for (const [what, [flags, tamper, words]] of Object.entries(lies)) {
        it(`is not taken in by ${what}`, async () => {
            const between = await start_between(anvil.http_url, { tamper });
            const cache = temporary_directory('replay');
            const { code, stdout, stderr } = await replay('--rpc', between.url, '--from', last, '--cache', cache, ...flags);
            between.stop();
            assert.equal(code, 1, stdout);
            assert.match(stdout + stderr, words);
            assert.deepEqual(files_below(cache), []);
        });
    }

    const deaths = {
        'answers garbage': [(response) => response.end('<html>I am a teapot</html>'), /not JSON: "<html>/],
        'answers another request': [(response) => response.end('{"jsonrpc":"2.0","id":"x","result":"0x1"}'), /belongs to another request|left unanswered|answered/],
        'closes half-way': [(response) => {
            response.writeHead(200, { 'content-length': 1000 });
            response.write('{"jsonrpc":', () => response.destroy());
        }, /endpoint 127\.0\.0\.1:\d+, \w+/],
        'closes at once': [(response) => response.destroy(), /endpoint 127\.0\.0\.1:\d+, \w+/],
        'stays silent': [() => {}, /endpoint 127\.0\.0\.1:\d+, \w+.*: .*tim/i],
        'nests without end': [(response) => response.end('['.repeat(1_000_000)), /nests too deeply/],
    };
    for (const [what, [die, words]] of Object.entries(deaths)) {
        for (const survived of [0, 4, 9]) {
            it(`names an endpoint that ${what} after ${survived} answers`, async () => {
                const instead = (response, asked) => asked > survived && (die(response), true);
                const between = await start_between(anvil.http_url, { instead });
                const cache = temporary_directory('replay');
                const { code, stdout, stderr } = await replay(
                    '--rpc', between.url, '--from', last - 1, '--to', last, '--cache', cache, '--timeout-ms', 400,
                );
                between.stop();
                assert.equal(code, 1, stdout);
                assert.match(stdout + stderr, words);
                assert.ok(files_below(cache).every((name) => name.endsWith('.block')), 'half-written files');
                for (const name of files_below(cache)) await expect_match(1, join(cache, '31337', name));
            });
        }
    }

    it('says what it cannot do', async () => {
        const cases = [
            [['--rpc', 'https://example.org', '--from', 1], /https/],
            [['--rpc', 'http://127.0.0.1:1', '--from', 1], /endpoint 127\.0\.0\.1:1, eth_chainId/],
            [['--rpc', anvil.http_url], /--from/],
            [['--rpc', anvil.http_url, '--from', 0], /first block to replay is 1/],
            [['--rpc', anvil.http_url, '--from', 999999], /does not have it/],
            [['/nowhere'], /does not exist/],
            [[], /nothing to replay/],
        ];
        for (const [args, words] of cases) {
            const { code, stdout, stderr } = await replay(...args);
            assert.equal(code, 1, args.join(' '));
            assert.match(stdout + stderr, words);
        }
    });
});
