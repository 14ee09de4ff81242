// Everything that a stranger may throw at the port. Each gets the right JSON-RPC error or a bounded
// refusal, and afterwards the node is as healthy as before: it answers within a second, executes,
// and its memory is within the bounds stated here.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { SigningKey, Wallet, concat, encodeRlp, keccak256, toBeHex } from 'ethers';
import { execFileSync } from 'node:child_process';
import WebSocket from 'ws';
import { account, artifact, only_mega, open_websocket, resident_mib, sleep, start_node, wait_for } from './harness.mjs';

/// What the abuse of this whole page may add to the memory of a fresh node, while it lasts and a few
/// seconds later. Caches of state do not matter here: the chain stays tiny.
const peak_growth_limit_mib = 768;
const lasting_growth_limit_mib = 384;

const stranger = '0x00000000000000000000000000000000deadbeef';
const curve_order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const mebibyte = 1 << 20;
let node;
let chain_id;
let base_mib;
let peak_mib = 0;
let sampler;

before(async () => {
    if (only_mega) return;
    node = await start_node();
    chain_id = BigInt(await node.rpc('eth_chainId'));
    await is_healthy();
    base_mib = resident_mib(node.pid);
    sampler = setInterval(() => {
        peak_mib = Math.max(peak_mib, node.exit ? 0 : resident_mib(node.pid));
    }, 50);
});
after(async () => {
    clearInterval(sampler);
    await node?.stop();
});
afterEach(async () => {
    if (!only_mega) await is_healthy();
});

// ---- helpers ---------------------------------------------------------------------------------------

const next_nonce = async (index) => Number(await node.rpc('eth_getTransactionCount', account(index).address, 'pending'));
const wallet = (index) => new Wallet(account(index).private_key);

async function sign(index, fields = {}) {
    return wallet(index).signTransaction({
        type: 2, chainId: chain_id, nonce: fields.nonce ?? (await next_nonce(index)), to: stranger, value: 1,
        gasLimit: 21_000, maxFeePerGas: 3_000_000_000, maxPriorityFeePerGas: 1_000_000, ...fields,
    });
}

/// Answers and executes, soon.
async function is_healthy() {
    assert.equal(node.exit, undefined, `the node is gone:\n${node.log.slice(-3000)}`);
    const began = performance.now();
    assert.equal(BigInt(await node.rpc('eth_chainId')), chain_id);
    assert.ok(performance.now() - began < 1000, `a simple answer took ${performance.now() - began} ms`);
    const receipt = await node.rpc('eth_sendRawTransactionSync', await sign(9));
    assert.equal(receipt.status, '0x1');
}

/// The JSON-RPC error that a call must end with.
async function refused(call, code, message = /./) {
    const error = await call.then(
        (result) => assert.fail(`it was accepted: ${JSON.stringify(result)}`),
        (refusal) => refusal,
    );
    assert.equal(typeof error.code, 'number', `${error}`);
    const codes = [code].flat();
    assert.ok(codes.includes(error.code), `code ${error.code}, expected ${codes}: ${error.message}`);
    assert.match(error.message, message);
    return error;
}
const send = (raw) => node.rpc('eth_sendRawTransaction', raw);

const bytes_of = (value) => (BigInt(value) === 0n ? '0x' : toBeHex(value));

/// An EIP-1559 envelope with any signature at all.
function envelope({ nonce, signature, tip = 1_000_000, type = '0x02', tail = [] }) {
    const fields = [chain_id, nonce, tip, 3_000_000_000, 21_000].map(bytes_of);
    const unsigned = [...fields, stranger, bytes_of(1), '0x', [], ...tail];
    const digest = keccak256(concat([type, encodeRlp(unsigned)]));
    const { r, s, yParity } = signature(digest);
    return concat([type, encodeRlp([...unsigned, bytes_of(yParity), bytes_of(r), bytes_of(s)])]);
}
const key_of = (index) => new SigningKey(account(index).private_key);

/// Everything that comes back for `pieces` until the peer closes or `wait_ms` pass.
function exchange(pieces, { wait_ms = 5000, until = undefined } = {}) {
    return new Promise((done) => {
        const socket = net.connect(node.port, '127.0.0.1');
        const state = { text: '', closed: false };
        const finish = () => {
            clearTimeout(patience);
            socket.destroy();
            done(state);
        };
        const patience = setTimeout(finish, wait_ms);
        socket.on('data', (chunk) => {
            state.text += chunk.toString('latin1');
            if (until?.test(state.text)) finish();
        });
        socket.on('error', () => {});
        socket.on('close', () => {
            state.closed = true;
            finish();
        });
        socket.on('connect', () => [pieces].flat().forEach((piece) => socket.write(piece)));
    });
}

const head = (lines) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${lines}\r\n\r\n`;
const chain_id_call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}';

// ---- transactions ------------------------------------------------------------------------------------

describe('a transaction', { skip: only_mega }, () => {
    it('that is not even hex is refused as a parameter', async () => {
        for (const bad of ['', 'zz', '0x0', '0xzz', 'ff', 7, null, {}, [], true]) {
            await refused(send(bad), [-32602, -32000]);
        }
        await refused(node.rpc('eth_sendRawTransaction'), -32602);
    });

    it('in broken RLP is refused', async () => {
        const good = await sign(1);
        const broken = [
            '0x', '0x02', '0xc0', '0x02c0', '0xff', '0x02ff', '0xf8', '0xbfffffffffffffffff', '0x02ffffffffffffffffff',
            good.slice(0, -2), `${good}00`, `0x02${good.slice(4)}80`, good.slice(0, 40),
            `0x02f8ff${good.slice(8)}`, `0x02f800${good.slice(8)}`,
            `0x${'c1'.repeat(50_000)}`, `0x02${'f90000'.repeat(10_000)}`,
        ];
        for (const raw of broken) await refused(send(raw), [-32000, -32602]);
        await refused(send(concat(['0x02', encodeRlp(['0x0001', '0x', '0x', '0x', '0x', '0x', '0x', '0x', []])])), [-32000, -32602]);
    });

    it('with any one byte changed is refused, 300 times', async () => {
        const good = Buffer.from((await sign(1, { value: 10n ** 18n })).slice(2), 'hex');
        for (let i = 0; i < 300; i++) {
            const bad = Buffer.from(good);
            bad[i % bad.length] ^= 1 + ((i * 7919) % 255);
            await refused(send(`0x${bad.toString('hex')}`), [-32000, -32602]);
        }
    });

    it('for another chain is refused', async () => {
        await refused(send(await sign(1, { chainId: chain_id + 1n })), -32000, /chain id/i);
        await refused(send(await sign(1, { chainId: 1, type: 0, gasPrice: 3e9, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined })), -32000, /chain id/i);
    });

    it('with a high s is refused, though it would recover', async () => {
        const nonce = await next_nonce(1);
        const signature = (digest) => {
            const { r, s, yParity } = key_of(1).sign(digest);
            return { r, s: curve_order - BigInt(s), yParity: 1 - yParity };
        };
        await refused(send(envelope({ nonce, signature })), -32000, /signature|v, r, s/i);
    });

    it('with an impossible signature is refused', async () => {
        const nonce = await next_nonce(1);
        const good = (digest) => key_of(1).sign(digest);
        const changes = [
            { r: 0n }, { s: 0n }, { r: curve_order }, { s: curve_order }, { r: 2n ** 256n - 1n }, { yParity: 2 }, { yParity: 27 },
            { r: 5n }, // no such point on the curve
        ];
        for (const change of changes) {
            const signature = (digest) => {
                const { r, s, yParity } = good(digest);
                return { r, s, yParity, ...change };
            };
            await refused(send(envelope({ nonce, signature })), -32000);
        }
        // The same with a good signature is accepted: the test above fails for its reason alone.
        assert.match(await send(envelope({ nonce, signature: good })), /^0x/);
    });

    it('with a nonce that is used, or as high as can be, is refused', async () => {
        await send(await sign(1));
        await refused(send(await sign(1, { nonce: 0 })), -32000, /nonce too low/);
        const nonce = 2n ** 64n - 1n;
        await refused(send(envelope({ nonce, signature: (digest) => key_of(1).sign(digest) })), -32000, /nonce/);
        await refused(send(envelope({ nonce: 2n ** 70n, signature: (digest) => key_of(1).sign(digest) })), -32000);
    });

    it('with a nonce too high waits, and is told so when it asked for a receipt', async () => {
        const nonce = (await next_nonce(2)) + 10;
        const raw = await sign(2, { nonce });
        const error = await refused(node.rpc('eth_sendRawTransactionSync', raw), 6, /nonce/);
        assert.equal(BigInt(error.data), BigInt(nonce - 10));
        const hash = await send(raw);
        assert.equal((await node.rpc('eth_getTransactionByHash', hash)).blockNumber, null);
        await refused(send(raw), -32000, /already known/);
    });

    it('that its sender cannot pay is refused', async () => {
        await refused(send(await sign(3, { value: 10n ** 30n })), -32000, /insufficient funds for gas \* price \+ value/);
        const nobody = Wallet.createRandom();
        const raw = await nobody.signTransaction({
            type: 2, chainId: chain_id, nonce: 0, to: stranger, value: 0, gasLimit: 21_000,
            maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 1,
        });
        await refused(send(raw), -32000, /insufficient funds/);
        await refused(send(await sign(3, { maxFeePerGas: 2n ** 256n - 1n })), -32000);
        await refused(send(await sign(3, { value: 2n ** 256n - 1n })), -32000, /insufficient funds/);
    });

    it('with too little gas, or more than a transaction may have, is refused', async () => {
        await refused(send(await sign(3, { gasLimit: 20_999 })), -32000, /intrinsic gas too low/);
        await refused(send(await sign(3, { data: '0xff'.padEnd(2002, 'f'), gasLimit: 38_000 })), -32000, /gas/);
        await refused(send(await sign(3, { gasLimit: 2 ** 24 + 1 })), -32000, /gas limit too high/);
        await refused(send(await sign(3, { gasLimit: 2n ** 64n - 1n, maxFeePerGas: 1_000_000, maxPriorityFeePerGas: 0 })), -32000);
        const receipt = await node.rpc('eth_sendRawTransactionSync', await sign(3, { gasLimit: 2 ** 24 }));
        assert.equal(receipt.status, '0x1');
    });

    it('with a tip above its cap, or a cap below the base fee, is refused or waits', async () => {
        const signature = (digest) => key_of(3).sign(digest);
        const upside_down = envelope({ nonce: await next_nonce(3), tip: 3_000_000_001, signature });
        await refused(send(upside_down), -32000, /max priority fee per gas higher than max fee per gas/);
        const raw = await sign(3, { maxFeePerGas: 1, maxPriorityFeePerGas: 1 });
        const error = await refused(node.rpc('eth_sendRawTransactionSync', raw, 300), [4, -32000]);
        if (error.code === 4) assert.equal(error.data, keccak256(raw));
        if (error.code === 4) await node.rpc('anvil_dropTransaction', keccak256(raw));
    });

    it('with too much data is refused', async () => {
        const of_size = (size) => sign(3, { data: `0x${'00'.repeat(size)}`, gasLimit: 16_000_000 });
        await refused(send(await of_size(128 * 1024)), -32000, /oversized data/);
        await refused(send(await of_size(1_000_000)), -32000, /oversized data/);
        const receipt = await node.rpc('eth_sendRawTransactionSync', await of_size(127 * 1024));
        assert.equal(receipt.status, '0x1');
    });

    it('with too much init code is refused', async () => {
        const of_size = (size) => sign(3, { to: null, value: 0, data: `0x${'00'.repeat(size)}`, gasLimit: 10_000_000 });
        await refused(send(await of_size(49_153)), -32000, /max initcode size exceeded/);
        const receipt = await node.rpc('eth_sendRawTransactionSync', await of_size(49_152));
        assert.equal(receipt.status, '0x1');
    });

    it('of a type that this chain does not take is refused', async () => {
        const signature = (digest) => key_of(4).sign(digest);
        const nonce = await next_nonce(4);
        const blob_hash = `0x01${'00'.repeat(31)}`;
        await refused(send(envelope({ nonce, type: '0x03', tail: [bytes_of(1), [blob_hash]], signature })), -32000, /blob/i);
        for (const type of ['0x05', '0x10', '0x64', '0x7d', '0x7f']) {
            await refused(send(envelope({ nonce, type, signature })), -32000, /type|deposit/i);
        }
        await refused(send(envelope({ nonce, type: '0x7e', signature })), -32000); // deposits come from L1 alone
        await refused(send(envelope({ nonce, type: '0x04', tail: [[]], signature })), -32000, /auth/i);
        await refused(send(await sign(4, { type: 3, blobVersionedHashes: [blob_hash], maxFeePerBlobGas: 1 })), -32000, /blob/i);
    });

    it('with more gas than a block has is refused', async () => {
        const small = await start_node({ args: ['--gas-limit', '5000000'] });
        try {
            const raw = await sign(5, { nonce: 0, gasLimit: 5_000_001 });
            await refused(small.rpc('eth_sendRawTransaction', raw), -32000, /exceeds block gas limit|gas limit/);
            const fits = await small.rpc('eth_sendRawTransactionSync', await sign(5, { nonce: 0, gasLimit: 5_000_000 }));
            assert.equal(fits.status, '0x1');
        } finally {
            await small.stop();
        }
    });

    it('beyond what one sender may have waiting is refused', async () => {
        const small = await start_node({ args: ['--pool-max-per-sender', '16'] });
        try {
            let refusal;
            for (let i = 1; i <= 40 && !refusal; i++) {
                await small.rpc('eth_sendRawTransaction', await sign(5, { nonce: i })).catch((error) => (refusal = error));
                if (refusal) assert.ok(i > 10, `refused already at ${i}`);
            }
            assert.equal(refusal?.code, -32000);
            assert.match(refusal.message, /limit/);
        } finally {
            await small.stop();
        }
    });
});

// ---- JSON ----------------------------------------------------------------------------------------------

describe('a request body', { skip: only_mega }, () => {
    const error_of = async (body) => {
        const { text } = await node.raw(body);
        const answer = JSON.parse(text);
        assert.equal(answer.jsonrpc, '2.0');
        assert.notEqual(answer.error, undefined, text.slice(0, 200));
        return answer;
    };

    it('that is not JSON is a parse error', async () => {
        for (const body of ['{', 'hello', '{"jsonrpc":"2.0",', '"', '{"a":\u0001}', '{]', 'nul', '[1,', '{"id":1e999999999}']) {
            const { error, id } = await error_of(body);
            assert.ok([-32700, -32600].includes(error.code), `${body}: ${error.code}`);
            assert.equal(id, null);
        }
        const { text, status } = await node.raw('');
        assert.ok(status >= 400 || JSON.parse(text).error, 'nothing at all');
    });

    it('that is JSON and no request is an invalid request', async () => {
        for (const body of ['{}', '1', '"eth_chainId"', 'null', '{"id":1}', '{"id":1,"method":7}', '{"id":{},"method":"eth_chainId"}']) {
            assert.equal((await error_of(body)).error.code, -32600, body);
        }
        assert.equal((await error_of('{"id":1,"method":"eth_chainId","params":"none"}')).error.code, -32602);
        assert.equal((await error_of(`{"id":1,"method":"${'x'.repeat(100_000)}"}`)).error.code, -32601);
    });

    it('nested a hundred or a million levels deep is refused', async () => {
        for (const depth of [100, 10_000, 1_000_000]) {
            for (const [open, close] of [['[', ']'], ['{"a":', '}']]) {
                const inner = `${open.repeat(depth)}1${close.repeat(depth)}`;
                if (inner.length > 4 * mebibyte) continue;
                const { error } = await error_of(`{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${inner}}`);
                assert.ok([-32600, -32700, -32602].includes(error.code));
                await error_of(open.repeat(depth)); // and never closed
            }
        }
    });

    it('of 100 MB is refused without being kept', async () => {
        const before_mib = resident_mib(node.pid);
        const answer = await new Promise((done) => {
            const request = http.request(
                { port: node.port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': 100 * mebibyte } },
                (response) => {
                    response.resume();
                    done(response.statusCode);
                },
            );
            request.on('error', (error) => done(error.code));
            const piece = Buffer.alloc(mebibyte, 0x20);
            let written = 0;
            const pump = () => {
                while (written < 100 && !request.destroyed) {
                    written++;
                    if (!request.write(piece)) return request.once('drain', pump);
                }
                request.end();
            };
            pump();
        });
        assert.ok([413, 'ECONNRESET', 'EPIPE'].includes(answer), `${answer}`);
        assert.ok(resident_mib(node.pid) - before_mib < 64, 'it was kept in memory');
        const chunked = [head('Transfer-Encoding: chunked')];
        for (let i = 0; i < 100; i++) chunked.push(`100000\r\n${' '.repeat(mebibyte)}\r\n`);
        const { text, closed } = await exchange(chunked);
        assert.ok(/^HTTP\/1.1 413/.test(text) || closed, text.slice(0, 100));
        assert.ok(resident_mib(node.pid) - before_mib < 64, 'it was kept in memory');
    });

    it('of 100 MB over WebSocket ends the connection with 1009', async () => {
        const socket = new WebSocket(node.ws_url);
        await new Promise((done) => socket.once('open', done));
        socket.on('error', () => {});
        const closed = new Promise((done) => socket.once('close', done));
        const piece = Buffer.alloc(mebibyte, 0x20);
        for (let i = 0; i < 100 && socket.readyState === WebSocket.OPEN; i++) {
            socket.send(piece, { binary: false, fin: i === 99 });
            await sleep(1);
        }
        assert.ok([1009, 1006].includes(await closed));
    });

    it('with 10,000 calls is refused, with as many as allowed answered, with none refused', async () => {
        const calls = (count) => `[${Array.from({ length: count }, (_, id) => chain_id_call.replace('"id":1', `"id":${id}`))}]`;
        assert.ok([-32600, -32005].includes((await error_of(calls(10_000))).error.code));
        const answers = JSON.parse((await node.raw(calls(1000))).text);
        assert.equal(answers.length, 1000);
        assert.equal(new Set(answers.map((answer) => answer.id)).size, 1000);
        assert.equal((await error_of('[]')).error.code, -32600);
    });

    it('with a batch of good and bad calls gets an answer for each', async () => {
        const answers = JSON.parse((await node.raw(`[1,"x",{},[],${chain_id_call},{"id":2,"method":"nothing"}]`)).text);
        assert.deepEqual(answers.map((answer) => answer.error?.code), [-32600, -32600, -32600, -32600, undefined, -32601]);
    });

    it('whose answers together would be huge is bounded', async () => {
        const contract = await deploy_playground();
        const data = '0x9b642509' + toBeHex(1000, 32).slice(2); // emitMany(1000)
        const raw = await sign(6, { to: contract, value: 0, data, gasLimit: 5_000_000 });
        const { blockNumber } = await node.rpc('eth_sendRawTransactionSync', raw);
        const call = (id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_getBlockReceipts', params: [blockNumber] });
        const body = `[${Array.from({ length: 1000 }, (_, id) => call(id))}]`; // 1000 times half a megabyte
        const { text } = await node.raw(body);
        assert.ok(text.length < 100 * mebibyte, `${text.length} bytes`);
        assert.ok(text.includes('"error"'));
    });
});

let playground;
async function deploy_playground() {
    if (playground) return playground;
    const data = artifact('Playground').bytecode + '0'.repeat(64);
    const raw = await sign(6, { to: null, value: 0, data, gasLimit: 3_000_000 });
    playground = (await node.rpc('eth_sendRawTransactionSync', raw)).contractAddress;
    return playground;
}

// ---- expensive requests ------------------------------------------------------------------------------------

describe('a request that would cost too much', { skip: only_mega }, () => {
    const bounded = async (promise, limit_ms) => {
        const began = performance.now();
        const answer = await promise.catch((error) => error);
        assert.ok(performance.now() - began < limit_ms, `it took ${Math.round(performance.now() - began)} ms`);
        return answer;
    };
    const endless = '0x00000000000000000000000000000000000e9d1e';
    before(async () => {
        if (!only_mega) await node.rpc('anvil_setCode', endless, '0x5b5f56'); // loops forever
    });

    it('an endless call runs out of gas', async () => {
        for (const method of ['eth_call', 'eth_estimateGas', 'eth_createAccessList']) {
            const answer = await bounded(node.rpc(method, { to: endless, gas: '0xffffffffffffffff' }, 'latest'), 5000);
            assert.ok(answer instanceof Error || answer.error, method);
        }
        const trace = await bounded(node.rpc('debug_traceCall', { to: endless, gas: '0xffffffffff' }, 'latest', {}), 10_000);
        assert.ok(trace instanceof Error || JSON.stringify(trace).length < 100 * mebibyte);
    });

    it('many endless calls at once leave room for others', async () => {
        const calls = Array.from({ length: 64 }, () => node.rpc('eth_call', { to: endless, gas: '0x2faf080' }, 'latest').catch((error) => error));
        await sleep(20);
        const began = performance.now();
        await node.rpc('eth_sendRawTransactionSync', await sign(9));
        assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms beside endless calls`);
        assert.ok((await Promise.all(calls)).every((one) => one instanceof Error));
    });

    it('memory for a call is paid for in gas', async () => {
        const hungry = '0x00000000000000000000000000000000000e9d1f';
        await node.rpc('anvil_setCode', hungry, `0x${'7f'.padEnd(66, 'f')}5100`.replace(/^0x7f/, '0x7f'));
        assert.ok((await bounded(node.rpc('eth_call', { to: hungry, gas: '0xffffffffffff' }, 'latest'), 2000)) instanceof Error);
        await node.rpc('anvil_setCode', hungry, '0x6440000000005100'); // mload(2^38)
        assert.ok((await bounded(node.rpc('eth_call', { to: hungry, gas: '0xffffffffffff' }, 'latest'), 2000)) instanceof Error);
    });

    it('ranges, lists and counts have limits', async () => {
        const slots = Array.from({ length: 5000 }, (_, i) => toBeHex(i, 32));
        await refused(node.rpc('eth_getProof', stranger, slots, 'latest'), [-32602, -32005, -32000]);
        const addresses = Array.from({ length: 5000 }, (_, i) => toBeHex(i, 20));
        await refused(node.rpc('eth_getLogs', { fromBlock: '0x0', address: addresses }), [-32602, -32005, -32000]);
        const history = await node.rpc('eth_feeHistory', '0x3fffffff', 'latest', []).catch((error) => error);
        assert.ok(history instanceof Error || history.gasUsedRatio.length <= 1024);
        await refused(node.rpc('eth_feeHistory', '0x1', 'latest', [90, 10]), [-32602, -32000]);
        await refused(node.rpc('eth_feeHistory', '0x1', 'latest', [101]), [-32602, -32000]);
        await refused(node.rpc('eth_getLogs', { fromBlock: '0x5', toBlock: '0x1' }), [-32602, -32000]);
        await refused(node.rpc('eth_getLogs', { blockHash: `0x${'12'.repeat(32)}` }), [-32000, -32001, -32602]);
    });

    it('filters and subscriptions have limits', async () => {
        let refusal;
        for (let i = 0; i < 12 && !refusal; i++) {
            const calls = Array.from({ length: 1000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'eth_newBlockFilter', params: [] }));
            const answers = JSON.parse((await node.raw(JSON.stringify(calls))).text);
            refusal = answers.find((answer) => answer.error);
        }
        assert.ok(refusal, '12,000 filters were made');
        assert.ok([-32005, -32000].includes(refusal.error.code), JSON.stringify(refusal));
        const socket = await open_websocket(node.ws_url);
        let error;
        for (let i = 0; i < 2000 && !error; i++) await socket.call('eth_subscribe', 'newHeads').catch((one) => (error = one));
        socket.close();
        assert.ok(error, '2,000 subscriptions on one connection');
    });

    it('parameters of every wrong kind are named', async () => {
        const wrong = [
            ['eth_getBalance'], ['eth_getBalance', 'me'], ['eth_getBalance', '0x12', 'latest'], ['eth_getBalance', stranger, 'yesterday'],
            ['eth_getBalance', stranger, '0xzz'], ['eth_getBalance', stranger, -1], ['eth_getBalance', stranger, { blockHash: '0x1' }],
            ['eth_getStorageAt', stranger, `0x${'1'.repeat(70)}`, 'latest'], ['eth_getBlockByNumber', {}, false],
            ['eth_getBlockByHash', '0x1234', false], ['eth_call', 'x', 'latest'], ['eth_call', { to: '0x1' }, 'latest'],
            ['eth_call', { data: '0x123' }, 'latest'], ['eth_call', { value: '0x' + 'f'.repeat(65) }, 'latest'],
            ['eth_getTransactionByHash', 5], ['eth_getLogs', { topics: 'x' }], ['eth_getLogs', { topics: [[], [], [], [], []] }],
            ['eth_newFilter', 1], ['eth_feeHistory', 'x', 'latest', []], ['anvil_setBalance', 'x', 1], ['evm_increaseTime', 'soon'],
        ];
        for (const [method, ...params] of wrong) {
            const error = await refused(node.rpc(method, ...params), [-32602, -32000]);
            assert.ok(error.message.length > 5, `${method}: ${error.message}`);
        }
    });
});

// ---- connections ---------------------------------------------------------------------------------------

const open_files = () => readdirSync(`/proc/${node.pid}/fd`).length;

describe('a connection', { skip: only_mega }, () => {
    it('that does not speak HTTP is told so or closed', async () => {
        const nonsense = [
            'hello\r\n\r\n', `\x16\x03\x01${'\0'.repeat(100)}\r\n\r\n`, 'GET\r\n\r\n', 'POST / HTTP/9.9\r\n\r\n',
            head('Content-Length: -5'), head('Content-Length: 99999999999999999999'), head('Content-Length: 5\r\nContent-Length: 6'),
            `${head('Transfer-Encoding: chunked')}zzzz\r\n`, `${head('Transfer-Encoding: chunked')}fffffffffffffffff\r\n`,
            `POST / HTTP/1.1\r\n${'A: b\r\n'.repeat(50_000)}\r\n`, `POST /${'x'.repeat(200_000)} HTTP/1.1\r\n\r\n`,
        ];
        for (const bytes of nonsense) {
            const { text, closed } = await exchange(bytes, { wait_ms: 3000, until: /^HTTP\/1.1 \d+/ });
            assert.ok(/^HTTP\/1.1 (4|5)\d\d/.test(text) || closed, JSON.stringify(bytes.slice(0, 40)));
        }
    });

    it('that breaks WebSocket rules is closed', async () => {
        const hello = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
        const frames = [
            [0x81, 0x05, 1, 2, 3, 4, 5], // not masked
            [0x83, 0x80, 0, 0, 0, 0], // reserved opcode
            [0xf1, 0x80, 0, 0, 0, 0], // reserved bits
            [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // 2^63 bytes
            [0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0], // a ping of 256 bytes
            [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], // not UTF-8
            [0x80, 0x80, 0, 0, 0, 0], // continues nothing
        ];
        for (const frame of frames) {
            const { text, closed } = await exchange([hello, Buffer.from(frame)], { wait_ms: 3000 });
            assert.match(text, /^HTTP\/1.1 101/);
            assert.ok(closed, `frame ${frame} was borne`);
        }
    });

    it('that is slow, silent or half-open costs nobody anything, and ends', async () => {
        const before_count = open_files();
        const sockets = [];
        const connect = (text) =>
            new Promise((done) => {
                const socket = net.connect(node.port, '127.0.0.1', () => {
                    if (text) socket.write(text);
                    done(socket);
                });
                socket.on('error', () => done(socket));
                sockets.push(socket);
            });
        for (let i = 0; i < 300; i++) await connect(''); // silent
        for (let i = 0; i < 300; i++) await connect('POST / HTTP/1.1\r\nHos'); // half a header
        for (let i = 0; i < 300; i++) await connect(`${head('Content-Length: 1000')}{"json`); // half a body
        for (let i = 0; i < 300; i++) (await connect(chain_id_call)).resetAndDestroy?.(); // gone without goodbye
        const drip = await Promise.all(Array.from({ length: 100 }, () => connect('POST / HT')));
        const dripping = setInterval(() => drip.forEach((socket) => socket.destroyed || socket.write('X')), 500);
        dripping.unref();
        const times = [];
        for (let i = 0; i < 100; i++) {
            const began = performance.now();
            await node.rpc('eth_chainId');
            times.push(performance.now() - began);
        }
        times.sort((a, b) => a - b);
        assert.ok(times[50] < 100, `median of ${times[50]} ms beside slow connections`);
        // Header and body timeouts are 10 and 30 s: the first two kinds and the dripping ones end by the first.
        await wait_for(() => open_files() < before_count + 300 + 50, 20_000, 'silent and slow connections to be closed');
        clearInterval(dripping);
        sockets.forEach((socket) => socket.destroy());
        await wait_for(() => open_files() < before_count + 50, 10_000, 'connections to be closed');
    });

    it('that asks much and never reads is bounded', async () => {
        const contract = await deploy_playground();
        const data = '0x9b642509' + toBeHex(1000, 32).slice(2);
        const receipt = await node.rpc('eth_sendRawTransactionSync', await sign(6, { to: contract, value: 0, data, gasLimit: 5_000_000 }));
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getTransactionReceipt', params: [receipt.transactionHash] });
        const request = `${head(`Content-Length: ${body.length}`)}${body}`.repeat(500);
        const sockets = Array.from({ length: 20 }, () => {
            const socket = net.connect(node.port, '127.0.0.1');
            socket.on('error', () => {});
            socket.pause();
            socket.write(request); // 500 answers of half a megabyte each
            return socket;
        });
        const before_mib = resident_mib(node.pid);
        await sleep(4000);
        const grown = resident_mib(node.pid) - before_mib;
        sockets.forEach((socket) => socket.destroy());
        assert.ok(grown < 512, `${Math.round(grown)} MiB wait for readers that do not come`);
    });
});

describe('10,000 connections', { skip: only_mega }, () => {
    it('are all served, HTTP and WebSocket, and leave nothing behind', async (context) => {
        const allowed = Number(execFileSync('bash', ['-c', 'ulimit -n']).toString());
        const limit_of_node = Number(readFileSync(`/proc/${node.pid}/limits`, 'utf8').match(/Max open files\s+(\d+)/)[1]);
        const count = Math.min(10_000, allowed - 300, limit_of_node - 300);
        if (count < 10_000) context.diagnostic(`file descriptors allow only ${count} connections here`);
        const before_count = open_files();
        const request = `${head(`Content-Length: ${chain_id_call.length}`)}${chain_id_call}`;
        const sockets = [];
        const ask = () =>
            new Promise((done, fail) => {
                const socket = net.connect(node.port, '127.0.0.1', () => socket.write(request));
                sockets.push(socket);
                let text = '';
                socket.on('data', (chunk) => {
                    text += chunk;
                    if (text.includes('"result"')) done();
                });
                socket.on('error', fail);
                socket.on('close', () => fail(new Error(`closed after ${JSON.stringify(text.slice(0, 100))}`)));
            });
        const websockets = [];
        const subscribe = async () => {
            const socket = await open_websocket(node.ws_url);
            websockets.push({ socket, id: await socket.call('eth_subscribe', 'newHeads') });
        };
        const websocket_count = Math.min(500, Math.floor(count / 10));
        const in_waves = async (total, one) => {
            for (let i = 0; i < total; i += 250) await Promise.all(Array.from({ length: Math.min(250, total - i) }, one));
        };
        await in_waves(websocket_count, subscribe);
        await in_waves(count - websocket_count, ask);
        assert.ok(open_files() >= before_count + count, 'all are open at once');
        await is_healthy();
        const heads = websockets.map(({ socket, id }) => socket.received(id, 1, 10_000));
        await Promise.all(heads);
        console.log(`# ${count} connections: ${Math.round(resident_mib(node.pid))} MiB resident`);
        sockets.forEach((socket) => socket.removeAllListeners('close').destroy());
        websockets.forEach(({ socket }) => socket.socket.terminate());
        await wait_for(() => open_files() < before_count + 50, 10_000, 'connections to be closed');
    });
});

describe('subscriptions that are never read', { skip: only_mega }, () => {
    it('are bounded and dropped, while another subscriber misses nothing', async () => {
        const contract = await deploy_playground();
        const deaf = [];
        for (let i = 0; i < 40; i++) {
            const socket = await open_websocket(node.ws_url);
            for (const kind of ['logs', 'miniBlocks', 'newHeads', 'newPendingTransactions', 'stateChanges']) {
                await socket.call('eth_subscribe', kind, ...(kind === 'logs' ? [{}] : []));
            }
            socket.socket.on('error', () => {});
            socket.socket.pause();
            deaf.push(socket);
        }
        const listener = await open_websocket(node.ws_url);
        const subscription = await listener.call('eth_subscribe', 'logs', { address: contract });
        const before_count = open_files();
        const before_mib = resident_mib(node.pid);
        const rounds = 60;
        const data = '0x9b642509' + toBeHex(1000, 32).slice(2);
        let nonce = await next_nonce(6);
        for (let i = 0; i < rounds; i++) {
            const raw = await sign(6, { to: contract, value: 0, data, gasLimit: 5_000_000, nonce: nonce++ });
            assert.equal((await node.rpc('eth_sendRawTransactionSync', raw)).status, '0x1');
            // One who reads keeps up; who lags by megabytes is cut off like the deaf.
            await listener.received(subscription, (i + 1) * 1000, 10_000);
        }
        const grown = resident_mib(node.pid) - before_mib;
        console.log(`# 40 deaf subscribers: ${Math.round(grown)} MiB more, ${before_count - open_files()} dropped`);
        assert.ok(grown < 640, `${Math.round(grown)} MiB`);
        assert.ok(open_files() <= before_count - 40, 'whoever does not read is dropped');
        listener.close();
        deaf.forEach((socket) => socket.socket.terminate());
    });
});

describe('after all this', { skip: only_mega }, () => {
    it(`memory grew by at most ${peak_growth_limit_mib} MiB, and by ${lasting_growth_limit_mib} for good`, async () => {
        await sleep(2000);
        const now_mib = resident_mib(node.pid);
        console.log(`# resident: ${Math.round(base_mib)} MiB fresh, ${Math.round(peak_mib)} at most, ${Math.round(now_mib)} now`);
        assert.ok(peak_mib - base_mib <= peak_growth_limit_mib, `peak ${Math.round(peak_mib)} MiB`);
        assert.ok(now_mib - base_mib <= lasting_growth_limit_mib, `now ${Math.round(now_mib)} MiB`);
    });

    it('the node stops as it should, having said nothing of a crash', async () => {
        assert.deepEqual(await node.stop(), { code: 0, signal: null });
        assert.doesNotMatch(node.log, /assert|terminate called|AddressSanitizer|runtime error/i);
        node = await start_node();
        chain_id = BigInt(await node.rpc('eth_chainId'));
    });
});
