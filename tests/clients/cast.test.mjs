// cast, command by command: what a person types at a shell.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AbiCoder, keccak256, toBeHex, zeroPadValue } from 'ethers';
import { account, artifact, run_tool, sealed_block, start_node, tool } from './harness.mjs';
import { verify_account_proof } from './trie_proof.mjs';

const stranger = '0x00000000000000000000000000000000deadbeef';
let node;
let contract;

const cast = (command, ...args) => tool('cast', [command, '--rpc-url', node.http_url, ...args]);
const send = async (index, ...args) =>
    JSON.parse(await cast('send', '--json', '--private-key', account(index).private_key, ...args));

before(async () => {
    node = await start_node();
    const { bytecode } = artifact('Playground');
    const argument = AbiCoder.defaultAbiCoder().encode(['uint256'], [41]).slice(2);
    const receipt = await send(0, '--value', '7', '--create', bytecode + argument);
    contract = receipt.contractAddress;
});
after(() => node?.stop());

describe('cast', () => {
    it('shows the chain id, the client and the balance of a prefunded account', async () => {
        assert.equal(await cast('chain-id'), String(Number(await node.rpc('eth_chainId'))));
        assert.match(await cast('client'), /mega|anvil/i);
        assert.equal(await cast('balance', account(9).address), (10_000n * 10n ** 18n).toString());
        assert.equal(await cast('balance', '--ether', account(9).address), '10000.000000000000000000');
    });

    it('sends a transfer and shows its receipt and itself', async () => {
        const before_it = BigInt(await cast('balance', stranger));
        const receipt = await send(1, stranger, '--value', '1ether');
        assert.equal(receipt.status, '0x1');
        assert.equal(receipt.gasUsed, '0x5208');
        assert.equal(BigInt(await cast('balance', stranger)) - before_it, 10n ** 18n);
        const shown = JSON.parse(await cast('receipt', '--json', receipt.transactionHash));
        assert.equal(shown.transactionHash, receipt.transactionHash);
        assert.equal(shown.from.toLowerCase(), account(1).address.toLowerCase());
        const transaction = JSON.parse(await cast('tx', '--json', receipt.transactionHash));
        assert.equal(transaction.hash, receipt.transactionHash);
        assert.equal(BigInt(transaction.value), 10n ** 18n);
        assert.equal(await cast('tx', receipt.transactionHash, 'nonce'), '0');
    });

    it('pays exactly what the receipt says', async () => {
        const before_it = BigInt(await cast('balance', account(2).address));
        const receipt = await send(2, stranger, '--value', '5');
        const fee = BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
        assert.equal(BigInt(await cast('balance', account(2).address)), before_it - fee - 5n);
    });

    it('counts nonces', async () => {
        const start = Number(await cast('nonce', account(3).address));
        await send(3, stranger, '--value', '1');
        await send(3, stranger, '--value', '1');
        assert.equal(Number(await cast('nonce', account(3).address)), start + 2);
    });

    it('calls, sends to a contract and reads it again', async () => {
        assert.equal(await cast('call', contract, 'number()(uint256)'), '41');
        const receipt = await send(0, contract, 'setNumber(uint256,string)', '42', 'the answer');
        assert.equal(receipt.status, '0x1');
        assert.equal(await cast('call', contract, 'number()(uint256)'), '42');
        assert.equal(await cast('call', contract, 'deployer()(address)'), account(0).address);
    });

    it('reads code and storage', async () => {
        const code = await cast('code', contract);
        assert.ok(code.length > 1000);
        assert.equal(await cast('codehash', contract), keccak256(code));
        assert.equal(await cast('code', stranger), '0x');
        const receipt = await send(0, contract, 'setNumber(uint256,string)', '43', '');
        assert.equal(receipt.status, '0x1');
        assert.equal(await cast('storage', contract, '0'), toBeHex(43, 32));
        assert.equal(await cast('storage', contract, '12345'), toBeHex(0, 32));
    });

    it('finds logs by address, signature and topic', async () => {
        const receipt = await send(4, contract, 'setNumber(uint256,string)', '777', 'logged');
        const found = JSON.parse(
            await cast(
                'logs', '--json', '--from-block', '0', '--to-block', 'latest', '--address', contract,
                'NumberSet(address indexed,uint256 indexed,string)', account(4).address,
            ),
        );
        assert.equal(found.length, 1);
        assert.equal(found[0].transactionHash, receipt.transactionHash);
        assert.equal(found[0].topics[1], zeroPadValue(account(4).address.toLowerCase(), 32));
        assert.equal(BigInt(found[0].topics[2]), 777n);
        const none = await cast(
            'logs', '--json', '--from-block', '0', '--address', contract,
            'NumberSet(address indexed,uint256 indexed,string)', stranger,
        );
        assert.deepEqual(JSON.parse(none), []);
    });

    it('shows blocks by number, tag and hash, linked by their parent hashes', async () => {
        const receipt = await send(5, stranger, '--value', '1');
        const sealed = await sealed_block(node, receipt.blockNumber);
        const by_number = JSON.parse(await cast('block', '--json', `${Number(receipt.blockNumber)}`));
        assert.equal(by_number.hash, sealed.hash);
        assert.ok(by_number.transactions.includes(receipt.transactionHash));
        const by_hash = JSON.parse(await cast('block', '--json', sealed.hash));
        assert.equal(by_hash.number, receipt.blockNumber);
        const parent = JSON.parse(await cast('block', '--json', `${Number(receipt.blockNumber) - 1}`));
        assert.equal(by_number.parentHash, parent.hash);
        assert.ok(Number(await cast('block-number')) >= Number(receipt.blockNumber));
        assert.equal(await cast('block', '0', '-f', 'number'), '0');
    });

    it('finds the block of a receipt by the hash that the receipt names, at once', async () => {
        const receipt = await send(5, stranger, '--value', '1');
        const block = await node.rpc('eth_getBlockByHash', receipt.blockHash, false);
        assert.equal(block.number, receipt.blockNumber);
        assert.ok(block.transactions.includes(receipt.transactionHash));
        await sealed_block(node, receipt.blockNumber);
        const later = await node.rpc('eth_getBlockByHash', receipt.blockHash, false);
        assert.equal(later?.number, receipt.blockNumber);
    });

    it('proves accounts and storage against the state root', async () => {
        const receipt = await send(0, contract, 'setNumber(uint256,string)', '99', 'to prove');
        const { stateRoot, number } = await sealed_block(node, receipt.blockNumber);
        const answer = await cast('proof', contract, '0', '1', '--block', `${Number(number)}`);
        const proof = JSON.parse(answer);
        assert.equal(verify_account_proof(stateRoot, proof), true);
        assert.equal(BigInt(proof.storageProof[0].value), 99n);
        assert.equal(BigInt(proof.storageProof[1].value), 0n);
        const code = await cast('code', contract);
        assert.equal(proof.codeHash, keccak256(code));
        const absent = await node.rpc('eth_getProof', '0x000000000000000000000000000000000badc0de', [], number);
        assert.equal(verify_account_proof(stateRoot, absent), false);
    });

    it('verifies proofs in a way that can fail', async () => {
        const receipt = await send(0, contract, 'setNumber(uint256,string)', '100', 'to break');
        const { stateRoot, number } = await sealed_block(node, receipt.blockNumber);
        const proof = await node.rpc('eth_getProof', contract, [toBeHex(0, 32)], number);
        verify_account_proof(stateRoot, proof);
        assert.throws(() => verify_account_proof(stateRoot, { ...proof, balance: '0x1234' }));
        assert.throws(() => verify_account_proof(keccak256('0x00'), proof));
        const slot = { ...proof.storageProof[0], value: '0x65' };
        assert.throws(() => verify_account_proof(stateRoot, { ...proof, storageProof: [slot] }));
    });

    it('estimates gas well enough to send with', async () => {
        const estimate = await cast(
            'estimate', '--from', account(6).address, contract, 'setNumber(uint256,string)', '5', 'estimate',
        );
        const receipt = await send(6, contract, 'setNumber(uint256,string)', '5', 'estimate', '--gas-limit', estimate);
        assert.equal(receipt.status, '0x1');
        assert.ok(BigInt(receipt.gasUsed) <= BigInt(estimate));
        assert.equal(await cast('estimate', stranger, '--value', '1', '--from', account(6).address), '21000');
        assert.ok(BigInt(await cast('gas-price')) > 0n);
        assert.ok(BigInt(await cast('base-fee')) > 0n);
    });

    it('reports a failed transaction with status 0', async () => {
        const receipt = await send(7, contract, 'burnAllGas()', '--gas-limit', '100000');
        assert.equal(receipt.status, '0x0');
        assert.equal(receipt.gasUsed, '0x186a0');
    });

    it('creates access lists that are right', async () => {
        const answer = JSON.parse(await cast('access-list', '--json', contract, 'number()'));
        const entry = answer.accessList.find((item) => item.address.toLowerCase() === contract.toLowerCase());
        assert.deepEqual(entry.storageKeys, [toBeHex(0, 32)]);
    });

    it('prints what the node refuses', async () => {
        const fails = async (expected, command, ...args) => {
            const { code, stderr } = await run_tool('cast', [command, '--rpc-url', node.http_url, ...args]);
            assert.notEqual(code, 0);
            assert.match(stderr, expected);
        };
        await fails(/execution reverted.*because I can/s, 'call', contract, 'failWithReason()');
        await fails(/TooLarge|execution reverted/, 'call', contract, 'failWithError(uint256)', '11');
        await fails(/nonce too low/, 'send', '--private-key', account(0).private_key, stranger, '--nonce', '0');
        await fails(
            /insufficient funds/i,
            'send', '--private-key', account(8).private_key, stranger, '--value', '1000000ether', '--gas-limit', '21000',
        );
        await fails(/-32601/, 'rpc', 'eth_noSuchMethod');
    });
});
