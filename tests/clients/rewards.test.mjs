// Rewards that nobody has to care for, on a real L1: an operator's node proposes an epoch's root when L1 can take nothing of
// the epoch back, objects to a root that is not what L1 gives, lets a right one stand, and makes it final.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { encodeFunctionData, numberToHex, pad, parseAbi } from 'viem';
import { foundry_binary, only_mega, temporary_directory } from './harness.mjs';
import { account, deploy_chain, l1_chain_id, reader, roles, run_mega, sleep, start_chain, start_l1, wait_for, wallet } from './settlement_harness.mjs';
import { keys_of, register, steps, write_keystore } from './staking_harness.mjs';
import { start_validator } from './validators.mjs';

const skip = only_mega || (!existsSync(foundry_binary('anvil')) && 'anvil is not installed');
const one = 10n ** 18n;
const bond = one;
const operator = 13; // its node runs
const other = 15; // a validator in office, by hand
const Status = { none: 0, proposed: 1, disputed: 2, final: 3 };
const abi = parseAbi([
    'function balanceOf(address) view returns (uint256)',
    'function approve(address, uint256) returns (bool)',
    'function transfer(address, uint256) returns (bool)',
    'function currentEpoch() view returns (uint48)',
    'function nextEpoch() view returns (uint48)',
    'function epochs(uint48) view returns (bytes32 root, uint128 total, uint128 claimed, uint8 status, uint64 finalizableAt, address proposer, address objector, uint128 emitted, uint128 bond)',
    'function skip(uint48 epoch)',
    'function propose(uint48 epoch, bytes32 root, uint128 total)',
    'function scheduleBatch(address[] targets, uint256[] values, bytes[] data, bytes32 predecessor, bytes32 salt, uint256 delay)',
    'function executeBatch(address[] targets, uint256[] values, bytes[] data, bytes32 predecessor, bytes32 salt) payable',
    'event DutyRecorded(uint48 indexed epoch, uint64 indexed batchIndex, uint64 blockNumber, uint256 bitmap, bool isQuorate)',
]);

describe('an operator\'s node and rewards', { skip, timeout: 300_000 }, () => {
    let l1, chain, node, validator;
    const logs = { get log() { return [node?.log.slice(-3_000), validator?.complained.slice(-500)].join('\n----\n'); } };
    const eventually = (question, timeout_ms, what) => wait_for(async () => (await question()) || void (await sleep(150)), timeout_ms, what, logs);
    const at = (name) => chain.contracts[name];
    const read = (name, functionName, args = []) => reader(l1.url, l1_chain_id).readContract({ address: at(name), abi, functionName, args });
    const write = async (index, name, functionName, args) => {
        const receipt = await wallet(l1.url, l1_chain_id, index).confirm({ address: at(name), abi, functionName, args });
        assert.equal(receipt.status, 'success', functionName);
    };
    /// What L1 has of an epoch's rewards.
    const posted = async (epoch) => {
        const [root, total, , status, , proposer, objector] = await read('rewards', 'epochs', [epoch]);
        return { root, total, status, proposer, objector };
    };
    const has_status = (epoch, status, timeout_ms, what) => eventually(async () => {
        const found = await posted(epoch);
        return found.status === status && found;
    }, timeout_ms, what);
    const present_epoch = async () => Number(await read('staking', 'currentEpoch'));
    const staking = (...args) => run_mega(['staking', ...args, '--l1', l1.url, '--rollup', chain.rollup]);
    const report = async (epoch) => {
        const { code, stdout, stderr } = await staking('report', '--epoch', epoch, '--json');
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
    };
    const metric = async (name) => Number((await (await fetch(`${node.url}/metrics`)).text()).match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))?.[1] ?? NaN);
    /// By the timelock, which has no delay here and the deployer as its council.
    const decide = async (name, calls) => {
        const zero = pad('0x', { size: 32 });
        const batch = [calls.map(() => at(name)), calls.map(() => 0n), calls, zero, zero];
        await write(roles.deployer, 'timelock', 'scheduleBatch', [...batch, 0n]);
        await write(roles.deployer, 'timelock', 'executeBatch', batch);
    };

    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('rewards'), { staking: { epochLength: 8, objectionWindow: 24, rewardBond: `${bond}` } });
        for (const [index, stake] of [[operator, 100n * one], [other, 5n * one]]) {
            const keys = await register(l1, chain, index, `rewards ${index}`, stake);
            writeFileSync(join(chain.directory, `validator${index}.key`), numberToHex(keys.bls_secret, { size: 32 }));
            await write(roles.deployer, 'token', 'transfer', [account(index).address, 10n * bond]);
        }
        writeFileSync(join(chain.directory, 'other.key'), account(other).private_key);
        await write(other, 'token', 'approve', [at('rewards'), bond]);
        await write_keystore(join(chain.directory, 'sequencer.json'), keys_of(`rewards ${operator}`, at('staking')).base, 'secret');
        await l1.tick();
        node = await start_chain(chain, l1);
        validator = start_validator(node.url.replace('http', 'ws'), '--key', join(chain.directory, `validator${operator}.key`));
    }, { timeout: 120_000 });
    after(async () => {
        validator?.child.kill('SIGKILL');
        await node?.stop('SIGKILL');
        await l1?.stop();
    });

    const step = steps('it');

    let epoch; // the first in which somebody earned something
    step('proposes nothing for an epoch in which nobody earned anything', async () => {
        const recorded = () => reader(l1.url, l1_chain_id).getLogs({ address: at('dutyRecord'), event: abi.find((item) => item.name === 'DutyRecorded'), fromBlock: 0n });
        const first = await eventually(async () => (await recorded()).find(({ args }) => args.isQuorate), 60_000, 'a recorded duty');
        epoch = Number(first.args.epoch);
        await eventually(async () => (await present_epoch()) >= epoch + 3, 60_000, 'the epoch to be closed');
        assert.equal(Number(await read('rewards', 'nextEpoch')), 0);
        await eventually(() => /rewards: nobody earned anything in epoch 0: it waits for a vote/.test(node.log), 40_000, 'the node to say so');
        assert.equal(node.log.match(/nobody earned anything in epoch 0/g).length, 1, 'said once');
        await decide('rewards', Array.from({ length: epoch }, (_, i) => encodeFunctionData({ abi, functionName: 'skip', args: [i] })));
    });

    step('proposes the root that anybody computes from L1, once', async () => {
        const found = await has_status(epoch, Status.proposed, 40_000, 'a root by the node');
        assert.equal(found.proposer, account(operator).address);
        // The next one is not waited for by everybody: here a root that L1 does not give, as soon as L1 takes it.
        await eventually(async () => (await present_epoch()) >= epoch + 4, 30_000, 'the next epoch to be closed');
        await write(other, 'rewards', 'propose', [epoch + 1, pad('0x1234', { size: 32 }), 5n]);
        const computed = await report(epoch);
        assert.deepEqual(computed.onL1, { status: 'proposed', root: found.root, total: `${found.total}`, matches: true });
        assert.ok(computed.leaves.some((leaf) => leaf.account === account(operator).address.toLowerCase()));
    });

    step('objects to a root that L1 does not give', async () => {
        const found = await has_status(epoch + 1, Status.disputed, 40_000, 'an objection by the node');
        assert.deepEqual([found.proposer, found.objector], [account(other).address, account(operator).address]);
        await eventually(() => new RegExp(`the root of epoch ${epoch + 1} on L1, 0x.*1234, is not what L1 gives`).test(node.log), 20_000, 'the node to say so');
        await eventually(async () => (await metric('reward_objections_total')) === 1, 20_000, 'one objection');
        assert.notEqual((await posted(epoch)).status, Status.disputed, 'its own stands');
    });

    step('makes the root final, and the rewards are claimed', async () => {
        await has_status(epoch, Status.final, 60_000, 'the root to be final');
        const { leaves } = await report(epoch);
        for (const { account: who, amount } of leaves) {
            const had = await read('token', 'balanceOf', [who]);
            const before_it = await read('rewards', 'epochs', [epoch]);
            const { code, stderr } = await staking('claim', '--epoch', epoch, '--for', who, '--key', join(chain.directory, 'user0.key'));
            assert.equal(code, 0, stderr);
            assert.equal((await read('rewards', 'epochs', [epoch]))[2] - before_it[2], BigInt(amount));
            // The operator's account moves by itself, with bonds.
            if (who !== account(operator).address.toLowerCase()) assert.equal((await read('token', 'balanceOf', [who])) - had, BigInt(amount));
        }
        const again = await staking('claim', '--epoch', epoch, '--for', leaves[0].account, '--key', join(chain.directory, 'user0.key'));
        assert.match(again.stderr, /has been paid for epoch \d+ already/);
        await eventually(async () => (await metric('reward_roots_finalized_total')) >= 1, 20_000, 'the node to have seen it');
        // Later epochs come without anybody, too, and one that was disputed stays with governance.
        await eventually(async () => Number(await read('rewards', 'nextEpoch')) > epoch + 2, 60_000, 'a later root');
        assert.equal((await posted(epoch + 1)).status, Status.disputed);
        assert.equal(node.exit, undefined);
    });
});
