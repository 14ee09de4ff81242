// viem against the node: what a web application does all day.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
    BaseError,
    ContractFunctionRevertedError,
    InsufficientFundsError,
    NonceTooLowError,
    createPublicClient,
    createTestClient,
    createWalletClient,
    defineChain,
    encodeFunctionData,
    getContract,
    http,
    keccak256,
    parseEther,
    parseEventLogs,
    parseGwei,
    recoverTransactionAddress,
    webSocket,
} from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { multicall3Bytecode } from '../../node_modules/viem/_esm/constants/contracts.js';
import { account, artifact, only_mega, sealed_block, start_node, wait_for } from './harness.mjs';

const stranger = '0x00000000000000000000000000000000deadbeef';
const playground = artifact('Playground');
let node;
let chain;
let client;
let socket_client;
let contract_address;

const wallet = (index) => createWalletClient({ chain, account: account(index), transport: http(node.http_url) });
const receipt_of = (hash) => client.waitForTransactionReceipt({ hash, timeout: 10_000 });

async function deploy({ abi, bytecode }, args, index = 0) {
    const { contractAddress, status } = await receipt_of(await wallet(index).deployContract({ abi, bytecode, args }));
    assert.equal(status, 'success');
    return contractAddress;
}

const set_number = (index, value, note = 'note') =>
    wallet(index).writeContract({
        address: contract_address,
        abi: playground.abi,
        functionName: 'setNumber',
        args: [value, note],
    });

before(async () => {
    node = await start_node();
    chain = defineChain({
        id: Number(await node.rpc('eth_chainId')),
        name: 'under test',
        nativeCurrency: { name: 'MEGA', symbol: 'MEGA', decimals: 18 },
        rpcUrls: { default: { http: [node.http_url], webSocket: [node.ws_url] } },
    });
    client = createPublicClient({ chain, transport: http(node.http_url), pollingInterval: 50, cacheTime: 0 });
    socket_client = createPublicClient({ chain, transport: webSocket(node.ws_url) });
    contract_address = await deploy(playground, [1n]);
});
after(async () => {
    (await socket_client?.transport.getRpcClient())?.close();
    await node?.stop();
});

describe('viem: contracts', () => {
    it('reads what was constructed', async () => {
        const contract = getContract({ address: contract_address, abi: playground.abi, client });
        assert.equal(await contract.read.deployer(), account(0).address);
        const [id, height, time, base_fee] = await contract.read.surroundings();
        assert.equal(id, BigInt(chain.id));
        assert.ok(height > 0n && time > 1_600_000_000n && base_fee >= 0n);
    });

    it('runs the opcodes of the newest fork', async () => {
        const { result } = await client.simulateContract({
            address: contract_address,
            abi: playground.abi,
            functionName: 'modernOpcodes',
            args: [0x10n],
        });
        assert.deepEqual(result, [251n, 0x10n, `0x${'0'.repeat(62)}10`]);
    });

    it('writes, waits and reads back, also in the past', async () => {
        const first = await receipt_of(await set_number(0, 10n));
        await sealed_block(node, `0x${first.blockNumber.toString(16)}`);
        const second = await receipt_of(await set_number(0, 20n));
        const read = (blockNumber) =>
            client.readContract({ address: contract_address, abi: playground.abi, functionName: 'number', blockNumber });
        assert.equal(await read(undefined), 20n);
        assert.equal(await read(second.blockNumber), 20n);
        assert.equal(await read(first.blockNumber), 10n);
        const by_hash = await node.rpc('eth_call', { to: contract_address, data: '0x8381f58a' }, {
            blockHash: (await node.rpc('eth_getBlockByNumber', `0x${first.blockNumber.toString(16)}`, false)).hash,
        });
        assert.equal(BigInt(by_hash), 10n);
    });

    it('calls with state that is only supposed', async () => {
        const number = await client.readContract({
            address: contract_address,
            abi: playground.abi,
            functionName: 'number',
            stateOverride: [
                {
                    address: contract_address,
                    stateDiff: [{ slot: `0x${'0'.repeat(64)}`, value: `0x${'0'.repeat(62)}ff` }],
                },
            ],
        });
        assert.equal(number, 255n);
    });

    it('sends value to a contract and decodes its event', async () => {
        const receipt = await receipt_of(await wallet(1).sendTransaction({ to: contract_address, value: 5n }));
        const [log] = parseEventLogs({ abi: playground.abi, logs: receipt.logs });
        assert.equal(log.eventName, 'Received');
        assert.deepEqual({ ...log.args }, { from: account(1).address, amount: 5n });
        assert.equal(log.blockNumber, receipt.blockNumber);
    });

    it('deploys a contract as large as allowed, and no larger', async () => {
        const code_of = (size) => `0x61${size.toString(16).padStart(4, '0')}5ff3`; // return(0, size)
        const made = await receipt_of(await wallet(0).deployContract({ abi: [], bytecode: code_of(24576), gas: 8_000_000n }));
        assert.equal(made.status, 'success');
        assert.equal((await client.getCode({ address: made.contractAddress })).length, 2 + 2 * 24576);
        const refused = await receipt_of(await wallet(0).deployContract({ abi: [], bytecode: code_of(24577), gas: 8_000_000n }));
        assert.equal(refused.status, 'reverted');
    });
});

describe('viem: transactions of every type', () => {
    it('legacy', async () => {
        const hash = await wallet(2).sendTransaction({ to: stranger, value: 1n, type: 'legacy' });
        const receipt = await receipt_of(hash);
        assert.equal(receipt.type, 'legacy');
        assert.equal((await client.getTransaction({ hash })).type, 'legacy');
    });

    it('with an access list, EIP-2930', async () => {
        const slot = `0x${'0'.repeat(64)}`;
        const hash = await wallet(2).writeContract({
            address: contract_address,
            abi: playground.abi,
            functionName: 'setNumber',
            args: [3n, ''],
            type: 'eip2930',
            accessList: [{ address: contract_address, storageKeys: [slot] }],
            gasPrice: await client.getGasPrice(),
        });
        const receipt = await receipt_of(hash);
        assert.equal(receipt.type, 'eip2930');
        assert.equal(receipt.status, 'success');
        const transaction = await client.getTransaction({ hash });
        assert.deepEqual(transaction.accessList, [{ address: contract_address, storageKeys: [slot] }]);
    });

    it('with a fee market, EIP-1559: base fee and tip, never more than the cap', async () => {
        const maxFeePerGas = parseGwei('10');
        const maxPriorityFeePerGas = parseGwei('0.5');
        const hash = await wallet(2).sendTransaction({ to: stranger, value: 1n, maxFeePerGas, maxPriorityFeePerGas });
        const receipt = await receipt_of(hash);
        assert.equal(receipt.type, 'eip1559');
        const { baseFeePerGas } = await client.getBlock({ blockNumber: receipt.blockNumber });
        assert.equal(receipt.effectiveGasPrice, baseFeePerGas + maxPriorityFeePerGas);
    });

    it('with an authorization, EIP-7702: an account acts as a wallet contract', async () => {
        const implementation = await deploy(artifact('Wallet', 'Playground'), []);
        const owner = privateKeyToAccount(generatePrivateKey());
        await receipt_of(await wallet(3).sendTransaction({ to: owner.address, value: parseEther('1') }));
        const own_wallet = createWalletClient({ chain, account: owner, transport: http(node.http_url) });
        // Another account pays for setting the delegation.
        const authorization = await own_wallet.signAuthorization({ contractAddress: implementation });
        const set = await receipt_of(
            await wallet(3).sendTransaction({ to: stranger, authorizationList: [authorization] }),
        );
        assert.equal(set.type, 'eip7702');
        const code = await client.getCode({ address: owner.address });
        assert.equal(code, `0xef0100${implementation.slice(2)}`);
        assert.equal(await client.getTransactionCount({ address: owner.address }), 1);
        const { authorizationList } = await client.getTransaction({ hash: set.transactionHash });
        assert.equal(authorizationList.length, 1);
        assert.equal(authorizationList[0].address.toLowerCase(), implementation);
        // The owner now batches two calls in one transaction.
        const abi = artifact('Wallet', 'Playground').abi;
        const before_it = await client.getBalance({ address: stranger });
        const calls = [1n, 2n].map((value) => ({ to: stranger, value, data: '0x' }));
        const done = await receipt_of(
            await own_wallet.writeContract({ address: owner.address, abi, functionName: 'execute', args: [calls] }),
        );
        assert.equal(done.status, 'success');
        assert.equal(await client.getBalance({ address: stranger }), before_it + 3n);
        const [log] = parseEventLogs({ abi, logs: done.logs });
        assert.equal(log.args.self, owner.address);
        // Nobody else may.
        await assert.rejects(
            wallet(3).writeContract({ address: owner.address, abi, functionName: 'execute', args: [calls] }),
            /not the owner/,
        );
        // In one step by the owner itself: clears the delegation.
        const cleared = await own_wallet.signAuthorization({
            contractAddress: '0x0000000000000000000000000000000000000000',
            executor: 'self',
        });
        await receipt_of(await own_wallet.sendTransaction({ to: stranger, authorizationList: [cleared] }));
        assert.equal(await client.getCode({ address: owner.address }), undefined);
    });

    it('keeps the signature: the sender is recovered from what the node returns', async () => {
        const hash = await wallet(4).sendTransaction({ to: stranger, value: 1n });
        await receipt_of(hash);
        const transaction = await client.getTransaction({ hash });
        const raw = await node.rpc('eth_getRawTransactionByHash', hash).catch(() => undefined);
        if (raw) {
            assert.equal(keccak256(raw), hash);
            assert.equal(await recoverTransactionAddress({ serializedTransaction: raw }), account(4).address);
        }
        assert.equal(transaction.from, account(4).address.toLowerCase());
    });
});

describe('viem: reading', () => {
    it('finds logs by range, block hash, topics and alternatives', async () => {
        const receipts = [];
        for (const value of [501n, 502n, 503n]) receipts.push(await receipt_of(await set_number(5, value)));
        const event = playground.abi.find((item) => item.name === 'NumberSet');
        const find = (args, range = {}) =>
            client.getLogs({ address: contract_address, event, args, fromBlock: 0n, ...range });
        assert.deepEqual((await find({ number: [501n, 503n] })).map((log) => log.args.number), [501n, 503n]);
        assert.equal((await find({ by: account(5).address })).length, 3);
        assert.equal((await find({ by: stranger })).length, 0);
        await sealed_block(node, `0x${receipts[2].blockNumber.toString(16)}`);
        const { hash } = await client.getBlock({ blockNumber: receipts[2].blockNumber });
        const in_block = await client.getLogs({ address: contract_address, event, blockHash: hash });
        assert.ok(in_block.some((log) => log.transactionHash === receipts[2].transactionHash));
        assert.ok(in_block.every((log) => log.blockHash === hash));
    });

    it('gives a transaction, its receipt and its block the same story', async () => {
        const hash = await set_number(5, 77n);
        const open = await receipt_of(hash);
        await sealed_block(node, `0x${open.blockNumber.toString(16)}`);
        const receipt = await client.getTransactionReceipt({ hash });
        const block = await client.getBlock({ blockNumber: receipt.blockNumber, includeTransactions: true });
        const transaction = block.transactions[receipt.transactionIndex];
        assert.equal(transaction.hash, hash);
        assert.equal(transaction.blockHash, block.hash);
        assert.equal(receipt.blockHash, block.hash);
        assert.ok(receipt.logs.every((log) => log.blockHash === block.hash && log.transactionHash === hash));
        assert.equal((await client.getBlock({ blockHash: block.hash })).number, block.number);
        assert.equal(await client.getBlockTransactionCount({ blockNumber: block.number }), block.transactions.length);
        const all = await node.rpc('eth_getBlockReceipts', `0x${block.number.toString(16)}`);
        assert.equal(all.length, block.transactions.length);
        assert.equal(all.reduce((sum, one) => sum + BigInt(one.gasUsed), 0n), block.gasUsed);
        assert.equal(BigInt(all.at(-1).cumulativeGasUsed), block.gasUsed);
        const log_indices = all.flatMap((one) => one.logs.map((log) => Number(log.logIndex)));
        assert.deepEqual(log_indices, log_indices.map((_, i) => i));
    });

    it('estimates fees that get a transaction executed', async () => {
        const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas();
        assert.ok(maxFeePerGas >= maxPriorityFeePerGas && maxFeePerGas > 0n);
        const hash = await wallet(6).sendTransaction({ to: stranger, maxFeePerGas, maxPriorityFeePerGas });
        assert.equal((await receipt_of(hash)).status, 'success');
        const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] });
        assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1);
        assert.ok(history.baseFeePerGas.every((fee) => fee >= 0n));
        assert.equal(history.reward.length, history.gasUsedRatio.length);
        assert.ok(history.gasUsedRatio.every((ratio) => ratio >= 0 && ratio <= 1));
        assert.equal(typeof (await client.getBlobBaseFee()), 'bigint');
    });

    it('aggregates calls: without a contract, and through Multicall3', async () => {
        const calls = ['number', 'deployer', 'surroundings'].map((functionName) => ({
            address: contract_address,
            abi: playground.abi,
            functionName,
        }));
        const failing = { address: contract_address, abi: playground.abi, functionName: 'failWithReason' };
        const contracts = [...calls, failing];
        const deployless = await client.multicall({ contracts, deployless: true });
        assert.deepEqual(deployless.map((one) => one.status), ['success', 'success', 'success', 'failure']);
        const multicallAddress = await deploy({ abi: [], bytecode: multicall3Bytecode });
        const through = await client.multicall({ contracts, multicallAddress });
        assert.deepEqual(through.map((one) => one.status), ['success', 'success', 'success', 'failure']);
        assert.equal(through[1].result, account(0).address);
    });

    it('batches requests over HTTP', async () => {
        const batched = createPublicClient({ chain, transport: http(node.http_url, { batch: true }) });
        const balances = await Promise.all(
            Array.from({ length: 20 }, (_, i) => batched.getBalance({ address: account(i % 10).address })),
        );
        assert.ok(balances.every((balance) => balance > 0n));
    });

    it('creates access lists', async () => {
        const { accessList, gasUsed } = await client.createAccessList({
            to: contract_address,
            data: encodeFunctionData({ abi: playground.abi, functionName: 'number' }),
        });
        assert.deepEqual(accessList, [{ address: contract_address, storageKeys: [`0x${'0'.repeat(64)}`] }]);
        assert.ok(gasUsed > 21_000n);
    });
});

describe('viem: watching', () => {
    it('events through HTTP filters', async () => {
        const filter = await client.createContractEventFilter({
            address: contract_address,
            abi: playground.abi,
            eventName: 'NumberSet',
        });
        assert.deepEqual(await client.getFilterChanges({ filter }), []);
        const hash = await set_number(6, 601n, 'filtered');
        await receipt_of(hash);
        const changes = await wait_for(async () => {
            const found = await client.getFilterChanges({ filter });
            return found.length > 0 ? found : undefined;
        });
        assert.equal(changes.length, 1);
        assert.equal(changes[0].transactionHash, hash);
        assert.deepEqual({ ...changes[0].args }, { by: account(6).address, number: 601n, note: 'filtered' });
        assert.deepEqual(await client.getFilterChanges({ filter }), []);
        assert.ok((await client.getFilterLogs({ filter })).some((log) => log.transactionHash === hash));
        assert.equal(await client.uninstallFilter({ filter }), true);
        await assert.rejects(client.getFilterChanges({ filter }), /filter not found/i);
    });

    it('blocks and pending transactions through HTTP filters', async () => {
        const blocks = await client.createBlockFilter();
        const pending = await client.createPendingTransactionFilter();
        const hash = await set_number(6, 602n);
        const { blockNumber } = await receipt_of(hash);
        const { hash: block_hash } = await sealed_block(node, `0x${blockNumber.toString(16)}`);
        await wait_for(async () => (await client.getFilterChanges({ filter: blocks })).includes(block_hash));
        assert.ok((await client.getFilterChanges({ filter: pending })).includes(hash));
    });

    for (const transport of ['WebSocket', 'HTTP polling']) {
        it(`events over ${transport}`, async () => {
            const watcher = transport === 'WebSocket' ? socket_client : client;
            const seen = [];
            const problems = [];
            const stop = watcher.watchContractEvent({
                address: contract_address,
                abi: playground.abi,
                eventName: 'NumberSet',
                onLogs: (logs) => seen.push(...logs),
                onError: (error) => problems.push(error),
            });
            await new Promise((done) => setTimeout(done, 300));
            const hashes = [];
            for (const value of [701n, 702n, 703n]) hashes.push(await set_number(7, value));
            await wait_for(() => seen.length >= 3, 10_000, `three events over ${transport}`);
            stop();
            assert.deepEqual(problems, []);
            assert.deepEqual(seen.map((log) => log.args.number), [701n, 702n, 703n]);
            assert.deepEqual(seen.map((log) => log.transactionHash), hashes);
        });

        it(`blocks over ${transport}, none missing, each linked to the one before`, async () => {
            const watcher = transport === 'WebSocket' ? socket_client : client;
            const seen = [];
            const stop = watcher.watchBlocks({ onBlock: (block) => seen.push(block), emitMissed: true });
            await new Promise((done) => setTimeout(done, 300));
            for (let i = 0; i < 3; i++) {
                const { blockNumber } = await receipt_of(await set_number(7, 710n));
                await sealed_block(node, `0x${blockNumber.toString(16)}`);
            }
            await wait_for(() => seen.length >= 3, 10_000, `three blocks over ${transport}`);
            stop();
            for (let i = 1; i < seen.length; i++) assert.equal(seen[i].number, seen[i - 1].number + 1n);
            if (transport === 'WebSocket') {
                for (const block of seen) {
                    const again = await client.getBlock({ blockNumber: block.number });
                    assert.equal(again.hash, block.hash);
                }
            }
        });
    }

    it('pending transactions over WebSocket', async () => {
        const seen = [];
        const stop = socket_client.watchPendingTransactions({ onTransactions: (hashes) => seen.push(...hashes) });
        await new Promise((done) => setTimeout(done, 300));
        const hash = await set_number(7, 720n);
        await wait_for(() => seen.includes(hash));
        stop();
    });
});

describe('viem: sending and waiting in one call', () => {
    it('answers eth_sendRawTransactionSync with the receipt', async () => {
        const sender = wallet(8);
        const request = await sender.prepareTransactionRequest({ to: stranger, value: 9n });
        const serializedTransaction = await sender.signTransaction(request);
        const receipt = await client.sendRawTransactionSync({ serializedTransaction });
        assert.equal(receipt.status, 'success');
        assert.equal(receipt.transactionHash, keccak256(serializedTransaction));
        assert.equal((await client.getBlock({ blockHash: receipt.blockHash })).number, receipt.blockNumber);
    });

    it('also when the transaction fails', { skip: only_mega }, async () => {
        const sender = wallet(8);
        const data = encodeFunctionData({ abi: playground.abi, functionName: 'burnAllGas' });
        const request = await sender.prepareTransactionRequest({ to: contract_address, data, gas: 50_000n });
        const serializedTransaction = await sender.signTransaction(request);
        const receipt = await node.rpc('eth_sendRawTransactionSync', serializedTransaction);
        assert.equal(receipt.status, '0x0');
        assert.equal(receipt.gasUsed, '0xc350');
    });

    it('names the nonce it wanted when there is a gap, and keeps nothing', { skip: only_mega }, async () => {
        const sender = wallet(8);
        const request = await sender.prepareTransactionRequest({ to: stranger, value: 1n });
        const serializedTransaction = await sender.signTransaction({ ...request, nonce: request.nonce + 3 });
        await assert.rejects(node.rpc('eth_sendRawTransactionSync', serializedTransaction), (error) => {
            assert.equal(error.code, 6);
            assert.equal(error.data, `0x${request.nonce.toString(16)}`);
            return true;
        });
        assert.equal(await node.rpc('eth_getTransactionByHash', keccak256(serializedTransaction)), null);
    });

    it('answers realtime_sendRawTransaction with the receipt', { skip: only_mega }, async () => {
        const sender = wallet(8);
        const request = await sender.prepareTransactionRequest({ to: stranger, value: 9n });
        const serializedTransaction = await sender.signTransaction(request);
        const receipt = await node.rpc('realtime_sendRawTransaction', serializedTransaction);
        assert.equal(receipt.status, '0x1');
        assert.equal(receipt.transactionHash, keccak256(serializedTransaction));
    });
});

describe('viem: errors arrive as viem names them', () => {
    const reverted = (functionName, args = []) =>
        client
            .simulateContract({ address: contract_address, abi: playground.abi, functionName, args })
            .then(() => assert.fail('it must revert'))
            .catch((error) => error.walk((cause) => cause instanceof ContractFunctionRevertedError) ?? error);

    it('a reason', async () => {
        assert.equal((await reverted('failWithReason')).reason, 'because I can');
    });

    it('a custom error with arguments', async () => {
        const { data } = await reverted('failWithError', [11n]);
        assert.equal(data.errorName, 'TooLarge');
        assert.deepEqual(data.args, [11n, 10n]);
    });

    it('a panic', async () => {
        const { data } = await reverted('failWithPanic', [0n]);
        assert.equal(data.errorName, 'Panic');
        assert.deepEqual(data.args, [0x12n]);
    });

    it('silence', async () => {
        const error = await reverted('failSilently');
        assert.ok(error instanceof ContractFunctionRevertedError);
        assert.equal(error.data, undefined);
    });

    it('a revert found while estimating', async () => {
        await assert.rejects(
            client.estimateContractGas({ address: contract_address, abi: playground.abi, functionName: 'failWithReason' }),
            /because I can/,
        );
    });

    const refused = (promise, kind) =>
        assert.rejects(promise, (error) => {
            assert.ok(error instanceof BaseError, `${error}`);
            assert.ok(error.walk((cause) => cause instanceof kind), `${kind.name} expected: ${error.message}`);
            return true;
        });
    const plain = { to: stranger, gas: 21_000n };

    it('nonce too low', async () => {
        await receipt_of(await wallet(9).sendTransaction({ ...plain, value: 1n }));
        await refused(wallet(9).sendTransaction({ ...plain, value: 2n, nonce: 0 }), NonceTooLowError);
    });

    it('insufficient funds', async () => {
        await refused(wallet(9).sendTransaction({ ...plain, value: parseEther('100000') }), InsufficientFundsError);
    });

    it('replacement transaction underpriced, and a replacement that pays', { skip: only_mega }, async () => {
        const nonce = (await client.getTransactionCount({ address: account(9).address })) + 2;
        const fees = (gwei) => ({ maxFeePerGas: parseGwei(gwei), maxPriorityFeePerGas: parseGwei(gwei) });
        const first = await wallet(9).sendTransaction({ ...plain, nonce, ...fees('10') });
        await assert.rejects(
            wallet(9).sendTransaction({ ...plain, nonce, value: 1n, ...fees('10.5') }),
            /replacement transaction underpriced/,
        );
        await assert.rejects(
            wallet(9).sendTransaction({ ...plain, nonce, ...fees('10') }),
            /already known|already imported/i,
        );
        const second = await wallet(9).sendTransaction({ ...plain, nonce, value: 2n, ...fees('11') });
        await assert.rejects(client.getTransaction({ hash: first }), /could not be found/);
        assert.equal((await client.getTransaction({ hash: second })).blockNumber, null);
        // The gap closes, and the replacement is executed with what closed it.
        await wallet(9).sendTransaction({ ...plain, nonce: nonce - 2 });
        await wallet(9).sendTransaction({ ...plain, nonce: nonce - 1 });
        assert.equal((await receipt_of(second)).status, 'success');
    });

    it('a method that does not exist', async () => {
        await assert.rejects(client.request({ method: 'eth_noSuchMethod' }), (error) => error.code === -32601);
    });
});

describe('viem: the development client', () => {
    it('mines, sets balances and impersonates', async () => {
        const test_client = createTestClient({ chain, mode: 'anvil', transport: http(node.http_url) });
        const height = await client.getBlockNumber();
        await test_client.mine({ blocks: 3 });
        assert.ok((await client.getBlockNumber()) >= height + 3n);
        const whale = '0x00000000000000000000000000000000000ca11e';
        await test_client.setBalance({ address: whale, value: parseEther('5') });
        assert.equal(await client.getBalance({ address: whale }), parseEther('5'));
        await test_client.impersonateAccount({ address: whale });
        const unlocked = createWalletClient({ chain, account: whale, transport: http(node.http_url) });
        const receipt = await receipt_of(await unlocked.sendTransaction({ to: stranger, value: parseEther('1') }));
        assert.equal(receipt.from, whale);
        await test_client.stopImpersonatingAccount({ address: whale });
        await assert.rejects(unlocked.sendTransaction({ to: stranger, value: 1n }));
    });
});
