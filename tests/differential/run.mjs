// usage: node tests/differential/run.mjs [--seed N] [--first I] [--count M | --seconds S] [--fork F] [--jobs J]
//
// Random programs and transactions on mega and on @ethereumjs/vm: state root, gas, logs, output and outcome must be
// equal. Prints the seed; `--seed N --first I --count 1 --fork F`, as printed with a difference, repeats one case. A
// difference is shrunk and written to build/differential/, and the exit status is 1.
//
//   --seed      by default one that differs from run to run
//   --count     cases, or --seconds to stop after that time (default 60 s)
//   --fork      this fork alone, by its name in the official tests; by default all, newer ones more often
//   --jobs      threads (default: one a core)
// MEGA_BIN names the binary.

import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { mega_binary } from './mega.mjs';
import { forks, opcodes } from './opcodes.mjs';

const { values: flags } = parseArgs({
    options: {
        seed: { type: 'string' }, first: { type: 'string', default: '0' }, count: { type: 'string' }, seconds: { type: 'string' },
        fork: { type: 'string' }, jobs: { type: 'string', default: String(cpus().length) },
    },
});

function read_number(name, text, most) {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0 && value <= most) return value;
    console.error(`differential: --${name} must be a number up to ${most}`);
    process.exit(2);
}

const seed = read_number('seed', flags.seed ?? Date.now() % 0xffffffff, 0xffffffff);
const first = read_number('first', flags.first, 0xffffffff);
const count = flags.count === undefined ? Infinity : read_number('count', flags.count, 0xffffffff);
const seconds = flags.seconds === undefined ? (count === Infinity ? 60 : Infinity) : read_number('seconds', flags.seconds, 1e6);
const jobs = Math.max(1, Math.min(read_number('jobs', flags.jobs, 256), count));
if (flags.fork !== undefined && !forks.includes(flags.fork)) {
    console.error(`differential: no fork ${flags.fork}; there are ${forks.join(', ')}`);
    process.exit(2);
}
if (!existsSync(mega_binary)) {
    console.error(`differential: ${mega_binary} does not exist: make build, or name another with MEGA_BIN`);
    process.exit(2);
}

const total = { cases: 0, refused: 0, unexpressible: 0, differences: 0, by_fork: {}, by_outcome: {}, opcodes: {} };

function merge(summary) {
    for (const [key, value] of Object.entries(summary)) {
        if (typeof value === 'number') total[key] += value;
        else for (const [name, times] of Object.entries(value)) total[key][name] = (total[key][name] ?? 0) + times;
    }
}

function start_worker(number) {
    const data = { seed, first: first + number, step: jobs, end: first + count, fork: flags.fork, seconds, number };
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: data });
    return new Promise((resolve, reject) => {
        worker.on('message', ({ text, summary }) => {
            if (text) console.log(text);
            if (summary) merge(summary);
        });
        worker.on('error', reject);
        worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))));
    });
}

const histogram = (counts) => Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, times]) => `${name} ${times}`).join(', ');

console.log(`differential: seed ${seed}${first > 0 ? `, from case ${first}` : ''}, ${jobs} threads, mega against @ethereumjs/vm`);
const began = performance.now();
await Promise.all(Array.from({ length: jobs }, (_, number) => start_worker(number)));
const took = (performance.now() - began) / 1000;
const untouched = opcodes.map(({ name }) => name).filter((name) => !(name in total.opcodes));
console.log(`forks: ${histogram(total.by_fork)}`);
console.log(`outcomes: ${histogram(total.by_outcome)}`);
console.log(`opcodes executed: ${histogram(total.opcodes)}`);
if (untouched.length > 0) console.log(`opcodes not executed: ${untouched.join(', ')}`);
if (total.unexpressible > 0) console.log(`left out: ${total.unexpressible} transactions that the reference cannot express`);
console.log(`seed ${seed}: ${total.cases} cases, ${(total.cases / took).toFixed(1)} a second, ${total.differences} differences`);
process.exit(total.differences > 0 || total.cases === 0 ? 1 : 0);
