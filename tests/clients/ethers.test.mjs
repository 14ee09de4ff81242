// ethers against the node: providers over HTTP and WebSocket, contracts, events, errors.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
    Contract,
    ContractFactory,
    Interface,
    JsonRpcProvider,
    NonceManager,
    Signature,
    Transaction,
    Wallet,
    WebSocketProvider,
    keccak256,
    parseEther,
    parseUnits,
    toBeHex,
    verifyTypedData,
} from 'ethers';
import { account, artifact, only_mega, sealed_block, start_node, wait_for } from './harness.mjs';

const stranger = '0x00000000000000000000000000000000deadbeef';
let node;
let provider;
let socket_provider;
let playground;
let token;

const signer = (index, through = provider) => new Wallet(account(index).private_key, through);

async function deploy(name, args, index = 0, file = name) {
    const { abi, bytecode } = artifact(name, file);
    const made = await new ContractFactory(abi, bytecode, signer(index)).deploy(...args);
    return made.waitForDeployment();
}

before(async () => {
    node = await start_node();
    // ethers caches equal requests for 250 ms by default, which hides what the node answers.
    const options = { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 };
    provider = new JsonRpcProvider(node.http_url, undefined, options);
    socket_provider = new WebSocketProvider(node.ws_url, undefined, options);
    playground = await deploy('Playground', [1]);
    token = await deploy('Token', ['Test', 'TST', parseEther('1000000')]);
});
after(async () => {
    provider?.destroy();
    await socket_provider?.destroy();
    await node?.stop();
});

describe('ethers: contracts', () => {
    it('deploys where CREATE says', async () => {
        const receipt = await playground.deploymentTransaction().wait();
        assert.equal(receipt.contractAddress, await playground.getAddress());
        assert.notEqual(await provider.getCode(playground), '0x');
    });

    it('calls, writes and waits', async () => {
        const transaction = await playground.setNumber(7, 'seven');
        const receipt = await transaction.wait();
        assert.equal(receipt.status, 1);
        assert.equal(await playground.number(), 7n);
        assert.equal(await playground.setsOf(account(0).address), 1n);
        assert.equal(BigInt(await provider.getStorage(playground, 0)), 7n);
        assert.deepEqual([...(await playground.setNumber.staticCall(1, ''))], []);
        assert.ok((await playground.setNumber.estimateGas(8, 'eight')) > 21_000n);
    });

    it('moves an ERC-20 and sees the Transfer', async () => {
        const receipt = await (await token.transfer(stranger, 5n)).wait();
        const event = receipt.logs.map((log) => token.interface.parseLog(log)).find((log) => log.name === 'Transfer');
        assert.equal(event.args.value, 5n);
        assert.equal(await token.balanceOf(stranger), 5n);
        await (await token.approve(account(1).address, 100n)).wait();
        await (await token.connect(signer(1)).transferFrom(account(0).address, stranger, 60n)).wait();
        assert.equal(await token.allowance(account(0).address, account(1).address), 40n);
    });

    it('permits by a typed signature, EIP-712', async () => {
        const { chainId } = await provider.getNetwork();
        const domain = { name: 'Test', version: '1', chainId, verifyingContract: await token.getAddress() };
        const types = {
            Permit: [
                { name: 'owner', type: 'address' },
                { name: 'spender', type: 'address' },
                { name: 'value', type: 'uint256' },
                { name: 'nonce', type: 'uint256' },
                { name: 'deadline', type: 'uint256' },
            ],
        };
        const owner = signer(2);
        const message = {
            owner: owner.address,
            spender: stranger,
            value: 9n,
            nonce: await token.nonces(owner.address),
            deadline: 2n ** 40n,
        };
        const signature = await owner.signTypedData(domain, types, message);
        assert.equal(verifyTypedData(domain, types, message, signature), owner.address);
        const { v, r, s } = Signature.from(signature);
        await (await token.permit(message.owner, message.spender, message.value, message.deadline, v, r, s)).wait();
        assert.equal(await token.allowance(owner.address, stranger), 9n);
    });

    it('waits for several confirmations', async () => {
        const transaction = await playground.setNumber(8, 'deep');
        const waiting = transaction.wait(3);
        // A chain that mines on demand needs something to mine.
        await wait_for(async () => {
            await (await signer(9).sendTransaction({ to: stranger, value: 1 })).wait();
            return (await provider.getBlockNumber()) >= (await transaction.wait()).blockNumber + 2;
        });
        const receipt = await waiting;
        assert.ok((await receipt.confirmations()) >= 3);
    });
});

/// The signed envelope, put together again from the fields that the node returned.
function serialize(read) {
    const fields = ['type', 'to', 'nonce', 'gasLimit', 'data', 'value', 'chainId', 'signature', 'accessList'];
    fields.push(...(read.type < 2 ? ['gasPrice'] : ['maxFeePerGas', 'maxPriorityFeePerGas']));
    if (read.type === 4) fields.push('authorizationList');
    const present = fields.filter((name) => read[name] !== null && read[name] !== undefined);
    return Transaction.from(Object.fromEntries(present.map((name) => [name, read[name]]))).serialized;
}

describe('ethers: transactions of every type', () => {
    const checked = async (index, request) => {
        const sent = await signer(index).sendTransaction(request);
        const receipt = await sent.wait();
        assert.equal(receipt.status, 1);
        const read = await provider.getTransaction(sent.hash);
        assert.equal(read.type, request.type);
        assert.equal(read.from, account(index).address);
        assert.equal(keccak256(serialize(read)), sent.hash);
        return { receipt, read };
    };

    it('0, legacy', () => checked(3, { to: stranger, value: 1, type: 0 }));

    it('1, with an access list', async () => {
        const accessList = [{ address: await playground.getAddress(), storageKeys: [toBeHex(0, 32)] }];
        const { read } = await checked(3, { to: stranger, value: 1, type: 1, accessList });
        assert.deepEqual(read.accessList.map((entry) => ({ ...entry })), accessList);
    });

    it('2, with a fee market', async () => {
        const { receipt, read } = await checked(3, { to: stranger, value: 1, type: 2 });
        assert.ok(receipt.gasPrice <= read.maxFeePerGas);
        assert.equal(receipt.fee, receipt.gasUsed * receipt.gasPrice);
    });

    it('4, with an authorization', async () => {
        const wallet_code = await deploy('Wallet', [], 0, 'Playground');
        const owner = Wallet.createRandom().connect(provider);
        await (await signer(4).sendTransaction({ to: owner.address, value: parseEther('1') })).wait();
        const authorization = await owner.authorize({ address: await wallet_code.getAddress(), nonce: 0 });
        const { read } = await checked(4, { to: stranger, type: 4, authorizationList: [authorization] });
        assert.equal(read.authorizationList.length, 1);
        const code = await provider.getCode(owner.address);
        assert.equal(code, `0xef0100${(await wallet_code.getAddress()).slice(2).toLowerCase()}`);
        assert.equal(await provider.getTransactionCount(owner.address), 1);
    });

    it('many at once from one account, all in nonce order', async () => {
        const manager = new NonceManager(signer(5));
        const sent = await Promise.all(
            Array.from({ length: 25 }, (_, i) => manager.sendTransaction({ to: stranger, value: i })),
        );
        const receipts = await Promise.all(sent.map((one) => one.wait()));
        assert.ok(receipts.every((receipt) => receipt.status === 1));
        const order = receipts.map((receipt) => receipt.blockNumber * 1_000_000 + receipt.index);
        const by_nonce = sent.map((one, i) => [one.nonce, order[i]]).sort((a, b) => a[0] - b[0]);
        for (let i = 1; i < by_nonce.length; i++) assert.ok(by_nonce[i][1] > by_nonce[i - 1][1]);
    });
});

describe('ethers: reading', () => {
    it('blocks with their transactions, by number and hash', async () => {
        const receipt = await (await signer(6).sendTransaction({ to: stranger, value: 3 })).wait();
        const { hash } = await sealed_block(node, toBeHex(receipt.blockNumber).replace(/^0x0+(?=.)/, '0x'));
        const block = await provider.getBlock(hash, true);
        assert.equal(block.number, receipt.blockNumber);
        assert.ok(block.prefetchedTransactions.some((one) => one.hash === receipt.hash));
        const parent = await provider.getBlock(block.number - 1);
        assert.equal(parent.hash, block.parentHash);
        assert.ok(block.timestamp >= parent.timestamp);
    });

    it('fees worth sending with', async () => {
        const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
        const { baseFeePerGas } = await provider.getBlock('latest');
        assert.ok(gasPrice >= baseFeePerGas);
        assert.ok(maxFeePerGas >= baseFeePerGas + maxPriorityFeePerGas);
    });

    it('events of the past', async () => {
        const caller = playground.connect(signer(6));
        for (const value of [61n, 62n, 63n]) await (await caller.setNumber(value, 'past')).wait();
        const mine = playground.filters.NumberSet(account(6).address);
        const found = await playground.queryFilter(mine, 0, 'latest');
        assert.deepEqual(found.map((event) => event.args.number), [61n, 62n, 63n]);
        const one = await playground.queryFilter(playground.filters.NumberSet(null, 62n), 0);
        assert.equal(one.length, 1);
        assert.equal(one[0].args.note, 'past');
    });

    it('a transaction with hundreds of logs', async () => {
        const receipt = await (await playground.emitMany(500)).wait();
        assert.equal(receipt.logs.length, 500);
        const first = receipt.logs[0].index;
        assert.deepEqual(receipt.logs.map((log) => log.index - first), Array.from({ length: 500 }, (_, i) => i));
        const found = await provider.getLogs({
            address: playground, fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber,
        });
        assert.ok(found.filter((log) => log.transactionHash === receipt.hash).length === 500);
    });
});

describe('ethers: listening', () => {
    for (const kind of ['polling', 'WebSocket']) {
        it(`to contract events over ${kind}`, async () => {
            const through = kind === 'polling' ? provider : socket_provider;
            const contract = playground.connect(through);
            const seen = [];
            const listener = (by, number) => seen.push(number);
            await contract.on('NumberSet', listener);
            await new Promise((done) => setTimeout(done, 200));
            const writer = playground.connect(signer(7));
            for (const value of [71n, 72n, 73n]) await (await writer.setNumber(value, 'heard')).wait();
            await wait_for(() => seen.length >= 3, 10_000, `three events over ${kind}`);
            await contract.off('NumberSet', listener);
            assert.deepEqual(seen, [71n, 72n, 73n]);
        });

        it(`to blocks over ${kind}`, async () => {
            const through = kind === 'polling' ? provider : socket_provider;
            const seen = [];
            const listener = (number) => seen.push(number);
            await through.on('block', listener);
            await new Promise((done) => setTimeout(done, 200));
            await wait_for(async () => {
                await (await signer(7).sendTransaction({ to: stranger, value: 1 })).wait();
                return seen.length >= 3;
            });
            await through.off('block', listener);
            for (let i = 1; i < seen.length; i++) assert.ok(seen[i] === seen[i - 1] + 1, `${seen}`);
        });
    }

    it('to pending transactions over WebSocket', async () => {
        const seen = [];
        const listener = (hash) => seen.push(hash);
        await socket_provider.on('pending', listener);
        await new Promise((done) => setTimeout(done, 200));
        const { hash } = await signer(7).sendTransaction({ to: stranger, value: 1 });
        await wait_for(() => seen.includes(hash));
        await socket_provider.off('pending', listener);
    });

    it('for one transaction over WebSocket', async () => {
        const sent = await signer(7, socket_provider).sendTransaction({ to: stranger, value: 1 });
        const receipt = await sent.wait(1, 10_000);
        assert.equal(receipt.hash, sent.hash);
    });
});

describe('ethers: errors arrive under their codes', () => {
    const fails = (promise, code, expected = {}) =>
        assert.rejects(promise, (error) => {
            assert.equal(error.code, code, `${error}`);
            for (const [key, value] of Object.entries(expected)) assert.equal(error[key], value);
            return true;
        });

    it('a revert with a reason', () =>
        fails(playground.failWithReason(), 'CALL_EXCEPTION', { reason: 'because I can' }));

    it('a custom error', () =>
        assert.rejects(playground.failWithError(12), (error) => {
            assert.equal(error.code, 'CALL_EXCEPTION');
            assert.equal(error.revert.name, 'TooLarge');
            assert.deepEqual([...error.revert.args], [12n, 10n]);
            return true;
        }));

    it('a panic', () => fails(playground.failWithPanic(0), 'CALL_EXCEPTION', { reason: 'Panic due to DIVIDE_BY_ZERO(18)' }));

    it('a failed transaction that was sent all the same', async () => {
        const data = new Interface(artifact('Playground').abi).encodeFunctionData('failWithReason');
        const sent = await signer(8).sendTransaction({ to: playground, data, gasLimit: 100_000 });
        await fails(sent.wait(), 'CALL_EXCEPTION');
        assert.equal((await provider.getTransactionReceipt(sent.hash)).status, 0);
    });

    it('a nonce that is used', async () => {
        await (await signer(8).sendTransaction({ to: stranger, value: 1 })).wait();
        await fails(signer(8).sendTransaction({ to: stranger, value: 1, nonce: 0, gasLimit: 21_000 }), 'NONCE_EXPIRED');
    });

    it('insufficient funds', () =>
        fails(signer(8).sendTransaction({ to: stranger, value: parseEther('20000'), gasLimit: 21_000 }), 'INSUFFICIENT_FUNDS'));

    it('a replacement that pays too little', { skip: only_mega }, async () => {
        const nonce = (await provider.getTransactionCount(account(8).address)) + 4;
        const request = (gwei) => {
            const fee = parseUnits(gwei, 'gwei');
            return { to: stranger, nonce, gasLimit: 21_000, maxFeePerGas: fee, maxPriorityFeePerGas: fee };
        };
        await signer(8).sendTransaction(request('10'));
        await fails(signer(8).sendTransaction({ ...request('10.1'), value: 1 }), 'REPLACEMENT_UNDERPRICED');
    });

    it('a function that the contract does not have', async () => {
        const wrong = new Contract(playground, ['function nothing() view returns (uint256)'], provider);
        await fails(wrong.nothing(), 'CALL_EXCEPTION');
    });
});
