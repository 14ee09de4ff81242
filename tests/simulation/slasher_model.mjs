// contracts/src/staking/Slasher.sol without the evidence itself: what is taken once it has been shown.
import { contradictionPpm, downtimePpm, INITIAL_PPM, remainderPpm } from './formulas.mjs';

const CLOSING = 3n;

export class SlasherModel {
    constructor(staking, config) {
        this.staking = staking;
        this.config = config; // {correlationEpochs, downtimeWindow}: BigInt
        this.offences = [];
        this.isOut = new Set();
        this.guilty = new Map(); // epoch -> stake
        this.downtimeEnd = new Map();
        this.downtimeTimes = new Map();
        this.taken = new Map(); // validator -> what it and its delegators lost
        this.rewards = new Map(); // reporter -> what it got
    }

    contradiction(id, epoch, reporter) {
        if (this.isOut.has(id)) {
            return;
        }
        this.isOut.add(id);
        this.guilty.set(epoch, (this.guilty.get(epoch) ?? 0n) + this.staking.stakeAt(id, epoch));
        const settleFrom = this.staking.epoch + this.config.correlationEpochs + 1n;
        this.offences.push({ id, epoch, settleFrom, reporter, total: sum(this.staking.table(epoch).stakes) });
        this.#slash(id, liableFrom(epoch), INITIAL_PPM, reporter, undefined);
    }

    /** Settles what is due. */
    settle() {
        this.offences = this.offences.filter((offence) => {
            if (this.staking.epoch < offence.settleFrom) {
                return true;
            }
            let guilty = 0n;
            const reach = this.config.correlationEpochs;
            for (const [epoch, stake] of this.guilty) {
                if (epoch + reach >= offence.epoch && epoch <= offence.epoch + reach) {
                    guilty += stake;
                }
            }
            const ppm = remainderPpm(contradictionPpm(guilty, offence.total), INITIAL_PPM);
            this.#slash(offence.id, liableFrom(offence.epoch), ppm, offence.reporter, undefined);
            this.staking.thaw(offence.id);
            return false;
        });
    }

    /** `isMissed(epoch, id)`: a duty was. True when it cost something. */
    downtime(id, first, isMissed, reporter) {
        const end = first + this.config.downtimeWindow;
        const isTooEarly = first < (this.downtimeEnd.get(id) ?? 0n) || this.staking.epoch < end + CLOSING;
        if (this.isOut.has(id) || isTooEarly) {
            return false;
        }
        let missed = 0n;
        for (let epoch = first; epoch < end; ++epoch) {
            missed += isMissed(epoch, id) ? 1n : 0n;
        }
        if (missed * 2n < this.config.downtimeWindow) {
            return false;
        }
        const last = this.downtimeEnd.get(id);
        const isNear = last !== undefined && first <= last + 4n * this.config.downtimeWindow;
        const times = isNear ? this.downtimeTimes.get(id) : 0;
        this.downtimeTimes.set(id, times + 1);
        this.downtimeEnd.set(id, this.staking.epoch + 1n);
        this.#slash(id, first, downtimePpm(times), reporter, this.config.downtimeWindow);
        return true;
    }

    #slash(id, from, ppm, reporter, jail) {
        const { slashed, reward } = this.staking.slash(id, from, ppm, reporter, jail);
        this.taken.set(id, (this.taken.get(id) ?? 0n) + slashed);
        this.rewards.set(reporter, (this.rewards.get(reporter) ?? 0n) + reward);
    }
}

const sum = (values) => values.reduce((a, b) => a + b, 0n);
const liableFrom = (epoch) => (epoch > 0n ? epoch - 1n : 0n);
