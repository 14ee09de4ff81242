// Staking on the L1 of a settlement suite, as `mega l1 deploy` has deployed it: validators registered with proofs of
// their keys, epochs opened.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { bls12_381 as bls } from '@noble/curves/bls12-381';
import { secp256k1 } from '@noble/curves/secp256k1';
import { Wallet, encryptKeystoreJsonSync } from 'ethers';
import { concat, encodePacked, keccak256, numberToHex, parseAbi, toHex, toRlp } from 'viem';
import { account } from './harness.mjs';
import { abi, l1_chain_id, l2_chain_id, reader, wallet } from './settlement_harness.mjs';

const keys_abi = '(bytes blsKey, bytes possession, bytes binding, uint256 baseKeyX, uint8 baseKeyParity, bytes signerProof)';
export const staking_abi = parseAbi([
    `function register(${keys_abi} proofs, uint16 commissionBps, uint96 selfStake, uint32 outbid) returns (uint32)`,
    'function currentEpoch() view returns (uint48)',
    'function epochStart(uint48) view returns (uint256)',
    'function idOfOperator(address) view returns (uint32)',
    'function open(uint48 epoch, bytes header, bytes parent)',
    'function isOpened(uint48) view returns (bool)',
    'function isBarred(uint32) view returns (bool)',
    'function isOut(uint32) view returns (bool)',
    'function offenceCount() view returns (uint256)',
    'event Punished(uint8 indexed kind, uint32 indexed id, address indexed reporter, bytes32 offence, uint48 infractionEpoch, uint256 ppm)',
    'function stakeOf(uint32, address) view returns (uint256)',
    'function slotStartOf(uint256) view returns (uint256)',
    'function candidatesOf(uint256) view returns (uint32[])',
    'function bindingMessage(address) view returns (bytes)',
    'function isQuorate(uint48) view returns (bool)',
    'function hasServed(uint48, uint32) view returns (bool)',
    'function offences(uint256) view returns (uint32 id, uint48 infractionEpoch, uint48 settleFrom, bool isSettled, address reporter)',
]);

const field = (v) => v.toString(16).padStart(128, '0');
const g1 = (p) => `0x${((a) => field(a.x) + field(a.y))(p.toAffine())}`;
const g2 = (p) => `0x${((a) => [a.x.c0, a.x.c1, a.y.c0, a.y.c1].map(field).join(''))(p.toAffine())}`;
const signature_of = (secret, message, tag) => g2(bls.G2.hashToCurve(message, { DST: `BLS_${tag}_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_` }).multiply(secret));

/// What validators with these BLS secrets attest of a block, added up, as L1 takes it: 256 bytes of EIP-2537.
export function attest(secrets, { number, hash, state_root }) {
    const message = encodePacked(['string', 'uint64', 'uint64', 'bytes32', 'bytes32'], ['mega attestation', BigInt(l2_chain_id), BigInt(number), hash, state_root]);
    const point = bls.G2.hashToCurve(Buffer.from(message.slice(2), 'hex'), { DST: 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_' });
    return g2(secrets.map((secret) => point.multiply(secret)).reduce((sum, one) => sum.add(one)));
}

const secret_of = (words, order) => BigInt(keccak256(toHex(words))) % order;

/// The keys of validator `name`: BLS, and the mini-block key that its base key becomes on this chain.
export function keys_of(name, staking) {
    const bls_secret = secret_of(`mega test bls ${name}`, bls.fields.Fr.ORDER);
    const n = secp256k1.CURVE.n;
    const base = secret_of(`mega test mini-block ${name}`, n);
    const point = secp256k1.ProjectivePoint.fromPrivateKey(base).toAffine();
    const parity = Number(point.y & 1n);
    const tweak = BigInt(keccak256(encodePacked(['string', 'uint256', 'uint8', 'uint256', 'uint64', 'address'], ['mega mini-block key', point.x, parity, BigInt(l1_chain_id), BigInt(l2_chain_id), staking]))) % n;
    return { bls_secret, base: numberToHex(base, { size: 32 }), base_x: point.x, parity, signer: numberToHex((base + tweak) % n, { size: 32 }) };
}

/// Account `index` becomes a validator, with keys of `name`.
export async function register(l1, chain, index, name, stake) {
    const { staking, validatorKeys } = chain.contracts;
    const user = wallet(l1.url, l1_chain_id, index);
    const holder = wallet(l1.url, l1_chain_id, 12);
    await holder.confirm({ address: chain.contracts.token, functionName: 'transfer', args: [account(index).address, stake] });
    await user.confirm({ address: chain.contracts.token, functionName: 'approve', args: [staking, stake] });
    const keys = keys_of(name, staking);
    const message = await user.reads.readContract({ address: validatorKeys, abi: staking_abi, functionName: 'bindingMessage', args: [account(index).address] });
    const point = bls.G1.ProjectivePoint.BASE.multiply(keys.bls_secret);
    const proof = secp256k1.sign(keccak256(message).slice(2), keys.signer.slice(2));
    const proofs = {
        blsKey: g1(point), possession: signature_of(keys.bls_secret, point.toRawBytes(true), 'POP'), binding: signature_of(keys.bls_secret, Buffer.from(message.slice(2), 'hex'), 'SIG'),
        baseKeyX: keys.base_x, baseKeyParity: keys.parity,
        signerProof: concat([`0x${proof.toCompactHex()}`, numberToHex(27 + proof.recovery, { size: 1 })]),
    };
    // With gas of its own: what anvil estimates is too little for the pairings.
    const receipt = await user.confirm({ address: staking, abi: staking_abi, functionName: 'register', args: [proofs, 0, stake, 0], gas: 3_000_000n });
    if (receipt.status !== 'success') throw new Error(`${name} could not register`);
    return keys;
}

/// The RLP of an L1 block's header, from its JSON.
export async function header_rlp(l1, number) {
    const b = await l1.rpc('eth_getBlockByNumber', numberToHex(number), false);
    const quantity = (v) => (BigInt(v) === 0n ? '0x' : numberToHex(BigInt(v)));
    const fields = [b.parentHash, b.sha3Uncles, b.miner, b.stateRoot, b.transactionsRoot, b.receiptsRoot, b.logsBloom, quantity(b.difficulty), quantity(b.number), quantity(b.gasLimit),
        quantity(b.gasUsed), quantity(b.timestamp), b.extraData, b.mixHash, b.nonce, quantity(b.baseFeePerGas), b.withdrawalsRoot, quantity(b.blobGasUsed), quantity(b.excessBlobGas), b.parentBeaconBlockRoot, b.requestsHash].filter((f) => f !== undefined);
    const encoded = toRlp(fields);
    if (keccak256(encoded) !== b.hash) throw new Error(`header of L1 block ${number} does not come out as ${b.hash}`);
    return { encoded, timestamp: Number(b.timestamp) };
}

export const read_staking = (l1, address, functionName, args = []) => reader(l1.url, l1_chain_id).readContract({ address, abi: staking_abi, functionName, args });

/// Opens the present epoch, once L1 has a block in it.
export async function open_epoch(l1, chain) {
    const { staking, epochs } = chain.contracts;
    const opener = wallet(l1.url, l1_chain_id, 12);
    const epoch = Number(await read_staking(l1, staking, 'currentEpoch'));
    if (await read_staking(l1, epochs, 'isOpened', [epoch])) return epoch;
    const start = Number(await read_staking(l1, staking, 'epochStart', [epoch]));
    let number = Number(await opener.reads.getBlockNumber());
    while ((await header_rlp(l1, number - 1)).timestamp >= start) --number;
    const receipt = await opener.confirm({ address: epochs, abi: staking_abi, functionName: 'open', args: [epoch, (await header_rlp(l1, number)).encoded, (await header_rlp(l1, number - 1)).encoded] });
    if (receipt.status !== 'success') throw new Error(`epoch ${epoch} could not be opened`);
    return epoch;
}

/// A web3 keystore of this key, as `mega node --key` takes it.
export async function write_keystore(file, key, password) {
    const { address } = new Wallet(key);
    writeFileSync(file, encryptKeystoreJsonSync({ address, privateKey: key }, password, { scrypt: { N: 4096 } })); // quick to read
    return file;
}

/// `it` for the tests of one suite that stand on each other: after a failure the rest says so at once.
export function steps(who) {
    let failed;
    return (name, body) => it(name, async (test) => {
        assert.ok(failed === undefined, `after a step that failed: ${who} ${failed}`);
        failed = name;
        await body(test);
        failed = undefined;
    });
}
