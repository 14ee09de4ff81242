// The node under test and what every suite needs around it.
//
// MEGA_BIN names the node: build/release/bin/mega by default. `MEGA_BIN=anvil` runs the same suites
// against anvil, which shows that a test is right where both chains should agree; what is ours
// alone is skipped there (`only_mega`).

import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { mnemonicToAccount } from 'viem/accounts';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const node_binary = process.env.MEGA_BIN ?? join(repository, 'build/release/bin/mega');
/// The same with --inject-fault: a node that lies (apps/mega_faulty).
export const faulty_binary = process.env.MEGA_FAULTY_BIN ?? `${node_binary}_faulty`;
export const is_anvil = /(^|\/)anvil$/.test(node_binary);
/// For the `skip` option of a test.
export const only_mega = is_anvil ? 'not a promise of anvil' : false;

const npm_packages = join(repository, 'node_modules/@foundry-rs');

/// A Foundry program itself: the wrapper in node_modules/.bin loses its exit status.
export function foundry_binary(name) {
    const built = readdirSync(npm_packages).find((entry) => entry.startsWith(`${name}-`));
    if (!built) throw new Error(`@foundry-rs/${name} is not installed for this platform: npm ci`);
    return join(npm_packages, built, 'bin', name);
}
const start_timeout_ms = 20_000;
const stop_timeout_ms = 10_000;

// ---- keys --------------------------------------------------------------------------------------

export const mnemonic = 'test test test test test test test test test test test junk';
const derived = new Map();

/// Account `index` of the standard test mnemonic, as viem signs with it, with `private_key` beside.
export function account(index) {
    if (!derived.has(index)) {
        const made = mnemonicToAccount(mnemonic, { addressIndex: index });
        const private_key = `0x${Buffer.from(made.getHdKey().privateKey).toString('hex')}`;
        derived.set(index, Object.assign(made, { private_key }));
    }
    return derived.get(index);
}

// ---- the node ----------------------------------------------------------------------------------

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function command_line({ data, args = [], chain_id, block_interval_ms, command, with_l1 = false, program = node_binary }) {
    if (command) return [resolve(repository, program), [...command, ...args]];
    if (is_anvil) {
        const flags = ['--port', '0', '--hardfork', 'osaka', '--chain-id', `${chain_id ?? 31337}`];
        return [foundry_binary('anvil'), [...flags, ...args]];
    }
    const flags = ['dev', ...(with_l1 ? [] : ['--no-l1']), '--rpc-port', '0'];
    flags.push(...(data ? ['--data', data] : ['--ephemeral']));
    if (chain_id !== undefined) flags.push('--chain-id', `${chain_id}`);
    if (block_interval_ms !== undefined) flags.push('--block-interval-ms', `${block_interval_ms}`);
    return [resolve(repository, program), [...flags, ...args]];
}

/// Starts the program and collects what it says, without waiting for it to answer.
/// `shell_prefix` runs in the same process before it, for example `ulimit -f 100;`.
export function spawn_node(options = {}) {
    const [program, args] = command_line(options);
    const child = options.shell_prefix
        ? spawn('bash', ['-c', `${options.shell_prefix} exec "$0" "$@"`, program, ...args], {
              cwd: repository,
          })
        : spawn(program, args, { cwd: repository });
    running.add(child);
    const node = { child, pid: child.pid, log: '', exit: undefined };
    const collect = (chunk) => {
        node.log = (node.log + chunk).slice(-4_000_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('close', (code, signal) => {
        running.delete(child);
        node.exit = { code, signal };
    });
    /// How it ended.
    node.exited = (timeout_ms = stop_timeout_ms) => wait_for(() => node.exit, timeout_ms, 'the node to end', node);
    // A test that failed half-way leaves its node behind: that must not keep the suite from ending.
    [child, child.stdin, child.stdout, child.stderr].forEach((handle) => handle.unref());
    child.on('error', (error) => {
        node.log += `cannot start ${program}: ${error.message}\n`;
        node.exit = { code: -1, signal: null };
    });
    return node;
}

/// A node that answers. `options`: data (directory; ephemeral without), args, chain_id,
/// block_interval_ms, with_l1, shell_prefix, program (node_binary without); `command` in place of `dev` and its flags.
export async function start_node(options = {}) {
    const started_at = performance.now();
    const node = spawn_node(options);
    const port = await wait_for(() => port_in(node), start_timeout_ms, 'a port in the banner', node);
    node.port = port;
    node.http_url = `http://127.0.0.1:${port}`;
    node.ws_url = `ws://127.0.0.1:${port}`;
    node.rpc = (method, ...params) => rpc(node.http_url, method, params);
    node.raw = (body, headers) => post(node.http_url, body, headers);
    node.stop = (signal = 'SIGTERM') => stop(node, signal);
    node.kill = () => stop(node, 'SIGKILL');
    await wait_for(() => node.rpc('eth_chainId').catch(() => undefined), start_timeout_ms, 'eth_chainId', node);
    node.started_in_ms = performance.now() - started_at;
    return node;
}

function port_in(node) {
    if (node.exit) {
        throw new Error(`the node ended with ${JSON.stringify(node.exit)}:\n${node.log}`);
    }
    // A replica names its leader's URL, too.
    const named = node.log.match(/^RPC +http:\/\/[^\s:/]+:(\d+)/m) ?? node.log.match(/(?:https?|ws):\/\/[^\s:/]+:(\d+)/) ?? node.log.match(/Listening on [^\s:]+:(\d+)/);
    return named ? Number(named[1]) : undefined;
}

async function stop(node, signal) {
    if (node.exit) return node.exit;
    node.child.kill(signal);
    return node.exited().catch((error) => {
        node.child.kill('SIGKILL');
        throw error;
    });
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/// Asks until the answer is truthy.
export async function wait_for(question, timeout_ms = 10_000, what = 'a condition', node = undefined) {
    const deadline = Date.now() + timeout_ms;
    for (;;) {
        const answer = await question();
        if (answer) return answer;
        if (Date.now() > deadline) {
            throw new Error(`waited ${timeout_ms} ms for ${what}${node ? `; log:\n${node.log.slice(-4000)}` : ''}`);
        }
        await sleep(5);
    }
}

/// Resident memory of a process in MiB, as the kernel counts it.
export function resident_mib(pid) {
    const kib = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/);
    return kib ? Number(kib[1]) / 1024 : 0;
}

/// A directory that is gone when the process ends.
export function temporary_directory(name) {
    const base = join(repository, 'build/clients');
    mkdirSync(base, { recursive: true });
    const made = mkdtempSync(join(base, `${name}-`));
    temporary_directories.push(made);
    return made;
}
const temporary_directories = [];
process.on('exit', () => temporary_directories.forEach((made) => rmSync(made, { recursive: true, force: true })));

// ---- JSON-RPC without a library in between -------------------------------------------------------

export class RpcError extends Error {
    constructor({ code, message, data }) {
        super(message);
        this.code = code;
        this.data = data;
    }
}

let next_id = 1;

export async function post(url, body, headers = {}) {
    const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
}

/// The result; throws RpcError.
export async function rpc(url, method, params) {
    const { status, text } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: next_id++, method, params }));
    let answer;
    try {
        answer = JSON.parse(text);
    } catch {
        throw new Error(`${method} answered HTTP ${status} with ${text.slice(0, 200)}`);
    }
    if (answer.error) throw new RpcError(answer.error);
    return answer.result;
}

/// A WebSocket that answers calls and keeps the notifications of each subscription in order.
export async function open_websocket(url) {
    const socket = new WebSocket(url);
    const waiting = new Map();
    const by_subscription = new Map();
    socket.on('message', (text) => {
        const message = JSON.parse(text);
        if (message.method === 'eth_subscription') {
            const { subscription, result } = message.params;
            if (!by_subscription.has(subscription)) by_subscription.set(subscription, []);
            by_subscription.get(subscription).push(result);
            return;
        }
        const { resolve: done, reject } = waiting.get(message.id) ?? {};
        waiting.delete(message.id);
        if (message.error) reject?.(new RpcError(message.error));
        else done?.(message.result);
    });
    await new Promise((done, reject) => socket.once('open', done).once('error', reject));
    return {
        socket,
        call(method, ...params) {
            const id = next_id++;
            socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
            return new Promise((done, reject) => waiting.set(id, { resolve: done, reject }));
        },
        /// What has arrived for a subscription.
        notifications: (subscription) => by_subscription.get(subscription) ?? [],
        /// Waits until `count` have.
        async received(subscription, count, timeout_ms = 10_000) {
            await wait_for(
                () => (by_subscription.get(subscription)?.length ?? 0) >= count,
                timeout_ms,
                `${count} notifications, ${by_subscription.get(subscription)?.length ?? 0} came`,
            );
            return by_subscription.get(subscription);
        },
        close: () => socket.close(),
    };
}

// ---- blocks --------------------------------------------------------------------------------------

const zero_hash = `0x${'0'.repeat(64)}`;
export const is_sealed = (block) => block && block.stateRoot !== zero_hash;

/// Block `number` once it is sealed: an open block has no roots to check against.
export function sealed_block(node, number) {
    return wait_for(
        async () => {
            const block = await node.rpc('eth_getBlockByNumber', number, false);
            return is_sealed(block) ? block : undefined;
        },
        10_000,
        `block ${number} to be sealed`,
    );
}

export function receipt_of(node, hash, timeout_ms = 10_000) {
    return wait_for(() => node.rpc('eth_getTransactionReceipt', hash), timeout_ms, `the receipt of ${hash}`);
}

// ---- Foundry and contracts ---------------------------------------------------------------------------

const foundry_environment = {
    ...process.env,
    FOUNDRY_CONFIG: join(repository, 'tests/clients/foundry.toml'),
    FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
    NO_COLOR: '1',
};
const compiler = ['--use', join(repository, 'tools/solc'), '--offline'];

/// Runs cast or forge; `{ code, stdout, stderr }`.
export function run_tool(name, args, { timeout_ms = 120_000 } = {}) {
    return new Promise((done) => {
        execFile(
            foundry_binary(name),
            args,
            { cwd: repository, env: foundry_environment, timeout: timeout_ms, maxBuffer: 64 << 20 },
            (error, stdout, stderr) =>
                done({ code: error ? (error.code ?? 1) : 0, stdout: stdout.trim(), stderr: stderr.trim() }),
        );
    });
}

/// stdout of a run that must succeed.
export async function tool(name, args, options) {
    const { code, stdout, stderr } = await run_tool(name, args, options);
    if (code !== 0) throw new Error(`${name} ${args.join(' ')} failed with ${code}:\n${stderr}\n${stdout}`);
    return stdout;
}

export const forge_compiler_flags = ['--root', repository, ...compiler];

/// Compiles tests/clients/contracts where that has not been done.
export function build_contracts() {
    if (process.env.MEGA_CLIENTS_BUILT) return;
    execFileSync(foundry_binary('forge'), ['build', ...forge_compiler_flags], {
        cwd: repository,
        env: foundry_environment,
        stdio: ['ignore', 'ignore', 'inherit'],
    });
    process.env.MEGA_CLIENTS_BUILT = '1';
}

/// `{ abi, bytecode }` of tests/clients/contracts.
export function artifact(name, file = name) {
    build_contracts();
    const path = join(repository, `build/clients/forge/out/${file}.sol/${name}.json`);
    const { abi, bytecode } = JSON.parse(readFileSync(path, 'utf8'));
    return { abi, bytecode: bytecode.object };
}

/// `{ abi, bytecode }` as Uniswap published it.
export function uniswap_artifact(package_name, name) {
    const path = join(repository, `node_modules/@uniswap/${package_name}/build/${name}.json`);
    const { abi, bytecode, evm } = JSON.parse(readFileSync(path, 'utf8'));
    const code = bytecode ?? evm.bytecode.object;
    return { abi, bytecode: code.startsWith('0x') ? code : `0x${code}` };
}
