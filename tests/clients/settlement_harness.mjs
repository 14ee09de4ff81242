// L1 and L2 as processes of their own: anvil with mainnet's limits, the contracts deployed by `mega l1 deploy`, and
// `mega node` settling on it, so that each can be stopped, killed and started alone.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createPublicClient, createWalletClient, defineChain, http, parseAbi } from 'viem';
import { account, foundry_binary, node_binary, repository, rpc, sleep, wait_for } from './harness.mjs';

export const l1_chain_id = 31337;
export const l2_chain_id = 6343;
const binary = resolve(repository, node_binary);

export const abi = parseAbi([
    'function balanceOf(address) view returns (uint256)',
    'function approve(address, uint256) returns (bool)',
    'function transfer(address, uint256) returns (bool)',
    'function depositTransaction(address to, uint256 mint, uint256 value, uint64 gasLimit, bool isCreation, bytes data) payable returns (uint64)',
    'function depositFee(uint64) view returns (uint256)',
    'function escrowed() view returns (uint256)',
    'function initiateWithdrawal(address target, uint256 gasLimit, bytes data) payable',
    'function forceTransaction(bytes envelope) payable returns (uint64)',
    'function fee(uint64) view returns (uint256)',
    'function submitForced()',
    'function nextIndex() view returns (uint64)',
    'function lastBlock() view returns (uint64)',
    'function length() view returns (uint64)',
    'function number() view returns (uint64)',
    'function hash() view returns (bytes32)',
    'function depositCursor() view returns (uint64)',
    'event DepositQueued(uint64 indexed index, address indexed from, bytes envelope, bytes32 rollingHash)',
    'event TransactionForced(uint64 indexed index, address indexed payer, bytes envelope, bytes32 rollingHash)',
    'struct BatchHeader { bytes32 parent; uint64 index; uint64 firstBlock; uint64 lastBlock; uint64 depositCursor; uint64 originNumber; bytes32 originHash; uint64 lastTimestamp; bytes32 lastBlockHash; bytes32 miniBlockDigest; address sequencer; }',
    'event BatchPosted(uint64 indexed index, bytes32 indexed batchHash, uint8 kind, BatchHeader header, bytes32[] dataHashes)',
]);
export const message_passer = '0x4200000000000000000000000000000000000016';
export const l1_block = '0x4200000000000000000000000000000000000015';

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

function start(program, args, ready, what) {
    const child = spawn(program, args, { cwd: repository });
    children.add(child);
    const process_ = { child, log: '', exit: undefined };
    const collect = (chunk) => (process_.log = (process_.log + chunk).slice(-2_000_000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('close', (code, signal) => {
        children.delete(child);
        process_.exit = { code, signal };
    });
    [child, child.stdin, child.stdout, child.stderr].forEach((handle) => handle.unref());
    process_.stop = async (signal = 'SIGTERM') => {
        if (!process_.exit) child.kill(signal);
        await wait_for(() => process_.exit, 20_000, `${what} to end`, process_);
    };
    process_.ready = wait_for(() => {
        if (process_.exit) throw new Error(`${what} ended with ${JSON.stringify(process_.exit)}:\n${process_.log}`);
        return ready(process_.log);
    }, 60_000, `${what} to be ready`, process_);
    return process_;
}

export function run_mega(args, timeout = 120_000) {
    return new Promise((done) => {
        execFile(binary, args.map(String), { cwd: repository, timeout }, (error, stdout, stderr) =>
            done({ code: error ? (error.code ?? -1) : 0, stdout, stderr }));
    });
}
export async function mega(args, timeout) {
    const { code, stdout, stderr } = await run_mega(args, timeout);
    if (code !== 0) throw new Error(`mega ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
}

export const free_port = async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address();
    await new Promise((done) => server.close(done));
    return port;
};

export async function start_l1({ block_time = 1, args = [] } = {}) {
    const port = await free_port();
    const l1 = start(foundry_binary('anvil'), ['--port', port, '--hardfork', 'osaka', '--slots-in-an-epoch', '4', '--accounts', '20', ...args].map(String),
        (log) => log.includes('Listening on'), 'anvil');
    await l1.ready;
    l1.url = `http://127.0.0.1:${port}`;
    l1.rpc = (method, ...params) => rpc(l1.url, method, params);
    /// Blocks by the clock from now on; until then a block a transaction.
    l1.tick = () => l1.rpc('evm_setIntervalMining', block_time);
    l1.hold = () => l1.rpc('evm_setIntervalMining', 0);
    l1.mine = (count = 1) => l1.rpc('anvil_mine', `0x${count.toString(16)}`);
    return l1;
}

export const roles = { deployer: 12, batcher: 13, proposer: 14 };

/// Contracts on L1, and what `mega node` needs to run the chain.
export async function deploy_chain(l1, directory, overrides = {}) {
    mkdirSync(directory, { recursive: true });
    const file = (name, content) => {
        writeFileSync(join(directory, name), content);
        return join(directory, name);
    };
    const key_files = Object.fromEntries(Object.entries(roles).map(([role, index]) => [role, file(`${role}.key`, account(index).private_key)]));
    const config = file('config.json', JSON.stringify({
        l2ChainId: l2_chain_id, salt: directory,
        council: account(roles.deployer).address, guardian: account(roles.deployer).address,
        sequencer: account(roles.batcher).address, feeVault: account(roles.deployer).address,
        timelockDelay: 0, forcedInclusionDelay: 60, challengeWindow: 8, proofMaturity: 0,
        claimBond: '80000000000000000', challengeBond: '80000000000000000',
        minDepositGasPrice: 1000, forcedFee: '100000000000000', baseFeeScalar: 0, baseFeeShareBps: 0,
        ...overrides,
        staking: {
            epochLength: 60, slotsPerEpoch: 1, silence: 2, grace: 2, l1SlotTime: 0, exitStride: 1, unbondingEpochs: 8,
            correlationEpochs: 2, downtimeWindow: 4, objectionWindow: 3, rewardRatePpb: 1_000_000,
            minSelfStake: `${10n ** 18n}`, minDelegation: `${10n ** 18n}`, minChurn: `${10n ** 25n}`, rewardBond: `${10n ** 18n}`,
            maxValidators: 128, ...overrides.staking,
        },
        governance: { votingDelay: 2, votingPeriod: 20, proposalThreshold: `${10n ** 21n}`, lateQuorumExtension: 5, ...overrides.governance },
    }));
    [0, 1, 2, 3, 4].forEach((i) => file(`user${i}.key`, account(i).private_key));
    const balance = '0x21e19e0c9bab2400000'; // 10,000 MEGA
    const genesis = file('base.json', JSON.stringify({
        config: { chainId: l2_chain_id }, gasLimit: '0x3b9aca00', difficulty: '0x0',
        alloc: Object.fromEntries([0, 1, 2, 3, 4].map((i) => [account(i).address, { balance }])),
    }));
    const out = join(directory, 'out');
    await mega(['l1', 'deploy', '--l1', l1.url, '--key', key_files.deployer, '--config', config, '--genesis', genesis, '--out', out]);
    const password = file('password', 'secret\n');
    await mega(['account', 'new', join(directory, 'sequencer.json'), '--password-file', password]);
    const contracts = JSON.parse(readFileSync(join(out, 'addresses.json'), 'utf8'));
    const token_holder = wallet(l1.url, l1_chain_id, roles.deployer);
    for (const i of [0, 1, 2, 3, 4]) {
        await token_holder.confirm({ address: contracts.token, functionName: 'transfer', args: [account(i).address, 10n ** 24n] });
    }
    return { directory, out, contracts, key_files, password, rollup: join(out, 'rollup.json'), config, genesis };
}

export async function start_chain(chain, l1, { args = [], auto_relay = true } = {}) {
    return start_sequencer(chain, l1, {
        data: join(chain.directory, 'data'), key: join(chain.directory, 'sequencer.json'), batcher: chain.key_files.batcher,
        args: ['--proposer-key', chain.key_files.proposer, ...(auto_relay ? ['--auto-relay'] : []), '--proposal-interval-s', '2', ...args],
    });
}

/// One of the chain's sequencers, with keys and data of its own.
export async function start_sequencer(chain, l1, { data, key, batcher, port = 0, program = binary, args = [] }) {
    const node = start(program, [
        'node', '--genesis', join(chain.out, 'genesis.json'), '--key', key, '--password-file', chain.password,
        '--data', data, '--rpc-port', `${port}`, '--l1', l1.url, '--rollup', chain.rollup,
        '--batcher-key', batcher, '--batch-max-age-s', '3', ...args,
    ], (log) => log.match(/RPC +(http:\/\/\S+)/)?.[1], 'mega node');
    node.url = await node.ready;
    node.rpc = (method, ...params) => rpc(node.url, method, params);
    return node;
}

/// A node that has nothing but the genesis and L1; nothing when the binary knows no --from-l1.
export async function start_follower_from_l1(chain, l1, data, args = []) {
    if (!(await mega(['node', '--help'])).includes('--from-l1')) return undefined;
    const node = start(binary, [
        'node', '--genesis', join(chain.out, 'genesis.json'), '--data', data, '--rpc-port', '0', '--l1', l1.url, '--rollup', chain.rollup, '--from-l1', ...args,
    ], (log) => log.match(/RPC +(http:\/\/\S+)/)?.[1], 'mega node --from-l1');
    node.url = await node.ready;
    node.rpc = (method, ...params) => rpc(node.url, method, params);
    return node;
}

const chain_at = (url, id) => defineChain({ id, name: `chain ${id}`, nativeCurrency: { name: 'X', symbol: 'X', decimals: 18 }, rpcUrls: { default: { http: [url] } } });

export const reader = (url, id) => createPublicClient({ chain: chain_at(url, id), transport: http(url), pollingInterval: 50 });

/// A viem wallet whose `confirm` sends a call and waits for its receipt.
export function wallet(url, id, index) {
    const client = createWalletClient({ account: account(index), chain: chain_at(url, id), transport: http(url) });
    const reads = reader(url, id);
    client.confirm = async (call) => {
        const hash = call.functionName ? await client.writeContract({ abi, ...call }) : await client.sendTransaction(call);
        return reads.waitForTransactionReceipt({ hash, timeout: 60_000 });
    };
    client.reads = reads;
    return client;
}

/// Deposits MEGA of account `index` to `to`; the L1 receipt and the L2 hash.
export async function deposit(l1, chain, index, to, amount) {
    const { portal, token } = chain.contracts;
    const sender = wallet(l1.url, l1_chain_id, index);
    await sender.confirm({ address: token, functionName: 'approve', args: [portal, amount] });
    const fee = await sender.reads.readContract({ address: portal, abi, functionName: 'depositFee', args: [100_000n] });
    const receipt = await sender.confirm({ address: portal, functionName: 'depositTransaction', args: [to, amount, amount, 100_000n, false, '0x'], value: fee * 3n });
    return receipt;
}

export const queue_length = (l1, chain) => reader(l1.url, l1_chain_id).readContract({ address: chain.contracts.depositQueue, abi, functionName: 'length' });

/// All entries of the queue on L1, in order.
export async function queue_entries(l1, chain) {
    const logs = await reader(l1.url, l1_chain_id).getLogs({ address: chain.contracts.depositQueue, events: abi.filter((item) => ['DepositQueued', 'TransactionForced'].includes(item.name)), fromBlock: 0n });
    return logs.map((log) => ({ name: log.eventName, ...log.args, block: log.blockNumber }));
}

export async function batches(l1, chain) {
    const logs = await reader(l1.url, l1_chain_id).getLogs({ address: chain.contracts.batchInbox, event: abi.find((item) => item.name === 'BatchPosted'), fromBlock: 0n });
    return logs.map((log) => log.args);
}

export async function block_number(node, tag = 'latest') {
    const block = await node.rpc('eth_getBlockByNumber', tag, false);
    return block ? Number(block.number) : 0;
}
export const wait_for_block = (node, number, tag = 'latest', timeout = 60_000) =>
    wait_for(async () => (await block_number(node, tag)) >= number, timeout, `block ${number} to be ${tag}`, node);

export { account, sleep, wait_for };
