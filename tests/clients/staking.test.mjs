// Three sequencers and four validators with stake on a real L1, each a process of its own. The nodes open the epochs and record
// who attested; blocks become attested; who contradicts itself is slashed by a validator that watches; a leader is killed; a vote
// changes the gas limit while all run; the rewards of an epoch are claimed.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { numberToHex } from 'viem';
import { faulty_binary, only_mega, open_websocket, sleep, temporary_directory, wait_for } from './harness.mjs';
import { abi, account, deploy_chain, free_port, l1_chain_id, l2_chain_id, mega, reader, roles, run_mega, start_l1, start_sequencer, wallet } from './settlement_harness.mjs';
import { keys_of, read_staking, register, steps, write_keystore } from './staking_harness.mjs';
import { start_validator, start_validator_of } from './validators.mjs';

const one = 10n ** 18n;
const operators = [13, 15, 16, 17]; // the first three run a sequencer, too
const stakes = [100n * one, 100n * one, 100n * one, 2n * one]; // two of the large ones are less than two thirds, three are more
const all_stake = stakes.reduce((a, b) => a + b);
const proposers = [5, 6, 7];
const reporter = 8;
const voted_gas_limit = 60_000_000;

/// Asks now and then, for what takes seconds anyway.
const eventually = (question, timeout_ms, what, node) => wait_for(async () => (await question()) || void (await sleep(200)), timeout_ms, what, node);
const percentile = (values, p) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))];

describe('validators with stake', { skip: only_mega }, () => {
    let l1, chain;
    const nodes = [];
    const ports = [];
    const sockets = [];
    const subscriptions = [];
    const validators = [];
    const key_file = (i) => join(chain.directory, `validator${i}.key`);
    const contract = (name, functionName, args) => read_staking(l1, chain.contracts[name], functionName, args);
    const id_of = (i) => contract('staking', 'idOfOperator', [account(operators[i]).address]);
    const balance = (address) => reader(l1.url, l1_chain_id).readContract({ address: chain.contracts.token, abi, functionName: 'balanceOf', args: [address] });
    const ws = (i) => `ws://127.0.0.1:${ports[i]}`;
    const status = (i, number) => nodes[i].rpc('mega_getBlockStatus', numberToHex(number));
    const sealed = async (i) => Number((await nodes[i].rpc('eth_getBlockByNumber', 'latest', false)).number) - 1;
    const metric = async (i, name) => Number((await (await fetch(`${nodes[i].url}/metrics`)).text()).match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))?.[1] ?? NaN);
    const sum_of = async (name) => (await Promise.all([0, 1, 2].map((i) => metric(i, name)))).reduce((a, b) => a + b);
    const told = (i) => sockets[i].notifications(subscriptions[i]);
    const logs = { get log() { return [...nodes.map((node) => node.log.slice(-1_500)), ...validators.map((validator) => validator.complained.slice(-700))].join('\n----\n'); } };
    /// A block above `number` that node `i` has as attested.
    const attested_above = (i, number, timeout_ms = 30_000) => eventually(async () => {
        for (let block = await sealed(i); block > number && block > 0; --block) {
            const found = await status(i, block);
            if (found.isAttested) return found;
        }
        return undefined;
    }, timeout_ms, `an attested block after ${number} at node ${i}`, logs);

    const start_node = async (i) => {
        nodes[i] = await start_sequencer(chain, l1, {
            data: join(chain.directory, `data${i}`), key: join(chain.directory, `sequencer${i}.json`), batcher: join(chain.directory, `operator${i}.key`), port: ports[i],
            args: ['--proposer-key', join(chain.directory, `proposer${i}.key`), '--proposal-interval-s', '20',
                '--peers', [0, 1, 2].filter((j) => j !== i).map((j) => `${account(operators[j]).address}=${ws(j)}`).join(',')],
        });
    };
    const leader = () => eventually(async () => {
        const standings = await Promise.all(nodes.map((node) => node.rpc('mega_getLeadership')));
        const leading = [0, 1, 2].filter((i) => standings[i].isLeading);
        return leading.length === 1 ? { index: leading[0] } : undefined;
    }, 20_000, 'one leader', logs);
    /// Validator `i` at node `at`; the first one watches all of them.
    const watching = (i) => (i !== 0 ? [] : ['--l1', l1.url, '--rollup', chain.rollup, '--reporter-key', join(chain.directory, 'reporter.key'), '--evidence', chain.directory, '--also', ws(1), '--also', ws(2)]);
    const start = (i, ...args) => (validators[i] = start_validator(ws(i % 3), '--key', key_file(i), ...watching(i), ...args));

    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('staking'), {
            timelockDelay: 4, staking: { epochLength: 10, slotsPerEpoch: 2 }, governance: { votingDelay: 3, votingPeriod: 12, lateQuorumExtension: 2 },
        });
        for (let i = 0; i < operators.length; ++i) {
            const keys = await register(l1, chain, operators[i], `validator ${i}`, stakes[i]);
            writeFileSync(key_file(i), numberToHex(keys.bls_secret, { size: 32 }));
        }
        writeFileSync(join(chain.directory, 'reporter.key'), account(reporter).private_key);
        for (let i = 0; i < 3; ++i) {
            ports[i] = await free_port();
            await write_keystore(join(chain.directory, `sequencer${i}.json`), keys_of(`validator ${i}`, chain.contracts.staking).base, 'secret');
            writeFileSync(join(chain.directory, `operator${i}.key`), account(operators[i]).private_key);
            writeFileSync(join(chain.directory, `proposer${i}.key`), account(proposers[i]).private_key);
        }
        await l1.tick();
        await Promise.all([0, 1, 2].map(start_node));
        for (let i = 0; i < 3; ++i) {
            sockets[i] = await open_websocket(ws(i));
            subscriptions[i] = await sockets[i].call('eth_subscribe', 'blockStatus');
        }
    });
    after(async () => {
        sockets.forEach((socket) => socket?.close());
        validators.forEach((validator) => validator?.child.kill('SIGKILL'));
        await Promise.all(nodes.map((node) => node.stop('SIGKILL').catch(() => undefined)));
        await l1?.stop();
    });

    const step = steps('they');

    step('have their epochs opened by the nodes', async () => {
        await eventually(async () => {
            const present = await contract('staking', 'currentEpoch');
            return contract('epochs', 'isOpened', [present]);
        }, 60_000, 'an epoch to be opened', logs);
        for (const i of [0, 1, 2]) await eventually(async () => (await metric(i, 'committee_size')) === 4, 30_000, `the committee at node ${i}`, logs);
        // Who opened it counts that once L1 has confirmed it, which may be after the others know its committee.
        await eventually(async () => (await sum_of('epochs_opened_total')) >= 1, 30_000, 'a node to count the epoch that it opened', logs);
        const found = await status(0, await sealed(0));
        assert.equal(found.committeeSize, '0x4');
        assert.equal(BigInt(found.committeeStake), all_stake);
        assert.equal(found.isAttested, false, 'nobody attests yet');
    });

    step('attest blocks by two thirds of the stake, wherever each of them sends its word', async () => {
        [0, 1].forEach((i) => start(i));
        const two = await eventually(async () => {
            const found = await status(2, await sealed(2));
            return found.attesters === '0x2' ? found : undefined;
        }, 20_000, 'two attesters at a node that none of them talks to', logs);
        assert.equal(two.isAttested, false, 'they are less than two thirds');
        assert.equal(BigInt(two.attestedStake), stakes[0] + stakes[1]);
        start(2);
        const from = await sealed(0);
        for (const i of [0, 1, 2]) assert.ok(BigInt((await attested_above(i, from)).attestedStake) >= stakes[0] + stakes[1] + stakes[2]);
        await eventually(() => [0, 1, 2].every((i) => told(i).some((each) => each.status === 'attested' && each.isAttested)), 10_000, 'subscribers to be told', logs);
    });

    step('are the only ones who count', async () => {
        const stranger = start_validator(ws(0), '--blocks', 2);
        assert.equal(await stranger.exited(), 0);
        assert.match(stranger.complained, /its key is not of the committee of epoch \d+/);
    });

    let served_epoch;
    step('have their duties recorded on L1', async () => {
        await eventually(async () => (await sum_of('duties_recorded_total')) >= 1, 40_000, 'a record of duties', logs);
        const [first] = await reader(l1.url, l1_chain_id).getLogs({ address: chain.contracts.dutyRecord, fromBlock: 0n });
        const epoch = Number(BigInt(first.topics[1]));
        served_epoch = epoch;
        assert.equal(await contract('dutyRecord', 'isQuorate', [epoch]), true);
        const ids = await Promise.all([0, 1, 2, 3].map(id_of));
        assert.deepEqual(await Promise.all(ids.map((id) => contract('dutyRecord', 'hasServed', [epoch, id]))), [true, true, true, false]);
    });

    const on_l1 = (...args) => [...args, '--l1', l1.url, '--rollup', chain.rollup];
    /// `mega gov` for who holds most of the MEGA; until it is done where what it waits for is time of L1.
    const gov = (...args) => mega(on_l1('gov', ...args, '--key', chain.key_files.deployer));
    const gov_in_time = (...args) => eventually(async () => (await run_mega(on_l1('gov', ...args, '--key', chain.key_files.deployer))).code === 0, 60_000, `mega gov ${args[0]}`, logs);

    step('let the holders of MEGA vote on the gas limit, and on when rewards begin', async () => {
        await gov('delegate');
        await gov_in_time('propose', '--set', `gasLimit=${voted_gas_limit}`, '--skip-rewards', served_epoch - 1, '--description', 'smaller blocks, and rewards');
        await gov_in_time('vote', '1', '--for');
    });

    /// Account 0 sends to account 9 through node `i`.
    let nonce = 0;
    const transfer = async (i) => {
        const raw = await account(0).signTransaction({ chainId: l2_chain_id, type: 'eip1559', nonce: nonce++, gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, to: account(9).address, value: 1n });
        const receipt = await nodes[i].rpc('eth_sendRawTransactionSync', raw);
        assert.equal(receipt.status, '0x1');
        return receipt;
    };

    step('take so long to attest', async (test) => {
        // With transactions all the time, so that a block's last mini-block is at its end.
        const first = (await sealed(0)) + 2;
        const times = () => [0, 1, 2].flatMap((i) => told(i).filter((each) => each.status === 'attested' && Number(each.number) >= first).map((each) => Number(each.attestationMicroseconds) / 1000));
        const until = Date.now() + 30_000;
        while (times().length < 30 && Date.now() < until) {
            await transfer(0);
            await sleep(5);
        }
        assert.ok(times().length >= 30, `${times().length} attested blocks at three nodes`);
        test.diagnostic(`from a block's last mini-block to two thirds of the stake: p50 ${percentile(times(), 0.5).toFixed(1)} ms, p99 ${percentile(times(), 0.99).toFixed(1)} ms (${times().length} blocks, at three nodes)`);
    });

    let slashed_from;
    step('lose stake when they attest one number twice, to whoever saw it', async () => {
        assert.ok(existsSync(faulty_binary), `${faulty_binary} is not built`);
        const id = await id_of(3);
        assert.equal(await contract('staking', 'isBarred', [id]), false);
        slashed_from = await contract('staking', 'currentEpoch');
        validators[3] = start_validator_of(faulty_binary, ws(1), '--key', key_file(3), '--inject-fault', 'double-attestation');
        await eventually(() => contract('staking', 'isBarred', [id]), 40_000, 'the slash', logs);
        const slash = stakes[3] / 10n;
        assert.equal(await contract('staking', 'stakeOf', [id, account(operators[3]).address]), stakes[3] - slash);
        const paid = await balance(account(reporter).address);
        assert.equal(paid, slash / 20n);
        assert.ok(paid < slash);
        await eventually(() => new RegExp(`watch: validator ${id} is slashed: 0x`).test(validators[0].complained), 10_000, 'the word of it', logs);
        const [file] = readdirSync(chain.directory).filter((name) => name.endsWith('-attestations.json'));
        const evidence = JSON.parse(readFileSync(join(chain.directory, file), 'utf8'));
        assert.equal(evidence.kind, 'twoAttestations');
        assert.equal(evidence.first.blockNumber, evidence.second.blockNumber);
        assert.notEqual(evidence.first.stateRoot, evidence.second.stateRoot);
        // Who did not lie keeps all it has.
        for (const i of [0, 1, 2]) assert.equal(await contract('staking', 'stakeOf', [await id_of(i), account(operators[i]).address]), stakes[i]);
    });

    step('attest no number twice, also when they are killed', async () => {
        validators[1].child.kill('SIGKILL');
        await validators[1].exited();
        const [, kept] = readFileSync(`${key_file(1)}.attested`, 'utf8').split(' ');
        start(1, '--trusted-number', Math.max(Number(kept) - 3, 0));
        await validators[1].reaches(Number(kept) + 1);
        assert.match(validators[1].said, /not attesting block \d+: this key has attested that number/);
        const second = start_validator(ws(1), '--key', key_file(1));
        assert.equal(await second.exited(), 1);
        assert.match(second.complained, /another validator attests with this key/);
        const pairs = (await Promise.all(nodes.map((node) => node.rpc('mega_getEquivocations')))).flat();
        assert.equal(new Set(pairs.map((pair) => pair.first.key)).size, 1, 'one has contradicted itself, and no other');
    });

    step('go on attesting when the leader is killed', async (test) => {
        // Once a block has come to the others, so that nobody has attested one that only the dead one knew.
        const { index } = await leader();
        const others = [0, 1, 2].filter((i) => i !== index);
        const seen = told(others[0]).length;
        await wait_for(() => told(others[0]).slice(seen).some((each) => each.status === 'sealed'), 10_000, 'a block', logs);
        await sleep(100);
        const killed = performance.now();
        await nodes[index].stop('SIGKILL');
        const receipt = await transfer(others[0]);
        const gap = performance.now() - killed;
        await start_node(index);
        const found = await attested_above(others[1], Number(receipt.blockNumber));
        const there = await eventually(() => nodes[index].rpc('eth_getTransactionReceipt', receipt.transactionHash), 20_000, 'the receipt at the node that was killed', logs);
        assert.deepEqual([there.blockNumber, there.transactionIndex], [receipt.blockNumber, receipt.transactionIndex]);
        test.diagnostic(`a receipt ${gap.toFixed(0)} ms after the leader was killed, block ${Number(found.number)} attested ${((performance.now() - killed) / 1000).toFixed(1)} s after`);
    });

    step('leave a committee from which they are barred, and pay the last part when the period is over', async () => {
        for (const i of [0, 1, 2]) await eventually(async () => (await metric(i, 'committee_size')) === 3, 40_000, `a committee without it at node ${i}`, logs);
        await eventually(async () => (await contract('slasher', 'offences', [0n]))[3], 80_000, 'the slash to be settled by a node', logs);
        const [id, , settle_from, , who] = await contract('slasher', 'offences', [0n]);
        assert.equal(id, await id_of(3));
        assert.ok(settle_from > slashed_from);
        assert.equal(who, account(reporter).address);
        // 10 % and three times the part of the stake that was guilty.
        const share = (1_000_000n * stakes[3]) / all_stake;
        const left = await contract('staking', 'stakeOf', [id, account(operators[3]).address]);
        const want = (stakes[3] * (900_000n - 3n * share)) / 1_000_000n;
        assert.ok(left > (want * 999n) / 1000n && left < (want * 1001n) / 1000n, `${left} is left, not about ${want}`);
        await attested_above(0, await sealed(0));
    });

    step('take what was voted, at all nodes, without a restart', async () => {
        const gas_limits = () => Promise.all(nodes.map(async (node) => Number((await node.rpc('eth_getBlockByNumber', 'latest', false)).gasLimit)));
        for (const limit of await gas_limits()) assert.notEqual(limit, voted_gas_limit);
        await gov_in_time('queue', '1');
        await gov_in_time('execute', '1');
        await eventually(async () => (await gas_limits()).every((limit) => limit === voted_gas_limit), 60_000, 'the gas limit at all nodes', logs);
        assert.ok(nodes.every((node) => node.exit === undefined));
        await attested_above(0, await sealed(0));
    });

    step('are paid for what they did', async () => {
        // The account of a node that runs is busy with its batches: the one whose node stops proposes.
        const { index } = await leader();
        const proposer = (index + 1) % 3;
        await nodes[proposer].stop();
        const report = async () => JSON.parse(await mega(on_l1('staking', 'report', '--epoch', served_epoch, '--json')));
        const { leaves } = await report();
        const earned = new Map(leaves.map((leaf) => [leaf.account, BigInt(leaf.amount)]));
        const owners = operators.map((i) => account(i).address.toLowerCase());
        assert.deepEqual([...earned.keys()].sort(), owners.slice(0, 3).sort(), 'whoever attested, and no other');
        const bond = 1n * one;
        await wallet(l1.url, l1_chain_id, roles.deployer).confirm({ address: chain.contracts.token, functionName: 'transfer', args: [owners[proposer], bond] });
        await mega(on_l1('staking', 'report', '--epoch', served_epoch, '--propose', '--key', join(chain.directory, `operator${proposer}.key`)));
        assert.equal((await report()).onL1.matches, true);
        const claim = (who) => run_mega(on_l1('staking', 'claim', '--epoch', served_epoch, '--for', who, '--key', join(chain.directory, 'user0.key')));
        assert.equal(await balance(owners[proposer]), 0n, 'the bond is with L1');
        const in_turn = [1, 2, 0].map((i) => owners[(proposer + i) % 3]); // with the first claim the bond comes back
        for (const who of in_turn) {
            const had = await balance(who);
            let last;
            const words = { get log() { return last.stderr; } };
            await eventually(async () => (last = await claim(who)).code === 0, 60_000, `the claim of ${who}`, words);
            if (who !== owners[proposer]) assert.equal((await balance(who)) - had, earned.get(who));
        }
        assert.equal(await balance(owners[proposer]), bond + earned.get(owners[proposer]));
        const again = await claim(owners[0]);
        assert.equal(again.code, 1);
        assert.match(again.stderr, /has been paid for epoch \d+ already/);
        assert.match((await claim(owners[3])).stderr, /earned nothing/);
    });
});
