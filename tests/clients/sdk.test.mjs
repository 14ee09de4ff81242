// sdk/typescript, compiled as its users get it, against a real chain on a real L1.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, createWalletClient, defineChain, http, parseEther, publicActions, webSocket, zeroAddress } from 'viem';
import { account, is_anvil, repository, temporary_directory, wait_for } from './harness.mjs';
import { deploy_chain, l1_chain_id, l2_chain_id, start_chain, start_l1 } from './settlement_harness.mjs';

const skip = is_anvil ? 'the SDK is for mega' : false;
const stranger = '0x0000000000000000000000000000000000051dee';

describe('the viem extension', { skip }, () => {
    let sdk, l1, node, targetChain, public_l1, public_l2, wallet_l1, wallet_l2;
    before(async () => {
        execFileSync(join(repository, 'tools/sdk'), { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
        sdk = await import(join(repository, 'sdk/typescript/dist/index.js'));
        l1 = await start_l1();
        const chain = await deploy_chain(l1, temporary_directory('sdk'));
        await l1.tick();
        node = await start_chain(chain, l1, { auto_relay: false });
        targetChain = sdk.defineMegaChain({ id: l2_chain_id, rpcUrl: node.url, webSocketUrl: node.url.replace('http', 'ws'), l1ChainId: l1_chain_id, l1: chain.contracts });
        const l1_chain = defineChain({ id: l1_chain_id, name: 'l1', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [l1.url] } } });
        public_l1 = createPublicClient({ chain: l1_chain, transport: http(l1.url), pollingInterval: 100 }).extend(sdk.publicActionsL1());
        public_l2 = createPublicClient({ chain: targetChain, transport: http(node.url), pollingInterval: 100 }).extend(sdk.publicActionsL2());
        wallet_l1 = createWalletClient({ chain: l1_chain, transport: http(l1.url), account: account(1) }).extend(sdk.walletActionsL1());
        wallet_l2 = createWalletClient({ chain: targetChain, transport: http(node.url), account: account(1) }).extend(publicActions).extend(sdk.walletActionsL2());
    });
    after(async () => {
        await node?.stop();
        await l1?.stop();
    });

    it('deposits, and knows the L2 hash from the L1 receipt', async () => {
        const hash = await wallet_l1.depositTransaction({ publicClient: public_l1, targetChain, request: { to: stranger, mint: parseEther('3'), gas: 100_000n } });
        const receipt = await public_l1.waitForTransactionReceipt({ hash });
        assert.equal(receipt.status, 'success');
        const [l2_hash] = sdk.getL2TransactionHashes(receipt);
        const on_l2 = await public_l2.waitForDeposit({ hash: l2_hash, timeoutMs: 30_000 });
        assert.equal(on_l2.status, 'success');
        assert.equal(await public_l2.getBalance({ address: stranger }), parseEther('3'));
    });

    it('gets a receipt in one round trip, and its mini-block with the sequencer\'s signature', async () => {
        const socket = createPublicClient({ chain: targetChain, transport: webSocket(node.url.replace('http', 'ws')) });
        const seen = [];
        const stop = await sdk.watchMiniBlocks(socket, { onData: (block) => seen.push(block) });
        const request = await wallet_l2.prepareTransactionRequest({ to: stranger, value: 1n });
        const receipt = await wallet_l2.sendRawTransactionSync({ serializedTransaction: await wallet_l2.signTransaction(request) });
        assert.equal(receipt.status, 'success');
        const holds_it = (block) => block.transactions.some((tx) => (tx.hash ?? tx) === receipt.transactionHash);
        await wait_for(() => seen.some(holds_it), 10_000, 'the mini-block');
        const signers = new Set(await Promise.all(seen.map((block) => sdk.recoverMiniBlockSigner(block))));
        assert.equal(signers.size, 1, [...signers].join());
        await stop();
        await socket.transport.getRpcClient().then((client) => client.close());
    });

    it('withdraws: every status in its turn, and the money in the end', async () => {
        const { token } = targetChain.mega.l1;
        const to = '0x00000000000000000000000000000000000babe5';
        const hash = await wallet_l2.initiateWithdrawal({ request: { to, value: parseEther('2') } });
        const receipt = await public_l2.waitForTransactionReceipt({ hash });
        assert.equal(sdk.getWithdrawals(receipt).length, 1);
        const status = () => public_l1.getWithdrawalStatus({ receipt, targetChain });
        const seen = [await status()];
        await public_l1.waitToProve({ receipt, targetChain, pollingIntervalMs: 200, timeoutMs: 60_000 });
        seen.push(await status());
        const proven = await wallet_l1.proveWithdrawal({ publicClient: public_l1, l2Client: public_l2, receipt, targetChain });
        assert.equal((await public_l1.waitForTransactionReceipt({ hash: proven })).status, 'success');
        seen.push(await status());
        await public_l1.waitToFinalize({ receipt, targetChain, pollingIntervalMs: 200, timeoutMs: 90_000 });
        seen.push(await status());
        const finalized = await wallet_l1.finalizeWithdrawal({ publicClient: public_l1, receipt, targetChain });
        assert.equal((await public_l1.waitForTransactionReceipt({ hash: finalized })).status, 'success');
        seen.push(await status());
        assert.deepEqual(seen.slice(1), ['ready-to-prove', 'waiting-to-finalize', 'ready-to-finalize', 'finalized']);
        const balance = await public_l1.readContract({
            address: token, functionName: 'balanceOf', args: [to],
            abi: [{ type: 'function', name: 'balanceOf', stateMutability: 'view', inputs: [{ type: 'address' }], outputs: [{ type: 'uint256' }] }],
        });
        assert.equal(balance, parseEther('2'));
    });

    it('swaps MEGA on L2 against ether on L1', async () => {
        const { preimage, hashLock } = sdk.newPreimage();
        const now = (await public_l1.getBlock()).timestamp;
        const [alice, bob] = [account(1), account(2)];
        const first = { sender: alice.address, recipient: bob.address, token: zeroAddress, amount: parseEther('1'), hashLock, deadline: now + sdk.safeTimeouts.first };
        const second = { sender: bob.address, recipient: alice.address, token: zeroAddress, amount: parseEther('4'), hashLock, deadline: now + sdk.safeTimeouts.second };
        assert.equal(sdk.problemOfLegs(first, second), undefined);
        assert.match(sdk.problemOfLegs(second, first), /at least 3600 s/);
        assert.match(sdk.problemOfLegs(first, { ...second, recipient: stranger }), /the same two parties/);
        const bob_l1 = createWalletClient({ chain: wallet_l1.chain, transport: http(l1.url), account: bob }).extend(sdk.walletActionsL1());
        const bob_l2 = createWalletClient({ chain: targetChain, transport: http(node.url), account: bob }).extend(sdk.walletActionsL2());
        const done = async (client, hash) => {
            const receipt = await client.waitForTransactionReceipt({ hash });
            assert.equal(receipt.status, 'success');
            return receipt;
        };
        await done(public_l1, await wallet_l1.lockSwap({ layer: 'l1', targetChain, terms: first, publicClient: public_l1 }));
        const lock_second = (more) => bob_l2.lockSwap({ layer: 'l2', targetChain, terms: second, publicClient: public_l2, ...more });
        const unsafe = { name: 'UnsafeSwapError' };
        await assert.rejects(lock_second({}), unsafe, 'nobody says what it is locked against');
        await assert.rejects(lock_second({ first: { ...first, deadline: second.deadline + 3599n } }), unsafe);
        await assert.rejects(lock_second({ first, terms: { ...second, deadline: now + 60n } }), unsafe);
        await assert.rejects(wallet_l1.lockSwap({ layer: 'l1', targetChain, terms: { ...first, deadline: now + 3600n }, publicClient: public_l1 }), unsafe);
        const short = { ...second, deadline: now + 600n, amount: 1n };
        await done(public_l2, await lock_second({ terms: short, allowUnsafe: true }));
        await done(public_l2, await lock_second({ first }));
        assert.equal(await public_l2.findPreimage({ layer: 'l2', targetChain, terms: second }), undefined);
        const claim = await done(public_l2, await wallet_l2.claimSwap({ layer: 'l2', targetChain, terms: second, preimage }));
        const revealed = sdk.revealedPreimage(claim);
        assert.equal(revealed, preimage);
        assert.deepEqual(await public_l2.findPreimage({ layer: 'l2', targetChain, terms: second }), { preimage, isPending: false });
        await done(public_l1, await bob_l1.claimSwap({ layer: 'l1', targetChain, terms: first, preimage: revealed }));
    });

    it('reads the preimage out of a claim that waits in the pool of L1', async () => {
        const { preimage, hashLock } = sdk.newPreimage();
        const now = (await public_l1.getBlock()).timestamp;
        const [alice, bob] = [account(1), account(2)];
        const first = { sender: alice.address, recipient: bob.address, token: zeroAddress, amount: 3n, hashLock, deadline: now + sdk.safeTimeouts.first };
        const second = { sender: bob.address, recipient: alice.address, token: zeroAddress, amount: 2n, hashLock, deadline: now + sdk.safeTimeouts.second };
        const bob_l1 = createWalletClient({ chain: wallet_l1.chain, transport: http(l1.url), account: bob }).extend(sdk.walletActionsL1());
        const bob_l2 = createWalletClient({ chain: targetChain, transport: http(node.url), account: bob }).extend(sdk.walletActionsL2());
        const done = async (client, hash) => assert.equal((await client.waitForTransactionReceipt({ hash })).status, 'success');
        await done(public_l2, await wallet_l2.lockSwap({ layer: 'l2', targetChain, terms: first, publicClient: public_l2 }));
        await done(public_l1, await bob_l1.lockSwap({ layer: 'l1', targetChain, terms: second, publicClient: public_l1, first }));
        await l1.hold();
        try {
            const claim = await wallet_l1.claimSwap({ layer: 'l1', targetChain, terms: second, preimage });
            const found = await wait_for(() => public_l1.findPreimage({ layer: 'l1', targetChain, terms: second }), 10_000, 'the claim in the pool');
            assert.deepEqual(found, { preimage, isPending: true });
            await assert.rejects(public_l1.getTransactionReceipt({ hash: claim }), 'it is in no block yet');
            await done(public_l2, await bob_l2.claimSwap({ layer: 'l2', targetChain, terms: first, preimage: found.preimage }));
        } finally {
            await l1.tick();
        }
    });

    it('sends a message to L2', async () => {
        const hash = await wallet_l1.sendMessageToL2({ publicClient: public_l1, targetChain, target: stranger, message: '0x1234' });
        const receipt = await public_l1.waitForTransactionReceipt({ hash });
        const [l2_hash] = sdk.getL2TransactionHashes(receipt);
        assert.equal((await public_l2.waitForDeposit({ hash: l2_hash, timeoutMs: 30_000 })).status, 'success');
    });
});
