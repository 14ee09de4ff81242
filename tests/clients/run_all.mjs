// usage: tests/clients/run [SUITE...]      all suites without arguments; `run viem cast` for two
//
// Real clients against a real node process. Each suite starts its own node on its own port; two
// suites run at a time, those that measure time alone at the end. Prints what failed in full and
// ends with one line: `N passed, N failed`. MEGA_BIN names the node, MEGA_BIN=anvil tries the tests.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build_contracts, is_anvil, node_binary } from './harness.mjs';

const directory = dirname(fileURLToPath(import.meta.url));
const suite_timeout_ms = 480_000;
// Longest first, so that the end is not one suite alone.
const side_by_side = [
    'forge', 'uniswap', 'staking_commands', 'early_finality', 'crossing', 'rebuild', 'exit', 'swap', 'rewards', 'evidence', 'governance', 'sdk', 'cast',
    'ethers', 'commands', 'viem', 'parallel', 'hardhat', 'validate_tip', 'fees',
];
const alone = ['realtime', 'validate', 'faults', 'replica', 'durability', 'badinput', 'settlement', 'leadership', 'staking'];

const known = readdirSync(directory).filter((file) => file.endsWith('.test.mjs')).map((file) => file.slice(0, -9));
const forgotten = known.filter((name) => ![...side_by_side, ...alone].includes(name));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
    console.error(`no such suite: ${unknown.join(', ')}; there are: ${known.join(', ')}`);
    process.exit(2);
}
if (!is_anvil && !existsSync(node_binary)) {
    console.error(`${node_binary} does not exist: make build, or name another with MEGA_BIN`);
    process.exit(2);
}
const is_wanted = (name) => wanted.length === 0 || wanted.includes(name);

function run_suite(name) {
    const began = performance.now();
    const child = spawn(process.execPath, ['--test', '--test-reporter=tap', join(directory, `${name}.test.mjs`)], {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // a group of its own, so that a timeout ends its nodes too
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const patience = setTimeout(() => {
        output += `\n# the suite took longer than ${suite_timeout_ms / 1000} s\n`;
        process.kill(-child.pid, 'SIGKILL');
    }, suite_timeout_ms);
    return new Promise((done) => {
        child.on('close', (code) => {
            clearTimeout(patience);
            const count = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
            const passed = count('pass');
            const failed = count('fail') + count('cancelled') || (code === 0 ? 0 : 1);
            const skipped = count('skipped');
            const seconds = ((performance.now() - began) / 1000).toFixed(1);
            const notes = skipped > 0 ? `, ${skipped} skipped` : '';
            console.log(`${failed > 0 ? 'FAIL' : 'ok  '} ${name.padEnd(12)} ${passed} passed, ${failed} failed${notes} (${seconds} s)`);
            if (failed > 0) {
                console.log(output.replace(/^/gm, '     '));
            } else {
                // What a suite measured, and what it skipped.
                const remarks = output.match(/^ *# (?!Subtest|tests|suites|pass|fail|cancelled|skipped|todo|duration).*$|^ *ok .*# SKIP.*$/gm) ?? [];
                remarks.forEach((line) => console.log(`     ${line.trim().replace(/^# /, '').replace(/^\\?# /, '')}`));
            }
            done({ passed, failed });
        });
    });
}

async function run_all(names, at_once) {
    const results = [];
    const queue = [...names];
    const worker = async () => {
        while (queue.length > 0) results.push(await run_suite(queue.shift()));
    };
    await Promise.all(Array.from({ length: at_once }, worker));
    return results;
}

const began = performance.now();
build_contracts();
const cores = cpus().length;
const results = [
    ...(await run_all([...side_by_side, ...forgotten].filter(is_wanted), Math.max(2, Math.min(cores, 4)))),
    ...(await run_all(alone.filter(is_wanted), 1)),
];
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`clients: ${sum('passed')} passed, ${sum('failed')} failed (${seconds} s)`);
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
