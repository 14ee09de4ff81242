// The chain that L1 alone gives is the chain that was lived, block for block: after Uniswap's swaps, deploys, deposits, forced
// transactions, an L1 reorganisation that takes a batch back and a batcher killed half-way; as a node from L1 that ran through all
// of it sees it, and as one that begins afterwards does.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeDeployData, encodeFunctionData, keccak256, parseEther, zeroAddress } from 'viem';
import { account, artifact, is_anvil, temporary_directory, uniswap_artifact, wait_for } from './harness.mjs';
import { batches, block_number, deploy_chain, deposit, l2_chain_id, queue_entries, start_chain, start_follower_from_l1, start_l1, wait_for_block } from './settlement_harness.mjs';
import { abi_of, clients_of, deploy, load_sdk, reorganise_from, write } from './two_layers.mjs';

const skip = is_anvil ? 'batches are a part of mega' : false;
const one = parseEther('1');
const stranger = (n) => `0x${(0x30000 + n).toString(16).padStart(40, '0')}`;
const deadline = 2n ** 60n;
const router_parts = uniswap_artifact('v2-periphery', 'UniswapV2Router02');
const pair_parts = uniswap_artifact('v2-core', 'UniswapV2Pair');
const token_parts = artifact('Token');

describe('the chain made again from L1', { skip }, () => {
    let l1, chain, node, follower, clients;
    const at = {};
    let swaps = 0;
    before(async () => {
        const sdk = await load_sdk();
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('rebuild'));
        await l1.tick();
        node = await start_chain(chain, l1);
        follower = await start_follower_from_l1(chain, l1, join(chain.directory, 'follower'));
        clients = clients_of(sdk, l1, chain, node.url);
    });
    after(async () => {
        await follower?.stop('SIGKILL');
        await node?.stop('SIGKILL');
        await l1?.stop('SIGKILL');
    });

    /// `count` swaps by three traders, each of them in the open block or before when this returns.
    const swap = async (count) => {
        const traders = [0, 1, 2];
        const nonces = await Promise.all(traders.map((i) => clients.public_l2.getTransactionCount({ address: account(i).address })));
        const raw = await Promise.all(Array.from({ length: count }, (_, i) => {
            const trader = account(traders[i % 3]);
            const path = i % 2 === 0 ? [at.first, at.second] : [at.second, at.first];
            const data = encodeFunctionData({ abi: router_parts.abi, functionName: 'swapExactTokensForTokens', args: [one + BigInt(i), 0n, path, trader.address, deadline] });
            return trader.signTransaction({
                chainId: l2_chain_id, type: 'eip1559', to: at.router, data, gas: 200_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 1n, nonce: nonces[i % 3] + Math.floor(i / 3),
            });
        }));
        const hashes = [];
        for (const envelope of raw) hashes.push(await node.rpc('eth_sendRawTransaction', envelope));
        for (const hash of hashes) assert.equal((await clients.public_l2.waitForTransactionReceipt({ hash, timeout: 20_000 })).status, 'success');
        swaps += count;
    };
    /// Forces `to` some MEGA of account 4; an entry that L2 cannot execute with another nonce than the next.
    const force = async (to, nonce) => {
        const forced_inclusion = { address: chain.contracts.forcedInclusion, abi: abi_of('ForcedInclusion') };
        const envelope = await account(4).signTransaction({ chainId: l2_chain_id, type: 'eip1559', nonce, gas: 50_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n, to, value: one });
        const fee = await clients.public_l1.readContract({ ...forced_inclusion, functionName: 'fee', args: [50_000n] });
        await write(clients.l1(3), { ...forced_inclusion, functionName: 'forceTransaction', args: [envelope], value: fee * 2n });
        return keccak256(envelope);
    };
    const balance = async (address) => BigInt(await node.rpc('eth_getBalance', address, 'latest'));
    const metric = async (of, name) => Number((await (await fetch(`${of.url}/metrics`)).text()).match(new RegExp(`^mega_${name} (\\d+)$`, 'm'))?.[1] ?? NaN);

    it('lives: Uniswap, deposits, a contract out of a deposit, forced transactions', async () => {
        const owner = clients.l2(0);
        at.factory = await deploy(owner, uniswap_artifact('v2-core', 'UniswapV2Factory'), [account(0).address]);
        at.router = await deploy(owner, router_parts, [at.factory, await deploy(owner, uniswap_artifact('v2-periphery', 'WETH9'))]);
        for (const name of ['first', 'second']) {
            at[name] = await deploy(owner, token_parts, [name, name, parseEther('1000000')]);
            for (const i of [1, 2]) await write(owner, { address: at[name], abi: token_parts.abi, functionName: 'transfer', args: [account(i).address, parseEther('10000')] });
            for (const i of [0, 1, 2]) await write(clients.l2(i), { address: at[name], abi: token_parts.abi, functionName: 'approve', args: [at.router, 2n ** 255n] });
        }
        const liquidity = parseEther('100000');
        await write(owner, { address: at.router, abi: router_parts.abi, functionName: 'addLiquidity', args: [at.first, at.second, liquidity, liquidity, 0n, 0n, account(0).address, deadline] });
        await swap(60);

        await deposit(l1, chain, 3, stranger(1), 5n * one);
        const creation = encodeDeployData({ ...token_parts, args: ['Deposited', 'DEP', one] });
        const portal = { address: chain.contracts.portal, abi: abi_of('Portal') };
        const fee = await clients.public_l1.readContract({ ...portal, functionName: 'depositFee', args: [5_000_000n] });
        await write(clients.l1(3), { ...portal, functionName: 'depositTransaction', args: [zeroAddress, 0n, 0n, 5_000_000n, true, creation], value: fee * 3n });
        const created = keccak256((await queue_entries(l1, chain)).at(-1).envelope);
        const nonce = await clients.public_l2.getTransactionCount({ address: account(4).address });
        const skipped = await force(stranger(2), nonce + 7);
        const forced = await force(stranger(3), nonce);
        await swap(30);
        for (const hash of [created, forced]) {
            const receipt = await wait_for(() => node.rpc('eth_getTransactionReceipt', hash), 30_000, 'an entry of the queue on L2', node);
            assert.equal(receipt.status, '0x1');
        }
        assert.equal(await node.rpc('eth_getTransactionReceipt', skipped), null);
        assert.deepEqual([await balance(stranger(1)), await balance(stranger(2)), await balance(stranger(3))], [5n * one, 0n, one]);
    });

    it('goes through an L1 reorganisation that takes a batch and a deposit back, with a node from L1 that had derived them', async () => {
        const entries = (await queue_entries(l1, chain)).length;
        await deposit(l1, chain, 3, stranger(4), one);
        const latest_batch = async () => (await clients.public_l1.getLogs({ address: chain.contracts.batchInbox, event: abi_of('BatchInbox').find(({ name }) => name === 'BatchPosted'), fromBlock: 0n })).at(-1);
        // A batch that the follower has derived while L1 can still take it back.
        const known = await latest_batch();
        const taken = await wait_for(async () => {
            const posted = await latest_batch();
            return posted && posted.args.index > (known?.args.index ?? -1n) && (await block_number(follower, 'safe')) >= Number(posted.args.header.lastBlock) ? posted : undefined;
        }, 60_000, 'a batch that the follower has derived', follower);
        const reorganisations = await metric(follower, 'l1_reorganisations_total');
        await reorganise_from(l1, taken.blockNumber);
        const gone = await clients.public_l1.getBlock({ blockNumber: taken.blockNumber });
        assert.notEqual(gone.hash, taken.blockHash);
        await deposit(l1, chain, 3, stranger(5), 2n * one);
        await swap(30);
        await wait_for(async () => (await balance(stranger(5))) === 2n * one, 30_000, 'the deposit after it', node);
        await wait_for(async () => (await metric(follower, 'l1_reorganisations_total')) > reorganisations, 30_000, 'the follower to go back', follower);
        await wait_for(async () => (await latest_batch()).args.index > taken.args.index, 60_000, 'batches beyond the one taken back', node);
        assert.ok((await queue_entries(l1, chain)).length > entries);
        assert.equal(follower.exit, undefined);
    });

    it('goes through a batcher killed with a batch in L1\'s pool', async () => {
        await l1.hold();
        const batcher = account(13).address.toLowerCase();
        await wait_for(async () => {
            const { pending } = await l1.rpc('txpool_content');
            return Object.entries(pending).find(([from]) => from.toLowerCase() === batcher)?.[1];
        }, 60_000, 'a batch in the pool', node);
        await node.stop('SIGKILL');
        await l1.tick();
        node = await start_chain(chain, l1);
        clients = clients_of(await load_sdk(), l1, chain, node.url);
        await swap(30);
        await deposit(l1, chain, 3, stranger(6), one);
        await wait_for(async () => (await balance(stranger(6))) === one, 30_000, 'a deposit after it', node);
    });

    it('is the same, block for block, in the node that ran through it and in one that begins now', async (test) => {
        const last = await block_number(node);
        await wait_for_block(node, last, 'safe', 60_000);
        const begun = await start_follower_from_l1(chain, l1, join(chain.directory, 'begun'));
        try {
            for (const rebuilt of [follower, begun]) await wait_for_block(rebuilt, last, 'safe', 60_000);
            const [lived, ...rebuilt] = await Promise.all([node, follower, begun].map((of) => hashes_to(of, last)));
            assert.equal(lived.length, last + 1);
            assert.deepEqual(rebuilt[0], lived, 'the node that ran through it');
            assert.deepEqual(rebuilt[1], lived, 'the node that began afterwards');
            test.diagnostic(`${last + 1} blocks, ${(await batches(l1, chain)).length} batches, ${swaps} swaps`);
        } finally {
            await begun.stop('SIGKILL');
        }
        const pair = await clients.public_l2.readContract({ address: at.factory, abi: uniswap_artifact('v2-core', 'UniswapV2Factory').abi, functionName: 'getPair', args: [at.first, at.second] });
        const event = pair_parts.abi.find((item) => item.type === 'event' && item.name === 'Swap');
        const logs = await clients.public_l2.getLogs({ address: pair, event, fromBlock: 0n });
        assert.equal(logs.length, swaps);
        assert.equal(await metric(follower, 'derived_disputable_batches_total'), 0);
    });
});

const hashes_to = (node, last) =>
    Promise.all(Array.from({ length: last + 1 }, async (_, number) => (await node.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, false)).hash));
