// Tests of the comparison itself: it repeats, it notices every kind of difference, it shrinks.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { make_case, signers, to_state_test } from './case.mjs';
import { differences_of, find_differences, mega_binary } from './mega.mjs';
import { forks, op } from './opcodes.mjs';
import { Random } from './prng.mjs';
import { Reference } from './reference.mjs';
import { shrink } from './shrink.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const any_result = { state_root: '0x00', logs_hash: '0x00' };
const as_text = (made) => JSON.stringify(to_state_test(made, new Uint8Array(), any_result));

test('a seed gives the same choices, another seed others', () => {
    const draw = (seed, stream) => Array.from({ length: 20 }, ((random) => () => random.next())(new Random(seed, stream)));
    assert.deepEqual(draw(1, 2), draw(1, 2));
    assert.notDeepEqual(draw(1, 2), draw(2, 2));
    assert.notDeepEqual(draw(1, 2), draw(1, 3));
    assert.deepEqual(draw(1, 0).slice(0, 2), [3115734367, 4244114889]); // the same on every machine
});

test('a case is made by its seed, index and fork alone', () => {
    for (const fork of ['Frontier', 'London', 'Osaka']) {
        assert.equal(as_text(make_case(7, 3, fork)), as_text(make_case(7, 3, fork)));
        assert.notEqual(as_text(make_case(7, 3, fork)), as_text(make_case(7, 4, fork)));
    }
});

test('the reference gives the same result twice, on every fork', async () => {
    for (const fork of forks) {
        const made = make_case(5, 1, fork);
        const [once, again] = [await new Reference().run(made), await new Reference().run(made)];
        assert.deepEqual(once, again);
        assert.ok(once.result.state_root.length === 66);
    }
});

const expected = { state_root: '0xaa', gas_used: 21000n, output: '0x01', logs_hash: '0xbb', halt: undefined };
const same = { pass: true, stateRoot: '0xaa', gasUsed: '0x5208', output: '0x01', logsHash: '0xbb', status: 'success' };

test('equal results are equal', () => {
    assert.deepEqual(differences_of('Osaka', expected, same), []);
    assert.deepEqual(differences_of('Osaka', { error: 'nonce', state_root: '0xaa' }, { pass: true }), []);
});

test('every kind of difference is noticed', () => {
    const spoilt = [{ stateRoot: '0xab' }, { gasUsed: '0x5209' }, { output: '0x' }, { logsHash: '0xbc' }, { status: 'out of gas' },
        { gasUsed: undefined, error: 'refused' }];
    for (const change of spoilt) assert.equal(differences_of('Osaka', expected, { ...same, ...change }).length, 1, JSON.stringify(change));
    assert.equal(differences_of('Osaka', expected, undefined).length, 1);
    assert.equal(differences_of('Osaka', { error: 'nonce', state_root: '0xaa' }, same).length, 1);
    assert.equal(differences_of('Osaka', { error: 'nonce', state_root: '0xaa' }, { pass: false, error: 'wrong root' }).length, 1);
    assert.deepEqual(differences_of('Frontier', expected, { ...same, status: 'out of gas' }), []); // no status yet
});

test('shrinking keeps what matters and little else', async () => {
    const made = make_case(1, 20, 'Osaka');
    const [address] = made.pre.keys();
    const code = Uint8Array.from([...new Uint8Array(100).fill(op.PC), op.SSTORE, op.LOG4, ...new Uint8Array(57).fill(op.GAS)]);
    made.pre.get(address).code = code;
    const holds = async (smaller) => {
        const kept = smaller.pre.get(address)?.code ?? [];
        return kept.some((byte, i) => byte === op.SSTORE && kept[i + 1] === op.LOG4);
    };
    const small = await shrink(made, holds);
    assert.deepEqual([...small.pre.keys()], [address]);
    assert.deepEqual(small.pre.get(address).code, Uint8Array.of(op.SSTORE, op.LOG4));
    assert.equal(small.tx.data.length, 0);
    assert.deepEqual(made.pre.get(address).code, code); // the original stands
});

const run = (binary, ...flags) =>
    spawnSync(process.execPath, [join(here, 'run.mjs'), ...flags], {
        encoding: 'utf8', env: { ...process.env, MEGA_BIN: binary, MEGA_REAL: mega_binary },
    });

test('a mega that lies is caught, and the case is shrunk', () => {
    const { status, stdout, stderr } = run(join(here, 'lying_mega.mjs'), '--seed', '3', '--count', '12', '--fork', 'Berlin', '--jobs', '1');
    assert.equal(status, 1, stdout + stderr);
    assert.match(stdout, /DIFFERENCE seed 3 case \d+ Berlin/);
    assert.match(stdout, /gas used: ethereumjs (\d+), mega (\d+)/);
    const file = stdout.match(/shrunk: (\S+)/)[1];
    const [shrunk] = Object.values(JSON.parse(readFileSync(file, 'utf8')));
    assert.deepEqual(Object.keys(shrunk.pre), [`0x${signers[0].toString(16).padStart(40, '0')}`]);
});

test('the real mega agrees on the same cases', () => {
    const { status, stdout, stderr } = run(mega_binary, '--seed', '3', '--count', '12', '--fork', 'Berlin', '--jobs', '1');
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /seed 3: \d+ cases, .* 0 differences/);
});

test('a mega that runs the rules of the next fork is caught, for every fork', async () => {
    const reference = new Reference();
    for (const [i, fork] of forks.slice(1).entries()) {
        const most = 400;
        let tried = 0;
        for (let found = false; !found; ++tried) {
            assert.ok(tried < most, `${most} cases did not tell ${forks[i]} from ${fork}`);
            const made = make_case(8, tried, fork);
            const ran = await reference.run({ ...made, fork: forks[i] });
            if (ran === undefined || ran.result.error !== undefined) continue;
            const one = { test: made, tx_bytes: ran.tx_bytes, expected: ran.result };
            found = (await find_differences([one], `test-${process.pid}.json`)).length > 0;
        }
        console.log(`${forks[i]} told from ${fork} after ${tried} cases`);
    }
});

test('what cannot run says so', () => {
    for (const [binary, ...flags] of [['/nonexistent'], [mega_binary, '--seed', 'x'], [mega_binary, '--fork', 'Atlantis']]) {
        const { status, stderr } = run(binary, ...flags);
        assert.equal(status, 2);
        assert.match(stderr, /^differential: /);
    }
    assert.equal(run('/bin/false', '--seed', '1', '--count', '1').status, 1);
});
