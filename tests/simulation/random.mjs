// A stream of numbers that a printed seed replays (sfc32, seeded with a hash of the text).
import { createHash } from 'node:crypto';

export class Random {
    #state;

    constructor(seed) {
        const hash = createHash('sha256').update(String(seed)).digest();
        this.#state = new Uint32Array([0, 4, 8, 12].map((at) => hash.readUInt32LE(at)));
        for (let i = 0; i < 12; ++i) {
            this.next();
        }
    }

    /** In [0, 1). */
    next() {
        const s = this.#state;
        const sum = (s[0] + s[1] + s[3]) >>> 0;
        s[3] += 1;
        s[0] = s[1] ^ (s[1] >>> 9);
        s[1] = s[2] + (s[2] << 3);
        s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
        return sum / 4294967296;
    }

    chance(probability) {
        return this.next() < probability;
    }

    /** A whole number in [low, high]. */
    between(low, high) {
        return low + Math.floor(this.next() * (high - low + 1));
    }

    pick(list) {
        return list[this.between(0, list.length - 1)];
    }
}
