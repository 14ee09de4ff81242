// A case: accounts, a block, a transaction. Plain data, so that it can be shrunk, printed and run again; made by its
// seed alone. Words are BigInt, byte strings Uint8Array, addresses BigInt below 2^160.

import { createTx } from '@ethereumjs/tx';
import { Address, bytesToHex, eoaCode7702SignAuthorization, generateAddress, privateToAddress } from '@ethereumjs/util';
import { at_least } from './opcodes.mjs';
import { big_endian } from './precompile_inputs.mjs';
import { Random } from './prng.mjs';
import { ProgramMaker } from './program.mjs';

export const to_hex = (value, length = 0) => `0x${value.toString(16).padStart(length * 2, '0')}`;
export const address_hex = (address) => to_hex(address, 20);
const word_of = (bytes) => (bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes)));

/** Who signs: transactions with the first, authorizations with any. */
const keys = [0x11, 0x22, 0x33].map((byte) => new Uint8Array(32).fill(byte));
export const signers = keys.map((key) => word_of(privateToAddress(key)));
const sender = new Address(privateToAddress(keys[0]));

const contracts = Array.from({ length: 5 }, (_, i) => 0xc0de000000000000000000000000000000000000n + BigInt(i + 1) * 0x1111n);
const plain_accounts = [0xaaaa00000000000000000000000000000000aaaan, 0xbbbb00000000000000000000000000000000bbbbn];
const nobody = 0xdead00000000000000000000000000000000deadn;
const miner = 0xfee0000000000000000000000000000000000feen;
const slots = [0n, 1n, 2n, 3n, (1n << 256n) - 1n];
/** What the contracts and the sender create, unless something made them create before. */
const created = [...contracts, signers[0]].map((creator, i) =>
    word_of(generateAddress(big_endian(creator, 20), i < contracts.length ? Uint8Array.of(1) : new Uint8Array())));
const versioned_hash = (byte) => Uint8Array.of(1, ...new Uint8Array(31).fill(byte));
const precompiles = [...Array.from({ length: 0x12 }, (_, i) => BigInt(i + 1)), 0x100n];
const delegation = (target) => Uint8Array.from([0xef, 0x01, 0x00, ...big_endian(target, 20)]);

/** Three times, so that most calls meet one. */
function active_precompiles(fork) {
    const last = [['Prague', 0x11], ['Cancun', 10], ['Istanbul', 9], ['Byzantium', 8], ['Frontier', 4]];
    const [, count] = last.find(([since]) => at_least(fork, since));
    const active = precompiles.slice(0, count);
    if (at_least(fork, 'Osaka')) active.push(0x100n);
    return [...active, ...active, ...active];
}

/** Case `index` of the run with `seed`, under `fork`. */
export function make_case(seed, index, fork) {
    const random = new Random(seed, index);
    const env = make_env(random, fork);
    const addresses = [...contracts, ...contracts, ...plain_accounts, ...signers, nobody, env.coinbase, ...created];
    const world = { fork, addresses, precompiles: [...precompiles, ...active_precompiles(fork)], slots, block_number: env.number };
    const pre = make_accounts(random, world);
    const tx = make_transaction(random, world, env, pre);
    return { name: `seed ${seed} case ${index} ${fork}`, fork, env, pre, tx };
}

function make_env(random, fork) {
    return {
        coinbase: random.weighted([[6, miner], [1, signers[0]], [1, random.pick(contracts)], [1, nobody], [1, random.pick(precompiles)]]),
        number: random.pick([1, 2, 200, 256, 257, 1000, 1_000_000]),
        timestamp: random.between(1, 2_000_000_000),
        gas_limit: 36_000_000n,
        difficulty: at_least(fork, 'Paris') ? 0n : BigInt(random.between(131072, 1 << 30)),
        prev_randao: at_least(fork, 'Paris') ? random.word() : 0n,
        base_fee: at_least(fork, 'London') ? BigInt(random.pick([7, 8, 1000, 1_000_000_000])) : undefined,
        excess_blob_gas: at_least(fork, 'Cancun') ? BigInt(random.pick([0, 131072, 10_000_000, 60_000_000])) : undefined,
    };
}

function make_accounts(random, world) {
    const pre = new Map();
    const put = (address, account) => pre.set(address, { nonce: 0n, balance: 0n, code: new Uint8Array(), storage: new Map(), ...account });
    for (const address of contracts) {
        if (random.chance(0.15)) continue;
        const code = new ProgramMaker(random, world).make();
        if (code.length === 0 && at_least(world.fork, 'EIP158') && random.chance(0.5)) continue;
        const storage = new Map();
        for (const slot of slots) if (code.length > 0 && random.chance(0.4)) storage.set(slot, BigInt(random.between(1, 2)));
        const nonce = random.chance(0.02) ? (1n << 64n) - BigInt(random.between(1, 2)) : 1n;
        put(address, { nonce, balance: BigInt(random.pick([0, 0, 1, 5, 1000])), code, storage });
    }
    for (const address of plain_accounts) if (random.chance(0.6)) put(address, { balance: 7n });
    if (random.chance(0.1)) put(random.pick(precompiles), { balance: 1n });
    if (random.chance(0.1)) { // in the way of a creation, or only rich
        put(random.pick(created), random.pick([{ balance: 1n }, { nonce: 1n }, { nonce: 1n, code: Uint8Array.of(0) }]));
    }
    for (const signer of signers.slice(1)) {
        if (random.chance(0.5)) put(signer, { nonce: BigInt(random.below(3)), balance: 1n });
    }
    const sender = { nonce: BigInt(random.pick([0, 0, 1, 255])), balance: 10n ** 20n };
    put(signers[0], sender);
    if (at_least(world.fork, 'Prague')) add_delegations(random, pre);
    if (!at_least(world.fork, 'EIP158') && random.chance(0.3)) put(nobody, {}); // empty, and yet there
    return pre;
}

function add_delegations(random, pre) {
    for (const signer of signers) {
        if (!pre.has(signer) || random.chance(0.6)) continue;
        const target = random.pick([...contracts, ...contracts, ...signers, nobody, 4n, 0x100n]);
        pre.set(signer, { ...pre.get(signer), code: delegation(target), nonce: pre.get(signer).nonce + 1n });
    }
}

function make_transaction(random, world, env, pre) {
    const { fork } = world;
    const types = [[4, 0]];
    if (at_least(fork, 'Berlin')) types.push([3, 1]);
    if (at_least(fork, 'London')) types.push([3, 2]);
    if (at_least(fork, 'Cancun')) types.push([1, 3]);
    if (at_least(fork, 'Prague')) types.push([3, 4]);
    const type = random.weighted(types);
    const creates = type < 3 && random.chance(0.12);
    const existing = contracts.filter((address) => pre.has(address));
    const to = creates ? undefined : random.chance(0.9) ? random.pick(existing.length > 0 ? existing : contracts) : random.pick([...world.addresses, ...precompiles]);
    const data = creates ? new ProgramMaker(random, world, { is_init: true }).make() : make_calldata(random, to);
    const tx = {
        type, to, data,
        nonce: pre.get(signers[0]).nonce + (random.chance(0.01) ? BigInt(random.pick([1, -1])) : 0n),
        value: random.chance(0.7) ? 0n : BigInt(random.pick([1, 2, 1000, 10 ** 18])),
        gas_limit: 0n,
        access_list: type === 0 ? [] : make_access_list(random, world),
        blobs: type === 3 ? random.between(1, 6) : 0,
        max_blob_fee: random.chance(0.9) ? 10n ** 12n : 1n,
        authorizations: type === 4 ? make_authorizations(random, pre) : [],
        ...make_prices(random, type, env.base_fee ?? 0n),
    };
    if (tx.nonce < 0n) tx.nonce = 5n;
    tx.gas_limit = BigInt(least_gas(fork, tx) + gas_to_run(random));
    const cost = tx.gas_limit * tx.max_fee + tx.value;
    if (cost > 0n && random.chance(0.01)) pre.get(signers[0]).balance = cost - BigInt(random.below(2));
    return tx;
}

/** About what the transaction must bring: exact for most of the newer forks. */
export function least_gas(fork, { to, data, access_list, authorizations }) {
    const zeros = data.filter((byte) => byte === 0).length;
    const tokens = zeros + 4 * (data.length - zeros);
    const keys_listed = access_list.reduce((sum, { keys: listed }) => sum + listed.length, 0);
    const creation = to === undefined ? 32000 + 2 * ((data.length + 31) >> 5) : 0;
    const data_gas = at_least(fork, 'Istanbul') ? 4 * tokens : 4 * zeros + 68 * (data.length - zeros);
    const intrinsic = 21000 + data_gas + creation + 2400 * access_list.length + 1900 * keys_listed + 25000 * authorizations.length;
    return at_least(fork, 'Prague') ? Math.max(intrinsic, 21000 + 10 * tokens) : intrinsic;
}
const gas_to_run = (random) => random.chance(0.02)
    ? random.between(-2, 2)
    : random.weighted([[1, 1000], [2, 60_000], [6, 200_000], [8, 500_000], [4, 2_000_000], [1, 6_000_000]]) + random.below(30_000);

function make_calldata(random, to) {
    const length = random.pick([0, 0, 4, 32, 36, 100, random.below(400), random.chance(0.1) ? 3000 : 64]);
    const data = random.chance(0.3) ? new Uint8Array(length) : random.bytes(length);
    return precompiles.includes(to) && random.chance(0.3) ? new Uint8Array(213) : data;
}

function make_access_list(random, world) {
    return Array.from({ length: random.pick([0, 0, 1, 2, 4]) }, () => ({
        address: random.chance(0.9) ? random.pick(world.addresses) : random.pick(precompiles),
        keys: Array.from({ length: random.below(4) }, () => random.pick(slots)),
    }));
}

function make_authorizations(random, pre) {
    return Array.from({ length: random.between(1, 3) }, () => {
        const signer = random.below(signers.length);
        // The sender's own nonce has been raised before its authorization is looked at.
        const nonce = (pre.get(signers[signer])?.nonce ?? 0n) + (signer === 0 ? 1n : 0n);
        return {
            signer,
            chain_id: BigInt(random.pick([0, 1, 1, 1, 2])),
            address: random.pick([...contracts, ...signers, 0n, 2n, nobody]),
            nonce: random.chance(0.8) ? nonce : nonce + BigInt(random.below(3)),
        };
    });
}

/** `max_fee` is the gas price of types 0 and 1. */
function make_prices(random, type, base_fee) {
    const tip = BigInt(random.pick([0, 1, 5, 1000]));
    const max_fee = base_fee + tip + BigInt(random.pick([0, 0, 3])) - BigInt(random.chance(0.005) ? 1 : 0);
    return { max_fee: max_fee < 0n ? 0n : max_fee, tip: tip > max_fee ? 0n : tip };
}

// --- what both sides read ---

/** The signed transaction; throws when the reference cannot even express it. */
export function sign(common, tx) {
    const fields = {
        type: tx.type, nonce: tx.nonce, gasLimit: tx.gas_limit, value: tx.value, data: tx.data,
        to: tx.to === undefined ? undefined : address_hex(tx.to), chainId: tx.type === 0 ? undefined : 1n,
    };
    if (tx.type < 2) fields.gasPrice = tx.max_fee;
    else Object.assign(fields, { maxFeePerGas: tx.max_fee, maxPriorityFeePerGas: tx.tip });
    if (tx.type > 0) {
        fields.accessList = tx.access_list.map(({ address, keys: listed }) => ({
            address: address_hex(address), storageKeys: listed.map((key) => to_hex(key, 32)),
        }));
    }
    if (tx.type === 3) Object.assign(fields, { maxFeePerBlobGas: tx.max_blob_fee, blobVersionedHashes: blob_hashes(tx) });
    if (tx.type === 4) fields.authorizationList = tx.authorizations.map(sign_authorization);
    const signed = createTx(fields, { common, freeze: false }).sign(keys[0]);
    signed.getSenderAddress = () => sender; // recovering it takes longer than all the rest of a small transaction
    return signed;
}

const blob_hashes = ({ blobs }) => Array.from({ length: blobs }, (_, i) => bytesToHex(versioned_hash(i + 1)));
const sign_authorization = ({ signer, chain_id, address, nonce }) =>
    eoaCode7702SignAuthorization({ chainId: to_hex(chain_id), address: address_hex(address), nonce: to_hex(nonce) }, keys[signer]);

/** One test of a state-test file, in the format of the official fixtures. */
export function to_state_test({ fork, env, pre, tx }, tx_bytes, expected) {
    const fields = {
        currentCoinbase: address_hex(env.coinbase), currentNumber: to_hex(env.number), currentTimestamp: to_hex(env.timestamp),
        currentGasLimit: to_hex(env.gas_limit), currentDifficulty: to_hex(env.difficulty), currentRandom: to_hex(env.prev_randao, 32),
    };
    if (env.base_fee !== undefined) fields.currentBaseFee = to_hex(env.base_fee);
    if (env.excess_blob_gas !== undefined) fields.currentExcessBlobGas = to_hex(env.excess_blob_gas);
    const accounts = [...pre].map(([address, { nonce, balance, code, storage }]) => [address_hex(address), {
        nonce: to_hex(nonce), balance: to_hex(balance), code: bytesToHex(code),
        storage: Object.fromEntries([...storage].map(([slot, value]) => [to_hex(slot), to_hex(value)])),
    }]);
    const post = { hash: expected.state_root, logs: expected.logs_hash, txbytes: bytesToHex(tx_bytes), indexes: { data: 0, gas: 0, value: 0 } };
    if (expected.error !== undefined) post.expectException = expected.error;
    return { env: fields, pre: Object.fromEntries(accounts), transaction: to_transaction_fields(tx), post: { [fork]: [post] }, config: { chainid: '0x01' } };
}

function to_transaction_fields(tx) {
    const fields = {
        nonce: to_hex(tx.nonce), gasLimit: [to_hex(tx.gas_limit)], value: [to_hex(tx.value)], data: [bytesToHex(tx.data)],
        to: tx.to === undefined ? '' : address_hex(tx.to), sender: address_hex(signers[0]), secretKey: bytesToHex(keys[0]),
    };
    if (tx.type < 2) fields.gasPrice = to_hex(tx.max_fee);
    else Object.assign(fields, { maxFeePerGas: to_hex(tx.max_fee), maxPriorityFeePerGas: to_hex(tx.tip) });
    if (tx.type > 0) {
        fields.accessLists = [tx.access_list.map(({ address, keys: listed }) => ({ address: address_hex(address), storageKeys: listed.map((key) => to_hex(key, 32)) }))];
    }
    if (tx.type === 3) Object.assign(fields, { maxFeePerBlobGas: to_hex(tx.max_blob_fee), blobVersionedHashes: blob_hashes(tx) });
    if (tx.type === 4) fields.authorizationList = tx.authorizations.map(to_authorization_fields);
    return fields;
}

function to_authorization_fields(authorization) {
    const [chain_id, address, ...numbers] = sign_authorization(authorization);
    const [nonce, v, r, s] = numbers.map((bytes) => to_hex(word_of(bytes)));
    return { chainId: to_hex(word_of(chain_id)), address: bytesToHex(address), nonce, v, r, s };
}
