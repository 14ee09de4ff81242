// Runs inside hardhat (`hardhat test`): its provider signs with the mnemonic and fills in gas, fees
// and nonces; the rest is what hardhat-network-helpers send.
const assert = require('node:assert/strict');
const { network } = require('hardhat');
const playground = require('../../../build/clients/forge/out/Playground.sol/Playground.json');

const ask = (method, ...params) => network.provider.request({ method, params });
/// Past hardhat's own signing: for accounts whose keys only the node would know.
async function ask_node(method, ...params) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(network.config.url, { method: 'POST', headers, body });
    const { result, error } = await response.json();
    if (error) throw new Error(error.message);
    return result;
}
const stranger = '0x00000000000000000000000000000000deadbeef';
const whale = '0x00000000000000000000000000000000000ca11e';
const quantity = (value) => `0x${BigInt(value).toString(16)}`;
const word = (value) => `0x${BigInt(value).toString(16).padStart(64, '0')}`;
const number_slot = word(0);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function receipt_of(hash) {
    for (let i = 0; i < 1000; i++) {
        const receipt = await ask('eth_getTransactionReceipt', hash);
        if (receipt) return receipt;
        await sleep(5);
    }
    throw new Error(`no receipt of ${hash}`);
}
const latest = () => ask('eth_getBlockByNumber', 'latest', false);
const balance_of = async (address) => BigInt(await ask('eth_getBalance', address, 'latest'));

describe('hardhat', () => {
    let accounts;
    let contract;

    before(async () => {
        accounts = await ask('eth_accounts');
        const data = playground.bytecode.object + word(5).slice(2);
        const receipt = await receipt_of(await ask('eth_sendTransaction', { from: accounts[0], data }));
        assert.equal(receipt.status, '0x1');
        contract = receipt.contractAddress;
    });

    it('signs, fills in what is missing, and sends', async () => {
        const before_it = await balance_of(stranger);
        const receipt = await receipt_of(
            await ask('eth_sendTransaction', { from: accounts[1], to: stranger, value: quantity(10n ** 18n) }),
        );
        assert.equal(receipt.type, '0x2');
        assert.equal(await balance_of(stranger), before_it + 10n ** 18n);
    });

    it('goes back to a snapshot: balances, storage, nonces and height', async () => {
        const snapshot = await ask('evm_snapshot');
        const height = BigInt(await ask('eth_blockNumber'));
        const nonce = await ask('eth_getTransactionCount', accounts[2], 'latest');
        const before_it = await balance_of(stranger);
        const hash = await ask('eth_sendTransaction', { from: accounts[2], to: stranger, value: quantity(77) });
        await receipt_of(hash);
        await ask('hardhat_setStorageAt', contract, number_slot, word(99));
        await ask('hardhat_mine', '0x3');
        assert.ok(BigInt(await ask('eth_blockNumber')) >= height + 3n);
        assert.equal(await ask('evm_revert', snapshot), true);
        assert.equal(await balance_of(stranger), before_it);
        assert.equal(await ask('eth_getTransactionCount', accounts[2], 'latest'), nonce);
        assert.equal(BigInt(await ask('eth_getStorageAt', contract, number_slot, 'latest')), 5n);
        assert.equal(await ask('eth_getTransactionReceipt', hash), null);
        assert.equal(await ask('evm_revert', snapshot).catch(() => false), false, 'a snapshot serves once');
        // The chain goes on from there.
        const again = await ask('eth_sendTransaction', { from: accounts[2], to: stranger, value: quantity(78) });
        assert.equal((await receipt_of(again)).status, '0x1');
        assert.equal(await balance_of(stranger), before_it + 78n);
    });

    it('mines many blocks with an interval', async () => {
        const start = await latest();
        await ask('hardhat_mine', '0x64', '0x3c');
        const end = await latest();
        assert.ok(BigInt(end.number) >= BigInt(start.number) + 100n);
        assert.ok(BigInt(end.timestamp) >= BigInt(start.timestamp) + 99n * 60n);
    });

    it('travels in time', async () => {
        const start = BigInt((await latest()).timestamp);
        await ask('evm_increaseTime', 3600);
        await ask('evm_mine');
        const later = BigInt((await latest()).timestamp);
        assert.ok(later >= start + 3600n && later < start + 3600n + 60n);
        const exact = later + 10_000n;
        await ask('evm_setNextBlockTimestamp', quantity(exact));
        await ask('evm_mine');
        const height = BigInt(await ask('eth_blockNumber'));
        const stamps = [];
        for (let i = height; i > height - 3n; i--) {
            stamps.push(BigInt((await ask('eth_getBlockByNumber', quantity(i), false)).timestamp));
        }
        assert.ok(stamps.includes(exact), `${stamps} lacks ${exact}`);
        await assert.rejects(ask('evm_setNextBlockTimestamp', quantity(start)), /timestamp|lower|past/i);
    });

    it('sets balance, nonce, code and storage', async () => {
        await ask('hardhat_setBalance', whale, quantity(12345));
        assert.equal(await balance_of(whale), 12345n);
        await ask('hardhat_setNonce', whale, '0x7');
        assert.equal(await ask('eth_getTransactionCount', whale, 'latest'), '0x7');
        const target = '0x00000000000000000000000000000000000c0de0';
        await ask('hardhat_setCode', target, '0x602a5f5260205ff3'); // returns 42
        assert.equal(BigInt(await ask('eth_call', { to: target, data: '0x' }, 'latest')), 42n);
        await ask('hardhat_setStorageAt', contract, number_slot, word(1234));
        assert.equal(BigInt(await ask('eth_call', { to: contract, data: '0x8381f58a' }, 'latest')), 1234n);
    });

    it('keeps the state root right through such changes', async () => {
        await ask('hardhat_setBalance', whale, quantity(54321));
        await ask('evm_mine');
        const height = await ask('eth_blockNumber');
        for (let i = 0; i < 400; i++) {
            const { stateRoot } = await ask('eth_getBlockByNumber', height, false);
            if (BigInt(stateRoot) !== 0n) break;
            await sleep(10);
        }
        const { stateRoot } = await ask('eth_getBlockByNumber', height, false);
        const proof = await ask('eth_getProof', whale, [], height);
        const { verify_account_proof } = await import('../trie_proof.mjs');
        assert.equal(BigInt(proof.balance), 54321n);
        assert.equal(verify_account_proof(stateRoot, proof), true);
    });

    it('impersonates', async () => {
        await ask('hardhat_setBalance', whale, quantity(10n ** 18n));
        await assert.rejects(ask_node('eth_sendTransaction', { from: whale, to: stranger, value: '0x1' }));
        await ask('hardhat_impersonateAccount', whale);
        const receipt = await receipt_of(await ask_node('eth_sendTransaction', { from: whale, to: stranger, value: '0x1' }));
        assert.equal(receipt.from, whale);
        assert.equal(receipt.status, '0x1');
        // A contract may be impersonated too: it pays without having a key.
        await ask('hardhat_setBalance', contract, quantity(10n ** 18n));
        await ask('hardhat_impersonateAccount', contract);
        const from_contract = await receipt_of(await ask_node('eth_sendTransaction', { from: contract, to: stranger, value: '0x2' }));
        assert.equal(from_contract.from, contract);
        for (const address of [whale, contract]) await ask('hardhat_stopImpersonatingAccount', address);
        await assert.rejects(ask_node('eth_sendTransaction', { from: whale, to: stranger, value: '0x1' }));
    });

    it('holds transactions back while automine is off', async () => {
        await ask('evm_setAutomine', false);
        const sends = [3, 4, 5].map((i) => ask('eth_sendTransaction', { from: accounts[i], to: stranger, value: '0x1' }));
        const hashes = await Promise.all(sends);
        await sleep(50);
        for (const hash of hashes) {
            assert.equal(await ask('eth_getTransactionReceipt', hash), null);
            assert.equal((await ask('eth_getTransactionByHash', hash)).blockNumber, null);
        }
        assert.equal(BigInt((await ask('txpool_status')).pending), 3n);
        await ask('evm_mine');
        const receipts = await Promise.all(hashes.map(receipt_of));
        assert.equal(new Set(receipts.map((receipt) => receipt.blockNumber)).size, 1, 'all in one block');
        await ask('evm_setAutomine', true);
    });

    it('drops a waiting transaction', async () => {
        await ask('evm_setAutomine', false);
        const hash = await ask('eth_sendTransaction', { from: accounts[6], to: stranger, value: '0x1' });
        await ask('hardhat_dropTransaction', hash);
        assert.equal(await ask('eth_getTransactionByHash', hash), null);
        await ask('evm_setAutomine', true);
    });

    it('sets the coinbase and the next base fee', async () => {
        await ask('hardhat_setCoinbase', whale);
        await ask('hardhat_setNextBlockBaseFeePerGas', quantity(7_000_000_000));
        await ask('evm_mine');
        const height = BigInt(await ask('eth_blockNumber'));
        const blocks = [];
        for (let i = height; i > height - 3n; i--) blocks.push(await ask('eth_getBlockByNumber', quantity(i), false));
        assert.ok(blocks.some((block) => block.miner === whale));
        assert.ok(blocks.some((block) => BigInt(block.baseFeePerGas) === 7_000_000_000n));
    });

    it('reports reverts as hardhat shows them', async () => {
        await assert.rejects(
            ask('eth_call', { to: contract, data: '0xe7cb5232' }, 'latest'),
            /because I can/,
        );
        await assert.rejects(
            ask('eth_sendTransaction', { from: accounts[0], to: contract, data: '0xe7cb5232' }),
            /because I can/,
        );
    });
});
