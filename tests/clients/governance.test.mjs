// Governance with `mega gov` on a real L1: MEGA is delegated, a proposal voted, queued and executed, and a node that runs
// takes the new parameter. What may not happen is tried as well.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeFunctionData, pad, parseAbi } from 'viem';
import { foundry_binary, only_mega, temporary_directory } from './harness.mjs';
import { l1_gas } from './l1_gas.mjs';
import { account, deploy_chain, l1_chain_id, reader, run_mega, sleep, start_chain, start_l1, wait_for, wallet } from './settlement_harness.mjs';

const skip = only_mega || (!existsSync(foundry_binary('anvil')) && 'anvil is not installed');
const gas_limit = 60_000_000;
const abi = parseAbi([
    'function owner() view returns (address)',
    'function getMinDelay() view returns (uint256)',
    'function hasRole(bytes32, address) view returns (bool)',
    'function PROPOSER_ROLE() view returns (bytes32)',
    'function transfer(address, uint256)',
    'function schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay)',
]);

describe('governance', { skip, timeout: 240_000 }, () => {
    let l1, chain, node;
    const gov = (who, ...args) => {
        const [command, ...rest] = args;
        const key = command === 'show' ? [] : ['--key', chain.key_files[who] ?? join(chain.directory, `${who}.key`)];
        return run_mega(['gov', command, '--l1', l1.url, '--rollup', chain.rollup, ...key, ...rest]);
    };
    const ok = async (...args) => {
        const done = await gov(...args);
        assert.equal(done.code, 0, `${args.join(' ')}:\n${done.stdout}${done.stderr}`);
        return done.stdout;
    };
    const refused = async (words, ...args) => {
        const done = await gov(...args);
        assert.equal(done.code, 1, `${args.join(' ')} was not refused:\n${done.stdout}`);
        assert.match(done.stderr, words);
    };
    /// Until it is done: what it waits for is time of L1.
    const eventually = async (...args) => {
        let done;
        for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200)) {
            done = await gov(...args);
            if (done.code === 0) return done.stdout;
        }
        assert.fail(`${args.join(' ')} was refused for a minute: ${done.stderr}`);
    };
    const show = async () => JSON.parse(await ok('', 'show', '--json'));
    const wait_for_state = async (index, state) => {
        let last;
        for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200)) {
            last = (await show())[index].state;
            if (last === state) return;
        }
        assert.fail(`proposal ${index + 1} did not become ${state}, but ${last}`);
    };
    const read = (address, functionName, args = []) => reader(l1.url, l1_chain_id).readContract({ address, abi, functionName, args });

    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('governance'), {
            council: undefined, timelockDelay: 8,
            governance: { votingDelay: 6, votingPeriod: 15, proposalThreshold: `${10n ** 21n}`, lateQuorumExtension: 2 },
        });
        await l1.tick();
        node = await start_chain(chain, l1);
    }, { timeout: 120_000 });
    after(async () => {
        await node?.stop();
        await l1?.stop();
    });

    test('leaves the deployer nothing', async () => {
        const { timelock, systemConfig, governor, staking, epochs, leaderSchedule, slasher, rewards, grants } = chain.contracts;
        for (const owned of [systemConfig, staking, epochs, leaderSchedule, slasher, rewards, grants]) {
            assert.equal((await read(owned, 'owner')).toLowerCase(), timelock);
        }
        assert.equal(await read(timelock, 'getMinDelay'), 8n);
        const proposer = await read(timelock, 'PROPOSER_ROLE');
        assert.ok(await read(timelock, 'hasRole', [proposer, governor]));
        assert.ok(!(await read(timelock, 'hasRole', [proposer, account(12).address])));
        const zero = pad('0x', { size: 32 });
        await assert.rejects(wallet(l1.url, l1_chain_id, 12).confirm({ address: timelock, abi, functionName: 'schedule', args: [systemConfig, 0n, '0x', zero, zero, 8n] }));
    });

    test('refuses a proposal of one without votes, and settings that there are not', async () => {
        await refused(/has votes of 0 MEGA, a proposal needs 1000 MEGA/, 'user0', 'propose', '--set', `gasLimit=${gas_limit}`, '--description', 'blocks of 60 Mgas');
        await refused(/no setting is called "gas"/, 'user0', 'propose', '--set', 'gas=1', '--description', 'x');
        await refused(/has this value already/, 'user0', 'propose', '--set', 'challengeWindow=8', '--description', 'x');
        await refused(/propose what/, 'user0', 'propose', '--description', 'x');
        await refused(/no proposal 1; 0 have been made/, 'user0', 'vote', '1', '--for');
    });

    test('makes a proposal once, and lets nobody vote before its time', async () => {
        for (const who of ['user0', 'deployer', 'deployer']) await ok(who, 'delegate'); // oneself
        const propose = ['user0', 'propose', '--set', `gasLimit=${gas_limit}`, '--set', 'elasticity=3', '--description', 'blocks of 60 Mgas'];
        await eventually(...propose);
        await l1.hold();
        const text = await ok('', 'show');
        assert.match(text, /systemConfig\.setChainParameters: gasLimit 60000000, minBaseFee \d+, elasticity 3/);
        await refused(/the vote begins in/, 'deployer', 'vote', '1', '--for');
        await l1.tick();
        // The same again is the same.
        const [{ id }] = await show();
        assert.match(await ok(...propose), new RegExp(`proposal ${id}`));
        assert.equal((await show()).length, 1);
    });

    test('counts a vote once, of those who had some when it began', async () => {
        await wait_for_state(0, 'active');
        await refused(/one of --for, --against and --abstain/, 'deployer', 'vote', '1');
        await ok('deployer', 'vote', '1', '--for');
        await refused(/has voted already/, 'deployer', 'vote', '1', '--against');
        await ok('user2', 'delegate', account(2).address);
        await refused(/had no votes when this vote began/, 'user2', 'vote', '1', '--against');
        await refused(/the vote goes on/, 'user0', 'queue', '1');
        await refused(/it is active, not queued/, 'user0', 'execute', '1');
        // One that nobody votes for, with a raw call.
        const raw = encodeFunctionData({ abi, functionName: 'transfer', args: [account(0).address, 1n] });
        await ok('user0', 'propose', '--target', chain.contracts.token, '--calldata', raw, '--description', 'a wei for me\u001b[2J');
        assert.match(await ok('', 'show', '2'), /: a wei for me \[2J\n/);
    });

    test('carries it out after the delay, and the node that runs takes it', async () => {
        await wait_for_state(0, 'succeeded');
        await ok('user1', 'queue', '1');
        await l1.hold();
        await ok('user1', 'queue', '1');
        await refused(/may be executed in \d+ s/, 'user1', 'execute', '1');
        await l1.tick();
        const before_it = await node.rpc('eth_getBlockByNumber', 'latest', false);
        assert.notEqual(Number(before_it.gasLimit), gas_limit);
        await eventually('user1', 'execute', '1');
        assert.equal((await show())[0].state, 'executed');
        const latest = await wait_for(async () => {
            const block = await node.rpc('eth_getBlockByNumber', 'latest', false);
            return Number(block.gasLimit) === gas_limit && block;
        }, 60_000, 'the new gas limit on L2', node);
        assert.ok(Number(latest.number) > Number(before_it.number));
        assert.equal(node.exit, undefined);
        await refused(/the vote is over: executed/, 'deployer', 'vote', '1', '--for');
    });

    test('does nothing for a proposal that found no quorum', async (t) => {
        await wait_for_state(1, 'defeated');
        await refused(/it was defeated: for 0 MEGA, against 0 MEGA; for and abstaining must reach 40000000 MEGA/, 'user0', 'queue', '2');
        await refused(/it is defeated, not queued/, 'user0', 'execute', '2');
        const { governor, token, stakedVotes, l2ParameterRelay } = chain.contracts;
        const gas = await l1_gas(l1, {
            'delegate votes of MEGA held': [token, 'delegate(address)'],
            'delegate votes of MEGA staked': [stakedVotes, 'delegate(address)'],
            propose: [governor, 'propose(address[],uint256[],bytes[],string)'],
            vote: [governor, 'castVote(uint256,uint8)'],
            queue: [governor, 'queue(address[],uint256[],bytes[],bytes32)'],
            execute: [governor, 'execute(address[],uint256[],bytes[],bytes32)'],
            'push parameters to L2': [l2ParameterRelay, 'push()'],
        });
        gas.forEach((line) => t.diagnostic(line));
    });
});
