// Our side: `mega statetest --json FILE` over many cases at once, and what counts as a difference.

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { to_state_test } from './case.mjs';
import { at_least } from './opcodes.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const mega_binary = process.env.MEGA_BIN ?? join(root, 'build/release/bin/mega');
export const output_folder = join(root, 'build/differential');
const patience_ms = 120_000;

/** The lines that mega prints for `file`, as a map from the test's name. It may end with 1: a test failed. */
function run_file(file) {
    const options = { maxBuffer: 1 << 28, timeout: patience_ms, killSignal: 'SIGKILL' };
    return new Promise((resolve, reject) => {
        execFile(mega_binary, ['statetest', '--json', file], options, (error, output, errors) => {
            if (error && error.code !== 1) {
                reject(new Error(`mega statetest --json ${file} ended with ${error.code ?? error.signal}: ${errors.slice(-2000)}`));
                return;
            }
            const lines = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
            const of_file = lines.find((line) => line.name === file);
            if (lines.length === 0 || of_file) return void reject(new Error(`mega cannot read ${file}: ${of_file?.error ?? errors.slice(-2000)}`));
            resolve(new Map(lines.map((line) => [line.name, line])));
        });
    });
}

/** `cases`: [{test, tx_bytes, expected}]. Gives those in which mega answers otherwise, with `differences`. */
export async function find_differences(cases, file_name) {
    if (cases.length === 0) return [];
    mkdirSync(output_folder, { recursive: true });
    const file = join(output_folder, file_name);
    const tests = cases.map(({ test, tx_bytes, expected }) => [test.name, to_state_test(test, tx_bytes, expected)]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(tests)));
    const results = await run_file(file);
    const different = cases
        .map((one) => ({ ...one, differences: differences_of(one.test.fork, one.expected, results.get(one.test.name)) }))
        .filter(({ differences }) => differences.length > 0);
    rmSync(file);
    return different;
}

/** In words; empty when both agree. */
export function differences_of(fork, expected, got) {
    if (got === undefined) return ['mega printed nothing for this case'];
    if (expected.error !== undefined) {
        return got.pass && got.gasUsed === undefined ? [] : [`must be refused (${expected.error}), but: ${JSON.stringify(got)}`];
    }
    if (got.gasUsed === undefined) return [`must be executed, but: ${got.error}`];
    const is_success = got.status === 'success';
    // Before Byzantium a receipt says nothing about success.
    const has_status = at_least(fork, 'Byzantium');
    const fields = [
        ['state root', expected.state_root, got.stateRoot],
        ['gas used', expected.gas_used, BigInt(got.gasUsed)],
        ['logs hash', expected.logs_hash, got.logsHash],
        ['output', expected.output ?? got.output, got.output],
        ['success', has_status ? expected.halt === undefined : is_success, is_success],
    ];
    return fields.filter(([, theirs, ours]) => theirs !== ours).map(([name, theirs, ours]) => `${name}: ethereumjs ${theirs}, mega ${ours}`);
}
