// Sequencers and validators that break their word (mega_faulty), and who watches them: each kind of evidence is found by
// `mega validate` and brought before the Slasher by its transaction, also after it was killed in between; and what L1 itself
// made void costs nobody anything.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { numberToHex } from 'viem';
import { faulty_binary, only_mega, repository, sleep, temporary_directory, wait_for } from './harness.mjs';
import { account, deploy_chain, l1_chain_id, l2_chain_id, reader, start_l1, start_sequencer } from './settlement_harness.mjs';
import { keys_of, read_staking, register, staking_abi, write_keystore } from './staking_harness.mjs';
import { start_validator, start_validator_of } from './validators.mjs';

const one = 10n ** 18n;
const sequencer = 13; // the account that may post until an epoch is opened, and after it as good as always: it has the stake
const attester = 15;
const reporter = 8;
const kinds = ['TwoMiniBlocks', 'TwoAttestations', 'MiniBlockAgainstBatch', 'AttestationAgainstHeader']; // as in Slasher.sol
const eventually = (question, timeout_ms, what, node) => wait_for(async () => (await question()) || void (await sleep(200)), timeout_ms, what, node);

/// A chain whose only sequencer lies in its own way; a validator that lies or not; one that watches.
class Scene {
    validators = [];

    async set_up(name, fault) {
        // Some epochs before now, so that what is at stake counts from the start.
        this.l1 = await start_l1({ args: ['--timestamp', Math.floor(Date.now() / 1000) - 60] });
        this.chain = await deploy_chain(this.l1, temporary_directory(name), { staking: { epochLength: 12 } });
        await register(this.l1, this.chain, sequencer, 'sequencer', 1000n * one);
        const keys = await register(this.l1, this.chain, attester, 'attester', one);
        this.attester_key = this.file('attester.key', numberToHex(keys.bls_secret, { size: 32 }));
        this.reporter_key = this.file('reporter.key', account(reporter).private_key);
        this.evidence = join(this.chain.directory, 'evidence');
        mkdirSync(this.evidence);
        await this.l1.rpc('evm_setNextBlockTimestamp', Math.floor(Date.now() / 1000));
        await this.l1.mine();
        await this.l1.tick();
        const key = await write_keystore(join(this.chain.directory, 'base.json'), keys_of('sequencer', this.chain.contracts.staking).base, 'secret');
        this.node = await start_sequencer(this.chain, this.l1, {
            data: join(this.chain.directory, 'data'), key, batcher: this.chain.key_files.batcher, program: resolve(repository, faulty_binary),
            args: ['--proposer-key', this.chain.key_files.proposer, '--proposal-interval-s', '60', '--inject-fault', fault],
        });
    }
    async tear_down() {
        this.validators.forEach((validator) => validator.child.kill('SIGKILL'));
        await this.node?.stop('SIGKILL');
        await this.l1?.stop();
    }
    file(name, content) {
        writeFileSync(join(this.chain.directory, name), content);
        return join(this.chain.directory, name);
    }
    get log() { return [this.node?.log.slice(-3_000), ...this.validators.map((validator) => validator.said.slice(-500) + validator.complained.slice(-1_500))].join('\n----\n'); }
    validate(binary, ...args) {
        const validator = start_validator_of(binary, this.node.url, ...args);
        this.validators.push(validator);
        return validator;
    }
    watch() {
        const watching = start_validator(this.node.url, '--l1', this.l1.url, '--rollup', this.chain.rollup, '--trusted-number', 0, '--silent', '--reporter-key', this.reporter_key, '--evidence', this.evidence);
        this.validators.push(watching);
        return watching;
    }
    contract(name, functionName, args) { return read_staking(this.l1, this.chain.contracts[name], functionName, args); }
    id_of(operator) { return this.contract('staking', 'idOfOperator', [account(operator).address]); }
    async is_out(operator) { return this.contract('slasher', 'isOut', [await this.id_of(operator)]); }
    /// What the Slasher says of how `operator` was found out.
    async punishment(operator) {
        const logs = await reader(this.l1.url, l1_chain_id).getLogs({ address: this.chain.contracts.slasher, event: staking_abi.find((item) => item.name === 'Punished'), fromBlock: 0n });
        const id = await this.id_of(operator);
        const found = logs.find((log) => log.args.id === id);
        return found && { kind: kinds[found.args.kind], reporter: found.args.reporter };
    }
    slashed(operator) { return eventually(() => this.punishment(operator), 60_000, `account ${operator} to be slashed`, this); }
    /// Transactions all the time, so that there are mini-blocks.
    async send() {
        const nonce = Number(await this.node.rpc('eth_getTransactionCount', account(0).address, 'pending'));
        const raw = await account(0).signTransaction({ chainId: l2_chain_id, type: 'eip1559', nonce, gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, to: account(9).address, value: 1n });
        return this.node.rpc('eth_sendRawTransactionSync', raw);
    }
    files(end) { return readdirSync(this.evidence).filter((name) => name.startsWith('equivocation-') && name.endsWith(end)); }
    async metric(name) { return Number((await (await fetch(`${this.node.url}/metrics`)).text()).match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))?.[1] ?? NaN); }
}

describe('evidence', { skip: only_mega, concurrency: 2 }, () => {
    before(() => assert.ok(existsSync(resolve(repository, faulty_binary)), `${faulty_binary} is missing: tools/build release mega_faulty`));

    describe('against a sequencer that signs two mini-blocks, and a validator that attests what no header says', { concurrency: 1 }, () => {
        const scene = new Scene();
        before(() => scene.set_up('two', 'two-mini-blocks'));
        after(() => scene.tear_down());

        it('slashes the validator', async () => {
            await eventually(async () => (await scene.metric('committee_size')) === 2, 60_000, 'a committee', scene);
            const watching = scene.watch();
            await watching.reaches(2);
            scene.validate(faulty_binary, '--key', scene.attester_key, '--inject-fault', 'false-attestation');
            const { kind, reporter: who } = await scene.slashed(attester);
            assert.equal(kind, 'AttestationAgainstHeader');
            assert.equal(who, account(reporter).address);
            const [file] = scene.files('-false-attestation.json');
            const { attestation } = JSON.parse(readFileSync(join(scene.evidence, file), 'utf8'));
            const block = await scene.node.rpc('eth_getBlockByNumber', numberToHex(Number(attestation.blockNumber)), false);
            assert.equal(attestation.blockHash, block.hash);
            assert.notEqual(attestation.stateRoot, block.stateRoot);
            await eventually(() => scene.files('-false-attestation.json.done').length === 1, 10_000, 'the word of it', scene);
            assert.equal(await scene.is_out(sequencer), false);
        });

        it('slashes the sequencer, though the watch was killed before it could', async () => {
            await scene.l1.hold(); // so that no batch dates it
            await eventually(async () => void (await scene.send()) || scene.files('-mini-blocks.json').length > 0, 60_000, 'evidence', scene);
            scene.validators[0].child.kill('SIGKILL');
            await scene.validators[0].exited();
            assert.equal(scene.files('-mini-blocks.json.done').length, 0);
            writeFileSync(join(scene.evidence, `equivocation-${l2_chain_id}-1-0x00-mini-blocks.json`), '{"kind":"twoMiniBlocks","first":');
            await scene.l1.tick();
            const again = scene.watch();
            const { kind, reporter: who } = await scene.slashed(sequencer);
            assert.equal(kind, 'TwoMiniBlocks');
            assert.equal(who, account(reporter).address);
            await eventually(() => scene.files('-mini-blocks.json.done').length === 1, 10_000, 'the word of it', scene);
            const [done] = scene.files('-mini-blocks.json.done');
            assert.match(readFileSync(join(scene.evidence, done), 'utf8'), /^validator \d+ is slashed: 0x[0-9a-f]{64}$/m);
            assert.match(again.complained, /watch: goes on with .*-mini-blocks\.json/);
            assert.match(again.complained, /equivocation-6343-1-0x00-mini-blocks\.json is passed over: it is no JSON/);
            assert.doesNotMatch(again.complained, /goes on with .*-false-attestation\.json/);
        });
    });

    describe('against a sequencer that leaves out of its batch what it signed', { concurrency: 1 }, () => {
        const scene = new Scene();
        before(() => scene.set_up('left', 'left-out-mini-block'));
        after(() => scene.tear_down());

        it('is not made of what L1 took back', async () => {
            await eventually(async () => (await scene.metric('committee_size')) === 2, 60_000, 'a committee', scene);
            // It has to have seen the mini-blocks that go.
            const watching = scene.watch();
            await watching.reaches(2);
            await watching.reaches(watching.verified().at(-1) + 8);
            await scene.l1.rpc('anvil_reorg', 3, []);
            await eventually(async () => (await scene.metric('reorganisations_total')) > 0, 20_000, 'blocks to be taken back', scene);
            await eventually(() => scene.files('.done').length > 0, 20_000, 'the watch to see two mini-blocks of one place', scene);
            await sleep(5_000); // and what its batches say
            for (const name of scene.files('.done')) assert.match(readFileSync(join(scene.evidence, name), 'utf8'), /may have been built on blocks that L1 took back/);
            assert.equal(await scene.is_out(sequencer), false);
            assert.equal(await scene.contract('slasher', 'offenceCount'), 0n);
        });

        it('slashes the sequencer once the batch is there', async () => {
            const { kind, reporter: who } = await eventually(async () => void (await scene.send().catch(() => undefined)) || (await scene.punishment(sequencer)), 90_000, 'the slash', scene);
            assert.equal(kind, 'MiniBlockAgainstBatch');
            assert.equal(who, account(reporter).address);
            const found = scene.files('-left-out.json').map((file) => JSON.parse(readFileSync(join(scene.evidence, file), 'utf8')));
            const { signingHashes } = found.find(({ promised }) => promised.index >= 1_000_000);
            assert.ok(signingHashes.length > 0);
            assert.equal(await scene.is_out(attester), false, 'who did not lie');
        });
    });
});
