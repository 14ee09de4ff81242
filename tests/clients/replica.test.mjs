// mega node --follow: replicas of a busy node, of each other, across crashes; and what becomes of a leader
// that lies or is on another branch.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as create_tcp_server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Interface, Wallet, decodeRlp, encodeRlp, keccak256 } from 'ethers';
import { account, artifact, is_anvil, open_websocket, post, receipt_of, resident_mib, sleep, spawn_node, start_node, temporary_directory, wait_for } from './harness.mjs';
import { deploy_chain, deposit, start_chain, start_l1 } from './settlement_harness.mjs';
import { verify_account_proof } from './trie_proof.mjs';

const skip = is_anvil ? 'a promise of mega alone' : false;
const playground = skip ? undefined : artifact('Playground');
const abi = skip ? undefined : new Interface(playground.abi);
const exit_mismatch = 3;
const chain_id = 6342;
const keeper = '0x600880600b6000396000f36020356000355500'; // slot, value
const destroyed_at_once = '0x33ff';
const quick_blocks = ['--block-interval-ms', '200', '--checkpoint-interval-blocks', '3'];

const free_port = () =>
    new Promise((done) => {
        const server = create_tcp_server();
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => done(port));
        });
    });

/// A leader on a port that it can be started on again.
async function start_leader(options = {}) {
    const data = options.data ?? temporary_directory('leader');
    const port = options.port ?? (await free_port());
    const leader = await start_node({
        command: ['dev', '--no-l1', '--rpc-port', `${port}`, '--data', data, ...quick_blocks],
        args: options.args ?? [],
    });
    return Object.assign(leader, { data });
}

const replica_command = (url, data, args) => ['node', '--follow', url, '--dev', '--no-l1', '--rpc-port', '0', '--data', data, '--checkpoint-interval-blocks', '3', ...args];

async function start_replica(url, { data = temporary_directory('replica'), args = [] } = {}) {
    const replica = await start_node({ command: replica_command(url, data, args) });
    return Object.assign(replica, { data });
}

/// A replica that ends by itself: how, and what it said.
async function replica_that_ends(url, { data = temporary_directory('replica'), args = [] } = {}) {
    const replica = spawn_node({ command: replica_command(url, data, args) });
    const { code } = await replica.exited(30_000);
    return { code, log: replica.log, data };
}

const sealed = (node) => node.rpc('eth_getBlockByNumber', 'finalized', false);
/// -1 where a snapshot has just been imported: its block has a header and no body, and is null to clients.
const sealed_number = async (node) => Number((await node.rpc('eth_getBlockByNumber', 'finalized', false))?.number ?? -1);
const at_block = (node, number, timeout_ms = 20_000) =>
    wait_for(async () => (await sealed_number(node)) >= number, timeout_ms, `block ${number}`, node);

/// Transfers, deployments, storage that is written and deleted, reverts, a contract that everybody calls.
async function make_traffic(node, rounds) {
    const senders = await node.rpc('eth_accounts');
    const send = (fields, sender = 0) => node.rpc('eth_sendTransaction', { from: senders[sender], gas: '0x2dc6c0', ...fields });
    const word = (value) => BigInt(value).toString(16).padStart(64, '0');
    const made = [];
    for (const data of [playground.bytecode + abi.encodeDeploy([41]).slice(2), keeper]) {
        made.push((await receipt_of(node, await send({ data }))).contractAddress);
    }
    const [ground, store] = made;
    const hashes = [];
    for (let round = 0; round < rounds; ++round) {
        const calls = [
            ...[1, 2, 3].map((i) => ({ to: account(i).address, value: `0x${(round + i).toString(16)}` })),
            { to: `0x${word(0x5000 + round).slice(24)}`, value: '0x1' },
            { to: ground, data: abi.encodeFunctionData('setNumber', [round, 'under load']) },
            { to: ground, data: abi.encodeFunctionData('failWithReason', []) },
            { to: store, data: `0x${word(round)}${word(1)}` },
            { to: store, data: `0x${word(Math.max(0, round - 3))}${word(0)}` },
            { data: destroyed_at_once, value: '0x5' },
            { data: keeper },
        ];
        hashes.push(...(await Promise.all(calls.map((fields, sender) => send(fields, sender)))));
        if (round % 5 === 4) await receipt_of(node, hashes.at(-1));
    }
    const last = await receipt_of(node, hashes.at(-1));
    return { hashes, ground, store, last_block: Number(last.blockNumber) };
}

/// Every answer about the blocks `from..to`, and about who took part.
async function compare(leader, replica, { from = 0, to, hashes = [], addresses = [] }) {
    const both = async (method, ...params) => {
        const [a, b] = await Promise.all([leader.rpc(method, ...params), replica.rpc(method, ...params)]);
        assert.deepEqual(b, a, `${method} ${JSON.stringify(params)}`);
        return a;
    };
    for (let number = from; number <= to; ++number) {
        const at = `0x${number.toString(16)}`;
        await both('eth_getBlockByNumber', at, true);
        await both('eth_getBlockReceipts', at);
        await both('debug_getRawBlock', at);
    }
    for (const hash of hashes) await both('eth_getTransactionReceipt', hash);
    const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` };
    await both('eth_getLogs', range);
    const at = `0x${to.toString(16)}`;
    const middle = `0x${Math.floor((from + to) / 2).toString(16)}`;
    for (const address of addresses) {
        for (const tag of [at, middle]) {
            await both('eth_getBalance', address, tag);
            await both('eth_getTransactionCount', address, tag);
            await both('eth_getCode', address, tag);
            await both('eth_getStorageAt', address, '0x1', tag);
        }
        const proof = await both('eth_getProof', address, ['0x0', '0x1'], at);
        const block = await both('eth_getBlockByNumber', at, false);
        assert.ok(verify_account_proof);
        assert.equal(keccak256(proof.accountProof[0]), block.stateRoot);
    }
}

/// A server between a replica and its leader that changes feed records on their way: `tamper(kind, body)` gets
/// the record's kind and its decoded body, and changes it in place.
async function start_between(upstream, tamper) {
    const server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', async () => {
            const asked = JSON.parse(body);
            const answer = JSON.parse((await post(upstream, body)).text);
            if (asked.method === 'mega_getFeed' && answer.result) {
                answer.result.records = answer.result.records.map((record) => {
                    const kind = Number(record.slice(4, 6));
                    if (kind < 2 || kind > 4) return record;
                    const fields = decodeRlp(`0x${record.slice(6)}`);
                    tamper(kind, fields);
                    return record.slice(0, 6) + encodeRlp(fields).slice(2);
                });
            }
            response.end(JSON.stringify(answer));
        });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return { url: `http://127.0.0.1:${server.address().port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

/// A diff (src/state/diff_encoding.cpp) in which the first balance that changes becomes another one.
function enrich_somebody(diff) {
    const bytes = Buffer.from(diff.slice(2), 'hex');
    let at = 1;
    const varint = () => {
        let value = 0;
        for (let shift = 0; ; shift += 7) {
            const byte = bytes[at++];
            value += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) return value;
        }
    };
    const account = () => {
        varint();
        const length = bytes[at++];
        const balance_end = (at += length);
        at += bytes[at] === 1 ? 33 : 1;
        return length > 1 ? balance_end - 1 : undefined;
    };
    for (let left = varint(); left > 0; --left) {
        at += 20;
        const presence = bytes[at++];
        if (presence & 1) account();
        const place = presence & 2 && !(presence & 8) ? account() : undefined;
        if (place !== undefined) {
            bytes[place] ^= 1;
            break;
        }
    }
    return `0x${bytes.toString('hex')}`;
}

const evidence_in = (data) => {
    const [name] = readdirSync(data).filter((file) => file.startsWith('evidence-'));
    return name ? JSON.parse(readFileSync(join(data, name), 'utf8')) : undefined;
};

describe('replica', { skip }, () => {
    let leader;
    let traffic;
    let addresses;
    before(async () => {
        leader = await start_leader();
        traffic = await make_traffic(leader, 12);
        await at_block(leader, traffic.last_block);
        addresses = [account(0).address, account(3).address, traffic.ground, traffic.store];
    });
    after(() => leader.stop());

    it('catches up and answers as its leader does', async () => {
        const replica = await start_replica(leader.ws_url);
        await at_block(replica, traffic.last_block);
        await compare(leader, replica, { to: traffic.last_block, hashes: traffic.hashes, addresses });
        assert.match(replica.log, /trusting 0x[0-9a-f]{40} as the sequencer/);
        // What is made by executing again: traces, calls, witnesses.
        for (const [method, ...params] of [
            ['debug_traceTransaction', traffic.hashes[4], { tracer: 'callTracer' }],
            ['eth_call', { to: traffic.ground, data: abi.encodeFunctionData('number') }, `0x${traffic.last_block.toString(16)}`],
            ['mega_getBlockWitness', `0x${traffic.last_block.toString(16)}`],
        ]) {
            assert.deepEqual(await replica.rpc(method, ...params), await leader.rpc(method, ...params), method);
        }
        await assert.rejects(replica.rpc('anvil_setBalance', account(1).address, '0x1'), { code: -32601 });
        await replica.stop();
    });

    it('follows live, over WebSocket and over HTTP, and tells its own subscribers', async () => {
        const replicas = await Promise.all([leader.ws_url, leader.http_url].map((url) => start_replica(url)));
        for (const replica of replicas) await at_block(replica, traffic.last_block);
        const socket = await open_websocket(replicas[0].ws_url);
        const heads = await socket.call('eth_subscribe', 'newHeads');
        const logs = await socket.call('eth_subscribe', 'logs', {});
        const mini_blocks = await socket.call('eth_subscribe', 'miniBlocks');
        const from = await sealed_number(replicas[0]);
        const more = await make_traffic(leader, 10);
        for (const replica of replicas) {
            await at_block(replica, more.last_block);
            await compare(leader, replica, { from, to: more.last_block, hashes: more.hashes, addresses });
        }
        const hash_of = (head) => head.hash;
        const told = (await socket.received(heads, more.last_block - from)).map(hash_of);
        for (let number = from + 1; number <= more.last_block; ++number) {
            const { hash } = await leader.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, false);
            assert.ok(told.includes(hash), `head ${number}`);
        }
        assert.ok(socket.notifications(logs).length > 0);
        const in_mini_blocks = socket.notifications(mini_blocks).flatMap((one) => one.transactions.map((tx) => tx.hash ?? tx));
        for (const hash of more.hashes) assert.ok(in_mini_blocks.includes(hash), `mini-block with ${hash}`);
        socket.close();
        await Promise.all(replicas.map((replica) => replica.stop()));
    });

    it('sends transactions on and answers when they have come back', async () => {
        const replica = await start_replica(leader.ws_url);
        await at_block(replica, traffic.last_block);
        const wallet = Wallet.createRandom();
        const [funder] = await leader.rpc('eth_accounts');
        await receipt_of(replica, await leader.rpc('eth_sendTransaction', { from: funder, to: wallet.address, value: '0xde0b6b3a7640000' }));
        const sign = (nonce) =>
            wallet.signTransaction({
                type: 2, chainId: chain_id, to: account(5).address, value: 1, gasLimit: 21_000, nonce,
                maxFeePerGas: 3_000_000_000, maxPriorityFeePerGas: 1_000_000,
            });
        for (let nonce = 0; nonce < 20; ++nonce) {
            const receipt = await replica.rpc('eth_sendRawTransactionSync', await sign(nonce));
            assert.equal(receipt.status, '0x1');
            const again = await replica.rpc('eth_getTransactionReceipt', receipt.transactionHash);
            assert.equal(again.transactionIndex, receipt.transactionIndex);
            assert.equal(await replica.rpc('eth_getTransactionCount', wallet.address, 'latest'), `0x${(nonce + 1).toString(16)}`);
        }
        const hash = await replica.rpc('eth_sendRawTransaction', await sign(20));
        assert.equal((await receipt_of(replica, hash)).status, '0x1');
        // The leader's refusals, in its words.
        await assert.rejects(replica.rpc('eth_sendRawTransaction', await sign(3)), /nonce too low/);
        await assert.rejects(replica.rpc('eth_sendRawTransactionSync', await sign(40)), { code: 6, data: '0x15' });
        await replica.stop();
    });

    it('validates and executes again where it is asked to', async () => {
        for (const verify of ['stateless', 'full']) {
            const replica = await start_replica(leader.ws_url, { args: ['--verify', verify] });
            await at_block(replica, traffic.last_block);
            await compare(leader, replica, { from: traffic.last_block, to: traffic.last_block, addresses });
            const metrics = await (await fetch(`${replica.http_url}/metrics`)).text();
            assert.ok(Number(metrics.match(/^mega_follow_validated_blocks_total (\d+)$/m)[1]) >= traffic.last_block, verify);
            await replica.stop();
        }
    });

    it('goes on after kill -9, and fetches what it has missed', async () => {
        const data = temporary_directory('replica');
        let to = traffic.last_block;
        for (let round = 0; round < 3; ++round) {
            const replica = await start_replica(leader.ws_url, { data });
            const load = make_traffic(leader, 6);
            await sleep(300 * (round + 1));
            const reached = await sealed_number(replica);
            await replica.kill();
            to = (await load).last_block;
            const again = await start_replica(leader.ws_url, { data });
            assert.ok((await sealed_number(again)) + 1 >= reached, 'nothing that was shown is gone');
            // Proofs reach back to a node's start alone.
            to = (await make_traffic(leader, 1)).last_block;
            await at_block(again, to);
            await compare(leader, again, { from: Math.max(0, to - 20), to, addresses });
            await again.kill();
        }
    });

    it('follows a replica as it does a leader', async () => {
        const first = await start_replica(leader.ws_url);
        const second = await start_replica(first.ws_url);
        const more = await make_traffic(leader, 5);
        await at_block(second, more.last_block);
        await compare(leader, second, { from: more.last_block - 3, to: more.last_block, hashes: more.hashes, addresses });
        await second.stop();
        await first.stop();
    });

    it('catches a lie about state, and keeps the evidence', async () => {
        let is_lying = false;
        const between = await start_between(leader.http_url, (kind, fields) => {
            if (is_lying && kind !== 3) fields[fields.length - 1] = enrich_somebody(fields.at(-1));
        });
        for (const verify of ['none', 'full']) {
            is_lying = false;
            const data = temporary_directory('replica');
            const honest = await start_replica(between.url, { data });
            await at_block(honest, 2);
            await honest.stop();
            is_lying = true;
            const more = make_traffic(leader, 3);
            const { code, log } = await replica_that_ends(between.url, { data, args: ['--verify', verify] });
            await more;
            assert.equal(code, exit_mismatch, log);
            assert.match(log, /told what cannot be: block \d+/);
            const evidence = evidence_in(data);
            assert.equal(evidence.format, 'mega-replica-evidence-1');
            assert.ok(evidence.refused.length > 10 && evidence.words.length > 0);
        }
        between.stop();
    });

    it('catches a changed header, and names the field', async () => {
        const between = await start_between(leader.http_url, (kind, fields) => {
            if (kind === 2) return;
            const place = kind === 3 ? 0 : 1;
            const header = decodeRlp(fields[place]);
            header[3] = `0x${'11'.repeat(32)}`; // state root
            fields[place] = encodeRlp(header);
        });
        const { code, log, data } = await replica_that_ends(between.url);
        assert.equal(code, exit_mismatch, log);
        assert.match(log, /block 1: the state root of its header differs/);
        assert.equal(evidence_in(data).block, 1);
        between.stop();
    });

    it('takes mini-blocks of the sequencer that it was told alone', async () => {
        const { code, log } = await replica_that_ends(leader.ws_url, { args: ['--sequencer-address', account(1).address] });
        assert.equal(code, exit_mismatch, log);
        assert.match(log, /is not signed by the sequencer/);
    });

    it('refuses a directory of another kind, and another chain, in words', async () => {
        const busy = await replica_that_ends(leader.ws_url, { data: leader.data });
        assert.equal(busy.code, 1);
        assert.match(busy.log, /is a sequencer's/);
        const other = await replica_that_ends(leader.ws_url, { args: ['--chain-id', '777'] });
        assert.equal(other.code, exit_mismatch, other.log);
        assert.match(other.log, /is on another chain: chain id 6342/);
    });
});

describe('replica and a leader that dies', { skip }, () => {
    it('serves without it, and goes on when it is back', async () => {
        let leader = await start_leader();
        const { data, port } = leader;
        const replica = await start_replica(leader.ws_url);
        let traffic = await make_traffic(leader, 4);
        await receipt_of(replica, traffic.hashes.at(-1));
        const load = make_traffic(leader, 50).catch(() => {});
        await sleep(400);
        await leader.kill();
        await load;
        assert.equal((await receipt_of(replica, traffic.hashes.at(-1))).status, '0x1');
        await assert.rejects(replica.rpc('eth_sendRawTransaction', await Wallet.createRandom().signTransaction({
            type: 2, chainId: chain_id, to: account(5).address, gasLimit: 21_000, nonce: 0, maxFeePerGas: 3_000_000_000,
        })), /cannot be reached/);
        // A replica that starts now serves what it has.
        const reached = await sealed_number(replica);
        await replica.kill();
        const alone = await start_replica(leader.ws_url, { data: replica.data });
        assert.ok((await sealed_number(alone)) >= reached);
        leader = await start_leader({ data, port });
        traffic = await make_traffic(leader, 4);
        await at_block(alone, traffic.last_block, 30_000);
        await compare(leader, alone, { from: 1, to: traffic.last_block, hashes: traffic.hashes, addresses: [account(0).address, traffic.ground] });
        await alone.stop();
        await leader.stop();
    });

    it('goes back to the last common block when the leader comes back with another chain', async () => {
        const first = await start_leader();
        const replica = await start_replica(first.ws_url);
        const { last_block } = await make_traffic(first, 3);
        await at_block(replica, last_block);
        await first.kill();
        const second = await start_leader({ port: first.port });
        const traffic = await make_traffic(second, 4);
        await at_block(second, last_block + 1);
        const to = await sealed_number(second);
        await on_branch(second, replica, to);
        assert.match(replica.log, /went back from block \d+ to block 0: .*block \d+/);
        await compare(second, replica, { to: traffic.last_block, hashes: traffic.hashes, addresses: [account(0).address, traffic.ground] });
        await replica.stop();
        await second.stop();
    });

    it('goes on with the next of several leaders', async () => {
        const leader = await start_leader();
        const middle = await start_replica(leader.ws_url);
        const replica = await start_replica(`${middle.ws_url},${leader.ws_url}`);
        let traffic = await make_traffic(leader, 3);
        await at_block(replica, traffic.last_block);
        await middle.kill();
        traffic = await make_traffic(leader, 3);
        await at_block(replica, traffic.last_block);
        await compare(leader, replica, { from: traffic.last_block - 2, to: traffic.last_block, hashes: traffic.hashes });
        // What clients send goes where it follows.
        const [funder] = await leader.rpc('eth_accounts');
        const wallet = Wallet.createRandom();
        await receipt_of(replica, await leader.rpc('eth_sendTransaction', { from: funder, to: wallet.address, value: '0xde0b6b3a7640000' }));
        const receipt = await replica.rpc('eth_sendRawTransactionSync', await wallet.signTransaction({
            type: 2, chainId: chain_id, to: account(5).address, value: 1, gasLimit: 21_000, nonce: 0, maxFeePerGas: 3_000_000_000, maxPriorityFeePerGas: 1_000_000,
        }));
        assert.equal(receipt.status, '0x1');
        await replica.stop();
        await leader.stop();
    });
});

/// Until the replica has the leader's block `number`.
const on_branch = (leader, replica, number, timeout_ms = 20_000) =>
    wait_for(async () => {
        const at = `0x${number.toString(16)}`;
        const [ours, theirs] = await Promise.all([replica, leader].map((node) => node.rpc('eth_getBlockByNumber', at, false)));
        return (await sealed_number(replica)) >= number && ours?.hash === theirs?.hash;
    }, timeout_ms, `block ${number} of the leader`, replica);

/// Makes blocks, takes them back, makes others; where the leader stands then.
async function go_back(leader, { keep = 2, lose = 4, seen_by = [] } = {}) {
    const before = await make_traffic(leader, keep);
    await at_block(leader, before.last_block);
    const snapshot = await leader.rpc('evm_snapshot');
    const lost = await make_traffic(leader, lose);
    for (const node of [leader, ...seen_by]) await at_block(node, lost.last_block);
    assert.equal(await leader.rpc('evm_revert', snapshot), true);
    const kept = await sealed_number(leader);
    await leader.rpc('anvil_mine', '0x2');
    const after = await make_traffic(leader, keep);
    await at_block(leader, after.last_block);
    return { kept, before, lost, after, to: after.last_block };
}

describe('replica of a chain that goes back', { skip }, () => {
    let leader;
    before(async () => {
        leader = await start_leader();
    });
    after(() => leader.stop());

    it('follows evm_revert, whatever it verifies, and tells its own subscribers', async () => {
        const checks = ['none', 'stateless', 'full'];
        const replicas = await Promise.all([
            ...checks.map((verify) => start_replica(leader.ws_url, { args: ['--verify', verify] })),
            start_replica(leader.http_url),
        ]);
        // A replica's replica goes back as well.
        replicas.push(await start_replica(replicas[0].ws_url));
        const socket = await open_websocket(replicas[0].ws_url);
        const reorgs = await socket.call('eth_subscribe', 'reorgs');
        for (let round = 0; round < 3; ++round) {
            const { kept, before, lost, after, to } = await go_back(leader, { seen_by: replicas });
            for (const replica of replicas) {
                await on_branch(leader, replica, to);
                await compare(leader, replica, {
                    from: Math.max(0, kept - 2), to, hashes: [...before.hashes, ...lost.hashes, ...after.hashes],
                    addresses: [account(0).address, before.ground, lost.store, after.ground],
                });
            }
            const known = await Promise.all(lost.hashes.map((hash) => replicas[0].rpc('eth_getTransactionReceipt', hash)));
            assert.ok(known.some((receipt) => receipt === null), 'what was lost is gone');
            await leader.rpc('anvil_mine', '0x1');
            const told = (await socket.received(reorgs, round + 1)).at(-1);
            assert.ok(Number(told.keptBlock) <= kept && Number(told.previousBlock) > kept, JSON.stringify(told));
            assert.ok(told.dropped.length > 0);
        }
        socket.close();
        for (const replica of replicas.slice(0, 3)) assert.match(replica.log, /went back from block \d+ to block \d+/);
        const metrics = await (await fetch(`${replicas[2].http_url}/metrics`)).text();
        assert.ok(Number(metrics.match(/^mega_follow_reorganisations_total (\d+)$/m)[1]) >= 3);
        await Promise.all(replicas.map((replica) => replica.stop()));
    });

    it('finds out later that the chain went another way while it was away', async () => {
        const replica = await start_replica(leader.ws_url);
        const before = await make_traffic(leader, 2);
        await at_block(replica, before.last_block);
        const snapshot = await leader.rpc('evm_snapshot');
        const lost = await make_traffic(leader, 4);
        await at_block(replica, lost.last_block);
        await replica.kill();
        assert.equal(await leader.rpc('evm_revert', snapshot), true);
        const after = await make_traffic(leader, 8);
        await at_block(leader, Math.max(after.last_block, lost.last_block + 1));
        const again = await start_replica(leader.ws_url, { data: replica.data, args: ['--verify', 'full'] });
        const to = await sealed_number(leader);
        await on_branch(leader, again, to);
        await compare(leader, again, { from: before.last_block - 1, to, hashes: [...before.hashes, ...lost.hashes, ...after.hashes], addresses: [account(0).address, after.ground] });
        await again.stop();
    });

    it('is killed again and again meanwhile, and arrives at the leader\'s chain', async () => {
        const data = temporary_directory('replica');
        let replica = await start_replica(leader.ws_url, { data });
        for (let round = 0; round < 5; ++round) {
            const going = go_back(leader, { keep: 1, lose: 3 });
            for (const pause of [100 + 130 * round, 350]) {
                await sleep(pause);
                await replica.kill();
                replica = await start_replica(leader.ws_url, { data, args: round % 2 ? ['--verify', 'stateless'] : [] });
            }
            const { kept, after } = await going;
            // Proofs begin where the last start found the chain.
            const { last_block: to } = await make_traffic(leader, 2);
            await at_block(leader, to);
            await on_branch(leader, replica, to);
            await compare(leader, replica, { from: Math.max(0, kept - 1), to, hashes: after.hashes, addresses: [account(0).address, after.ground] });
        }
        await replica.stop();
    });

    it('catches a leader that lies after it went back', async () => {
        let is_lying = false;
        const between = await start_between(leader.http_url, (kind, fields) => {
            if (is_lying && kind !== 3) fields[fields.length - 1] = enrich_somebody(fields.at(-1));
        });
        for (const verify of ['none', 'full']) {
            is_lying = false;
            const data = temporary_directory('replica');
            const replica = await start_replica(between.url, { data, args: ['--verify', verify] });
            const { to } = await go_back(leader, { seen_by: [replica] });
            await wait_for(() => /went back from block/.test(replica.log), 20_000, 'the replica to go back', replica);
            is_lying = true;
            await make_traffic(leader, 3);
            const { code } = await replica.exited(30_000);
            assert.equal(code, exit_mismatch, replica.log);
            assert.match(replica.log, /told what cannot be: block \d+/);
            assert.ok(evidence_in(data).block > 0 && to > 0);
        }
        between.stop();
    });

    it('grows neither its log nor its memory with a leader that goes back and forth', async () => {
        const replica = await start_replica(leader.ws_url);
        const round = async () => {
            const snapshot = await leader.rpc('evm_snapshot');
            await leader.rpc('anvil_mine', '0x3');
            await leader.rpc('evm_revert', snapshot);
        };
        for (let i = 0; i < 20; ++i) await round();
        await leader.rpc('anvil_mine', '0x4');
        await on_branch(leader, replica, await sealed_number(leader));
        const before = resident_mib(replica.pid);
        for (let i = 0; i < 100; ++i) await round();
        await leader.rpc('anvil_mine', '0x4');
        await on_branch(leader, replica, await sealed_number(leader));
        const after = resident_mib(replica.pid);
        console.log(`# resident after 20 and after 120 returns: ${before.toFixed(0)} and ${after.toFixed(0)} MiB`);
        assert.ok(after < before + 64);
        const log_files = readdirSync(join(replica.data, 'feed'));
        assert.ok(log_files.length <= 3, log_files.join());
        await replica.stop();
    });
});

describe('replica of a chain on L1', { skip }, () => {
    let l1, chain, leader;
    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('replica-l1'));
        await l1.tick();
        leader = await start_chain(chain, l1);
    });
    after(async () => {
        await leader?.stop();
        await l1?.stop();
    });

    it('follows reorganisations of L1', async () => {
        const data = temporary_directory('replica');
        const follow = (args = []) =>
            start_node({ command: ['node', '--follow', leader.url.replace('http', 'ws'), '--genesis', join(chain.out, 'genesis.json'), '--rpc-port', '0', '--data', data, '--checkpoint-interval-blocks', '3', ...args] });
        let replica = await follow(['--verify', 'stateless']);
        const stranger = (n) => `0x${(0x20000 + n).toString(16).padStart(40, '0')}`;
        for (let round = 0; round < 3; ++round) {
            for (let i = 0; i < 3; ++i) await deposit(l1, chain, i, stranger(10 * round + i), 10n ** 18n);
            await sleep(1500);
            await l1.rpc('anvil_reorg', 2 + round, []);
            await sleep(500);
            if (round === 1) {
                await replica.kill();
                replica = await follow();
            }
            await sleep(1500);
            const to = Number((await leader.rpc('mega_getFeed', { block: '0xffffffff', miniBlock: '0x0' })).sealed.number);
            await on_l1_branch(leader, replica, to);
        }
        await compare(leader, replica, { from: 0, to: Number((await leader.rpc('mega_getFeed', { block: '0xffffffff', miniBlock: '0x0' })).sealed.number) - 1, addresses: [stranger(0), stranger(1), stranger(21)] });
        const metrics = await (await fetch(`${leader.url}/metrics`)).text();
        assert.ok(Number(metrics.match(/^mega_reorganisations_total (\d+)$/m)[1]) >= 1, 'L1 took blocks back');
        await replica.stop();
    });
});

const on_l1_branch = (leader, replica, number) =>
    wait_for(async () => {
        const at = `0x${number.toString(16)}`;
        const [ours, theirs] = await Promise.all([replica, leader].map((node) => node.rpc('debug_getRawHeader', at).catch(() => undefined)));
        return ours !== undefined && ours === theirs;
    }, 30_000, `block ${number} of the leader`, replica);

/// `mega snapshot`: how it ended, and what it said.
async function snapshot(...args) {
    const run = spawn_node({ command: ['snapshot'], args });
    const { code } = await run.exited(30_000);
    return { code, said: run.log };
}

describe('snapshots', { skip }, () => {
    it('spare a replica the replay', async () => {
        let leader = await start_leader();
        const { data, port } = leader;
        const before = await make_traffic(leader, 15);
        await at_block(leader, before.last_block + 1);
        const file = join(temporary_directory('snapshot'), 'chain.snapshot');
        const busy = await snapshot('export', '--data', data, file);
        assert.equal(busy.code, 1);
        assert.match(busy.said, /must be stopped first/);
        await leader.stop();

        const exported = await snapshot('export', '--data', data, file);
        assert.equal(exported.code, 0, exported.said);
        const [, number] = exported.said.match(/^Block +(\d+)$/m);
        const [, block_hash] = exported.said.match(/^Block hash +(0x[0-9a-f]{64})$/m);
        const [, root] = exported.said.match(/^State root +(0x[0-9a-f]{64})$/m);

        // What is refused leaves nothing behind.
        const directory = temporary_directory('imported');
        const fresh = join(directory, 'replica');
        const spoil = (name, change) => {
            const path = join(directory, name);
            const bytes = readFileSync(file);
            writeFileSync(path, change(bytes) ?? bytes);
            return path;
        };
        for (const [path, trust, words] of [
            [file, ['--state-root', `0x${'11'.repeat(32)}`], /not the trusted/],
            [file, ['--trusted-block', `0x${'22'.repeat(32)}`], /not of the trusted/],
            [spoil('truncated', (bytes) => bytes.subarray(0, bytes.length - 7)), ['--state-root', root], /truncated/],
            [spoil('damaged', (bytes) => void (bytes[bytes.length - 40] ^= 1)), ['--state-root', root], /checksum/],
            [spoil('bomb', (bytes) => void bytes.fill(0xff, 13, 17)), ['--state-root', root], /it claims 4294967295 bytes/],
            [spoil('other', () => Buffer.from('not a snapshot')), ['--state-root', root], /no snapshot of mega/],
        ]) {
            const refused = await snapshot('import', path, '--data', fresh, ...trust);
            assert.equal(refused.code, 1, refused.said);
            assert.match(refused.said, words);
            assert.ok(!existsSync(fresh), 'the directory is as it was');
        }
        assert.equal((await snapshot('import', file, '--data', fresh)).code, 2);

        const imported = await snapshot('import', file, '--data', fresh, '--trusted-block', block_hash);
        assert.equal(imported.code, 0, imported.said);
        leader = await start_leader({ data, port });
        const began = performance.now();
        const replica = await start_node({
            command: ['node', '--follow', leader.ws_url, '--rpc-port', '0', '--data', fresh, '--checkpoint-interval-blocks', '3'],
        });
        await at_block(replica, await sealed_number(leader));
        console.log(`# a replica made from the snapshot of block ${number} is at the tip after ${(performance.now() - began).toFixed(0)} ms`);
        const after = await make_traffic(leader, 5);
        await at_block(replica, after.last_block);
        await compare(leader, replica, {
            from: Number(number) + 1, to: after.last_block, hashes: after.hashes,
            addresses: [account(0).address, before.ground, before.store, after.ground],
        });
        await assert.rejects(replica.rpc('eth_getBalance', account(0).address, '0x1'), /not kept/);
        await replica.kill();
        const again = await start_node({ command: ['node', '--follow', leader.ws_url, '--rpc-port', '0', '--data', fresh] });
        await at_block(again, after.last_block);
        await again.stop();
        await leader.stop();
    });
});
