// A seeded source of choices: xorshift128 over four 32-bit words, filled by splitmix32. The same seed gives the same
// choices on every machine; nothing else in this folder is random.

const splitmix32 = (state) => () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
};

export class Random {
    /** `seed` and `stream` are integers below 2^32; each pair is a sequence of its own. */
    constructor(seed, stream = 0) {
        const first = splitmix32(seed);
        const second = splitmix32((stream ^ first()) >>> 0);
        this.words = Uint32Array.from([first(), second(), first() ^ second(), second() | 1]);
        for (let i = 0; i < 8; ++i) this.next();
    }

    /** 32 bits. */
    next() {
        const words = this.words;
        let top = words[3];
        words[3] = words[2];
        words[2] = words[1];
        words[1] = words[0];
        top ^= top << 11;
        top ^= top >>> 8;
        words[0] = top ^ words[0] ^ (words[0] >>> 19);
        return words[0];
    }

    below(bound) {
        return bound <= 1 ? 0 : Math.floor((this.next() / 0x100000000) * bound);
    }
    between(low, high) {
        return low + this.below(high - low + 1);
    }
    chance(probability) {
        return this.next() < probability * 0x100000000;
    }
    pick(list) {
        return list[this.below(list.length)];
    }

    /** One of [[weight, value], …]. */
    weighted(entries) {
        let total = 0;
        for (const [weight] of entries) total += weight;
        let at = this.below(total);
        for (const [weight, value] of entries) {
            if (at < weight) return value;
            at -= weight;
        }
        throw new Error('unreachable');
    }

    bytes(length) {
        return Uint8Array.from({ length }, () => this.next() >>> 24);
    }

    /** A word that arithmetic finds interesting: small, near a power of two, near the ends, or any. */
    word() {
        const kind = this.below(10);
        if (kind < 4) return BigInt(this.below(kind === 0 ? 3 : 300));
        if (kind < 6) return BigInt.asUintN(256, (1n << BigInt(this.below(257))) + BigInt(this.between(-2, 2)));
        if (kind < 7) return BigInt.asUintN(256, -BigInt(this.below(300)));
        let word = 0n;
        const words = kind < 8 ? this.between(1, 8) : 8;
        for (let i = 0; i < words; ++i) word = (word << 32n) | BigInt(this.next());
        return word;
    }
}
