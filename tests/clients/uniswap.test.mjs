// Uniswap v2 as published on npm: factory, router, a pair, and 1,000 swaps by several accounts.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, keccak256, parseEther } from 'viem';
import { account, artifact, only_mega, start_node, uniswap_artifact, wait_for } from './harness.mjs';
import { start_validator } from './validators.mjs';

const factory_parts = uniswap_artifact('v2-core', 'UniswapV2Factory');
const pair_parts = uniswap_artifact('v2-core', 'UniswapV2Pair');
const router_parts = uniswap_artifact('v2-periphery', 'UniswapV2Router02');
const weth_parts = uniswap_artifact('v2-periphery', 'WETH9');
const token_parts = artifact('Token');

const traders = [1, 2, 3, 4, 5];
const swaps = 1000;
const deadline = 2n ** 60n;
let node;
let chain;
let client;
const at = {};
let validators = [];

const wallet = (index) => createWalletClient({ chain, account: account(index), transport: http() });
async function succeed(hash) {
    const receipt = await client.waitForTransactionReceipt({ hash, timeout: 20_000 });
    assert.equal(receipt.status, 'success');
    return receipt;
}
async function deploy({ abi, bytecode }, args = []) {
    return (await succeed(await wallet(0).deployContract({ abi, bytecode, args }))).contractAddress;
}
const write = async (index, address, abi, functionName, args, extra = {}) =>
    succeed(await wallet(index).writeContract({ address, abi, functionName, args, ...extra }));
const read = (address, abi, functionName, args = []) => client.readContract({ address, abi, functionName, args });

before(async () => {
    node = await start_node();
    chain = defineChain({
        id: Number(await node.rpc('eth_chainId')),
        name: 'under test',
        nativeCurrency: { name: 'MEGA', symbol: 'MEGA', decimals: 18 },
        rpcUrls: { default: { http: [node.http_url] } },
    });
    client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
    // They follow whatever happens below, from the first block on.
    if (!only_mega) validators = [node.ws_url, node.http_url].map((url) => start_validator(url, '--dev', '--trusted-number', 0));
});
after(() => node?.stop());

/// Signs every swap first, so that what follows is the node's time alone.
async function signed_swaps() {
    const gasPrice = (await client.getGasPrice()) * 2n;
    const start = await Promise.all(
        traders.map((index) => client.getTransactionCount({ address: account(index).address })),
    );
    return Promise.all(
        Array.from({ length: swaps }, (_, i) => {
            const who = i % traders.length;
            const round = Math.floor(i / traders.length);
            const trader = account(traders[who]);
            const path = (round + who) % 2 === 0 ? [at.first, at.second] : [at.second, at.first];
            const amount = parseEther('1') + BigInt(i);
            const data = encodeFunctionData({
                abi: router_parts.abi,
                functionName: 'swapExactTokensForTokens',
                args: [amount, 0n, path, trader.address, deadline],
            });
            return trader.signTransaction({
                chainId: chain.id, type: 'legacy', to: at.router, data, gas: 200_000n, gasPrice, nonce: start[who] + round,
            });
        }),
    );
}

/// In batches, as a busy client would; the hashes in order.
async function send_all(raw) {
    const hashes = [];
    for (let i = 0; i < raw.length; i += 50) {
        const batch = raw.slice(i, i + 50).map((one, id) => ({
            jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [one],
        }));
        const answers = JSON.parse((await node.raw(JSON.stringify(batch))).text);
        for (const answer of answers.sort((a, b) => a.id - b.id)) {
            assert.ok(answer.result, JSON.stringify(answer.error));
            hashes.push(answer.result);
        }
    }
    return hashes;
}

const reserves = async () => (await read(at.pair, pair_parts.abi, 'getReserves')).slice(0, 2);

describe('Uniswap v2', () => {
    it('deploys factory, WETH, router and two tokens', async () => {
        at.factory = await deploy(factory_parts, [account(0).address]);
        at.weth = await deploy(weth_parts);
        at.router = await deploy(router_parts, [at.factory, at.weth]);
        at.first = await deploy(token_parts, ['First', 'FST', parseEther('1000000000')]);
        at.second = await deploy(token_parts, ['Second', 'SND', parseEther('1000000000')]);
        assert.equal((await read(at.router, router_parts.abi, 'factory')).toLowerCase(), at.factory);
    });

    it('creates the pair where CREATE2 and the init code hash say', async () => {
        assert.equal(keccak256(pair_parts.bytecode), '0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f');
        await write(0, at.factory, factory_parts.abi, 'createPair', [at.first, at.second]);
        at.pair = (await read(at.factory, factory_parts.abi, 'getPair', [at.first, at.second])).toLowerCase();
        assert.ok((await client.getCode({ address: at.pair })).length > 1000);
    });

    it('takes liquidity, in tokens and in the native currency', async () => {
        for (const token of [at.first, at.second]) {
            await write(0, token, token_parts.abi, 'approve', [at.router, 2n ** 255n]);
        }
        const amount = parseEther('1000000');
        await write(0, at.router, router_parts.abi, 'addLiquidity', [
            at.first, at.second, amount, amount, 0n, 0n, account(0).address, deadline,
        ]);
        assert.deepEqual(await reserves(), [amount, amount]);
        const liquidity = await read(at.pair, pair_parts.abi, 'balanceOf', [account(0).address]);
        assert.equal(liquidity, amount - 1000n); // the minimum liquidity is locked
        await write(
            0, at.router, router_parts.abi, 'addLiquidityETH',
            [at.first, parseEther('1000'), 0n, 0n, account(0).address, deadline],
            { value: parseEther('10') },
        );
        assert.equal(await client.getBalance({ address: at.weth }), parseEther('10'));
    });

    it(`swaps ${swaps} times and keeps the invariant`, async () => {
        for (const index of traders) {
            for (const token of [at.first, at.second]) {
                await write(0, token, token_parts.abi, 'transfer', [account(index).address, parseEther('10000')]);
                await write(index, token, token_parts.abi, 'approve', [at.router, 2n ** 255n]);
            }
        }
        const [a, b] = await reserves();
        const raw = await signed_swaps();
        const started = performance.now();
        const hashes = await send_all(raw);
        const last_receipts = await Promise.all(
            hashes.slice(-traders.length).map((hash) =>
                wait_for(() => node.rpc('eth_getTransactionReceipt', hash), 30_000, 'the last swaps'),
            ),
        );
        console.log(`# ${swaps} swaps in ${Math.round(performance.now() - started)} ms`);
        assert.ok(last_receipts.every((receipt) => receipt.status === '0x1'));
        for (const hash of hashes) {
            assert.equal((await node.rpc('eth_getTransactionReceipt', hash)).status, '0x1');
        }

        const [a_after, b_after] = await reserves();
        assert.ok(a_after * b_after > a * b, 'the product of the reserves grows by the fees');
        const [token0] = [await read(at.pair, pair_parts.abi, 'token0')];
        const [first, second] = await Promise.all(
            [at.first, at.second].map((token) => read(token, token_parts.abi, 'balanceOf', [at.pair])),
        );
        assert.deepEqual(token0.toLowerCase() === at.first ? [first, second] : [second, first], [a_after, b_after]);
    });

    it('logs every swap once', async () => {
        const event = pair_parts.abi.find((item) => item.type === 'event' && item.name === 'Swap');
        const logs = await client.getLogs({ address: at.pair, event, fromBlock: 0n });
        assert.equal(logs.length, swaps);
        assert.equal(new Set(logs.map((log) => log.transactionHash)).size, swaps);
        const senders = new Set(logs.map((log) => log.args.to.toLowerCase()));
        assert.deepEqual(senders, new Set(traders.map((index) => account(index).address.toLowerCase())));
    });

    it('refuses a swap that would give too little', async () => {
        await assert.rejects(
            wallet(1).writeContract({
                address: at.router,
                abi: router_parts.abi,
                functionName: 'swapExactTokensForTokens',
                args: [parseEther('1'), parseEther('2'), [at.first, at.second], account(1).address, deadline],
            }),
            /INSUFFICIENT_OUTPUT_AMOUNT/,
        );
    });

    it('two validators have verified every block, and attested to it', { skip: only_mega }, async () => {
        const last = Number((await node.rpc('eth_getBlockByNumber', 'latest', false)).number);
        await Promise.all(validators.map((validator) => validator.reaches(last, 60_000)));
        const codes = await Promise.all(validators.map((validator) => validator.stop()));
        assert.deepEqual(codes, [0, 0], validators.map(({ complained }) => complained).join(''));
        for (const validator of validators) {
            const verified = validator.verified();
            assert.deepEqual(verified, verified.map((_, i) => i + 1), 'every block, in order');
        }
        const attested = await node.rpc('mega_getAttestations', `0x${last.toString(16)}`);
        assert.equal(Number(attested.count), 2);
    });
});
