// Random programs that go deep: the maker follows the height of the stack, so that most instructions find what they
// need, bounds most loops, and aims calls at what exists. Now and then it breaks each of these habits on purpose.

import { at_least, op, opcodes_of } from './opcodes.mjs';
import { precompile_input } from './precompile_inputs.mjs';

const huge = [1n << 20n, (1n << 32n) - 1n, 1n << 32n, (1n << 63n) - 32n, (1n << 64n) - 1n, 1n << 64n, (1n << 256n) - 1n];
const code_size_borders = [24575n, 24576n, 24577n, 49151n, 49152n, 49153n];
const ends_frame = new Set(['STOP', 'RETURN', 'REVERT', 'INVALID', 'SELFDESTRUCT', 'JUMP', 'JUMPI']);
/** With words at random these run out of gas. */
const reaches_memory = /^(MLOAD|MSTORE8?|MCOPY|KECCAK256|.*COPY|LOG.|.*CALL|CALLCODE|CREATE2?)$/;
const binary = ['ADD', 'MUL', 'SUB', 'DIV', 'SDIV', 'MOD', 'SMOD', 'EXP', 'SIGNEXTEND', 'LT', 'GT', 'SLT', 'SGT', 'EQ', 'AND', 'OR',
    'XOR', 'BYTE', 'SHL', 'SHR', 'SAR'];
const environment = ['ADDRESS', 'ORIGIN', 'CALLER', 'CALLVALUE', 'CALLDATASIZE', 'CODESIZE', 'GASPRICE', 'RETURNDATASIZE', 'COINBASE',
    'TIMESTAMP', 'NUMBER', 'PREVRANDAO', 'GASLIMIT', 'CHAINID', 'SELFBALANCE', 'BASEFEE', 'BLOBBASEFEE', 'PC', 'MSIZE', 'GAS', 'PUSH0'];

/** What a program may know of its world: {fork, addresses, precompiles, slots, block_number}. */
export class ProgramMaker {
    constructor(random, world, { nesting = 0, is_init = false } = {}) {
        this.random = random;
        this.world = world;
        this.nesting = nesting;
        this.is_init = is_init;
        this.code = [];
        this.height = 0;
        this.floor = 0; // statements do not take words below it
        this.labels = [];
        this.blobs = []; // data behind the code: [label, bytes]
        this.known = new Map(opcodes_of(world.fork).map((opcode) => [opcode.name, opcode]));
        this.plain = [...this.known.values()].filter(({ name }) => !ends_frame.has(name) && !name.startsWith('PUSH'));
        this.harmless = this.plain.filter(({ name }) => !reaches_memory.test(name));
    }

    make() {
        const { random } = this;
        if (random.chance(0.05)) return random.bytes(random.below(80));
        if (random.chance(0.14)) return this.make_precompile_caller();
        const count = random.weighted([[1, 0], [4, random.below(6)], [8, random.between(5, 25)], [3, random.between(20, 70)]]);
        for (let i = 0; i < count; ++i) this.statement(0);
        this.finish();
        return this.assemble();
    }

    make_precompile_caller() {
        for (let i = this.random.between(2, 6); i > 0; --i) this.call_precompile();
        this.finish();
        return this.assemble();
    }

    // --- writing ---

    emit(name) {
        const opcode = this.known.get(name);
        this.code.push(op[name]);
        if (opcode) this.height += opcode.leaves - opcode.takes;
        return this;
    }
    has(name) {
        return this.known.has(name) || this.random.chance(0.01);
    }
    push(value, width = 0) {
        const hex = value === 0n ? '' : value.toString(16);
        let length = Math.max(width, (hex.length + 1) >> 1);
        if (length === 0 && !(at_least(this.world.fork, 'Shanghai') && this.random.chance(0.7))) length = 1;
        if (length > 0 && this.random.chance(0.05)) length = this.random.between(length, 32);
        this.code.push(0x5f + length);
        for (const digits of hex.padStart(length * 2, '0').match(/../g) ?? []) this.code.push(parseInt(digits, 16));
        this.height += 1;
        return this;
    }
    label() {
        this.labels.push(undefined);
        return this.labels.length - 1;
    }
    place(label) {
        this.labels[label] = this.code.length;
    }
    push_label(label) {
        this.code.push(op.PUSH2, { label, shift: 8 }, { label, shift: 0 });
        this.height += 1;
        return this;
    }
    assemble() {
        if (this.blobs.length > 0) this.code.push(op.INVALID);
        for (const [label, bytes] of this.blobs) {
            this.place(label);
            for (let i = 0; i < bytes.length; ++i) this.code.push(bytes[i]);
        }
        const bytes = new Uint8Array(this.code.length);
        for (let i = 0; i < bytes.length; ++i) {
            const item = this.code[i];
            bytes[i] = typeof item === 'number' ? item : this.labels[item.label] >> item.shift;
        }
        return bytes;
    }

    // --- single words; each leaves one on the stack ---

    value(depth = 0) {
        const { random } = this;
        const kind = random.below(depth > 2 ? 6 : 12);
        if (kind < 3) return this.push(random.word());
        if (kind === 3) return this.environment();
        if (kind === 4 && this.height > 0) return this.emit(`DUP${random.between(1, Math.min(16, this.height))}`);
        if (kind === 5) return this.load();
        if (kind === 6) return this.query();
        if (kind < 10) return this.value(depth + 1).value(depth + 1).operate(binary);
        if (kind === 10) return this.value(depth + 1).operate(['ISZERO', 'NOT', 'CLZ']);
        return this.value(depth + 1).value(depth + 1).value(depth + 1).operate(['ADDMOD', 'MULMOD']);
    }
    operate(names) {
        const name = this.random.pick(names);
        return this.has(name) ? this.emit(name) : this;
    }
    environment() {
        const name = this.random.pick(environment);
        return this.has(name) ? this.emit(name) : this.push(1n);
    }
    load() {
        const { random } = this;
        const kind = random.below(4);
        if (kind === 0) return this.offset().emit('MLOAD');
        if (kind === 1) return this.offset().emit('CALLDATALOAD');
        if (kind === 2 && this.has('TLOAD')) return this.slot().emit('TLOAD');
        return this.slot().emit('SLOAD');
    }
    query() {
        const name = this.random.pick(['BALANCE', 'EXTCODESIZE', 'EXTCODEHASH', 'BLOCKHASH', 'BLOBHASH', 'KECCAK256']);
        if (!this.has(name)) return this.push(2n);
        if (name === 'BLOBHASH') return this.push(BigInt(this.random.below(4))).emit(name);
        if (name === 'KECCAK256') return this.length().offset().emit(name);
        if (name !== 'BLOCKHASH') return this.address().emit(name);
        const back = this.random.pick([-1, 0, 1, 2, 100, 255, 256, 257, 300]);
        const number = this.world.block_number - back;
        return this.push(number < 0 ? 0n : BigInt(number)).emit(name);
    }
    slot() {
        return this.random.chance(0.05) ? this.value(2) : this.push(this.random.pick(this.world.slots));
    }
    address() {
        const { random, world } = this;
        if (random.chance(0.05)) return this.value(2);
        if (random.chance(0.08)) return this.emit('ADDRESS');
        const address = random.chance(0.15) ? random.pick(world.precompiles) : random.pick(world.addresses);
        return this.push(random.chance(0.03) ? address | (random.word() << 160n) % (1n << 256n) : address);
    }
    offset() {
        const { random } = this;
        const kind = random.below(400);
        if (kind < 1) return this.value(2);
        if (kind < 2) return this.push(random.pick(huge) - BigInt(random.below(3)));
        if (kind < 20) return this.push(BigInt(random.below(3000)));
        return this.push(BigInt(kind < 200 ? random.below(8) * 32 : random.below(200)));
    }
    length() {
        const { random } = this;
        const kind = random.below(800);
        if (kind < 2) return this.value(2);
        if (kind < 4) return this.push(random.pick(huge) - BigInt(random.below(3)));
        if (kind < 8) return this.push(random.pick(code_size_borders));
        if (kind < 160) return this.push(0n);
        return this.push(BigInt(kind < 480 ? random.between(1, 3) * 32 : random.below(kind < 600 ? 700 : 70)));
    }
    gas() {
        const { random } = this;
        const kind = random.below(16);
        // Little enough that the caller outlives most of its calls, which may come back to it.
        if (kind < 9) return this.push(BigInt(random.pick([3000, 20_000, 50_000, 100_000]) + random.below(1000)));
        if (kind < 11) return this.push(BigInt(random.pick([0, 1, 700, 2300])));
        if (kind < 12) return this.value(2);
        if (kind < 13) return this.push((1n << 64n) - BigInt(random.below(3)));
        // Before EIP-150 a call for all of the gas fails: leave something.
        return this.push(BigInt(random.pick([1000, 5000, 40000]))).emit('GAS').emit('SUB');
    }
    amount() {
        const { random } = this;
        const kind = random.below(10);
        if (kind < 6) return this.push(0n);
        return kind < 9 ? this.push(BigInt(random.between(1, 3))) : this.value(2);
    }

    // --- statements; each leaves the stack at or above the floor ---

    statement(depth) {
        const { random } = this;
        const statements = [
            [10, () => this.value()],
            [12, () => this.store()],
            [6, () => this.copy()],
            [10, () => this.any_plain()],
            [5, () => this.shuffle()],
            [3, () => this.log()],
            [12, () => this.call()],
            [5, () => this.call_precompile()],
            [4, () => this.create()],
            [1, () => this.jump_badly()],
            [1, () => this.raw()],
        ];
        // Only without the 63/64 rule do frames get 1,024 deep.
        if (!at_least(this.world.fork, 'EIP150')) statements.push([1, () => this.recurse()]);
        if (depth < 3) statements.push([3, () => this.loop(depth)], [4, () => this.branch(depth)]);
        if (this.height > 900) return this.emit('POP');
        random.weighted(statements)();
    }
    store() {
        const { random } = this;
        const kind = random.below(10);
        if (kind < 4) return this.random.chance(0.5) ? this.value().slot().emit('SSTORE') : this.push(BigInt(random.below(3))).slot().emit('SSTORE');
        if (kind < 6 && this.has('TSTORE')) return this.value().slot().emit('TSTORE');
        return this.value().offset().emit(kind < 9 ? 'MSTORE' : 'MSTORE8');
    }
    copy() {
        const name = this.random.pick(['CALLDATACOPY', 'CODECOPY', 'EXTCODECOPY', 'RETURNDATACOPY', 'RETURNDATACOPY', 'MCOPY']);
        if (!this.has(name)) return;
        if (name === 'RETURNDATACOPY' && this.random.chance(0.7)) {
            return this.emit('RETURNDATASIZE').push(0n).offset().emit(name);
        }
        this.length().offset().offset();
        if (name === 'EXTCODECOPY') this.address();
        this.emit(name);
    }
    any_plain() {
        const opcode = this.random.pick(this.random.chance(0.03) ? this.plain : this.harmless);
        while (this.height - this.floor < opcode.takes && !this.random.chance(0.01)) this.value(2);
        this.emit(opcode.name);
        this.height = Math.max(this.height, this.floor);
    }
    shuffle() {
        const { random } = this;
        if (random.chance(0.02)) { // many words, perhaps up to the limit of 1024
            const words = random.pick([20, 200, 1000, 1023, 1024, 1025]);
            for (let i = this.height; i < words; ++i) this.emit('ADDRESS');
            for (let i = random.between(0, 20); i > 0; --i) this.emit('POP');
        }
        if (this.height === 0) this.value();
        this.emit(`DUP${random.between(1, Math.min(16, this.height))}`);
        if (this.height > 1) this.emit(`SWAP${random.between(1, Math.min(16, this.height - 1))}`);
        if (this.height > this.floor && random.chance(0.5)) this.emit('POP');
    }
    log() {
        const topics = this.random.below(5);
        for (let i = 0; i < topics; ++i) this.value(2);
        this.length().offset().emit(`LOG${topics}`);
    }
    call() {
        const { random } = this;
        const name = random.weighted([[5, 'CALL'], [2, 'DELEGATECALL'], [2, 'STATICCALL'], [1, 'CALLCODE']]);
        if (!this.has(name)) return;
        this.length().offset().length().offset();
        if (name === 'CALL' || name === 'CALLCODE') this.amount();
        this.address().gas().emit(name);
        this.look_at_result();
    }
    recurse() {
        for (let i = 0; i < 5; ++i) this.push(0n);
        this.emit('ADDRESS').push(BigInt(this.random.pick([100, 300, 2000]))).emit('GAS').emit('SUB').emit('CALL');
        this.look_at_result();
    }
    look_at_result() {
        const { random } = this;
        if (random.chance(0.4) && this.has('RETURNDATASIZE')) this.emit('RETURNDATASIZE');
        if (random.chance(0.3) && this.has('RETURNDATACOPY')) {
            this.emit('RETURNDATASIZE').push(0n).offset().emit('RETURNDATACOPY');
        }
        if (random.chance(0.3)) this.slot().emit('SSTORE');
    }
    /** Copies `bytes` from behind the code to memory at 0. */
    bring(bytes) {
        const label = this.label();
        this.blobs.push([label, bytes]);
        this.push(BigInt(bytes.length)).push_label(label).push(0n).emit('CODECOPY');
    }
    call_precompile() {
        const { random } = this;
        const address = random.pick(this.world.precompiles);
        const input = precompile_input(random, address);
        this.bring(input);
        const name = random.pick(['CALL', 'STATICCALL', 'DELEGATECALL', 'CALLCODE']);
        if (!this.has(name)) return;
        const length = random.chance(0.93) ? input.length : random.below(input.length + 40);
        this.push(BigInt(random.pick([0, 32, 64, 128, 256]))).push(BigInt(random.below(2) * 256)).push(BigInt(length)).push(0n);
        if (name === 'CALL' || name === 'CALLCODE') this.amount();
        this.push(address);
        if (random.chance(0.7)) this.push(200_000n);
        else this.gas();
        this.emit(name);
        this.look_at_result();
        if (random.chance(0.4)) this.push(64n).push(256n).emit('KECCAK256');
    }
    create() {
        const { random } = this;
        if (this.nesting > 1) return;
        const maker = new ProgramMaker(random, this.world, { nesting: this.nesting + 1, is_init: true });
        const init_code = maker.make();
        this.bring(init_code);
        const with_salt = random.chance(0.5) && this.has('CREATE2');
        if (with_salt) this.push(BigInt(random.below(2)));
        if (random.chance(0.95)) this.push(BigInt(init_code.length)).push(0n);
        else this.length().offset();
        this.amount().emit(with_salt ? 'CREATE2' : 'CREATE');
        if (random.chance(0.5)) return this.look_at_result();
        // Call what came out of it.
        this.push(32n).push(0n).push(0n).push(0n).push(0n);
        this.emit('DUP6').push(30000n).emit('CALL');
        if (random.chance(0.5)) this.emit('SWAP1').operate(['EXTCODEHASH', 'EXTCODESIZE', 'BALANCE']);
    }
    loop(depth) {
        const { random } = this;
        const top = this.label();
        const turns = random.chance(0.1) ? 100 : random.pick([2, 3, 5, 10]);
        this.push(BigInt(turns));
        this.place(top);
        this.emit('JUMPDEST');
        this.body(depth);
        if (random.chance(0.01)) return this.push_label(top).emit('JUMP'); // until the gas is gone
        this.push(1n).emit('SWAP1').emit('SUB').emit('DUP1').push_label(top).emit('JUMPI');
    }
    branch(depth) {
        const past = this.label();
        this.value().push_label(past).emit('JUMPI');
        this.body(depth);
        if (this.random.chance(0.1)) this.end();
        this.place(past);
        this.emit('JUMPDEST');
    }
    /** Statements that leave the stack as high as they found it. */
    body(depth) {
        const { height, floor } = this;
        this.floor = height;
        for (let i = this.random.between(0, 4); i > 0; --i) this.statement(depth + 1);
        while (this.height > height) this.emit('POP');
        while (this.height < height) this.push(0n);
        this.floor = floor;
    }
    jump_badly() {
        const { random } = this;
        const target = random.pick([() => this.value(), () => this.push(BigInt(this.code.length + random.below(12))), () => this.push(random.pick(huge))]);
        const height = this.height;
        if (random.chance(0.5)) {
            this.push(0n); // not taken: a bad target does no harm
            target();
            this.emit('JUMPI');
        } else {
            // Into the data of a push, where 0x5b is not an instruction; or to a real one just behind.
            target();
            this.emit(random.chance(0.3) ? 'JUMP' : 'POP');
            this.code.push(op.PUSH2, op.JUMPDEST, op.JUMPDEST, op.POP, op.JUMPDEST);
        }
        this.height = height;
    }
    raw() {
        const { random } = this;
        if (random.chance(0.2)) this.code.push(...random.bytes(random.between(1, 3)));
        else this.code.push(op.PC, op.POP);
    }

    // --- the end of a frame ---

    /** Makes what the stack holds visible, then ends. */
    finish() {
        const { random } = this;
        for (let i = Math.min(this.height, random.below(6)); i > 0; --i) {
            if (random.chance(0.3)) this.slot().emit('SSTORE');
            else this.push(BigInt(i * 32)).emit('MSTORE');
        }
        if (this.is_init && random.chance(0.7)) return this.return_code();
        this.end();
        if (random.chance(0.03)) this.code.push(0x60 + random.below(32), ...random.bytes(random.below(4))); // truncated push
    }
    end() {
        const { random } = this;
        const kind = random.weighted([[8, 'RETURN'], [3, 'REVERT'], [2, 'STOP'], [2, 'SELFDESTRUCT'], [1, 'INVALID'], [2, 'FALL']]);
        const height = this.height;
        if (kind === 'RETURN' || (kind === 'REVERT' && this.has('REVERT'))) this.length().offset().emit(kind);
        else if (kind === 'SELFDESTRUCT') this.address().emit(kind);
        else if (kind === 'STOP' || kind === 'INVALID') this.emit(kind);
        this.height = height;
    }
    return_code() {
        const { random } = this;
        if (random.chance(0.1)) { // code that begins with 0xef, or is none
            this.push(BigInt(random.pick([0xef, 0xfe, 0])) << 248n).push(0n).emit('MSTORE');
            this.push(BigInt(random.below(3))).push(0n).emit('RETURN');
            return;
        }
        const code = new ProgramMaker(random, this.world, { nesting: 2 }).make();
        this.bring(code);
        this.push(BigInt(code.length)).push(0n).emit('RETURN');
    }
}
