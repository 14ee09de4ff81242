// A sequencer that lies in one block (mega_faulty --inject-fault): validators stop there, keep evidence that explains itself,
// and tell the node, which comes to the same verdict and says so to everybody.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { account, faulty_binary, only_mega, open_websocket, sleep, spawn_node, start_node, temporary_directory, wait_for } from './harness.mjs';
import { exit_mismatch, start_validator, validate } from './validators.mjs';

const first_block = 3;

/// Transfers by five accounts, as fast as they are taken, until `is_over()`.
async function pay(node, is_over) {
    for (let value = 1; !is_over(); ++value) {
        const from = [0, 1, 2, 3, 4].map((i) => account(i).address);
        await Promise.all(
            from.map((sender) =>
                node.rpc('eth_sendTransaction', { from: sender, to: account(7).address, value: `0x${value.toString(16)}`, gas: '0x5208' }).catch(() => {}),
            ),
        );
        await sleep(20);
    }
}

const replica_command = (url) => ['node', '--follow', url, '--dev', '--no-l1', '--rpc-port', '0', '--data', temporary_directory('replica')];

const metric = (text, name) => Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1]);

describe('faults', { skip: only_mega }, () => {
    before(() => assert.ok(existsSync(faulty_binary), `${faulty_binary} is missing: tools/build release mega_faulty`));

    const faults = {
        'wrong-balance': /state root/,
        'skipped-tx': /state root/,
        'wrong-gas': /gas used/,
        'wrong-root': /state root/,
    };
    for (const [fault, words] of Object.entries(faults)) {
        it(`${fault} is caught in its block by two validators`, async () => {
            const node = await start_node({ program: faulty_binary, block_interval_ms: 200, args: ['--inject-fault', `${fault}@${first_block}`] });
            try {
                await expect_caught(node, words);
            } finally {
                await node.stop();
            }
        });
    }

    async function expect_caught(node, words) {
        const listener = await open_websocket(node.ws_url);
        const subscription = await listener.call('eth_subscribe', 'mismatches');
        const evidence = [0, 1].map(() => temporary_directory('evidence'));
        const validators = [node.ws_url, node.http_url].map((url, i) => start_validator(url, '--dev', '--trusted-number', 0, '--evidence', evidence[i]));
        const ended = Promise.all(validators.map((validator) => validator.exited()));
        let is_over = false;
        const paying = pay(node, () => is_over);
        const codes = await ended.finally(() => (is_over = true));
        await paying;
        assert.deepEqual(codes, [exit_mismatch, exit_mismatch], validators[0].said + validators[0].complained);

        const number = Number(validators[0].complained.match(/block (\d+) does not validate/)[1]);
        assert.ok(number >= first_block);
        for (const validator of validators) {
            assert.match(validator.complained, new RegExp(`block ${number} does not validate`));
            assert.match(validator.complained, words);
            assert.match(validator.complained, /reported to .*: "confirmed"/);
            assert.deepEqual(validator.verified(), Array.from({ length: number - 1 }, (_, i) => i + 1), 'every block before it, and no other');
        }
        for (let before_it = first_block; before_it < number; ++before_it) {
            const block = await node.rpc('eth_getBlockByNumber', `0x${before_it.toString(16)}`, false);
            assert.equal(block.transactions.length, 0, 'the first block that could lie did');
        }
        for (const directory of evidence) {
            const [file] = readdirSync(directory);
            const explained = await validate('--explain', join(directory, file));
            assert.equal(explained.code, 0, explained.stderr);
            assert.match(explained.stdout, words);
            assert.match(explained.stdout, new RegExp(`Block ${number} of chain`));
            assert.match(explained.stdout, /from this file alone: the same/);
            assert.match(explained.stdout, /made a mistake or lies/);
        }

        // What became of it at the node.
        const [told] = await listener.received(subscription, 1);
        assert.deepEqual([told.verdict, Number(told.blockNumber)], ['confirmed', number]);
        assert.match(told.found.words, words);
        const reports = await node.rpc('mega_getMismatches');
        assert.equal(reports.length, 1, 'the second report repeats the first');
        assert.match(node.log, /critical.*does not validate.*this node comes to the same/);
        const metrics = await (await fetch(`${node.http_url}/metrics`)).text();
        assert.equal(metric(metrics, 'mega_mismatches_confirmed_total'), 1);
        assert.equal(metric(metrics, 'mega_attested_block_number'), number - 1);
        const good = await node.rpc('mega_getAttestations', `0x${(number - 1).toString(16)}`);
        assert.equal(Number(good.count), 2);
        assert.equal(Number((await node.rpc('mega_getAttestations', `0x${number.toString(16)}`)).count), 0);
        listener.close();
    }

    it('a signed word of it reaches the sequencer, replicas of replicas and the validators there, of whom none stops', async () => {
        const node = await start_node({ program: faulty_binary, block_interval_ms: 200, args: ['--inject-fault', `wrong-balance@${first_block}`] });
        const replica = await start_node({ command: replica_command(node.ws_url) });
        const second = await start_node({ command: replica_command(replica.ws_url) });
        const listener = await open_websocket(second.ws_url);
        const subscription = await listener.call('eth_subscribe', 'mismatchNotices');
        // Never sees the lie: that block is another shard's. Nor do replicas that do not execute.
        const bystander = start_validator(second.http_url, '--dev', '--trusted-number', 0, '--shard', '0/1000000');
        const validator = start_validator(node.ws_url, '--dev', '--trusted-number', 0, '--evidence', temporary_directory('evidence'));
        let is_over = false;
        const paying = pay(node, () => is_over);
        assert.equal(await validator.exited().finally(() => (is_over = true)), exit_mismatch);
        await paying;
        const number = Number(validator.complained.match(/block (\d+) does not validate/)[1]);
        const key = validator.said.match(/attesting as (0x[0-9a-f]+)/)[1];

        const [told] = await listener.received(subscription, 1);
        assert.deepEqual([Number(told.blockNumber), told.code, told.key], [number, 'state root', key]);
        const block = await node.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, false);
        for (const one of [node, replica, second]) {
            const notices = await one.rpc('mega_getMismatchNotices');
            assert.equal(notices.length, 1);
            assert.deepEqual([notices[0].notice, notices[0].blockHash], [told.notice, block.hash]);
            assert.equal(Number((await one.rpc('mega_getBlockStatus', block.hash)).mismatchNotices), 1);
            await wait_for(() => one.log.includes(`validator ${key} says that block ${number} ${block.hash} does not validate: state root`), 2_000, 'a line in the log', one);
            const metrics = await (await fetch(`${one.http_url}/metrics`)).text();
            assert.equal(metric(metrics, 'mega_mismatch_notices_total'), 1);
        }
        await wait_for(() => bystander.complained.includes(`validator ${key} says that block ${number}`), 5_000, `the other validator to hear of it:\n${bystander.said}${bystander.complained}`);
        assert.equal(bystander.complained.match(/does not validate/g).length, 1, 'it is told once');
        assert.equal(await bystander.stop(), 0, 'nobody stops for a word');

        // A word without its signature goes nowhere.
        const forged = `${told.notice.slice(0, -2)}${told.notice.endsWith('00') ? '01' : '00'}`;
        await assert.rejects(node.rpc('mega_sendMismatchNotice', forged), /signature is wrong/);
        assert.equal(await node.rpc('mega_sendMismatchNotice', told.notice), 'known');
        listener.close();
        await Promise.all([second.stop(), replica.stop(), node.stop()]);
    });

    it('a silent validator tells nobody', async () => {
        const node = await start_node({ program: faulty_binary, block_interval_ms: 200, args: ['--inject-fault', 'wrong-root'] });
        const validator = start_validator(node.http_url, '--dev', '--trusted-number', 0, '--silent', '--evidence', temporary_directory('evidence'));
        let is_over = false;
        const paying = pay(node, () => is_over);
        assert.equal(await validator.exited().finally(() => (is_over = true)), exit_mismatch);
        await paying;
        assert.ok(!/reported/.test(validator.complained));
        assert.deepEqual(await node.rpc('mega_getMismatches'), []);
        assert.deepEqual(await node.rpc('mega_getMismatchNotices'), []);
        await node.stop();
    });

    it('other nodes are told on request', async () => {
        const honest = await start_node({ block_interval_ms: 200 });
        const liar = await start_node({ program: faulty_binary, block_interval_ms: 200, args: ['--inject-fault', 'wrong-gas'] });
        const validator = start_validator(liar.http_url, '--dev', '--trusted-number', 0, '--report-to', honest.http_url, '--report-to', 'http://127.0.0.1:1', '--evidence', temporary_directory('evidence'));
        let is_over = false;
        const paying = pay(liar, () => is_over);
        assert.equal(await validator.exited().finally(() => (is_over = true)), exit_mismatch);
        await paying;
        const [report] = await honest.rpc('mega_getMismatches');
        assert.notEqual(report.verdict, 'confirmed', 'it is no block of this node');
        await wait_for(() => /a validator reports that block/.test(honest.log), 2_000, 'a line in the log', honest);
        await Promise.all([honest.stop(), liar.stop()]);
    });

    it('the shipped program has no such flag, and the test program knows its faults', async () => {
        const shipped = spawn_node({ args: ['--inject-fault', 'wrong-root'] });
        assert.equal((await shipped.exited()).code, 2);
        assert.match(shipped.log, /inject-fault/);
        for (const none of ['wrong', 'wrong-root@', 'wrong-root@x', '@3', '']) {
            const node = spawn_node({ program: faulty_binary, args: ['--inject-fault', none] });
            assert.equal((await node.exited()).code, 2, none);
        }
    });
});
