// contracts/src/staking/Staking.sol in JavaScript: the same integers, the same roundings, the same epochs.
// contracts/test/fixtures/staking_trace.json is a run of this model that forge replays against the contract.
import { cutOf, PPM, reporterReward, roundUp, take } from './formulas.mjs';

const ACTIVATION_DELAY = 2n;
const CHURN_DIVISOR = 8n;
const max = (a, b) => (a > b ? a : b);

/** An operation that the contract refuses. */
export class Refused extends Error {}
const refuseUnless = (condition, why) => {
    if (!condition) {
        throw new Refused(why);
    }
};

/** MEGA by account. What moves, moves from one account to another: the sum never changes. */
export class Ledger {
    #balances = new Map();

    constructor(owner, supply) {
        this.supply = supply;
        this.#balances.set(owner, supply);
    }

    of(account) {
        return this.#balances.get(account) ?? 0n;
    }

    move(from, to, amount) {
        refuseUnless(amount >= 0n && this.of(from) >= amount, `${from} has less than ${amount}`);
        this.#balances.set(from, this.of(from) - amount);
        this.#balances.set(to, this.of(to) + amount);
    }

    sum() {
        let sum = 0n;
        for (const balance of this.#balances.values()) {
            sum += balance;
        }
        return sum;
    }
}

export class StakingModel {
    constructor(ledger, config) {
        this.ledger = ledger;
        this.config = config; // {exitStride, unbondingEpochs, minSelfStake, minChurn}: BigInt
        this.epoch = 0n;
        this.validators = new Map();
        this.requests = [];
        this.totalBonded = 0n;
        this.totalUnbonding = 0n;
        this.activation = { epoch: 0n, used: 0n };
        this.exit = { epoch: 0n, used: 0n };
    }

    // ------------------------------------------------------------ what the contract offers

    register(operator, selfStake) {
        const id = this.validators.size + 1;
        this.validators.set(id, {
            id,
            operator,
            status: 'active',
            isFrozen: false,
            jailedUntil: 0n,
            stake: 0n,
            shares: 0n,
            sharesOf: new Map(),
            history: [],
            exits: new Map(), // exit epoch -> {stake, shares, selfShares}
        });
        this.#bond(id, operator, selfStake);
        return id;
    }

    delegate(account, id, amount) {
        refuseUnless(['active', 'jailed'].includes(this.#get(id).status), 'not active');
        this.#bond(id, account, amount);
    }

    undelegate(account, id, shares) {
        const v = this.#get(id);
        const held = v.sharesOf.get(account) ?? 0n;
        const amount = v.shares === 0n ? 0n : (shares * v.stake) / v.shares;
        refuseUnless(amount > 0n && shares <= held, 'not so many shares');
        v.sharesOf.set(account, held - shares);
        const budget = this.#churn();
        v.stake -= amount;
        v.shares -= shares;
        this.totalBonded -= amount;
        this.totalUnbonding += amount;
        const { exitStride } = this.config;
        let epoch = take(this.exit, this.epoch + ACTIVATION_DELAY, exitStride, amount, budget);
        epoch = roundUp(max(epoch, this.#last(v).epoch), exitStride);
        this.#checkpoint(v, epoch, this.#last(v).isJailed);
        const pool = v.exits.get(epoch) ?? { stake: 0n, shares: 0n, selfShares: 0n };
        v.exits.set(epoch, pool);
        const exitShares = pool.shares === 0n ? amount : (amount * pool.shares) / pool.stake;
        refuseUnless(exitShares > 0n, 'too little');
        pool.stake += amount;
        pool.shares += exitShares;
        if (account === v.operator) {
            pool.selfShares += exitShares;
        }
        this.requests.push({ account, id, exitEpoch: epoch, shares: exitShares });
        return this.requests.length - 1;
    }

    withdraw(request) {
        const exit = this.requests[request];
        refuseUnless(exit, 'no such request');
        const v = this.#get(exit.id);
        refuseUnless(this.epoch >= exit.exitEpoch + this.config.unbondingEpochs, 'still unbonding');
        refuseUnless(!v.isFrozen, 'frozen');
        this.requests[request] = undefined;
        const pool = v.exits.get(exit.exitEpoch);
        const amount = (exit.shares * pool.stake) / pool.shares;
        pool.stake -= amount;
        pool.shares -= exit.shares;
        if (exit.account === v.operator) {
            pool.selfShares -= exit.shares;
        }
        this.totalUnbonding -= amount;
        this.ledger.move('staking', exit.account, amount);
        return amount;
    }

    /** `jailEpochs` undefined: for ever. */
    slash(id, infractionEpoch, ppm, reporter, jailEpochs) {
        const v = this.#get(id);
        ppm = ppm > PPM ? PPM : ppm;
        let slashed = cutOf(v.stake, ppm);
        let self = v.shares > 0n ? (slashed * (v.sharesOf.get(v.operator) ?? 0n)) / v.shares : 0n;
        v.stake -= slashed;
        this.totalBonded -= slashed;
        let exiting = 0n;
        for (const [epoch, pool] of v.exits) {
            const isMature = epoch + this.config.unbondingEpochs <= this.epoch && !v.isFrozen;
            const cut = cutOf(pool.stake, ppm);
            if (epoch > infractionEpoch && !isMature && cut > 0n) {
                self += (cut * pool.selfShares) / pool.shares;
                exiting += cut;
                pool.stake -= cut;
            }
        }
        this.totalUnbonding -= exiting;
        slashed += exiting;
        if (jailEpochs === undefined) {
            v.isFrozen = true;
            v.status = 'tombstoned';
        } else if (['active', 'jailed'].includes(v.status)) {
            v.jailedUntil = max(v.jailedUntil, this.epoch + jailEpochs);
            v.status = 'jailed';
        }
        this.#cut(v, this.epoch + 1n, ppm);
        const reward = reporter ? reporterReward(slashed, self) : 0n;
        this.ledger.move('staking', reporter ?? 'treasury', reward);
        this.ledger.move('staking', 'treasury', slashed - reward);
        return { slashed, reward };
    }

    thaw(id) {
        this.#get(id).isFrozen = false;
    }

    unjail(id) {
        const v = this.#get(id);
        refuseUnless(v.status === 'jailed' && this.epoch >= v.jailedUntil, 'not to be freed');
        v.status = 'active';
        this.#checkpoint(v, this.epoch + ACTIVATION_DELAY, false);
    }

    retire(id) {
        const v = this.#get(id);
        refuseUnless(v.status !== 'tombstoned', 'out');
        v.status = 'retired';
        this.#checkpoint(v, this.epoch + ACTIVATION_DELAY, true);
        return this.undelegate(v.operator, id, v.sharesOf.get(v.operator) ?? 0n);
    }

    // ------------------------------------------------------------ views

    table(epoch) {
        const ids = [];
        const stakes = [];
        for (const v of this.validators.values()) {
            const stake = this.stakeAt(v.id, epoch);
            if (stake > 0n) {
                ids.push(v.id);
                stakes.push(stake);
            }
        }
        return { ids, stakes };
    }

    stakeAt(id, epoch) {
        let point;
        for (const p of this.#get(id).history) {
            if (p.epoch > epoch) {
                break;
            }
            point = p;
        }
        return point && !point.isJailed && point.self >= this.config.minSelfStake ? point.stake : 0n;
    }

    stakeOf(id, account) {
        const v = this.#get(id);
        const shares = v.sharesOf.get(account) ?? 0n;
        return shares === 0n ? 0n : (shares * v.stake) / v.shares;
    }

    get(id) {
        return this.#get(id);
    }

    // ------------------------------------------------------------ inside

    #get(id) {
        const v = this.validators.get(id);
        refuseUnless(v, `no validator ${id}`);
        return v;
    }

    #churn() {
        return max(this.config.minChurn, this.totalBonded / CHURN_DIVISOR);
    }

    #last(v) {
        return v.history.at(-1) ?? { epoch: 0n, isJailed: false, stake: 0n, self: 0n };
    }

    #bond(id, account, amount) {
        const v = this.#get(id);
        this.ledger.move(account, 'staking', amount);
        const shares = v.shares === 0n ? amount : (amount * v.shares) / v.stake;
        const budget = this.#churn();
        v.stake += amount;
        v.shares += shares;
        v.sharesOf.set(account, (v.sharesOf.get(account) ?? 0n) + shares);
        this.totalBonded += amount;
        const epoch = take(this.activation, this.epoch + ACTIVATION_DELAY, 1n, amount, budget);
        this.#checkpoint(v, epoch, this.#last(v).isJailed);
    }

    #checkpoint(v, epoch, isJailed) {
        epoch = max(epoch, this.#last(v).epoch);
        const point = { epoch, isJailed, stake: v.stake, self: this.stakeOf(v.id, v.operator) };
        if (v.history.length > 0 && this.#last(v).epoch === epoch) {
            v.history.pop();
        }
        v.history.push(point);
        // Nobody asks for what is long past.
        while (v.history.length > 64 && v.history[1].epoch < this.epoch - 2n * this.config.unbondingEpochs) {
            v.history.shift();
        }
    }

    #cut(v, epoch, ppm) {
        const at = v.history.findLastIndex((p) => p.epoch <= epoch);
        if (at < 0 || v.history[at].epoch !== epoch) {
            const before = v.history[at] ?? { isJailed: false, stake: 0n, self: 0n };
            v.history.splice(at + 1, 0, { ...before, epoch });
        }
        for (const p of v.history) {
            if (p.epoch >= epoch) {
                p.stake -= cutOf(p.stake, ppm);
                p.self -= cutOf(p.self, ppm);
                p.isJailed = true;
            }
        }
    }
}
