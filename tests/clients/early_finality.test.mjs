// The committee's word on claims, on a real L1: until a vote installs CommitteeVerifier two thirds of the stake decide
// nothing; from then on the node brings what its validators attest, and a withdrawal is paid long before a window ends.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { encodeAbiParameters, encodeFunctionData, numberToHex, pad, parseAbi, stringToHex } from 'viem';
import { foundry_binary, only_mega, temporary_directory } from './harness.mjs';
import { l1_gas } from './l1_gas.mjs';
import { abi, account, batches, deploy_chain, l1_chain_id, l2_chain_id, message_passer, reader, roles, run_mega, sleep, start_chain, start_l1, wait_for, wallet } from './settlement_harness.mjs';
import { attest, keys_of, register, steps, write_keystore } from './staking_harness.mjs';
import { start_validator } from './validators.mjs';

const skip = only_mega || (!existsSync(foundry_binary('anvil')) && 'anvil is not installed');
const one = 10n ** 18n;
const window = 600; // seconds in which a claim may be challenged: longer than this suite
const operators = [13, 15, 16, 17]; // the first posts the batches
const stakes = [66n * one, 14n * one, 10n * one, 10n * one]; // the first alone is less than two thirds, with the second it is more
const stranger = '0x0000000000000000000000000000000000010077';
const committee_kind = pad(stringToHex('committee'), { size: 32, dir: 'right' });
const Status = { proposed: 1, final: 3 };

const batch_header = '(bytes32 parent, uint64 index, uint64 firstBlock, uint64 lastBlock, uint64 depositCursor, uint64 originNumber, bytes32 originHash, uint64 lastTimestamp, bytes32 lastBlockHash, bytes32 miniBlockDigest, address sequencer)';
const statement = '(uint256 l2ChainId, uint256 claim, bytes32 parentOutputRoot, bytes32 outputRoot, bytes32 parentBatchHash, bytes32 batchHash, uint64 parentBlock, uint64 lastBlock)';
const claims_abi = parseAbi([
    'function setVerifier(bytes32 kind, address verifier)',
    'function verifier(bytes32 kind) view returns (address)',
    'function prove(uint64 claim, bytes32 kind, bytes proof)',
    'function finalize(uint64 claim)',
    'function claimCount() view returns (uint64)',
    'function getClaim(uint64) view returns ((bytes32 outputRoot, address proposer, uint64 batchIndex, uint8 status, uint64 parent, uint64 lastBlock, uint64 proposedAt, uint64 finalizableAt, uint128 bond, uint128 challengeBond, address challenger))',
    'event ClaimProposed(uint64 indexed claim, uint64 indexed parent, uint64 indexed batchIndex, bytes32 outputRoot, bytes32 stateRoot, bytes32 messagePasserStorageRoot, bytes32 blockHash, uint64 lastBlock, address proposer)',
    'event ClaimFinalized(uint64 indexed claim, bytes32 indexed by, bytes32 outputRoot)',
    'event CommitteeDrawn(uint48 indexed epoch, uint32[] ids, uint96[] stakes)',
    `function examine(${statement} statement, bytes proof) view`,
    'function committeeEpoch(uint256) view returns (uint48)',
    'function delegate(uint32 id, uint96 amount)',
    'error NoVerifier(bytes32 kind)',
    'error Undecided(bytes32 kind)',
    'error ParentNotFinal(uint64 parent)',
    'error WindowOpen(uint64 finalizableAt)',
    'error WrongStatus(uint64 claim, uint8 status)',
    'error NotOwner(address caller)',
    'error WrongBatch()',
    'error WrongOutput()',
    'error NotEnoughStake(uint256 signed, uint256 total)',
    'error WrongMembers(uint48 epoch)',
    'error BadBitmap()',
    'error BadSignature()',
]);
const [proof_type] = parseAbi([`function f(((${batch_header} header, uint8 kind, bytes32[] dataHashes) batch, (bytes32 version, bytes32 stateRoot, bytes32 messagePasserStorageRoot, bytes32 latestBlockhash) output, (uint32[] ids, uint96[] stakes) members, (uint256 bitmap, bytes signature) aggregate) proof)`])[0].inputs;

describe('the committee\'s word on claims', { skip, timeout: 300_000 }, () => {
    let l1, chain, node;
    const validators = [];
    const secrets = [];
    const logs = { get log() { return [node?.log.slice(-3_000), ...validators.map((each) => (each.said + each.complained).slice(-500))].join('\n----\n'); } };
    const eventually = (question, timeout_ms, what) => wait_for(async () => (await question()) || void (await sleep(150)), timeout_ms, what, logs);
    const at = (name) => chain.contracts[name];
    const read = (name, functionName, args = []) => reader(l1.url, l1_chain_id).readContract({ address: at(name), abi: claims_abi, functionName, args });
    const events = async (name, eventName) => (await reader(l1.url, l1_chain_id).getLogs({ address: at(name), event: claims_abi.find((item) => item.name === eventName), fromBlock: 0n })).map((log) => log.args);
    const claim_count = async () => Number(await read('stateClaims', 'claimCount'));
    const claim_of = (index) => read('stateClaims', 'getClaim', [BigInt(index)]);
    const committees = async () => (await events('committee', 'CommitteeDrawn')).map(({ epoch, ids, stakes: of }) => ({ epoch: Number(epoch), members: { ids, stakes: of } }));
    const committee_of = async (batch) => {
        const epoch = Number(await read('committeeVerifier', 'committeeEpoch', [batch.header.lastTimestamp]));
        return (await committees()).find((drawn) => drawn.epoch === epoch);
    };
    const attempts = (address, functionName, args, from = 3) => reader(l1.url, l1_chain_id).simulateContract({ account: account(from).address, address, abi: claims_abi, functionName, args });
    const refused = (error, ...args) => assert.rejects(attempts(...args), error);

    /// What a proof of this claim is made of: all members sign, unless told otherwise.
    async function made(claim, { signers = [0, 1, 2, 3], said = {}, ...over } = {}) {
        const proposed = (await events('stateClaims', 'ClaimProposed')).find((event) => Number(event.claim) === claim);
        const { header, kind, dataHashes, batchHash } = (await batches(l1, chain)).find((batch) => batch.index === proposed.batchIndex);
        const batch = { header, kind, dataHashes };
        const { members } = await committee_of(batch);
        const bits = signers.map((i) => 1n << BigInt(members.ids.indexOf(i + 1)));
        const parts = {
            batch,
            output: { version: pad('0x', { size: 32 }), stateRoot: proposed.stateRoot, messagePasserStorageRoot: proposed.messagePasserStorageRoot, latestBlockhash: proposed.blockHash },
            members,
            aggregate: {
                bitmap: bits.reduce((a, b) => a | b),
                signature: attest(signers.map((i) => secrets[i]), { number: proposed.lastBlock, hash: proposed.blockHash, state_root: proposed.stateRoot, ...said }),
            },
            ...over,
        };
        const zero = pad('0x', { size: 32 });
        return {
            parts, proof: encodeAbiParameters([proof_type], [parts]),
            statement: { l2ChainId: BigInt(l2_chain_id), claim: BigInt(claim), parentOutputRoot: zero, outputRoot: proposed.outputRoot, parentBatchHash: zero, batchHash, parentBlock: 0n, lastBlock: proposed.lastBlock },
        };
    }
    /// A claim from number `from` on whose block has a committee of all.
    const attestable = async (from = 1) => {
        const posted = await batches(l1, chain);
        for (const { claim: index, batchIndex } of await events('stateClaims', 'ClaimProposed')) {
            const batch = posted.find((each) => each.index === batchIndex);
            const drawn = index >= BigInt(from) && (await committee_of(batch).catch(() => undefined));
            if (drawn && drawn.members.ids.length === 4) return Number(index);
        }
        return undefined;
    };
    /// StateClaims does not decide by it, and the verifier says why.
    async function not_taken(why, claim, { proof, statement: of }) {
        await refused(why, at('committeeVerifier'), 'examine', [of, proof]);
        await refused(/Undecided/, at('stateClaims'), 'prove', [BigInt(claim), committee_kind, proof]);
    }
    const gov = (...args) => run_mega(['gov', ...args, '--l1', l1.url, '--rollup', chain.rollup, '--key', chain.key_files.deployer]);
    const gov_in_time = async (...args) => {
        let last;
        await eventually(async () => (last = await gov(...args)).code === 0, 40_000, `mega gov ${args[0]}: ${last?.stderr}`);
    };

    before(async () => {
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('early_finality'), {
            challengeWindow: window, timelockDelay: 1, staking: { epochLength: 4, exitStride: 4, unbondingEpochs: 240 }, governance: { votingDelay: 1, votingPeriod: 12, lateQuorumExtension: 1 },
        });
        for (const [i, index] of operators.entries()) {
            const keys = await register(l1, chain, index, `early ${i}`, stakes[i]);
            secrets.push(keys.bls_secret);
            writeFileSync(join(chain.directory, `validator${i}.key`), numberToHex(keys.bls_secret, { size: 32 }));
        }
        await write_keystore(join(chain.directory, 'sequencer.json'), keys_of('early 0', at('staking')).base, 'secret');
        await l1.tick();
        node = await start_chain(chain, l1);
        await gov('delegate');
    }, { timeout: 120_000 });
    after(async () => {
        validators.forEach((validator) => validator.child.kill('SIGKILL'));
        await node?.stop('SIGKILL');
        await l1?.stop();
    });

    const step = steps('it');

    let first; // committee, before stake was added
    let stuck; // a claim that stands on an open one, as is made before the vote alone
    step('decides nothing until a vote has installed it', async () => {
        const setting = encodeFunctionData({ abi: claims_abi, functionName: 'setVerifier', args: [committee_kind, at('committeeVerifier')] });
        const vote = gov_in_time('propose', '--target', at('stateClaims'), '--calldata', setting, '--description', 'claims by the committee')
            .then(() => gov_in_time('vote', '1', '--for'));
        vote.catch(() => undefined); // awaited below
        first = await eventually(async () => (await committees()).find(({ members }) => members.ids.length === 4), 40_000, 'a committee of all');
        // Stake that comes later: the committees after it are others.
        const delegator = wallet(l1.url, l1_chain_id, 0);
        await delegator.confirm({ address: at('token'), functionName: 'approve', args: [at('staking'), one] });
        await delegator.confirm({ address: at('staking'), abi: claims_abi, functionName: 'delegate', args: [4, one] });
        const claim = await eventually(attestable, 40_000, 'a claim');
        const { proof, statement: of } = await made(claim);
        await attempts(at('committeeVerifier'), 'examine', [of, proof]); // the very word that would do
        await refused(/NoVerifier/, at('stateClaims'), 'prove', [BigInt(claim), committee_kind, proof]);
        await refused(/NotOwner/, at('stateClaims'), 'setVerifier', [committee_kind, at('committeeVerifier')], roles.deployer);
        stuck = await eventually(async () => {
            const later = (await events('stateClaims', 'ClaimProposed')).map((event) => Number(event.claim)).filter((index) => index > claim);
            for (const index of later) if ((await claim_of(index)).parent !== 0n) return index;
            return undefined;
        }, 40_000, 'a claim on an open one');
        await vote;
        await gov_in_time('queue', '1');
        await gov_in_time('execute', '1');
        assert.equal((await read('stateClaims', 'verifier', [committee_kind])).toLowerCase(), at('committeeVerifier').toLowerCase());
        // It looks at no claim that stands on an open one: those of before the vote wait for their windows.
        assert.equal((await claim_of(claim)).status, Status.proposed);
    });

    let claim; // made after the vote, of another committee than the first
    step('is not taken from less than two thirds, of another committee, block, state or claim', async () => {
        validators[0] = start_validator(node.url.replace('http', 'ws'), '--key', join(chain.directory, 'validator0.key'));
        let from = await claim_count();
        claim = await eventually(async () => {
            const index = await attestable(from);
            if (index === undefined) return undefined;
            const is_other = !isDeepStrictEqual((await made(index)).parts.members, first.members);
            if (is_other && (await claim_of(index)).parent === 0n) return index;
            from = index + 1;
            return undefined;
        }, 40_000, 'a claim after the vote, of another committee, that continues what is final');
        const { parts, statement: of } = await made(claim);
        assert.notDeepEqual(parts.members, first.members);
        const refuse = async (why, change, other = claim) => not_taken(why, other, { ...(await made(claim, change)), ...(other === claim ? {} : { statement: (await made(other)).statement }) });
        const [own, others] = [66n * one, 35n * one];
        await refuse(new RegExp(`NotEnoughStake[^]*${own}[^]*${own + others}`), { signers: [0] });
        await refuse(/NotEnoughStake/, { signers: [1, 2, 3] });
        // Who has not signed is not counted, nor who is no member.
        await refuse(/BadSignature/, { aggregate: { bitmap: 0xfn, signature: (await made(claim, { signers: [0] })).parts.aggregate.signature } });
        await refuse(/BadBitmap/, { aggregate: { ...parts.aggregate, bitmap: 0x1fn } });
        await refuse(/BadSignature/, { aggregate: { ...parts.aggregate, signature: attest([secrets[0], secrets[1], secrets[2], 77n], { number: of.lastBlock, hash: parts.output.latestBlockhash, state_root: parts.output.stateRoot }) } });
        // The committee of another epoch, or its own with more stake than it has.
        await refuse(/WrongMembers/, { members: first.members });
        await refuse(/WrongMembers/, { members: { ...parts.members, stakes: parts.members.stakes.map((stake) => stake * 2n) } });
        // Another block, another state, another number.
        const lie = `0x${'5a'.repeat(32)}`;
        await refuse(/BadSignature/, { said: { hash: lie } });
        await refuse(/BadSignature/, { said: { state_root: lie } });
        await refuse(/BadSignature/, { said: { number: of.lastBlock + 1n } });
        await refuse(/WrongOutput/, { output: { ...parts.output, stateRoot: lie } });
        await refuse(/WrongOutput/, { output: { ...parts.output, latestBlockhash: lie } });
        // What is right for this claim, on the one before; what is no proof at all.
        await refuse(/WrongBatch/, {}, claim - 1);
        await refused(/Undecided/, at('stateClaims'), 'prove', [BigInt(claim), committee_kind, '0x1234']);
        // One that stands on an open claim, with the word that it needs.
        await refused(/ParentNotFinal/, at('stateClaims'), 'prove', [BigInt(stuck), committee_kind, (await made(stuck)).proof]);
        assert.equal((await claim_of(claim)).status, Status.proposed);
        assert.ok((await events('stateClaims', 'ClaimFinalized')).length === 0, 'a node alone with less than two thirds brings nothing');
    });

    step('is taken from whoever brings it, once', async () => {
        const { proof } = await made(claim, { signers: [0, 1] });
        const receipt = await wallet(l1.url, l1_chain_id, 3).confirm({ address: at('stateClaims'), abi: claims_abi, functionName: 'prove', args: [BigInt(claim), committee_kind, proof] });
        assert.equal(receipt.status, 'success');
        assert.equal((await claim_of(claim)).status, Status.final);
        await refused(/WrongStatus/, at('stateClaims'), 'prove', [BigInt(claim), committee_kind, proof]);
    });

    step('is brought by the node, and a withdrawal is paid long before the window ends', async (test) => {
        for (const i of [1, 2]) validators[i] = start_validator(node.url.replace('http', 'ws'), '--key', join(chain.directory, `validator${i}.key`));
        const sent = await wallet(node.url, l2_chain_id, 1).confirm({ address: message_passer, functionName: 'initiateWithdrawal', args: [stranger, 100_000n, '0x'], value: 3n * one });
        assert.equal(sent.status, 'success');
        const paid = () => reader(l1.url, l1_chain_id).readContract({ address: at('token'), abi, functionName: 'balanceOf', args: [stranger] });
        await eventually(async () => (await paid()) === 3n * one, 60_000, 'the withdrawal to be paid');
        const { timestamp } = await reader(l1.url, l1_chain_id).getBlock();
        const final = (await events('stateClaims', 'ClaimFinalized')).map((event) => Number(event.claim)).filter((index) => index !== claim);
        assert.ok(final.length > 0);
        for (const index of final) {
            const { finalizableAt, lastBlock } = await claim_of(index);
            assert.ok(timestamp < finalizableAt, `claim ${index} of block ${lastBlock} is final before its window ends`);
        }
        assert.ok((await events('stateClaims', 'ClaimFinalized')).every(({ by }) => by === committee_kind));
        // What waits for its window still does.
        await refused(/WindowOpen/, at('stateClaims'), 'finalize', [1n]);
        const proven = Number((await (await fetch(`${node.url}/metrics`)).text()).match(/^mega_claims_proven_total (\d+)$/m)[1]);
        assert.ok(proven >= 1);
        (await l1_gas(l1, { 'prove a claim by 3 of 4 members': [at('stateClaims'), 'prove(uint64,bytes32,bytes)'] })).forEach((line) => test.diagnostic(line));
    });
});
