// `mega staking` on a real L1: a validator registers with proofs of its keys, others delegate, an epoch's rewards are
// computed from L1, proposed, and claimed by proof. What may not happen is tried as well.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeFunctionData, numberToHex, pad, parseAbi } from 'viem';
import { foundry_binary, only_mega, temporary_directory } from './harness.mjs';
import { l1_gas } from './l1_gas.mjs';
import { account, batches, deploy_chain, l1_chain_id, reader, run_mega, sleep, start_chain, start_l1, wallet } from './settlement_harness.mjs';
import { attest, open_epoch, write_keystore } from './staking_harness.mjs';

const skip = only_mega || (!existsSync(foundry_binary('anvil')) && 'anvil is not installed');
const batcher = 13; // the operator: it posts the batches
const epoch_length = 7; // seconds
const one = 10n ** 18n;
const bls_key = `0x${'11'.repeat(32)}`;
const abi = parseAbi([
    'function balanceOf(address) view returns (uint256)',
    'function currentEpoch() view returns (uint48)',
    'function epochStart(uint48) view returns (uint256)',
    'error AlreadyClaimed()',
    'error BadProof()',
    'function transfer(address, uint256) returns (bool)',
    'function approve(address, uint256) returns (bool)',
    'function skip(uint48 epoch)',
    'function resolve(uint48 epoch, bool isRight)',
    'function settle(uint48 epoch, bytes32 root, uint128 total)',
    'function propose(uint48 epoch, bytes32 root, uint128 total)',
    'function claim(uint48 epoch, address account, uint256 amount, bytes32[] proof)',
    'struct BatchHeader { bytes32 parent; uint64 index; uint64 firstBlock; uint64 lastBlock; uint64 depositCursor; uint64 originNumber; bytes32 originHash; uint64 lastTimestamp; bytes32 lastBlockHash; bytes32 miniBlockDigest; address sequencer; }',
    'struct Batch { BatchHeader header; uint8 kind; bytes32[] dataHashes; }',
    'struct Members { uint32[] ids; uint96[] stakes; }',
    'struct Aggregate { uint256 bitmap; bytes signature; }',
    'function record(Batch batch, bytes32 stateRoot, Members members, Aggregate aggregate)',
    'function scheduleBatch(address[] targets, uint256[] values, bytes[] data, bytes32 predecessor, bytes32 salt, uint256 delay)',
    'function executeBatch(address[] targets, uint256[] values, bytes[] data, bytes32 predecessor, bytes32 salt) payable',
]);

describe('staking commands', { skip, timeout: 300_000 }, () => {
    let l1, chain, node, epoch, report;
    const staking = (who, command, ...rest) => {
        const key = who ? ['--key', chain.key_files[who] ?? join(chain.directory, `${who}.key`)] : [];
        return run_mega(['staking', command, '--l1', l1.url, '--rollup', chain.rollup, ...key, ...rest]);
    };
    const ok = async (...args) => {
        const done = await staking(...args);
        assert.equal(done.code, 0, `${args.join(' ')}:\n${done.stdout}${done.stderr}`);
        return done.stdout;
    };
    const refused = async (words, ...args) => {
        const done = await staking(...args);
        assert.equal(done.code, 1, `${args.join(' ')} was not refused:\n${done.stdout}${done.stderr}`);
        assert.match(done.stderr, words);
    };
    /// Until it is done: what it waits for is time of L1.
    const eventually = async (...args) => {
        let done;
        for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(200)) {
            done = await staking(...args);
            if (done.code === 0) return done.stdout;
        }
        assert.fail(`${args.join(' ')} was refused for 90 s: ${done.stderr}`);
    };
    const until = async (what, question) => {
        for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(200)) {
            const answer = await question();
            if (answer) return answer;
        }
        assert.fail(`waited 90 s for ${what}; the node says:\n${node?.log.slice(-2000)}`);
    };
    const read = (address, functionName, args = []) => reader(l1.url, l1_chain_id).readContract({ address, abi, functionName, args });
    const write = async (index, address, functionName, args) => {
        const receipt = await wallet(l1.url, l1_chain_id, index).confirm({ address, abi, functionName, args });
        assert.equal(receipt.status, 'success', functionName);
    };
    const reverts = (error, index, address, functionName, args) => assert.rejects(
        reader(l1.url, l1_chain_id).simulateContract({ account: account(index).address, address, abi, functionName, args }), error);
    const present_epoch = async () => Number(await read(chain.contracts.staking, 'currentEpoch'));
    const wait_for_epoch = (number) => until(`epoch ${number}`, async () => (await present_epoch()) >= number);
    const balance = (who) => read(chain.contracts.token, 'balanceOf', [account(who).address]);
    const amount_of = (who, from = report) => BigInt(from.leaves.find((leaf) => leaf.account === account(who).address.toLowerCase()).amount);
    /// By the timelock, which has no delay here and the deployer as its council.
    const decide = async (target, calls) => {
        const zero = pad('0x', { size: 32 });
        const batch = [calls.map(() => target), calls.map(() => 0n), calls, zero, zero];
        await write(12, chain.contracts.timelock, 'scheduleBatch', [...batch, 0n]);
        await write(12, chain.contracts.timelock, 'executeBatch', batch);
    };
    const json_report = async (number) => JSON.parse(await ok('', 'report', '--epoch', number, '--json'));

    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('staking_commands'), { staking: { epochLength: epoch_length, unbondingEpochs: 4, downtimeWindow: 1, objectionWindow: 10 } });
        await write(12, chain.contracts.token, 'transfer', [account(batcher).address, 1_000n * one]);
        await write_keystore(join(chain.directory, 'sequencer.json'), `0x${'22'.repeat(32)}`, 'secret');
        writeFileSync(join(chain.directory, 'bls.key'), `${bls_key}\n`);
        await l1.tick();
    }, { timeout: 120_000 });
    after(async () => {
        await node?.stop();
        await l1?.stop();
    });

    test('registers a validator once, with proofs that L1 takes', async () => {
        const keys = ['--bls-key', join(chain.directory, 'bls.key'), '--signer-key', join(chain.directory, 'sequencer.json'), '--signer-password-file', chain.password];
        await refused(/stakes 1 MEGA itself at least, not 0.5 MEGA/, 'batcher', 'register', '0.5', ...keys);
        await refused(/has 1000 MEGA on L1, wanted are 1001 MEGA/, 'batcher', 'register', '1001', ...keys);
        await refused(/commission may be 5000/, 'batcher', 'register', '5', ...keys, '--commission', '5001');
        const registered = await ok('batcher', 'register', '5', ...keys, '--commission', '1000');
        assert.match(registered, /is validator 1, its mini-blocks are signed by 0x/);
        assert.equal(await ok('batcher', 'register', '5', ...keys), registered);
        assert.equal(await balance(batcher), 995n * one);
        // A key serves one validator.
        await refused(/registering: /, 'user1', 'register', '5', ...keys);
    });

    test('delegates to a validator that there is', async () => {
        await refused(/there is no validator 9/, 'user0', 'delegate', '9', '3');
        await refused(/1 MEGA are the least/, 'user0', 'delegate', '1', '0.1');
        assert.match(await ok('user0', 'delegate', '1', '15'), /15 MEGA delegated to validator 1/);
        node = await start_chain(chain, l1);
    });

    test('shows stakes, leaders, committee and what one has', async () => {
        await until('the stake to count', async () => JSON.parse(await ok('', 'show', '--json')).totalStake === `${20n * one}`);
        await until('the first batch', async () => (await batches(l1, chain)).length > 0);
        epoch = await until('an epoch to be opened', () => open_epoch(l1, chain).catch(() => undefined));
        const shown = JSON.parse(await ok('user0', 'show', '--epoch', epoch, '--json'));
        const operator = account(batcher).address.toLowerCase();
        assert.deepEqual(shown.validators.map(({ id, operator: who }) => [id, who]), [[1, operator]]);
        assert.equal(shown.totalStake, `${20n * one}`);
        assert.equal(shown.drawnBy, epoch);
        assert.deepEqual(shown.committee, [1]);
        assert.deepEqual(shown.slots.map(({ leader }) => leader), [operator]);
        assert.deepEqual(shown.own.stakes, [{ validator: 1, stake: `${15n * one}` }]);
        assert.match(await ok('', 'show'), /validator 1 {2}20 MEGA/);
        await refused(/epoch \d+ is not closed: L1 is in epoch/, '', 'report', '--epoch', epoch + 1);
    });

    test('has its attestation of a batch recorded', async () => {
        // The validator's word on the last block of a batch of the epoch.
        const start = await read(chain.contracts.staking, 'epochStart', [epoch]);
        const { header, kind, dataHashes } = await until('a batch to attest', async () =>
            (await batches(l1, chain)).find((one) => one.kind !== 2 && one.header.lastTimestamp >= start && one.header.lastTimestamp < start + BigInt(epoch_length)));
        const block = await node.rpc('eth_getBlockByNumber', numberToHex(header.lastBlock), false);
        assert.equal(block.hash, header.lastBlockHash);
        const signature = attest([BigInt(bls_key)], { number: header.lastBlock, hash: block.hash, state_root: block.stateRoot });
        await write(12, chain.contracts.dutyRecord, 'record', [{ header, kind, dataHashes }, block.stateRoot, { ids: [1], stakes: [20n * one] }, { bitmap: 1n, signature }]);
    });

    test('lets stake go, which is paid later', async () => {
        await refused(/has 15 MEGA with validator 1/, 'user0', 'undelegate', '1', '16');
        await refused(/has 0 MEGA with validator 1/, 'user2', 'undelegate', '1', '1');
        assert.match(await ok('user0', 'undelegate', '1', '5'), /request 0: 5 MEGA of validator 1, paid from epoch \d+ on/);
        await refused(/is paid from epoch/, 'user0', 'withdraw');
        assert.match(await ok('user2', 'withdraw'), /nothing is on its way out/);
        const { stakes } = JSON.parse(await ok('user0', 'show', '--json')).own;
        assert.deepEqual(stakes, [{ validator: 1, stake: `${10n * one}` }]);
    });

    test('computes rewards from L1: for blocks and for attestations', async () => {
        await wait_for_epoch(epoch + 3);
        await node.stop(); // its batcher is the operator, and L1 alone is needed
        node = undefined;
        report = await json_report(epoch);
        assert.deepEqual(report.onL1, { status: 'none' });
        assert.equal(report.recordedBatches, 1);
        // All the pot: a tenth of it to the operator, the rest by the stake at the epoch's start, 5 to 15.
        const pot = BigInt(report.pot);
        assert.ok(report.blocks > 0);
        const fee = pot / 10n;
        assert.equal(amount_of(batcher), fee + ((pot - fee) * 5n) / 20n);
        assert.equal(amount_of(0), ((pot - fee) * 15n) / 20n);
        assert.equal(BigInt(report.total), amount_of(batcher) + amount_of(0));
        await refused(/has no root on L1/, 'user0', 'claim', '--epoch', epoch);
    });

    test('proposes the root in its turn, with a bond, and finds it on L1', async () => {
        const { rewards } = chain.contracts;
        await refused(/the next one is that of epoch 0/, 'batcher', 'report', '--epoch', epoch, '--propose');
        await decide(rewards, Array.from({ length: epoch }, (_, i) => encodeFunctionData({ abi, functionName: 'skip', args: [i] })));
        await refused(/is no validator's operator/, 'user0', 'report', '--epoch', epoch, '--propose');
        const had = await balance(batcher);
        assert.match(await ok('batcher', 'report', '--epoch', epoch, '--propose'), /\(proposed\).*: match$/m);
        assert.equal(had - (await balance(batcher)), one);
        // Again: nothing more to do. A wei that comes now changes nothing.
        await write(12, chain.contracts.token, 'transfer', [rewards, 1n]);
        assert.match(await ok('batcher', 'report', '--epoch', epoch, '--propose'), /: match$/m);
        const posted = await json_report(epoch);
        assert.equal(posted.root, report.root);
        assert.deepEqual(posted.onL1, { status: 'proposed', root: report.root, total: report.total, matches: true });
        await refused(/the root of epoch \d+ on L1 is right/, 'batcher', 'report', '--epoch', epoch, '--object');
    });

    test('pays by proof, once, whose it is', async () => {
        const { rewards } = chain.contracts;
        const had = await balance(0);
        // The first claim after the objection window makes the root final.
        assert.match(await eventually('user2', 'claim', '--epoch', epoch, '--for', account(0).address), /is paid .* MEGA for epoch/);
        assert.equal((await balance(0)) - had, amount_of(0));
        await refused(/has been paid for epoch \d+ already/, 'user0', 'claim', '--epoch', epoch);
        await refused(/earned nothing/, 'user2', 'claim', '--epoch', epoch);
        // L1 itself: twice; another's proof; more than was earned.
        const { proof, amount } = report.leaves.find((leaf) => leaf.account === account(0).address.toLowerCase());
        await reverts(/AlreadyClaimed/, 0, rewards, 'claim', [epoch, account(0).address, BigInt(amount), proof]);
        await reverts(/BadProof/, 2, rewards, 'claim', [epoch, account(2).address, BigInt(amount), proof]);
        await reverts(/BadProof/, batcher, rewards, 'claim', [epoch, account(batcher).address, amount_of(batcher) + 1n, proof]);
        await ok('batcher', 'claim', '--epoch', epoch);
    });

    test('tells a root that is not what L1 gives, disputes it, and pays by what governance puts there', async () => {
        await wait_for_epoch(epoch + 4);
        const { rewards, token } = chain.contracts;
        await write(batcher, token, 'approve', [rewards, 10n * one]);
        await write(batcher, rewards, 'propose', [epoch + 1, pad('0x1234', { size: 32 }), 5n]);
        assert.equal((await json_report(epoch + 1)).onL1.matches, false);
        assert.match(await ok('', 'report', '--epoch', epoch + 1), /: mismatch$/m);
        await refused(/another root on L1/, 'batcher', 'report', '--epoch', epoch + 1, '--propose');
        await refused(/no proof of ours fits/, 'user0', 'claim', '--epoch', epoch + 1);
        await refused(/is no validator's operator/, 'user0', 'report', '--epoch', epoch + 1, '--object');
        assert.match(await ok('batcher', 'report', '--epoch', epoch + 1, '--object'), /\(disputed\).*: mismatch$/m);
        await refused(/disputed: governance decides/, 'user0', 'claim', '--epoch', epoch + 1);
        await decide(rewards, [encodeFunctionData({ abi, functionName: 'resolve', args: [epoch + 1, false] })]);
        const right = await json_report(epoch + 1);
        assert.deepEqual(right.onL1, { status: 'none' });
        await decide(rewards, [encodeFunctionData({ abi, functionName: 'settle', args: [epoch + 1, right.root, BigInt(right.total)] })]);
        const had = await balance(0);
        await ok('user0', 'claim', '--epoch', epoch + 1);
        assert.equal((await balance(0)) - had, amount_of(0, right));
    });

    test('pays stake back when its time has come', async (t) => {
        await refused(/is no validator's operator/, 'user2', 'retire');
        assert.match(await ok('batcher', 'retire'), /request 1: 5 MEGA/);
        const had = await balance(0);
        await eventually('user0', 'withdraw');
        assert.equal((await balance(0)) - had, 5n * one);
        assert.match(await ok('user0', 'withdraw'), /nothing is on its way out/);
        const { staking: contract, rewards, token, dutyRecord, epochs } = chain.contracts;
        const gas = await l1_gas(l1, {
            approve: [token, 'approve(address,uint256)'],
            register: [contract, 'register((bytes,bytes,bytes,uint256,uint8,bytes),uint16,uint96,uint32)'],
            delegate: [contract, 'delegate(uint32,uint96)'],
            undelegate: [contract, 'undelegate(uint32,uint128)'],
            withdraw: [contract, 'withdraw(uint256)'],
            retire: [contract, 'retire()'],
            'open an epoch': [epochs, 'open(uint48,bytes,bytes)'],
            'record a duty': [dutyRecord, 'record(((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32,uint64,bytes32,bytes32,address),uint8,bytes32[]),bytes32,(uint32[],uint96[]),(uint256,bytes))'],
            'propose rewards': [rewards, 'propose(uint48,bytes32,uint128)'],
            finalize: [rewards, 'finalize(uint48)'],
            claim: [rewards, 'claim(uint48,address,uint256,bytes32[])'],
        });
        gas.forEach((line) => t.diagnostic(line));
    });
});
