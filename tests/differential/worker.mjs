// One thread of a run: makes its share of the cases, runs them on the reference, hands them to mega in batches.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { least_gas, make_case, to_state_test } from './case.mjs';
import { known_difference } from './known_differences.mjs';
import { find_differences, output_folder } from './mega.mjs';
import { forks, opcode_names } from './opcodes.mjs';
import { Random } from './prng.mjs';
import { Reference } from './reference.mjs';
import { copy, shrink } from './shrink.mjs';

const batch_size = 100;
const batch_seconds = 10;
const shrunk_at_most = 3; // differences of one thread; the others are reported as they are
/** Newer forks more often: they are what runs. */
const rotation = [...forks, 'London', 'Shanghai', 'Cancun', 'Prague', 'Osaka', 'Cancun', 'Prague', 'Osaka', 'Osaka'];

const { seed, first, step, end, fork: only_fork, seconds, number } = workerData;
const reference = new Reference();
const summary = { cases: 0, refused: 0, unexpressible: 0, differences: 0, by_fork: {}, by_outcome: {}, opcodes: {} };
const add = (counts, key) => void (counts[key] = (counts[key] ?? 0) + 1);
const say = (text) => parentPort.postMessage({ text });

const repeat_flags = ({ name, fork }) => `--seed ${seed} --first ${name.split(' ')[3]} --count 1 --fork ${fork}`;

/** A reference that fails by itself has no opinion: that, too, is for somebody to look at. */
async function try_case(test) {
    try {
        return await run_case(test);
    } catch (error) {
        ++summary.differences;
        say(`DIFFERENCE ${test.name}\n  the reference failed: ${error.stack}\n  again: ${repeat_flags(test)}`);
        return undefined;
    }
}

/** The case, and often the same with so little gas that it ends somewhere in the middle. */
async function run_index(index) {
    const fork = only_fork ?? rotation[index % rotation.length];
    const base = await try_case(make_case(seed, index, fork));
    const random = new Random(seed ^ 0x60d, index);
    const used = base?.expected.gas_used;
    if (used === undefined || random.chance(0.6)) return [base];
    const test = copy(base.test);
    test.name += ' border';
    const executed = Math.max(0, Number(used) - least_gas(fork, test.tx));
    test.tx.gas_limit = used + BigInt(random.chance(0.3) ? random.between(-1, 2) : -random.below(Math.min(executed, 100_000)));
    return [base, await try_case(test)];
}

async function run_case(test) {
    const ran = await reference.run(test);
    if (ran === undefined) {
        ++summary.unexpressible;
        return undefined;
    }
    const expected = ran.result;
    ++summary.cases;
    add(summary.by_fork, test.fork);
    add(summary.by_outcome, expected.error ?? (expected.halt ?? 'success').replace(/ at .*/, ''));
    return { test, tx_bytes: ran.tx_bytes, expected };
}

async function is_wrong(test) {
    try {
        const one = await run_case(test);
        if (one === undefined) return false;
        const found = await find_differences([one], `shrink-${process.pid}-${number}.json`);
        return found.some((difference) => !known_difference(difference));
    } catch {
        return false;
    }
}

async function report({ test, differences }) {
    ++summary.differences;
    const counted = structuredClone(summary); // what shrinking runs is not counted
    say(`DIFFERENCE ${test.name}\n  ${differences.join('\n  ')}\n  again: ${repeat_flags(test)}`);
    if (summary.differences > shrunk_at_most) return;
    const small = await shrink(test, is_wrong);
    const { tx_bytes, expected } = await run_case(small);
    const file = join(output_folder, `${test.name.replaceAll(' ', '-')}.json`);
    writeFileSync(file, `${JSON.stringify({ [test.name]: to_state_test(small, tx_bytes, expected) }, undefined, 2)}\n`);
    say(`  shrunk: ${file}`);
    Object.assign(summary, counted);
}

let batch = [];
async function flush() {
    const found = await find_differences(batch, `batch-${process.pid}-${number}.json`);
    batch = [];
    for (const difference of found) {
        const known = known_difference(difference);
        if (known) add(summary.by_outcome, `known difference: ${known}`);
        else await report(difference);
    }
}

const deadline = performance.now() + seconds * 1000;
let batch_began = performance.now();
for (let index = first; index < end && performance.now() < deadline; index += step) {
    batch.push(...(await run_index(index)).filter((one) => one !== undefined));
    if (batch.length >= batch_size || performance.now() - batch_began > batch_seconds * 1000) {
        await flush();
        batch_began = performance.now();
    }
}
await flush();
for (const [byte, times] of reference.executed) summary.opcodes[opcode_names.get(byte) ?? `0x${byte.toString(16)}`] = times;
parentPort.postMessage({ summary });
