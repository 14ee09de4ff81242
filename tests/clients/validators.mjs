// `mega validate` as a process, for suites that have validators follow their node.

import { execFile, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { node_binary, repository, wait_for } from './harness.mjs';

export const exit_failed = 1;
export const exit_usage = 2;
export const exit_mismatch = 3;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/// A validator process: `said` grows, `exited()` waits for the end.
export const start_validator = (...args) => start_validator_of(node_binary, ...args);

export function start_validator_of(binary, ...args) {
    const child = spawn(resolve(repository, binary), ['validate', ...args.map(String)], { cwd: repository });
    const validator = { child, pid: child.pid, said: '', complained: '', code: undefined };
    running.add(child);
    child.stdout.on('data', (chunk) => (validator.said += chunk));
    child.stderr.on('data', (chunk) => (validator.complained += chunk));
    child.on('close', (code, signal) => {
        running.delete(child);
        validator.code = code ?? signal;
    });
    [child, child.stdin, child.stdout, child.stderr].forEach((handle) => handle.unref());
    validator.exited = async (timeout_ms = 20_000) => {
        await wait_for(() => validator.code !== undefined, timeout_ms, `the validator to end:\n${validator.said}${validator.complained}`);
        return validator.code;
    };
    validator.stop = async () => {
        child.kill('SIGTERM');
        return validator.exited();
    };
    /// Numbers of the blocks that it has verified.
    validator.verified = () => [...validator.said.matchAll(/^block (\d+) /gm)].map(([, number]) => Number(number));
    validator.reaches = (number, timeout_ms = 20_000) =>
        wait_for(() => validator.code !== undefined || validator.verified().at(-1) >= number, timeout_ms, `block ${number}:\n${validator.said}${validator.complained}`);
    return validator;
}

/// `mega validate` until it ends by itself.
export function validate(...args) {
    return new Promise((done) => {
        execFile(resolve(repository, node_binary), ['validate', ...args.map(String)], { timeout: 30_000 },
            (error, stdout, stderr) => done({ code: error ? (error.code ?? -1) : 0, stdout, stderr }));
    });
}
