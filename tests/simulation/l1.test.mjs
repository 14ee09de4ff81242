// usage: node --test tests/simulation/l1.test.mjs        (after tools/contracts)
//
// The real contracts on a real L1 (anvil): keys made by another BLS implementation, an epoch opened with the headers that L1
// gives, and leaders and committee as formulas.mjs draws them.
import { bls12_381 as bls } from '@noble/curves/bls12-381';
import { secp256k1 } from '@noble/curves/secp256k1';
import { ContractFactory, JsonRpcProvider, NonceManager, Wallet, concat, encodeRlp, getBytes, keccak256, solidityPacked, toBeHex } from 'ethers';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { committeeOf, epochSeed, keccakOf, leadersOf } from './formulas.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const L2_CHAIN_ID = 6342n;
const MEGA = 10n ** 18n;
const EPOCH = 60n;
const MNEMONIC_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'; // anvil's first account
const SIGNING = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const POSSESSION = 'BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';

let anvil;
let provider;
let deployer;
let at;

const artifact = (name, file = name) => JSON.parse(readFileSync(`${root}build/contracts/out/${file}.sol/${name}.json`, 'utf8'));

async function deploy(name, ...args) {
    const { abi, bytecode } = artifact(name);
    const contract = await new ContractFactory(abi, bytecode.object, deployer).deploy(...args);
    await contract.waitForDeployment();
    return contract;
}

before(async () => {
    anvil = spawn(`${root}node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil`, ['--port', '0', '--hardfork', 'osaka', '--chain-id', '31337', '--accounts', '1']);
    const port = await new Promise((resolve, reject) => {
        let text = '';
        anvil.stdout.on('data', (chunk) => {
            text += chunk;
            const found = text.match(/Listening on 127\.0\.0\.1:(\d+)/);
            if (found) resolve(found[1]);
        });
        anvil.on('exit', () => reject(new Error('anvil ended')));
    });
    provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, undefined, { cacheTimeout: -1, pollingInterval: 50 });
    deployer = new NonceManager(new Wallet(MNEMONIC_KEY, provider));
    at = await wire();
});

after(() => {
    provider?.destroy();
    anvil?.kill();
});

async function wire() {
    const owner = await deployer.getAddress();
    const { timestamp } = await provider.getBlock('latest');
    const genesisTime = BigInt(timestamp) - (BigInt(timestamp) % EPOCH);
    const token = await deploy('MegaToken', owner);
    const staking = await deploy(
        'Staking',
        [token.target, owner, L2_CHAIN_ID, genesisTime, EPOCH, 1, 8, 12, 1_000n * MEGA, MEGA, 100_000_000n * MEGA, 64],
        owner,
    );
    const epochs = await deploy('Epochs', staking.target, 0, owner);
    const schedule = await deploy('LeaderSchedule', epochs.target, 6, 3, 2, owner, owner);
    const committee = await deploy('Committee', epochs.target, await staking.keys(), 4);
    await (await epochs.setFollowers([schedule.target, committee.target])).wait();
    return { token, staking, epochs, schedule, committee, genesisTime };
}

const field = (v) => v.toString(16).padStart(128, '0');
const g1 = (p) => `0x${field(p.toAffine().x)}${field(p.toAffine().y)}`;
const g2 = (p) => {
    const { x, y } = p.toAffine();
    return `0x${[x.c0, x.c1, y.c0, y.c1].map(field).join('')}`;
};
const sign = (secret, message, DST) => g2(bls.G2.hashToCurve(message, { DST }).multiply(secret));

/** All that `register` wants, as docs/staking.md says; and the secret that signs mini-blocks. */
function keysOf(i, operator) {
    const secret = BigInt(keccakOf(['string', 'uint256'], ['bls', BigInt(i)])) % bls.fields.Fr.ORDER;
    const point = bls.G1.ProjectivePoint.BASE.multiply(secret);
    const binding = solidityPacked(
        ['string', 'uint256', 'uint64', 'address', 'address'],
        ['mega registration', 31337, L2_CHAIN_ID, at.staking.target, operator],
    );
    const baseSecret = BigInt(keccakOf(['string', 'uint256'], ['base', BigInt(i)])) % secp256k1.CURVE.n;
    const base = secp256k1.ProjectivePoint.BASE.multiply(baseSecret).toAffine();
    const parity = Number(base.y & 1n);
    const tweak = keccak256(
        solidityPacked(
            ['string', 'uint256', 'uint8', 'uint256', 'uint64', 'address'],
            ['mega mini-block key', base.x, parity, 31337, L2_CHAIN_ID, at.staking.target],
        ),
    );
    const signer = new Wallet(toBeHex((baseSecret + BigInt(tweak)) % secp256k1.CURVE.n, 32));
    const proofs = {
        blsKey: g1(point),
        possession: sign(secret, point.toRawBytes(true), POSSESSION),
        binding: sign(secret, getBytes(binding), SIGNING),
        baseKeyX: base.x,
        baseKeyParity: parity,
        signerProof: signer.signingKey.sign(keccak256(binding)).serialized,
    };
    return { proofs, signer };
}

test('validators register with keys of another implementation', async () => {
    for (let i = 1; i <= 6; ++i) {
        const operator = Wallet.createRandom(provider);
        const self = BigInt(i) * 1_000n * MEGA;
        await provider.send('anvil_setBalance', [operator.address, toBeHex(10n ** 18n)]);
        await (await at.token.transfer(operator.address, self)).wait();
        const { proofs, signer } = keysOf(i, operator.address);
        await (await at.token.connect(operator).approve(at.staking.target, self)).wait();
        const tx = await at.staking.connect(operator).register(proofs, 500, self, 0);
        const receipt = await tx.wait();
        assert.equal(await at.staking.signerOf(i), signer.address);
        assert.ok(receipt.gasUsed < 1_500_000n, `registering took ${receipt.gasUsed}`);
    }
});

/** RLP of a header as L1 gives it over JSON. */
function headerRlp(block) {
    const number = (hex) => (BigInt(hex) === 0n ? '0x' : toBeHex(BigInt(hex)));
    return encodeRlp([
        block.parentHash, block.sha3Uncles, block.miner, block.stateRoot, block.transactionsRoot, block.receiptsRoot,
        block.logsBloom, number(block.difficulty), number(block.number), number(block.gasLimit), number(block.gasUsed),
        number(block.timestamp), block.extraData, block.mixHash, block.nonce, number(block.baseFeePerGas),
        block.withdrawalsRoot, number(block.blobGasUsed), number(block.excessBlobGas), block.parentBeaconBlockRoot,
        block.requestsHash,
    ]);
}

test('an epoch opens with the headers of L1, and draws what the formulas draw', async () => {
    const epoch = (await at.staking.currentEpoch()) + 2n;
    const start = await at.staking.epochStart(epoch);
    await provider.send('evm_setNextBlockTimestamp', [Number(start) + 5]);
    await provider.send('evm_mine', []);
    const block = await provider.send('eth_getBlockByNumber', ['latest', false]);
    const parent = await provider.send('eth_getBlockByHash', [block.parentHash, false]);
    assert.equal(keccak256(headerRlp(block)), block.hash);
    // 300 blocks later: out of reach of BLOCKHASH, within that of EIP-2935.
    await provider.send('anvil_mine', ['0x12c', '0x0']);
    await (await at.epochs.open(epoch, headerRlp(block), headerRlp(parent))).wait();

    const seed = epochSeed(31337n, L2_CHAIN_ID, epoch, block.mixHash, block.hash);
    assert.equal((await at.epochs.openings(epoch)).seed, seed);
    const [ids, stakes] = await at.staking.stakeTable(epoch);
    assert.deepEqual([...ids], [1n, 2n, 3n, 4n, 5n, 6n]);
    for (let slot = 0; slot < 6; ++slot) {
        const word = BigInt(await at.schedule.slotOrder(epoch, slot));
        const leaders = Array.from({ length: 8 }, (_, rank) => (word >> BigInt(32 * (7 - rank))) & 0xffffffffn);
        assert.deepEqual(leaders.filter((id) => id > 0n), leadersOf(seed, slot, [...ids], [...stakes]));
    }
    const expected = committeeOf(seed, [...ids], [...stakes], 4);
    const members = await at.committee.draw(seed, [...ids], [...stakes]);
    assert.deepEqual([...members.ids], expected.ids);
    assert.equal((await at.committee.recordOf(epoch)).membersHash, keccakOf(['uint32[]', 'uint96[]'], [expected.ids, expected.stakes]));
});

test('a header that L1 does not know opens nothing', async () => {
    const epoch = (await at.staking.currentEpoch()) + 1n;
    await provider.send('evm_setNextBlockTimestamp', [Number(await at.staking.epochStart(epoch)) + 1]);
    await provider.send('evm_mine', []);
    const block = await provider.send('eth_getBlockByNumber', ['latest', false]);
    const parent = await provider.send('eth_getBlockByHash', [block.parentHash, false]);
    const favourable = { ...block, mixHash: concat([new Uint8Array(31), '0x01']) };
    await assert.rejects(at.epochs.open(epoch, headerRlp(favourable), headerRlp(parent)));
});
