// The second opinion: one transaction on @ethereumjs/vm over a Merkle state of its own.

import { createBlock } from '@ethereumjs/block';
import { Common, Mainnet } from '@ethereumjs/common';
import { Caches, MerkleStateManager } from '@ethereumjs/statemanager';
import { Account, Address, bytesToHex, utf8ToBytes } from '@ethereumjs/util';
import { createVM, runTx } from '@ethereumjs/vm';
import { keccak256, toRlp } from 'viem/utils';
import { address_hex, sign } from './case.mjs';
import { at_least, forks } from './opcodes.mjs';
import { big_endian, verify_constant_proof } from './precompile_inputs.mjs';

const hardforks = ['chainstart', 'homestead', 'tangerineWhistle', 'spuriousDragon', 'byzantium', 'constantinople', 'petersburg',
    'istanbul', 'berlin', 'london', 'paris', 'shanghai', 'cancun', 'prague', 'osaka'];

/** State tests have no chain: the hash of a block is that of its number's decimal text. */
const blockchain = {
    getBlock: async (number) => ({ hash: () => keccak256(utf8ToBytes(String(number)), 'bytes') }),
    putBlock: async () => {},
    shallowCopy: () => blockchain,
};
const to_address = (address) => new Address(big_endian(address, 20));

export class Reference {
    constructor() {
        this.machines = new Map();
        this.executed = new Map(); // how often each opcode ran
    }

    /** {tx_bytes, result}, or undefined when the transaction cannot be expressed at all. */
    async run(test) {
        const { vm, common } = await this.machine(test.fork);
        let tx;
        try {
            tx = sign(common, test.tx);
        } catch {
            return undefined;
        }
        const state = await load_state(common, test.pre);
        vm.stateManager = state;
        vm.evm.stateManager = state;
        vm.evm.journal = new vm.evm.journal.constructor(state, common);
        return { tx_bytes: tx.serialize(), result: await this.execute(vm, state, make_block(common, test), tx) };
    }

    async execute(vm, state, block, tx) {
        const before = bytesToHex(await state.getStateRoot());
        let done;
        try {
            done = await runTx(vm, { tx, block, skipBlockGasLimitValidation: false });
        } catch (error) {
            return { error: refusal(error), state_root: before, logs_hash: hash_logs([]) };
        }
        const { execResult } = done;
        return {
            state_root: bytesToHex(await state.getStateRoot()),
            gas_used: done.totalGasSpent,
            output: done.createdAddress !== undefined ? undefined : bytesToHex(execResult.returnValue),
            logs_hash: hash_logs(execResult.logs ?? []),
            halt: execResult.exceptionError?.error,
        };
    }

    /** One machine a fork; building its tables takes longer than most cases. */
    async machine(fork) {
        if (!this.machines.has(fork)) {
            const kzg = { verifyProof: verify_constant_proof };
            const common = new Common({ chain: Mainnet, hardfork: hardforks[forks.indexOf(fork)], customCrypto: { kzg } });
            const vm = await createVM({ common, blockchain, stateManager: new MerkleStateManager({ common }) });
            this.count_opcodes(vm);
            this.machines.set(fork, { vm, common });
        }
        return this.machines.get(fork);
    }

    count_opcodes(vm) {
        const count = (byte) => this.executed.set(byte, (this.executed.get(byte) ?? 0) + 1);
        for (const entry of new Set(vm.evm._opcodeMap)) { // undefined bytes share the entry of INVALID
            const { opHandler: run, opcodeInfo: info } = entry;
            const byte = info.code;
            if (info.isInvalid) { // never reaches a handler: counted where the interpreter asks
                entry.opcodeInfo = Object.create(info, { isInvalid: { get: () => count(byte) && true } });
                continue;
            }
            entry.opHandler = (state, common) => {
                count(byte);
                return run(state, common);
            };
        }
    }
}

async function load_state(common, pre) {
    const state = new MerkleStateManager({ common, caches: new Caches() });
    for (const [key, { nonce, balance, code, storage }] of pre) {
        const address = to_address(key);
        await state.putAccount(address, new Account(nonce, balance));
        if (code.length > 0) await state.putCode(address, code);
        for (const [slot, value] of storage) await state.putStorage(address, big_endian(slot, 32), big_endian(value, (value.toString(16).length + 1) >> 1));
    }
    await state.flush();
    return state;
}

function make_block(common, { fork, env }) {
    const header = {
        coinbase: address_hex(env.coinbase), number: env.number, timestamp: env.timestamp, gasLimit: env.gas_limit,
        difficulty: env.difficulty, mixHash: big_endian(env.prev_randao, 32),
    };
    if (at_least(fork, 'London')) header.baseFeePerGas = env.base_fee;
    if (at_least(fork, 'Cancun')) header.excessBlobGas = env.excess_blob_gas;
    return createBlock({ header }, { common, skipConsensusFormatValidation: true });
}

const hash_logs = (logs) => keccak256(toRlp(logs, 'bytes'));

/** Why a transaction was not executed. Anything that is not such a reason is a fault of the reference itself. */
function refusal(error) {
    const known = ['INTRINSIC_GAS_TOO_LOW', "doesn't have enough funds", "doesn't have the correct nonce", 'less than the block', 'less than block blobGasPrice',
        'higher gas limit than the block', 'address is not EOA'];
    const reason = known.find((text) => error.message.includes(text));
    if (reason === undefined) throw error;
    return reason;
}
