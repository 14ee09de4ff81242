// mega statetest, blocktest, t8n and evm run as programs: what they print, where, and with which exit status.
// What needs the official tests is skipped by name without MEGA_FIXTURES.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { RLP } from '@ethereumjs/rlp';
import { is_anvil, node_binary, repository, temporary_directory } from './harness.mjs';

const skip = is_anvil ? 'commands of mega' : false;
const program = resolve(repository, node_binary);
const patience_ms = 120_000;

function run(args, { input = '', binary = program } = {}) {
    const { status, stdout, stderr } = spawnSync(binary, args.map(String), { input, encoding: 'utf8', timeout: patience_ms });
    return { status, stdout, stderr };
}
const lines_of = (text) => text.split('\n').filter((line) => line !== '');
const last_line = (text) => lines_of(text).at(-1);
const objects_of = (text) => lines_of(text).map((line) => JSON.parse(line));
const folder = temporary_directory('commands');
function write(name, content) {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
}

const fixtures = process.env.MEGA_FIXTURES ?? join(homedir(), '.cache/mega/fixtures');
const without = (path) => (existsSync(join(fixtures, path)) ? false : `SKIPPED for lack of fixtures (set MEGA_FIXTURES): ${path}`);

// A transfer that is refused, since the sender owns nothing, and its file spoilt in several ways.
const no_state = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
const no_logs = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';
const state_test = (changes = {}, fork = 'London') => ({
    env: {
        currentCoinbase: '0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba', currentGasLimit: '0x1000000', currentNumber: '0x1',
        currentTimestamp: '0x3e8', currentDifficulty: '0x20000', currentBaseFee: '0x7', currentRandom: '0x0',
    },
    config: { chainid: '0x01' },
    pre: {},
    transaction: {
        nonce: '0x0', to: '0x00000000000000000000000000000000000000aa', sender: '0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b',
        gasPrice: '0xa', data: ['0x'], gasLimit: ['0x5208'], value: ['0x1'],
    },
    post: { [fork]: [{ indexes: { data: 0, gas: 0, value: 0 }, hash: no_state, logs: no_logs, expectException: 'FUNDS', ...changes }] },
});

describe('statetest and blocktest', { skip }, () => {
    it('count what passed, and fail when nothing did', () => {
        const good = write('good.json', { a: state_test(), b: state_test() });
        const { status, stdout } = run(['statetest', good]);
        assert.equal(status, 0);
        assert.equal(stdout, '2 passed, 0 failed, 0 skipped\n');
        const one = run(['statetest', good, '--test', 'a']);
        assert.equal(one.stdout, '1 passed, 0 failed, 0 skipped\n');
        const none = run(['statetest', good, '--fork', 'Osaka']);
        assert.deepEqual([none.status, none.stdout], [1, '0 passed, 0 failed, 0 skipped\n']);
    });

    it('name what failed', () => {
        const bad = write('bad.json', { a: state_test({ hash: `0x${'1'.repeat(64)}` }), b: state_test() });
        const { status, stdout } = run(['statetest', bad]);
        assert.equal(status, 1);
        assert.match(stdout, /^FAIL a \[London\]: wrong state root after a refusal: 0x56e81f/);
        assert.equal(last_line(stdout), '1 passed, 1 failed, 0 skipped');
    });

    it('write one JSON object a case, and the counts elsewhere', () => {
        const bad = write('bad.json', { a: state_test({ logs: `0x${'1'.repeat(64)}` }), b: state_test() });
        const { status, stdout, stderr } = run(['statetest', bad, '--json']);
        assert.equal(status, 1);
        assert.deepEqual(
            objects_of(stdout).map(({ name, fork, pass }) => [name, fork, pass]),
            [['a', 'London', false], ['b', 'London', true]],
        );
        assert.equal(objects_of(stdout)[0].error, 'wrong logs after a refusal');
        assert.equal(last_line(stderr), '1 passed, 1 failed, 0 skipped');
    });

    for (const command of ['statetest', 'blocktest']) {
        const faults = {
            'a path that is not there': [[join(folder, 'nowhere')], /nowhere: no such file or folder/],
            'a folder without tests': [[temporary_directory('commands')], /holds no \.json file/],
            'text that is no JSON': [[write('broken.json', '{"a": {')], /broken\.json: .*parse error/],
            'JSON that nests without end': [[write('deep.json', '['.repeat(200_000))], /deep\.json: .*parse error/],
            'JSON that is no test': [[write('list.json', '[1]')], /list\.json: /],
            'tests that are none': [[write('number.json', '{"a": 7}')], /FAIL a: not a (state|blockchain) test/],
            'a name that is no text': [[write('bytes.json', '{"\\u0000": 7}')], /FAIL/],
            'an unknown fork in the file': [
                [write('atlantis.json', { a: { ...state_test({}, 'Atlantis'), network: 'Atlantis' } })], /unknown (fork|network)/,
            ],
            'an unknown fork asked for': [[write('good.json', { a: state_test() }), '--fork', 'Atlantis'], /unknown (fork|network) "Atlantis"/],
        };
        for (const [what, [args, words]] of Object.entries(faults)) {
            it(`${command} names ${what}`, () => {
                const { status, stdout, stderr } = run([command, ...args]);
                assert.equal(status, 1, stdout + stderr);
                assert.match(stdout + stderr, words);
            });
        }
        it(`${command} wants a path`, () => assert.equal(run([command]).status, 2));
    }

    const folder_of_states = 'state_tests/eest_v5.4.0/frontier';
    it('run a folder of the official state tests', { skip: without(folder_of_states) }, () => {
        const { status, stdout } = run(['statetest', join(fixtures, folder_of_states)]);
        assert.equal(status, 0, stdout);
        assert.match(last_line(stdout), /^[1-9]\d* passed, 0 failed, 0 skipped$/);
    });

    const folder_of_blocks = 'blockchain_tests/legacytests_cancun/InvalidBlocks/bcInvalidHeaderTest';
    it('run a folder of the official blockchain tests', { skip: without(folder_of_blocks) }, () => {
        const { status, stdout } = run(['blocktest', join(fixtures, folder_of_blocks), '--json']);
        assert.equal(status, 0, stdout);
        const cases = objects_of(stdout);
        assert.ok(cases.length > 10 && cases.every(({ pass, name, fork }) => pass && name && fork));
        const some = run(['blocktest', join(fixtures, folder_of_blocks), '--fork', 'London', '--test', 'timeDiff0']);
        assert.equal(some.stdout, '1 passed, 0 failed, 0 skipped\n');
    });
});

// ---- traces ---------------------------------------------------------------------------------------------------------

const is_quantity = (text) => /^0x(0|[1-9a-f][0-9a-f]*)$/.test(text);
/// Each line but the last has the members of EIP-3155 with their types; the last is the summary.
function check_trace(text) {
    const all = objects_of(text);
    for (const step of all.slice(0, -1)) {
        for (const name of ['pc', 'op', 'memSize', 'depth', 'refund']) assert.ok(Number.isInteger(step[name]), `${name} in ${JSON.stringify(step)}`);
        for (const name of ['gas', 'gasCost']) assert.ok(is_quantity(step[name]), `${name} in ${JSON.stringify(step)}`);
        assert.ok(Array.isArray(step.stack) && step.stack.every(is_quantity));
        assert.match(step.returnData, /^0x([0-9a-f]{2})*$/);
        assert.ok(step.depth >= 1 && step.op < 256 && typeof step.opName === 'string');
    }
    const { output, gasUsed } = all.at(-1);
    assert.match(output, /^([0-9a-f]{2})*$/);
    assert.ok(is_quantity(gasUsed));
    return all;
}

describe('evm run', { skip }, () => {
    // PUSH1 2, PUSH1 3, ADD, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN
    const adder = '600260030160005260206000f3';
    const five = `0x${'5'.padStart(64, '0')}`;

    it('runs code on input and says what came of it', () => {
        const { status, stdout } = run(['evm', 'run', adder]);
        assert.equal(status, 0);
        assert.equal(stdout, `output:   ${five}\ngas used: 24\n`);
        // CALLDATALOAD(0) to memory and back
        const echo = run(['evm', 'run', '60003560005260206000f3', '--input', `0x${'ab'.repeat(32)}`, '--json']);
        assert.deepEqual(JSON.parse(echo.stdout), { output: `0x${'ab'.repeat(32)}`, gasUsed: '0x15' });
    });

    it('traces every step with what it costs', () => {
        const { status, stderr } = run(['evm', 'run', adder, '--trace', '--gas', 1000]);
        assert.equal(status, 0);
        const steps = check_trace(stderr);
        assert.deepEqual(
            steps.slice(0, -1).map(({ pc, opName, gas, gasCost, stack, memSize }) => [pc, opName, Number(gas), Number(gasCost), stack.length, memSize]),
            [
                [0, 'PUSH1', 1000, 3, 0, 0], [2, 'PUSH1', 997, 3, 1, 0], [4, 'ADD', 994, 3, 2, 0], [5, 'PUSH1', 991, 3, 1, 0],
                [7, 'MSTORE', 988, 6, 2, 0], [8, 'PUSH1', 982, 3, 0, 32], [10, 'PUSH1', 979, 3, 1, 32], [12, 'RETURN', 976, 0, 2, 32],
            ],
        );
        assert.deepEqual(steps.at(-1), { output: five.slice(2), gasUsed: '0x18' });
    });

    it('fails as the machine fails', () => {
        for (const [code, words] of [['fe', /invalid/i], ['01', /stack/i], ['600056', /jump/i], ['60006000fd', /revert/i]]) {
            const { status, stdout } = run(['evm', 'run', code]);
            assert.equal(status, 1, code);
            assert.match(stdout, words);
        }
        const short = run(['evm', 'run', adder, '--gas', 10, '--trace']);
        assert.equal(short.status, 1);
        assert.ok(check_trace(short.stderr).at(-1).error);
    });

    it('creates, measures, reads code and state from files', () => {
        // Init code that returns one byte of memory: a contract of STOP.
        const made = JSON.parse(run(['evm', 'run', '60016000f3', '--create', '--json']).stdout);
        assert.match(made.created, /^0x[0-9a-f]{40}$/);
        const measured = JSON.parse(run(['evm', 'run', adder, '--bench', 5, '--json']).stdout);
        assert.equal(measured.runs, 5);
        assert.ok(measured.gasPerSecond > 0 && measured.output === five);
        const file = write('code.hex', `0x${adder}\n`);
        assert.match(run(['evm', 'run', '--codefile', file]).stdout, new RegExp(five));
        const receiver = `0x${'cc'.repeat(20)}`;
        const prestate = write('prestate.json', { alloc: { [receiver]: { balance: '0x1', code: `0x${adder}` } } });
        assert.match(run(['evm', 'run', '--receiver', receiver, '--prestate', prestate]).stdout, new RegExp(five));
    });

    it('knows the forks apart', () => {
        assert.equal(run(['evm', 'run', '5f', '--fork', 'Shanghai']).status, 0);
        assert.equal(run(['evm', 'run', '5f', '--fork', 'Paris']).status, 1);
    });

    it('names bad input', () => {
        const cases = [
            [['0xzz'], /code: /], [['600'], /code: /], [['00', '--input', 'q'], /input: /], [['00', '--value', 'much'], /number/],
            [['00', '--sender', '0x12'], /address/], [['00', '--fork', 'Atlantis'], /unknown fork Atlantis/],
            [['00', '--prestate', join(folder, 'nowhere.json')], /not a file/], [['--codefile', join(folder, 'nowhere')], /cannot be opened/],
            [['00', '--gas', '-1'], /gas/], [['00', '--bench', 'often'], /bench/],
        ];
        for (const [args, words] of cases) {
            const { status, stdout, stderr } = run(['evm', 'run', ...args]);
            assert.equal(status, 2, args.join(' '));
            assert.match(stdout + stderr, words);
        }
    });

    it('answers to the name evm', () => {
        const link = join(folder, 'evm');
        if (!existsSync(link)) symlinkSync(program, link);
        // The pattern by which execution-spec-tests knows geth's program.
        assert.match(run(['--version'], { binary: link }).stdout, /^evm(.exe)? version\b/);
        assert.equal(run(['run', adder], { binary: link }).status, 0);
        const help = run(['t8n', '--help'], { binary: link }).stdout;
        for (const fork of ['Frontier', 'ConstantinopleFix', 'Merge', 'Cancun', 'Prague', 'Osaka', 'BPO1', 'BPO4']) assert.ok(help.includes(fork), fork);
    });
});

// ---- t8n ------------------------------------------------------------------------------------------------------------

const secretKey = '0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8';
const sender = '0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b';
const receiver = '0x00000000000000000000000000000000000000aa';
const alloc = { [sender]: { balance: '0xde0b6b3a7640000', nonce: '0x0' }, [receiver]: { balance: '0x0', code: '0x6001600055600160006000a1' } };
const env = {
    currentCoinbase: '0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba', currentGasLimit: '0x1c9c380', currentNumber: '0x1',
    currentTimestamp: '0x3e8', currentRandom: '0x0', currentDifficulty: '0x20000', currentBaseFee: '0x7', withdrawals: [],
    currentExcessBlobGas: '0x0', parentBeaconBlockRoot: `0x${'0'.repeat(64)}`, blockHashes: { 0: `0x${'7'.repeat(64)}` },
};
const transaction = (nonce, changes = {}) => ({
    type: '0x2', chainId: '0x1', nonce, gas: '0x186a0', maxFeePerGas: '0xa', maxPriorityFeePerGas: '0x1', to: receiver, value: '0x1',
    input: '0x', secretKey, ...changes,
});
const legacy = (nonce) => ({ type: '0x0', nonce, gas: '0x186a0', gasPrice: '0xa', to: receiver, value: '0x1', input: '0x', secretKey });
const to_stdout = ['--output.alloc=stdout', '--output.result=stdout', '--output.body=stdout'];
const from_stdin = ['--input.alloc=stdin', '--input.env=stdin', '--input.txs=stdin'];
/// As `fill` of execution-spec-tests calls it.
function stream(fork, input, ...more) {
    const args = ['t8n', ...from_stdin, ...to_stdout, `--state.fork=${fork}`, '--state.chainid=1', '--state.reward=0', ...more];
    const { status, stdout, stderr } = run(args, { input: JSON.stringify({ alloc, env, txs: [transaction('0x0')], ...input }) });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
}
const is_hash = (text) => /^0x[0-9a-f]{64}$/.test(text);

describe('t8n', { skip }, () => {
    it('answers in the forms that fill reads, in every fork', () => {
        const late = ['Paris', 'Merge', 'Shanghai', 'Cancun', 'Prague', 'Osaka', 'BPO1', 'BPO2', 'BPO3', 'BPO4'];
        const early = ['Frontier', 'Homestead', 'EIP150', 'EIP158', 'Byzantium', 'Constantinople', 'ConstantinopleFix', 'Istanbul', 'Berlin', 'London'];
        for (const fork of [...early, ...late]) {
            const { alloc: after, result, body } = stream(fork, { txs: [legacy('0x0')] });
            for (const name of ['stateRoot', 'txRoot', 'receiptsRoot', 'logsHash']) assert.ok(is_hash(result[name]), `${fork} ${name}`);
            assert.match(result.logsBloom, /^0x[0-9a-f]{512}$/);
            assert.ok(is_quantity(result.gasUsed), fork);
            assert.equal(result.rejected, undefined, `${fork} ${JSON.stringify(result.rejected)}`);
            assert.equal(late.includes(fork) ? null : '0x20000', result.currentDifficulty);
            assert.equal(RLP.decode(body).length, 1);
            const [receipt] = result.receipts;
            for (const name of ['gasUsed', 'cumulativeGasUsed', 'effectiveGasPrice', 'transactionIndex', 'status']) assert.ok(is_quantity(receipt[name]), `${fork} ${name}`);
            assert.ok(is_hash(receipt.transactionHash) && receipt.logs.length === 1);
            assert.equal(fork === 'London' || late.includes(fork) ? '0x7' : undefined, result.currentBaseFee);
            for (const account of Object.values(after)) {
                assert.ok(is_quantity(account.balance));
                for (const [slot, value] of Object.entries(account.storage ?? {})) assert.ok(is_hash(slot) && is_hash(value));
            }
        }
        const { result } = stream('Prague', {});
        assert.ok(is_hash(result.requestsHash) && Array.isArray(result.requests) && is_hash(result.withdrawalsRoot));
        assert.deepEqual([result.currentExcessBlobGas, result.blobGasUsed], ['0x0', '0x0']);
    });

    it('takes blob parameters with the rest', () => {
        const blobs = (count) => ({
            type: '0x3', maxFeePerBlobGas: '0xa', blobVersionedHashes: Array.from({ length: count }, (_, i) => `0x01${`${i}`.padStart(62, '0')}`),
        });
        const input = { txs: [transaction('0x0', blobs(3))] };
        assert.equal(stream('Cancun', input).result.rejected, undefined);
        const blobParams = { target: '0x1', max: '0x2', baseFeeUpdateFraction: '0x5' };
        assert.match(stream('Cancun', { ...input, blobParams }).result.rejected[0].error, /blob/);
        const file = write('blobs.json', blobParams);
        assert.equal(stream('Cancun', input, '--input.blobParams', file).result.receipts.length, 0);
    });

    it('reads and writes files', () => {
        const out = temporary_directory('commands');
        const inputs = ['--input.alloc', write('alloc.json', alloc), '--input.env', write('env.json', env), '--input.txs', write('txs.json', [legacy('0x0')])];
        const { status, stdout, stderr } = run(['t8n', ...inputs, '--output.basedir', out, '--output.body', 'txs.rlp', '--state.fork', 'Osaka']);
        assert.deepEqual([status, stdout], [0, ''], stderr);
        assert.deepEqual(readdirSync(out).sort(), ['alloc.json', 'result.json', 'txs.rlp']);
        const result = JSON.parse(readFileSync(join(out, 'result.json')));
        assert.deepEqual(result, stream('Osaka', { txs: [legacy('0x0')] }).result);
        // The body that was written goes in again.
        const again = run(['t8n', ...inputs.slice(0, 4), '--input.txs', join(out, 'txs.rlp'), '--output.result', 'stderr', '--output.alloc', '', '--state.fork', 'Osaka']);
        assert.equal(again.status, 0, again.stderr);
        assert.deepEqual(JSON.parse(again.stderr).result, result);
    });

    it('lists what it rejects and goes on', () => {
        const { result, body } = stream('Osaka', { txs: [transaction('0x0'), transaction('0x9'), { nonce: 'x' }, transaction('0x1')] });
        assert.deepEqual(result.rejected.map(({ index }) => index), [1, 2]);
        assert.match(result.rejected[0].error, /nonce too high/);
        assert.deepEqual([result.receipts.length, RLP.decode(body).length], [2, 2]);
    });

    it('writes a trace for each transaction that went in', () => {
        const out = temporary_directory('commands');
        const { result } = stream('Osaka', { txs: [transaction('0x0'), transaction('0x9'), transaction('0x1')] }, '--trace', `--output.basedir=${out}`);
        const wanted = result.receipts.map(({ transactionHash }, index) => `trace-${index}-${transactionHash}.jsonl`);
        for (const name of wanted) {
            const steps = check_trace(readFileSync(join(out, name), 'utf8'));
            assert.equal(steps.at(-2).opName, 'STOP');
            assert.ok(steps.some(({ opName }) => opName === 'LOG1'));
        }
        assert.equal(wanted.length, 2);
    });

    it('ends with the exit codes of geth', () => {
        const given = { alloc, env, txs: [] };
        let target = 'stdout';
        const streamed = (input, ...args) => run(['t8n', ...from_stdin, '--output.alloc=stdout', `--output.result=${target}`, ...args], { input: typeof input === 'string' ? input : JSON.stringify(input) });
        const { currentBaseFee, ...no_base_fee } = env;
        const asks_hash = { ...alloc, [receiver]: { balance: '0x0', code: '0x600540' } };
        const cases = [
            [0, streamed(given)],
            [3, streamed(given, '--state.fork=Atlantis'), /unknown fork/],
            [3, streamed({ ...given, env: no_base_fee }), /parentBaseFee/],
            [4, streamed({ alloc: asks_hash, env: { ...env, currentNumber: '0x7', blockHashes: { 6: env.blockHashes[0] } }, txs: [transaction('0x0')] }), /getHash\(5\)/],
            [10, streamed('{"alloc":'), /parse error/],
            [10, streamed({ alloc, env }), /"txs"/],
            [10, streamed({ ...given, alloc: [] }), /accounts/],
            [10, streamed({ ...given, txs: {} }), /txs/],
            [10, streamed({ ...given, env: { ...env, currentNumber: '0xzz' } }), /number/],
            [11, run(['t8n', '--input.alloc', join(folder, 'nowhere.json')]), /nowhere\.json/],
            [12, streamed({ ...given, txs: '0x80' }), /txs/],
            [12, streamed({ ...given, txs: '0xc201' }), /txs/],
        ];
        target = 'no/such/folder/result.json';
        cases.push([11, streamed(given), /no\/such\/folder/]);
        for (const [code, { status, stdout, stderr }, words = /^$/] of cases) {
            assert.equal(status, code, stdout + stderr);
            assert.match(stderr, words);
            if (code !== 0) assert.match(stderr, new RegExp(`^ERROR\\(${code}\\): `));
        }
    });

    it('refuses flags that it does not know', () => assert.equal(run(['t8n', '--state.forc', 'Osaka']).status, 2));
});
