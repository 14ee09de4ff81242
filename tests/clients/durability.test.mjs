// What a client was told stays true: through kill -9 at random moments under load, a damaged log, a
// full disk, and a data directory that belongs to another chain.
//
// Everything random comes from one printed seed; MEGA_SEED=n repeats a run (the moments of the
// kills; the scheduler stays its own master). MEGA_ROUNDS=n kills n times.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
    closeSync,
    existsSync,
    openSync,
    readFileSync,
    readdirSync,
    rmSync,
    statSync,
    truncateSync,
    writeFileSync,
    writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Interface, Wallet } from 'ethers';
import { account, artifact, only_mega, open_websocket, rpc, sealed_block, sleep, spawn_node, start_node, temporary_directory, wait_for } from './harness.mjs';
import { verify_account_proof } from './trie_proof.mjs';

const seed = Number(process.env.MEGA_SEED ?? Date.now() % 1_000_000_000);
const rounds = Number(process.env.MEGA_ROUNDS ?? 5);
const sink = '0x0000000000000000000000000000000000051c00';
const chain_id = 6342;
const playground = artifact('Playground');
const playground_interface = new Interface(playground.abi);
const few_block_flags = ['--block-interval-ms', '200', '--checkpoint-interval-blocks', '3'];

/// mulberry32: small, and the same everywhere.
function random_from(state) {
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}
const random = random_from(seed);
const start = (data, args = []) => start_node({ data, chain_id, args: [...few_block_flags, ...args] });

// ---- load ----------------------------------------------------------------------------------------

const wallets = new Map();
function sign(index, fields) {
    if (!wallets.has(index)) wallets.set(index, new Wallet(account(index).private_key));
    return wallets.get(index).signTransaction({
        type: 2, chainId: chain_id, to: sink, value: 1, gasLimit: 100_000,
        maxFeePerGas: 3_000_000_000, maxPriorityFeePerGas: 1_000_000, ...fields,
    });
}

/// What clients were told by one chain, over all its restarts.
function new_memory() {
    return { hashes: new Set(), receipts: new Map(), waiting: new Set(), sealed: new Map() };
}

/// Sends from one account until the node is gone, by turns asking for a hash or for the receipt.
async function keep_sending(node, index, contract, memory, is_over) {
    let nonce = Number(await node.rpc('eth_getTransactionCount', account(index).address, 'latest'));
    while (!is_over()) {
        const call = { to: contract, value: 0, data: playground_interface.encodeFunctionData('setNumber', [nonce, 'load']) };
        const raw = await sign(index, { nonce, ...(nonce % 3 === 0 ? call : {}) });
        try {
            if (nonce % 2 === 0) {
                memory.hashes.add(await node.rpc('eth_sendRawTransaction', raw));
            } else {
                const receipt = await node.rpc('eth_sendRawTransactionSync', raw);
                memory.receipts.set(receipt.transactionHash, receipt);
            }
        } catch (error) {
            if (error.code !== undefined && typeof error.code === 'number') throw error;
            return; // the connection is gone with the node
        }
        nonce++;
    }
}

/// Sends as fast as answers come, in batches that the node signs itself.
async function keep_flooding(node, index, memory, is_over) {
    const from = account(index).address;
    // What was pooled when the node was killed, unknown to us, is executed after the start.
    let nonce = Number(await node.rpc('eth_getTransactionCount', from, 'pending'));
    while (!is_over()) {
        const calls = Array.from({ length: 25 }, (_, id) => {
            const fields = { from, to: sink, value: '0x1', gas: '0x5208', nonce: `0x${(nonce + id).toString(16)}` };
            return { jsonrpc: '2.0', id, method: 'eth_sendTransaction', params: [fields] };
        });
        let answers;
        try {
            answers = JSON.parse((await node.raw(JSON.stringify(calls))).text);
        } catch {
            return;
        }
        for (const { result, error } of answers) {
            assert.equal(error, undefined, JSON.stringify(error));
            memory.hashes.add(result);
        }
        nonce += calls.length;
    }
}

/// Transactions that cannot execute yet are acknowledged as well.
async function send_with_gap(node, index, memory) {
    const nonce = Number(await node.rpc('eth_getTransactionCount', account(index).address, 'latest'));
    for (let i = 0; i < 3; i++) {
        const raw = await sign(index, { nonce: nonce + 1000 + memory.waiting.size });
        memory.waiting.add(await node.rpc('eth_sendRawTransaction', raw));
    }
}

async function watch_sealed(node, memory) {
    const socket = await open_websocket(node.ws_url);
    socket.socket.on('error', () => {});
    const subscription = await socket.call('eth_subscribe', 'newHeads');
    return () => {
        for (const head of socket.notifications(subscription)) {
            memory.sealed.set(head.number, { hash: head.hash, root: head.stateRoot });
        }
        socket.socket.terminate();
    };
}

// ---- what must hold --------------------------------------------------------------------------------

/// Many calls of one method; results in order.
async function batch(node, method, list) {
    const results = [];
    for (let i = 0; i < list.length; i += 200) {
        const calls = list.slice(i, i + 200).map((params, id) => ({ jsonrpc: '2.0', id, method, params }));
        const answers = JSON.parse((await node.raw(JSON.stringify(calls))).text);
        answers.sort((a, b) => a.id - b.id);
        for (const answer of answers) {
            assert.equal(answer.error, undefined, `${method}: ${JSON.stringify(answer.error)}`);
            results.push(answer.result);
        }
    }
    return results;
}

/// A receipt without the hash of its block, which is the open block's name until the block is sealed.
const comparable = (receipt) => ({
    ...receipt,
    blockHash: undefined,
    logs: receipt.logs.map((log) => ({ ...log, blockHash: undefined })),
});

async function verify(node, memory) {
    const hashes = [...memory.hashes];
    const found = await batch(node, 'eth_getTransactionReceipt', hashes.map((hash) => [hash]));
    const lost = hashes.filter((_, i) => found[i] === null);
    assert.deepEqual(lost, [], `${lost.length} of ${hashes.length} acknowledged transactions are gone`);

    const told = [...memory.receipts.values()];
    const receipts = await batch(node, 'eth_getTransactionReceipt', told.map((one) => [one.transactionHash]));
    receipts.forEach((receipt, i) => {
        assert.notEqual(receipt, null, `the receipt of ${told[i].transactionHash} is gone`);
        assert.deepEqual(comparable(receipt), comparable(told[i]));
    });
    const names = [...new Map(told.map((one) => [one.blockHash, one.blockNumber]))].slice(-50);
    const blocks = await batch(node, 'eth_getBlockByHash', names.map(([hash]) => [hash, false]));
    blocks.forEach((block, i) => assert.equal(block?.number, names[i][1], `block ${names[i][0]} of a receipt`));

    const waiting = await batch(node, 'eth_getTransactionByHash', [...memory.waiting].map((hash) => [hash]));
    assert.ok(waiting.every((one) => one !== null), 'a transaction that waited in the pool is gone');

    const numbers = [...memory.sealed.keys()];
    const sealed = await batch(node, 'eth_getBlockByNumber', numbers.map((number) => [number, false]));
    sealed.forEach((block, i) => {
        const { hash, root } = memory.sealed.get(numbers[i]);
        assert.equal(block?.hash, hash, `block ${numbers[i]} changed its hash`);
        assert.equal(block.stateRoot, root);
    });
}

/// Nothing is half-applied: blocks link, and the sink holds exactly what the blocks sent to it.
async function verify_whole_chain(node) {
    await node.rpc('evm_mine');
    const { number } = await sealed_block(node, await node.rpc('eth_blockNumber'));
    const height = Number(number);
    const numbers = Array.from({ length: height + 1 }, (_, i) => [`0x${i.toString(16)}`, true]);
    const blocks = await batch(node, 'eth_getBlockByNumber', numbers);
    for (let i = 1; i <= height; i++) assert.equal(blocks[i].parentHash, blocks[i - 1].hash, `block ${i}`);
    const transfers = blocks.flatMap((block) => block.transactions).filter((tx) => tx.to === sink && tx.value === '0x1');
    const proof = await node.rpc('eth_getProof', sink, [], number);
    assert.equal(BigInt(proof.balance), BigInt(transfers.length));
    verify_account_proof(blocks[height].stateRoot, proof);
    const per_sender = new Map();
    for (const { from, nonce } of blocks.flatMap((block) => block.transactions)) {
        assert.equal(Number(nonce), per_sender.get(from) ?? 0, `nonces of ${from} have a gap`);
        per_sender.set(from, Number(nonce) + 1);
    }
    return { height, transfers: transfers.length };
}

async function deploy(node) {
    const data = playground.bytecode + '0'.repeat(64);
    const nonce = Number(await node.rpc('eth_getTransactionCount', account(0).address, 'latest'));
    const raw = await sign(0, { nonce, to: null, value: 0, data, gasLimit: 2_000_000 });
    return (await node.rpc('eth_sendRawTransactionSync', raw)).contractAddress;
}

async function send_some(node, index, count, memory) {
    let nonce = Number(await node.rpc('eth_getTransactionCount', account(index).address, 'latest'));
    for (let i = 0; i < count; i++) {
        const receipt = await node.rpc('eth_sendRawTransactionSync', await sign(index, { nonce: nonce++ }));
        memory.receipts.set(receipt.transactionHash, receipt);
    }
}

// ---- the tests ---------------------------------------------------------------------------------------

describe('kill -9', { skip: only_mega }, () => {
    it(`${rounds} times under load loses nothing that was acknowledged (seed ${seed})`, async () => {
        const data = temporary_directory('killed');
        const memory = new_memory();
        let node = await start(data);
        try {
            const contract = await deploy(node);
            for (let round = 1; round <= rounds; round++) {
                let is_over = false;
                const note_sealed = await watch_sealed(node, memory);
                await send_with_gap(node, 9, memory);
                const senders = [
                    ...[1, 2, 3].map((index) => keep_sending(node, index, contract, memory, () => is_over)),
                    ...[4, 5, 6, 7].map((index) => keep_flooding(node, index, memory, () => is_over)),
                ];
                await sleep(200 + random() * 2000);
                note_sealed();
                await node.kill();
                is_over = true;
                await Promise.all(senders);
                node = await start(data);
                await verify(node, memory);
                console.log(
                    `# round ${round}: ${memory.hashes.size} hashes, ${memory.receipts.size} receipts, ` +
                        `${memory.sealed.size} sealed blocks hold; back in ${Math.round(node.started_in_ms)} ms`,
                );
            }
            assert.ok(memory.hashes.size > 20 && memory.receipts.size > 20 && memory.sealed.size > 3, 'there was a load');
            const { height, transfers } = await verify_whole_chain(node);
            console.log(`# ${height} blocks, ${transfers} transfers add up`);
        } finally {
            await node.kill();
        }
    });

    it('while starting, again and again, changes nothing', async () => {
        const data = temporary_directory('starting');
        const memory = new_memory();
        let node = await start(data);
        await send_some(node, 1, 50, memory);
        await node.kill();
        for (let i = 0; i < 5; i++) {
            const hasty = spawn_node({ data, chain_id, args: few_block_flags });
            await sleep(random() * 150);
            hasty.child.kill('SIGKILL');
            await hasty.exited();
        }
        node = await start(data);
        await verify(node, memory);
        await verify_whole_chain(node);
        await node.kill();
    });
});

describe('a graceful stop', { skip: only_mega }, () => {
    it('ends with 0, soon, and keeps everything', async () => {
        const data = temporary_directory('stopped');
        const memory = new_memory();
        let node = await start(data);
        await send_some(node, 1, 30, memory);
        const began = performance.now();
        assert.deepEqual(await node.stop('SIGTERM'), { code: 0, signal: null });
        assert.ok(performance.now() - began < 5000);
        node = await start(data);
        await verify(node, memory);
        assert.deepEqual(await node.stop('SIGINT'), { code: 0, signal: null });
    });

    it('of an ephemeral node leaves no data directory', async () => {
        const node = await start_node({});
        const directory = node.log.match(/Data\s+(\/\S+)/)?.[1];
        assert.ok(directory && existsSync(directory), node.log);
        await node.stop();
        assert.equal(existsSync(directory), false, `${directory} is left behind`);
    });
});

describe('a data directory', { skip: only_mega }, () => {
    const data = only_mega ? '' : temporary_directory('owned');
    const memory = new_memory();

    const refuses = async (options, words) => {
        const other = spawn_node({ data, chain_id, ...options });
        const { code, signal } = await other.exited().catch((error) => {
            other.child.kill('SIGKILL');
            throw error;
        });
        assert.equal(signal, null, `it crashed (${signal}):\n${other.log}`);
        assert.notEqual(code, 0, other.log);
        assert.match(other.log, words);
    };
    const is_intact = async () => {
        const node = await start(data);
        await verify(node, memory);
        await node.kill();
    };

    it('is made', async () => {
        const node = await start(data);
        await send_some(node, 1, 20, memory);
        await node.kill();
    });

    it('of another chain id is refused, and stays intact', async () => {
        await refuses({ chain_id: chain_id + 1 }, /chain/i);
        await is_intact();
    });

    it('of another genesis is refused, and stays intact', async () => {
        const genesis = join(temporary_directory('genesis'), 'genesis.json');
        const alloc = { '00000000000000000000000000000000deadbeef': { balance: '0x1' } };
        const config = { chainId: chain_id };
        writeFileSync(genesis, JSON.stringify({ config, difficulty: '0x0', gasLimit: '0x3b9aca00', alloc }));
        await refuses({ args: ['--genesis', genesis] }, /genesis/i);
        await is_intact();
    });

    it('of other accounts is refused, and stays intact', async () => {
        await refuses({ args: ['--accounts', '3'] }, /genesis/i);
        await is_intact();
    });

    it('in use by another node is refused, and the other node goes on', async () => {
        const node = await start(data);
        await refuses({}, /lock|use/i);
        await send_some(node, 1, 3, memory);
        await verify(node, memory);
        await node.kill();
    });

    it('that cannot be written is refused with its name', async () => {
        const file = join(temporary_directory('not-a-directory'), 'file');
        writeFileSync(file, 'not a directory');
        await refuses({ data: join(file, 'data') }, /file\/data/);
    });
});

describe('a damaged log', { skip: only_mega }, () => {
    const last_segment = (data) => {
        const directory = join(data, 'log');
        const name = readdirSync(directory).filter((file) => /^wal-.*\.log$/.test(file)).sort().at(-1);
        return join(directory, name);
    };

    /// A data directory whose log holds `kept` and then `lost`: where the second begins and ends.
    async function prepare(name) {
        const data = temporary_directory(name);
        const kept = new_memory();
        const lost = new_memory();
        const flags = ['--checkpoint-interval-blocks', '1000000']; // the log alone holds the chain
        const node = await start_node({ data, chain_id, args: [...few_block_flags.slice(0, 2), ...flags] });
        await send_some(node, 1, 40, kept);
        const segment = last_segment(data);
        const from = statSync(segment).size;
        await send_some(node, 1, 40, lost);
        await node.kill();
        return { data, kept, lost, segment, from, to: end_of_data(segment), flags };
    }

    /// A log may be allocated ahead: where its last byte is that is not zero.
    function end_of_data(segment) {
        const bytes = readFileSync(segment);
        let end = bytes.length;
        while (end > 0 && bytes[end - 1] === 0) end--;
        return end;
    }

    async function restart_and_check({ data, kept, segment, flags }) {
        const before_it = readFileSync(segment);
        const node = await start_node({ data, chain_id, args: [...few_block_flags.slice(0, 2), ...flags] });
        assert.match(node.log, /damage|torn|truncat|cut/i, 'the node says what it found');
        assert.match(node.log, /wal-/, 'and names the file');
        await verify(node, kept);
        await send_some(node, 2, 5, kept);
        await node.kill();
        // What was cut off is kept aside.
        const aside = readdirSync(join(data, 'log')).find((file) => file.endsWith('.damaged'));
        assert.ok(aside, 'a copy of the damaged log');
        assert.ok(readFileSync(join(data, 'log', aside)).length <= before_it.length + 16);
        const again = await start_node({ data, chain_id, args: [...few_block_flags.slice(0, 2), ...flags] });
        assert.doesNotMatch(again.log, /damage|torn|truncat|cut off/i, 'the second start finds it mended');
        await verify(again, kept);
        await again.kill();
    }

    it('that ends within a record: starts, says so, keeps what came before', async () => {
        const made = await prepare('log-end');
        const from = Math.min(made.from, made.to - 400);
        truncateSync(made.segment, Math.floor(from + (made.to - from) * (0.3 + random() * 0.6)));
        await restart_and_check(made);
    });

    it('with a flipped bit: starts, says so, keeps what came before', async () => {
        const made = await prepare('log-bits');
        const from = Math.min(made.from, made.to - 400);
        const at = Math.floor(from + (made.to - from) * (0.3 + random() * 0.6));
        const bytes = readFileSync(made.segment);
        const file = openSync(made.segment, 'r+');
        writeSync(file, Buffer.from([bytes[at] ^ 0x10]), 0, 1, at);
        closeSync(file);
        await restart_and_check(made);
    });

    it('followed by garbage: starts, and has everything', async () => {
        const made = await prepare('log-tail');
        const file = openSync(made.segment, 'r+');
        writeSync(file, Buffer.from('this was never a record of any log whatsoever'), 0, 45, made.to);
        closeSync(file);
        for (const [hash, receipt] of made.lost.receipts) made.kept.receipts.set(hash, receipt);
        await restart_and_check(made);
    });
});

describe('a full disk', { skip: only_mega }, () => {
    const can_mount = process.getuid?.() === 0;

    async function fails_clearly(node, memory) {
        const nonce = Number(await node.rpc('eth_getTransactionCount', account(3).address, 'latest'));
        const blob = `0x${'ab'.repeat(20_000)}`;
        let refusal;
        for (let i = 0; i < 2000 && !refusal && !node.exit; i++) {
            const raw = await sign(3, { nonce: nonce + i, data: blob, gasLimit: 1_000_000 });
            const asked = node.rpc('eth_sendRawTransactionSync', raw);
            const answer = await Promise.race([asked.catch((error) => error), sleep(15_000)]);
            assert.notEqual(answer, undefined, 'a request hangs on the full disk');
            if (answer instanceof Error) refusal = answer;
            else memory.receipts.set(answer.transactionHash, answer);
        }
        assert.ok(refusal, 'the disk never filled');
        await sleep(1500);
        assert.match(`${refusal.message}\n${node.log}`, /space|disk|too large|write/i, 'it says what is wrong');
        if (node.exit) assert.notEqual(node.exit.code, null, `ended by ${node.exit.signal}:\n${node.log}`);
        assert.ok(!node.exit || node.exit.code > 0, 'an exit after a failure is not 0');
    }

    it('refuses with a clear error and destroys nothing', { skip: can_mount ? false : 'needs root for a small tmpfs' }, async () => {
        const mount = temporary_directory('small-disk');
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', mount]);
        const data = join(mount, 'data');
        const memory = new_memory();
        let node;
        try {
            node = await start(data);
            await send_some(node, 1, 30, memory);
            const filler = openSync(join(mount, 'filler'), 'w');
            const piece = Buffer.alloc(1 << 20, 1);
            try {
                for (;;) writeSync(filler, piece);
            } catch (error) {
                assert.equal(error.code, 'ENOSPC');
            }
            closeSync(filler);
            await fails_clearly(node, memory);
            await node.kill();
            rmSync(join(mount, 'filler'));
            node = await start(data);
            await verify(node, memory);
            await send_some(node, 1, 5, memory);
            await verify_whole_chain(node);
        } finally {
            await node?.kill();
            execFileSync('umount', ['-l', mount]);
        }
    });

    it('by a limit on file sizes: an error in words, at the start or later, and never a signal', async () => {
        const data = temporary_directory('file-limit');
        const memory = new_memory();
        let node = await start(data);
        await send_some(node, 1, 30, memory);
        await node.kill();
        const limited = spawn_node({ data, chain_id, args: few_block_flags, shell_prefix: 'ulimit -f 64;' });
        await wait_for(() => limited.exit || /RPC +http/.test(limited.log), 10_000, 'an end or a banner', limited);
        if (!limited.exit) {
            const [, port] = limited.log.match(/http:\/\/127\.0\.0\.1:(\d+)/);
            limited.rpc = (method, ...params) => rpc(`http://127.0.0.1:${port}`, method, params);
            await fails_clearly(limited, memory);
            limited.child.kill('SIGTERM');
        }
        const { code, signal } = await limited.exited();
        assert.equal(signal, null, `ended by ${signal}:\n${limited.log}`);
        assert.notEqual(code, 0);
        assert.match(limited.log, /too large|space|disk|write/i);
        node = await start(data);
        await verify(node, memory);
        await send_some(node, 1, 5, memory);
        await verify_whole_chain(node);
        await node.kill();
    });
});
