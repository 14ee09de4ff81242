// mega validate: validators that follow a busy node, and what becomes of a node that lies, babbles or dies.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as create_tcp_server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Interface, decodeRlp, encodeRlp, keccak256 } from 'ethers';
import { account, artifact, is_anvil, post, receipt_of, resident_mib, sleep, start_node, temporary_directory, wait_for } from './harness.mjs';
import { batches, deploy_chain, start_chain, start_l1 } from './settlement_harness.mjs';
import { exit_failed, exit_mismatch, exit_usage, start_validator, validate } from './validators.mjs';

const skip = is_anvil ? 'mega validate is a command of mega' : false;
const playground = skip ? undefined : artifact('Playground');

const at_tip_limit_ms = 2_000;
const resident_limit_mib = 64;

const sealed_number = async (node) => Number((await node.rpc('eth_getBlockByNumber', 'finalized', false)).number);

// Destroys itself in the transaction that makes it; and one that does so when called.
const destroyed_at_once = '0x33ff';
const mortal = '0x600280600b6000396000f333ff';
const keeper = '0x600880600b6000396000f36020356000355500'; // slot, value

/// Transfers, deployments, calls that revert, storage written and deleted, contracts destroyed.
async function make_traffic(node, rounds) {
    const senders = await node.rpc('eth_accounts');
    const abi = new Interface(playground.abi);
    const send = (fields, sender = 0) => node.rpc('eth_sendTransaction', { from: senders[sender], gas: '0x2dc6c0', ...fields });
    const word = (value) => BigInt(value).toString(16).padStart(64, '0');
    const made = [];
    for (const data of [playground.bytecode + abi.encodeDeploy([41]).slice(2), keeper, mortal]) {
        made.push((await receipt_of(node, await send({ data }))).contractAddress);
    }
    const [ground, store, ending] = made;
    let last;
    for (let round = 0; round < rounds; ++round) {
        const calls = [
            ...[1, 2, 3].map((i) => ({ to: account(i).address, value: `0x${(round + i).toString(16)}` })),
            { to: `0x${word(0x5000 + round).slice(24)}`, value: '0x1' },
            { to: ground, data: abi.encodeFunctionData('setNumber', [round, 'under load']) },
            { to: ground, data: abi.encodeFunctionData('failWithReason', []) },
            { to: store, data: `0x${word(round)}${word(1)}` },
            { to: store, data: `0x${word(Math.max(0, round - 3))}${word(0)}` },
            { data: destroyed_at_once, value: '0x5' },
            round === rounds - 1 ? { to: ending } : { data: keeper },
        ];
        const hashes = await Promise.all(calls.map((fields, sender) => send(fields, sender)));
        for (const hash of hashes) last = await receipt_of(node, hash);
    }
    return Number(last.blockNumber);
}

/// A server between a validator and a node; `tamper(request, result)` changes results, `refuses(request)`, `instead(response)` takes over.
async function start_between(upstream, { tamper = (_, result) => result, refuses = () => false, instead = () => false } = {}) {
    const server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', async () => {
            if (instead(response)) return;
            const asked = JSON.parse(body);
            const answer = JSON.parse((await post(upstream, body)).text);
            if (answer.result !== undefined) answer.result = tamper(asked, answer.result);
            if (refuses(asked)) {
                delete answer.result;
                answer.error = { code: -32001, message: 'not here' };
            }
            response.end(JSON.stringify(answer));
        });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return { url: `http://127.0.0.1:${server.address().port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

/// Changes block `number` by `change([header, transactions, ...])` as it passes.
const spoil_block = (number, change) => (asked, result) => {
    if (asked.method !== 'debug_getRawBlock' || Number(asked.params[0]) !== number) return result;
    const block = decodeRlp(result);
    change(block);
    return encodeRlp(block);
};
const flip = (hex, byte = 10) => {
    const at = 2 + 2 * byte;
    return hex.slice(0, at) + (Number.parseInt(hex[at], 16) ^ 1).toString(16) + hex.slice(at + 1);
};
const field = { state_root: 3, receipts_root: 5, gas_used: 10 };

describe('validate', { skip }, () => {
    let node;
    let directory;
    before(async () => {
        directory = temporary_directory('validate');
        node = await start_node({ block_interval_ms: 100 });
        await make_traffic(node, 5);
    });
    after(() => node?.stop());

    it('two processes follow a busy node to the same head', async () => {
        const over_socket = start_validator(node.ws_url, '--dev', '--trusted-number', 0, '--status-port', 0);
        const over_http = start_validator(node.http_url, '--dev', '--trusted-number', 0);
        const last = await make_traffic(node, 25);
        await Promise.all([over_socket.reaches(last), over_http.reaches(last)]);
        const status_url = over_socket.said.match(/status at (\S+)/)[1];
        const status = await (await fetch(`${status_url}/status`)).json();
        assert.equal(status.state, 'following');
        assert.ok(status.blockNumber >= last);
        assert.equal(status.attestation.blockNumber, status.blockNumber);
        assert.match(await (await fetch(`${status_url}/metrics`)).text(), /^mega_validator_blocks_verified_total \d+$/m);
        const attestations = await (await fetch(`${status_url}/attestations`)).json();
        assert.ok(attestations.length > 1 && attestations.length <= 256);
        const resident = [over_socket, over_http].map(({ pid }) => resident_mib(pid));
        console.log(`# resident after ${last} blocks: ${resident.map((mib) => mib.toFixed(1)).join(' and ')} MiB`);
        assert.ok(Math.max(...resident) <= resident_limit_mib, `${resident} MiB`);
        assert.deepEqual([await over_socket.stop(), await over_http.stop()], [0, 0]);
        for (const validator of [over_socket, over_http]) {
            const verified = validator.verified();
            assert.deepEqual(verified, verified.map((_, i) => i + 1), 'every block, in order');
        }
        const line = new RegExp(`^block ${last} .*$`, 'm');
        const hash = (validator) => validator.said.match(line)[0].split(' ').at(-1);
        assert.equal(hash(over_socket), hash(over_http));
        assert.equal(hash(over_socket), (await node.rpc('eth_getBlockByNumber', `0x${last.toString(16)}`, false)).hash);
    });

    it('is at the tip at once, whatever lies behind', async () => {
        const began = performance.now();
        const { code, stdout } = await validate(node.ws_url, '--dev', '--blocks', 1);
        const took = performance.now() - began;
        assert.equal(code, 0, stdout);
        const [, in_process] = stdout.match(/at the tip after (\d+) ms/);
        console.log(`# one block verified ${took.toFixed(0)} ms after start of the process, ${in_process} ms inside`);
        assert.ok(took <= at_tip_limit_ms, `${took} ms`);
    });

    it('starts from a trusted block or state root, and refuses what is none', async () => {
        const number = await sealed_number(node);
        const block = await node.rpc('eth_getBlockByNumber', `0x${(number - 2).toString(16)}`, false);
        const from_block = await validate(node.http_url, '--dev', '--trusted-block', block.hash, '--blocks', 2);
        assert.equal(from_block.code, 0, from_block.stderr);
        assert.match(from_block.stdout, /because you do/);
        const from_root = await validate(node.http_url, '--dev', '--trusted-root', block.stateRoot, '--blocks', 1);
        assert.equal(from_root.code, 0, from_root.stderr);
        const nowhere = await validate(node.http_url, '--dev', '--trusted-root', `0x${'12'.repeat(32)}`);
        assert.equal(nowhere.code, exit_failed);
        assert.match(nowhere.stderr, /none of the last \d+ blocks has the trusted state root/);
        const unknown = await validate(node.http_url, '--dev', '--trusted-block', `0x${'12'.repeat(32)}`);
        assert.equal(unknown.code, exit_failed);
        const other_chain = await validate(node.http_url, '--dev', '--chain-id', 1);
        assert.equal(other_chain.code, exit_failed);
        assert.match(other_chain.stderr, /chain id/);
    });

    it('shares the load by shards', async () => {
        const shards = await Promise.all(
            [0, 1].map((i) => validate(node.http_url, '--dev', '--trusted-number', 0, '--shard', `${i}/2`, '--blocks', 10)),
        );
        shards.forEach(({ code, stdout, stderr }, i) => {
            assert.equal(code, 0, stderr);
            const numbers = [...stdout.matchAll(/^block (\d+) /gm)].map(([, number]) => Number(number));
            assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((number) => number % 2 === i));
        });
        assert.equal((await validate(node.http_url, '--shard', '2/2')).code, exit_usage);
    });

    it('signs with its own key, in a file that it makes', async () => {
        const key = join(directory, 'key');
        const keys = [];
        for (let i = 0; i < 2; ++i) {
            const { code, stdout, stderr } = await validate(node.http_url, '--dev', '--key', key, '--json', '--blocks', 1);
            assert.equal(code, 0, stderr);
            const { attestation } = JSON.parse(stdout.trim());
            assert.equal(attestation.signature.length, 2 + 192);
            keys.push(attestation.key);
        }
        assert.equal(keys[0], keys[1]);
    });

    const lies = {
        'a balance that was made up': [(block) => (block[0][field.state_root] = flip(block[0][field.state_root])), /state root/],
        'gas that was not used': [(block) => (block[0][field.gas_used] = '0x7fffff'), /gas used/],
        'another receipts root': [(block) => (block[0][field.receipts_root] = flip(block[0][field.receipts_root])), /receipts root/],
        'a transaction left out': [(block) => block[1].pop(), /transactions root/],
    };
    for (const [name, [change, words]] of Object.entries(lies)) {
        it(`catches ${name}, keeps the evidence, explains it`, async () => {
            await expect_caught(spoil_block(await busy_block(), change), words);
        });
    }

    it('catches a changed byte of a witness', async () => {
        const number = await busy_block();
        const spoil = (asked, result) =>
            asked.method === 'mega_getBlockWitness' && Number(asked.params[0]) === number ? flip(result, (result.length >> 1) - 20) : result;
        await expect_caught(spoil, /witness/);
    });

    /// A block of this chain with transactions.
    async function busy_block() {
        for (let number = 2; ; ++number) {
            const block = await node.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, false);
            if (block.transactions.length > 2) return number;
        }
    }

    async function expect_caught(tamper, words) {
        const number = await busy_block();
        const between = await start_between(node.http_url, { tamper });
        const evidence = temporary_directory('evidence');
        try {
            const { code, stdout, stderr } = await validate(between.url, '--dev', '--trusted-number', 0, '--evidence', evidence);
            assert.equal(code, exit_mismatch, stdout + stderr);
            assert.match(stderr, new RegExp(`block ${number} does not validate`));
            assert.match(stderr, words);
            assert.ok(!new RegExp(`^block ${number} `, 'm').test(stdout));
        } finally {
            between.stop();
        }
        const [file] = readdirSync(evidence);
        const explained = await validate('--explain', join(evidence, file));
        assert.equal(explained.code, 0, explained.stderr);
        assert.match(explained.stdout, words);
        assert.match(explained.stdout, /from this file alone: the same/);
    }

    it('an untouched proxy changes nothing', async () => {
        const between = await start_between(node.http_url);
        const { code, stderr } = await validate(between.url, '--dev', '--trusted-number', 0, '--blocks', 10);
        between.stop();
        assert.equal(code, 0, stderr);
    });

    it('gives up an endpoint that babbles, with words', async () => {
        const garbage = ['', '<html>', '[[[[[[', '{"id":1}', '{"id":1,"result":"0xzz"}', `{"id":1,"result":"${'0'.repeat(1 << 20)}"}`];
        for (const body of garbage) {
            const between = await start_between(node.http_url, { instead: (response) => (response.end(body), true) });
            const { code, stderr } = await validate(between.url, '--retry-ms', 300);
            between.stop();
            assert.equal(code, exit_failed, body.slice(0, 50));
            assert.match(stderr, /eth_chainId/);
        }
    });

    it('gives up an endpoint that never answers', async () => {
        const between = await start_between(node.http_url, { instead: () => true });
        const { code } = await validate(between.url, '--retry-ms', 300, '--timeout-ms', 200);
        between.stop();
        assert.equal(code, exit_failed);
    });

    it('connects again when the connection is lost, and goes on where it was', async () => {
        let is_down = false;
        const between = await start_between(node.http_url, { instead: (response) => is_down && (response.destroy(), true) });
        const validator = start_validator(between.url, '--dev', '--trusted-number', 0);
        await validator.reaches(5);
        is_down = true;
        await wait_for(() => /again in/.test(validator.complained), 5_000, 'a complaint');
        await sleep(300);
        is_down = false;
        const goal = (await sealed_number(node)) + 3;
        await validator.reaches(goal);
        assert.equal(await validator.stop(), 0);
        between.stop();
        const verified = validator.verified();
        assert.deepEqual(verified, verified.map((_, i) => i + 1));
    });

    it('connects again over a WebSocket, too', async () => {
        const sockets = new Set();
        const server = create_tcp_server((socket) => {
            const onward = connect(node.port, '127.0.0.1');
            sockets.add(socket).add(onward);
            [socket, onward].forEach((end) => end.on('error', () => {}));
            socket.pipe(onward).pipe(socket);
        });
        await new Promise((done) => server.listen(0, '127.0.0.1', done));
        const validator = start_validator(`ws://127.0.0.1:${server.address().port}`, '--dev', '--status-port', 0);
        const status_url = await wait_for(() => validator.said.match(/status at (\S+)/)?.[1], 5_000, 'the status server');
        for (let round = 0; round < 3; ++round) {
            await validator.reaches((await sealed_number(node)) + 2);
            sockets.forEach((socket) => socket.destroy());
            sockets.clear();
        }
        await validator.reaches((await sealed_number(node)) + 2);
        const { connections } = await (await fetch(`${status_url}/status`)).json();
        assert.ok(connections >= 4, `${connections} connections`);
        assert.equal(await validator.stop(), 0);
        server.close();
        const verified = validator.verified();
        assert.deepEqual(verified, verified.map((_, i) => i + verified[0]));
    });

    it('says what a node says that refuses, and ends', async () => {
        await node.rpc('anvil_setBalance', '0x00000000000000000000000000000000000000aa', '0x5');
        const number = (await sealed_number(node)) + 1;
        await wait_for(async () => (await sealed_number(node)) > number, 5_000, 'two blocks');
        const { code, stderr } = await validate(node.http_url, '--dev', '--trusted-number', number - 1, '--retry-ms', 300);
        assert.equal(code, exit_failed);
        assert.match(stderr, /changed by hand/);
    });

    it('refuses evidence that is none', async () => {
        const file = join(directory, 'key');
        assert.ok(existsSync(file) && readFileSync(file).length > 0);
        const { code, stderr } = await validate('--explain', file);
        assert.equal(code, exit_failed);
        assert.match(stderr, /no evidence file/);
        assert.equal((await validate('--explain', join(directory, 'nothing'))).code, exit_failed);
        assert.equal((await validate()).code, exit_usage);
    });
});

describe('validate, of a chain that goes another way', { skip }, () => {
    let node;
    before(async () => {
        node = await start_node({ block_interval_ms: 100 });
        await make_traffic(node, 2);
    });
    after(() => node?.stop());

    /// The hash of each block as it was verified last.
    const hashes = (validator) => new Map([...validator.said.matchAll(/^block (\d+) .*?(0x[0-9a-f]{64})/gm)].map(([, number, hash]) => [Number(number), hash]));
    const same_chain = async (validator) => {
        for (const [number, hash] of hashes(validator)) {
            const block = await node.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, false);
            if (block?.hash !== hash) return false;
        }
        return true;
    };
    let ways = 0;
    /// `seen_by`: who has to see what is lost; of a shard, its last block of that.
    async function go_another_way({ lose, then, seen_by }) {
        const snapshot = await node.rpc('evm_snapshot');
        const base = await sealed_number(node);
        let lost = await make_traffic(node, lose);
        while (lost < base + 3) lost = await make_traffic(node, 1); // of each shard, however fast the node is
        await Promise.all(seen_by.map(({ validator, is_odd_shard }) => validator.reaches(is_odd_shard ? lost - 1 + (lost % 2) : lost)));
        assert.equal(await node.rpc('evm_revert', snapshot), true);
        // The same traffic in the same second would make the same blocks again.
        const [from] = await node.rpc('eth_accounts');
        await receipt_of(node, await node.rpc('eth_sendTransaction', { from, to: account(1).address, value: `0x${(1000 + ways++).toString(16)}` }));
        return { lost, to: await make_traffic(node, then) };
    }

    it('goes back to the last common block, verifies what is there now, and attests to no number twice', async () => {
        const validators = [
            start_validator(node.ws_url, '--dev', '--trusted-number', 0, '--status-port', 0),
            start_validator(node.http_url, '--dev', '--trusted-number', 0),
            start_validator(node.http_url, '--dev', '--trusted-number', 0, '--shard', '1/2'),
        ];
        for (let round = 0; round < 3; ++round) {
            const { to } = await go_another_way({ lose: 2 + round, then: 5 - 2 * round, seen_by: validators.map((validator, i) => ({ validator, is_odd_shard: i === 2 })) });
            for (const validator of validators) {
                await wait_for(async () => hashes(validator).has(to - (to % 2) + 1) && (await same_chain(validator)), 30_000,
                    `block ${to}:\n${validator.said}${validator.complained}`);
            }
        }
        const status_url = validators[0].said.match(/status at (\S+)/)[1];
        assert.ok((await (await fetch(`${status_url}/status`)).json()).reorganisations >= 3);
        for (const validator of validators) {
            assert.equal(await validator.stop(), 0, validator.complained);
            assert.match(validator.said + validator.complained, /went another way after block \d+: going back to it from block \d+/);
            const attested = [...validator.said.matchAll(/^block (\d+) .*0x[0-9a-f]{64}$/gm)].map(([, number]) => number);
            assert.equal(new Set(attested).size, attested.length, 'no number is attested twice');
            assert.match(validator.said, /^block \d+ .*  not attested$/m);
        }
    });

    it('ends with words when what it trusts is in the chain no more', async () => {
        const snapshot = await node.rpc('evm_snapshot');
        const lost = await make_traffic(node, 1);
        await wait_for(async () => (await sealed_number(node)) > lost, 5_000, 'the block to be sealed');
        const { hash } = await node.rpc('eth_getBlockByNumber', `0x${lost.toString(16)}`, false);
        const validator = start_validator(node.http_url, '--dev', '--trusted-block', hash);
        await validator.reaches(lost + 1);
        assert.equal(await node.rpc('evm_revert', snapshot), true);
        await make_traffic(node, 4);
        assert.equal(await validator.exited(), exit_failed);
        assert.match(validator.complained, /is on another branch of the chain, and what is trusted is not in it/);
    });

    it('goes on with the next of several nodes', async () => {
        let is_down = false;
        const between = await start_between(node.http_url, { instead: (response) => is_down && (response.destroy(), true) });
        const validator = start_validator(`${between.url},${node.http_url}`, '--dev', '--trusted-number', 0);
        await validator.reaches(3);
        is_down = true;
        between.stop();
        await validator.reaches((await sealed_number(node)) + 5);
        assert.equal(await validator.stop(), 0);
        const verified = validator.verified();
        assert.deepEqual(verified, verified.map((_, i) => i + 1));
    });
});

describe('validate, at an endpoint that answers and stands still', { skip }, () => {
    let node, between, frozen, is_frozen;
    before(async () => {
        node = await start_node({ block_interval_ms: 100 });
        const tamper = (asked, result) => {
            if (asked.method !== 'debug_getRawHeader' || asked.params[0] !== 'sealed') return result;
            return (frozen = is_frozen ? (frozen ?? result) : undefined) ?? result;
        };
        between = await start_between(node.http_url, { tamper });
    });
    after(async () => {
        between?.stop();
        await node?.stop();
    });

    it('turns to the next of several, and to it again when that one stands still, too', async () => {
        is_frozen = true;
        const validator = start_validator(`${between.url},${node.http_url}`, '--dev', '--retry-ms', 1_000);
        await wait_for(() => frozen !== undefined, 5_000, 'the first to stand still');
        await validator.reaches((await sealed_number(node)) + 5);
        assert.match(validator.complained, /has had no block after \d+ for [\d.]+ s: turning to the next/);
        assert.equal(await validator.stop(), 0);
        const both = start_validator(`${between.url},${between.url}`, '--dev', '--retry-ms', 200);
        await wait_for(() => both.complained.match(/turning to the next/g)?.length > 6, 20_000, 'many turns');
        is_frozen = false;
        await both.reaches((await sealed_number(node)) + 2);
        assert.equal(await both.stop(), 0, both.complained);
    });

    it('stays with it when there is no other', async () => {
        is_frozen = true;
        const validator = start_validator(between.url, '--dev', '--retry-ms', 200);
        await validator.reaches(1);
        await sleep(1_500); // many times what would be too long
        is_frozen = false;
        await validator.reaches((await sealed_number(node)) + 2);
        assert.equal(await validator.stop(), 0);
        assert.equal(validator.complained, '');
    });
});

describe('validate, from the block that L1 vouches for', { skip }, () => {
    let l1, chain, node;
    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('validate-l1'));
        await l1.tick();
        node = await start_chain(chain, l1);
        await wait_for(async () => (await batches(l1, chain)).length >= 1, 60_000, 'a batch', node);
    });
    after(async () => {
        await node?.stop();
        await l1?.stop();
    });
    const from_l1 = (...args) => validate(node.url, '--l1', l1.url, '--rollup', chain.rollup, '--blocks', 2, ...args);

    it('starts after the last block of a batch, of a final claim once there is one', async () => {
        const posted = async () => new Map((await batches(l1, chain)).map(({ header }) => [header.lastBlockHash, header.lastBlock]));
        const starts = async (why) => {
            const { code, stdout, stderr } = await from_l1();
            assert.equal(code, 0, stderr);
            const [, number, hash, reason] = (stdout + stderr).match(/trusting block (\d+) (0x[0-9a-f]{64}) (because .*)/);
            assert.equal((await posted()).get(hash), BigInt(number));
            assert.match(stdout, new RegExp(`^block ${Number(number) + 1} `, 'm'));
            return why.test(reason);
        };
        assert.ok(await starts(/^because it ends batch \d+ on L1/));
        await wait_for(() => starts(/whose state is final with claim \d+/), 60_000, 'a final claim', node);
    });

    it('starts where the user says, if the user does', async () => {
        const { code, stdout, stderr } = await from_l1('--trusted-number', 0);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^block 1 /m);
    });

    it('refuses another L1, one that is away, and half of what it needs', async () => {
        const file = join(chain.directory, 'other.json');
        const rollup = JSON.parse(readFileSync(chain.rollup, 'utf8'));
        writeFileSync(file, JSON.stringify({ ...rollup, l1ChainId: 1 }));
        const other = await validate(node.url, '--l1', l1.url, '--rollup', file);
        assert.equal(other.code, exit_failed);
        assert.match(other.stderr, /the L1 has chain id 31337, .* is of a chain on 1/);
        const away = await validate(node.url, '--l1', 'http://127.0.0.1:1', '--rollup', chain.rollup);
        assert.equal(away.code, exit_failed);
        assert.match(away.stderr, /L1 does not say where to begin: /);
        for (const half of [['--l1', l1.url], ['--rollup', chain.rollup]]) {
            assert.notEqual((await validate(node.url, ...half)).code, 0);
        }
    });

    const no_witness = ({ method }) => method === 'mega_getBlockWitness';

    it('links what is too old for a witness by its hashes, and verifies from there', async () => {
        const newest = Number((await batches(l1, chain)).at(-1).header.lastBlock);
        const between = await start_between(node.url, { refuses: (asked) => no_witness(asked) && Number(asked.params[0]) <= newest });
        const validator = start_validator(between.url, '--l1', l1.url, '--rollup', chain.rollup);
        await wait_for(() => validator.verified().length >= 3, 30_000, `three blocks:\n${validator.said}${validator.complained}`);
        assert.equal(await validator.stop(), 0);
        between.stop();
        const said = validator.said + validator.complained;
        const [, first] = said.match(/from block (\d+) on, what is too old for a witness is linked/);
        const [, trusted] = said.match(/trusting block (\d+) /);
        assert.equal(Number(first), Number(trusted) + 1);
        assert.equal(validator.verified()[0], newest + 1);
        const [, anchor] = said.match(/the chain is the one on L1: block (\d+) ends its newest batch/);
        for (const [line, number] of said.matchAll(/^block (\d+) .* ms .*$/gm)) {
            assert.equal(/not attested$/.test(line), Number(number) < Number(anchor), line);
        }
        // Where the user names the block, nothing is passed over.
        await node.stop();
        node = await start_chain(chain, l1); // which makes no witnesses of what was before
        const refused = await validate(node.url, '--trusted-number', trusted, '--retry-ms', 300);
        assert.equal(refused.code, exit_failed, refused.stdout);
    });

    it('refuses headers that were made up after the trusted block, and attests to nothing of them', async () => {
        // A chain of its own from the second block on: each header has another extra data and the hash of the one before.
        const made_up = new Map();
        const fake = (number, header) => {
            const fields = decodeRlp(header);
            fields[0] = made_up.get(number - 1) ?? fields[0];
            fields[12] = '0x6661';
            const made = encodeRlp(fields);
            made_up.set(number, keccak256(made));
            return made;
        };
        let trusted;
        const tamper = (asked, result) => {
            if (asked.method !== 'debug_getRawHeader') return result;
            const number = Number(decodeRlp(result)[8]);
            if (asked.params[0].length === 66) trusted = number;
            return Number.isNaN(Number(asked.params[0])) || number <= trusted ? result : fake(number, result);
        };
        const between = await start_between(node.url, { tamper, refuses: no_witness });
        const { code, stdout, stderr } = await validate(between.url, '--l1', l1.url, '--rollup', chain.rollup, '--retry-ms', 2_000);
        between.stop();
        assert.equal(code, exit_failed, stdout + stderr);
        assert.match(stderr, /the endpoint's chain is not the one on L1: its block \d+ is 0x/);
        assert.match(stdout, /is linked by its hashes alone/);
        assert.doesNotMatch(stdout, /^block \d+ .*0x[0-9a-f]{64}$/m);
    });

    it('links nothing above what is on L1', async () => {
        const between = await start_between(node.url, { refuses: no_witness });
        const { code, stdout, stderr } = await validate(between.url, '--l1', l1.url, '--rollup', chain.rollup, '--retry-ms', 300);
        between.stop();
        assert.equal(code, exit_failed, stdout + stderr);
        assert.match(stdout, /the chain is the one on L1: block \d+ ends its newest batch/);
        assert.match(stderr, /not here/);
        assert.doesNotMatch(stdout, /^block \d+ /m);
    });
});
