// What a transaction pays for its place on L1, parameters that change while the chain runs, and who is
// served while the chain is flooded. docs/fees.md says what holds.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, parseEther, parseGwei } from 'viem';
import { account, is_anvil, node_binary, open_websocket, receipt_of, repository, sealed_block, sleep, start_node, temporary_directory, wait_for } from './harness.mjs';

const skip = is_anvil ? 'anvil has no L1' : false;
const l1_block = '0x4200000000000000000000000000000000000015';
const l2_config = '0x4200000000000000000000000000000000000023';
const fee_vault = '0x420000000000000000000000000000000000001a';
/// The address whose alias is account (5): that account may do what the relay's deposits do.
const relay = `0x${(BigInt(account(5).address) - 0x1111000000000000000000000000000000001111n & (1n << 160n) - 1n).toString(16).padStart(40, '0')}`;
const recipient = '0x00000000000000000000000000000000000000ff';

const word = (value) => `0x${value.toString(16).padStart(64, '0')}`;

/// Slot 0 of L2Config.
function packed({ gas_limit = 0n, elasticity = 0n, denominator = 0n, base_fee_scalar = 0n, blob_scalar = 0n, share_bps = 0n, mini_block_ms = 0n }) {
    return gas_limit | elasticity << 64n | denominator << 96n | base_fee_scalar << 128n | blob_scalar << 160n | share_bps << 192n | mini_block_ms << 208n;
}

function compiled(name) {
    execFileSync(join(repository, 'tools/contracts'), { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
    return JSON.parse(readFileSync(join(repository, `build/contracts/out/${name}.sol/${name}.json`), 'utf8'));
}

/// A genesis whose L1 asks `blob_fee` wei for a unit of blob gas.
function genesis_file(directory, { blob_fee, ...parameters }) {
    const config = compiled('L2Config');
    const genesis = {
        config: { chainId: 6342 },
        alloc: {
            [l2_config]: {
                balance: '0x0',
                nonce: '0x1',
                code: config.deployedBytecode.object,
                storage: {
                    [word(0n)]: word(packed({ blob_scalar: 1_032_258n, ...parameters })),
                    [word(2n)]: word(10n ** 18n),
                    [word(3n)]: word(BigInt(relay)),
                },
            },
            [l1_block]: { balance: '0x0', nonce: '0x1', code: '0x00', storage: { [word(2n)]: word(blob_fee) } },
        },
    };
    const path = join(directory, 'genesis.json');
    writeFileSync(path, JSON.stringify(genesis));
    return { path, abi: config.abi };
}

function clients(node, index = 0) {
    const chain = defineChain({ id: 6342, name: 'mega', nativeCurrency: { name: 'MEGA', symbol: 'MEGA', decimals: 18 }, rpcUrls: { default: { http: [node.http_url] } } });
    const transport = http(node.http_url);
    return { reader: createPublicClient({ chain, transport, pollingInterval: 20 }), wallet: createWalletClient({ chain, transport, account: account(index) }) };
}

describe('data on L1 has a price', { skip }, () => {
    let node;
    let made;
    let validator;
    let said = '';
    before(async () => {
        made = genesis_file(temporary_directory('fees'), { blob_fee: 10_000_000_000n, share_bps: 2500n });
        node = await start_node({ args: ['--genesis', made.path] });
        validator = spawn(resolve(repository, node_binary), ['validate', node.ws_url, '--dev'], { cwd: repository });
        validator.stdout.on('data', (chunk) => (said += chunk));
        validator.stderr.on('data', (chunk) => (said += chunk));
    });
    after(async () => {
        validator?.kill('SIGTERM');
        await node?.stop();
    });

    it('a transfer through viem pays for it and needs nothing special', async () => {
        const { reader, wallet } = clients(node);
        const vault_before = await reader.getBalance({ address: fee_vault });
        const estimate = await reader.estimateGas({ account: account(0).address, to: recipient, value: 1n });
        assert.ok(estimate > 21_000n, `estimated ${estimate}`);
        const hash = await wallet.sendTransaction({ to: recipient, value: 1n });
        const receipt = await reader.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, 'success');
        const { gas } = await reader.getTransaction({ hash });
        assert.ok(receipt.gasUsed > 21_000n && receipt.gasUsed <= gas, `used ${receipt.gasUsed} of ${gas}`);
        const { baseFeePerGas } = await reader.getBlock({ blockNumber: receipt.blockNumber });
        const data_gas = receipt.gasUsed - 21_000n;
        const owed = baseFeePerGas * data_gas + baseFeePerGas * 21_000n * 2500n / 10_000n;
        assert.equal(await reader.getBalance({ address: fee_vault }) - vault_before, owed);
    });

    it('incompressible data costs more than zeros', async () => {
        const { reader } = clients(node);
        let seed = Buffer.from('noise');
        const noise = `0x${Array.from({ length: 63 }, () => (seed = createHash('sha256').update(seed).digest()).toString('hex')).join('')}`;
        const zeros = `0x${'00'.repeat(63 * 32)}`;
        const cost = async (data) => (await reader.estimateGas({ account: account(0).address, to: recipient, data }));
        const plain = async (data) => 21_000n + 10n * BigInt([...Buffer.from(data.slice(2), 'hex')].reduce((sum, byte) => sum + (byte ? 4 : 1), 0));
        const extra_noise = await cost(noise) - await plain(noise);
        const extra_zeros = await cost(zeros) - await plain(zeros);
        assert.ok(extra_noise > 5n * extra_zeros, `${extra_noise} against ${extra_zeros}`);
    });

    it('21,000 gas are refused with the reason', async () => {
        const { wallet } = clients(node, 1);
        await assert.rejects(
            wallet.sendTransaction({ to: recipient, value: 1n, gas: 21_000n, maxFeePerGas: parseGwei('1'), maxPriorityFeePerGas: 1n, nonce: 0 }),
            (error) => /intrinsic gas too low: have 21000, want \d+ \(\d+ of it for data on L1\)/.test(error.details ?? error.message),
        );
    });

    it('parameters change at a block, without a restart, and the validator follows', async () => {
        const { reader } = clients(node);
        const before_change = await reader.getBlock();
        assert.notEqual(before_change.gasLimit, 40_000_000n);
        const data = encodeFunctionData({
            abi: made.abi,
            functionName: 'setParameters',
            args: [{ gasLimit: 40_000_000n, elasticity: 4, baseFeeDenominator: 50, baseFeeScalar: 0, blobBaseFeeScalar: 0, baseFeeShareBps: 0, miniBlockMillis: 20, minBaseFee: 2_000_000n, megaPerEth: 0n }],
        });
        const hash = await clients(node, 5).wallet.sendTransaction({ to: l2_config, data });
        const receipt = await receipt_of(node, hash);
        assert.equal(receipt.status, '0x1');
        const changed_in = BigInt(receipt.blockNumber);
        await sealed_block(node, `0x${(changed_in + 2n).toString(16)}`);
        assert.notEqual((await reader.getBlock({ blockNumber: changed_in })).gasLimit, 40_000_000n);
        const next = await reader.getBlock({ blockNumber: changed_in + 1n });
        assert.equal(next.gasLimit, 40_000_000n);
        // A fiftieth a block at most, no longer an eighth.
        const { baseFeePerGas } = await reader.getBlock({ blockNumber: changed_in });
        assert.ok(next.baseFeePerGas >= baseFeePerGas * 97n / 100n, `${baseFeePerGas} to ${next.baseFeePerGas}`);
        assert.equal(await reader.estimateGas({ account: account(0).address, to: recipient, value: 1n }), 21_000n);
        await wait_for(() => said.match(/^block (\d+) /gm)?.some((line) => BigInt(line.split(' ')[1]) > changed_in), 15_000, `the validator to follow:\n${said}`);
    });

    it('nobody but the relay may change them', async () => {
        const data = encodeFunctionData({
            abi: made.abi,
            functionName: 'setParameters',
            args: [{ gasLimit: 1n, elasticity: 0, baseFeeDenominator: 0, baseFeeScalar: 0, blobBaseFeeScalar: 0, baseFeeShareBps: 0, miniBlockMillis: 0, minBaseFee: 0n, megaPerEth: 0n }],
        });
        await assert.rejects(node.rpc('eth_call', { from: account(0).address, to: l2_config, data }, 'latest'), /revert/);
    });
});

describe('a flood at the lowest fee', { skip }, () => {
    it('does not delay who pays more beyond two mini-blocks', async () => {
        // 6.3 million gas: the flood fills what is open to all of a block at once. Mini-blocks in which nothing is executed count, too.
        const node = await start_node({ args: ['--gas-limit', '6300000', '--empty-mini-blocks', '--pool-max-per-sender', '250'] });
        try {
            const fees = { maxFeePerGas: parseGwei('10'), maxPriorityFeePerGas: 0n };
            const sign = (index, nonce, over = {}) => account(index).signTransaction({ type: 'eip1559', chainId: 6342, nonce, to: recipient, value: 1n, gas: 21_000n, ...fees, ...over });
            const flood = (await Promise.all(Array.from({ length: 8 }, (_, index) => Promise.all(Array.from({ length: 250 }, (_, nonce) => sign(index, nonce)))))).flat();
            const block = BigInt(await node.rpc('eth_blockNumber'));
            await wait_for(async () => BigInt(await node.rpc('eth_blockNumber')) > block + 1n, 10_000);
            const batches = Array.from({ length: 20 }, (_, i) => flood.slice(i * 100, i * 100 + 100));
            await Promise.all(batches.map((batch) => node.raw(JSON.stringify(batch.map((raw, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] }))))));
            const socket = await open_websocket(node.ws_url);
            const subscription = await socket.call('eth_subscribe', 'miniBlocks');
            const mini_blocks = () => socket.notifications(subscription);
            await wait_for(() => mini_blocks().length > 0, 10_000, 'a mini-block');
            const holder = (hash) => mini_blocks().find((one) => one.transactions.some((tx) => tx.hash === hash));
            let full = 0;
            let still_waiting = 0;
            const delays = [];
            for (let round = 0; round < 5; ++round) {
                const status = await node.rpc('txpool_status');
                const head = await node.rpc('eth_getBlockByNumber', 'latest', false);
                full += BigInt(head.gasUsed) >= 5_600_000n && Number(status.pending) > 0 ? 1 : 0;
                const raw = await sign(9, round, { maxPriorityFeePerGas: parseGwei('1') });
                // On the socket that mini-blocks come on: the one after the newest is being built when the node has it.
                const hash = await socket.call('eth_sendRawTransaction', raw);
                const came_after = Number(mini_blocks().at(-1).mini_block_number);
                assert.equal((await receipt_of(node, hash)).status, '0x1');
                const mini_block = await wait_for(() => holder(hash), 10_000, 'its mini-block');
                delays.push(Number(mini_block.mini_block_number) - (came_after + 1));
                still_waiting += Number((await node.rpc('txpool_status')).pending) > 0 ? 1 : 0;
                await sleep(150);
            }
            socket.close();
            assert.ok(full > 0 && still_waiting > 0, 'the flood filled the blocks and waited: the test means something');
            assert.ok(delays.every((delay) => delay <= 2), `they came ${delays} mini-blocks after the one that was being built`);
            // Of one account no more wait than are allowed, however much it offers.
            const greedy = await Promise.all(Array.from({ length: 260 }, (_, nonce) => sign(8, nonce + 1, { maxPriorityFeePerGas: parseGwei('2') })));
            const refused = [];
            for (const raw of greedy) await node.rpc('eth_sendRawTransaction', raw).catch((error) => refused.push(error.message));
            assert.equal(refused.length, 10);
            assert.ok(refused.every((words) => /account limit exceeded/.test(words)), refused[0]);
        } finally {
            await node.stop();
        }
    });
});
