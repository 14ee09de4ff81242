// One run: validators with habits, delegators who come and go, a price of fees that rises and falls, an L1 that fails now
// and then. What must hold is checked after every epoch.
import * as f from './formulas.mjs';
import { Random } from './random.mjs';
import { SlasherModel } from './slasher_model.mjs';
import { Ledger, Refused, StakingModel } from './staking_model.mjs';

export const MEGA = 10n ** 18n;
export const SUPPLY = 1_000_000_000n * MEGA;
export const EPOCHS_A_YEAR = 8_760; // of an hour
const RESERVE = 150_000_000n * MEGA;
const RATE_PPB = 17_000n;
const EMISSION_CAP = 5_000n * MEGA;
const BATCHES = 12;
const SLOTS = 6;
const BLOCKS_A_SLOT = 600n;
const COMMITTEE = 64;
const SEATS = 64;
const COMMISSION_BPS = 1_000n;
const WATCHER = 'watcher';

/** Attests a batch / is away for so many epochs / contradicts itself, by chance. */
export const HABITS = {
    honest: { attests: 0.995, leaves: 0.002, away: [1, 3], contradicts: 0 },
    lazy: { attests: 0.4, leaves: 0.002, away: [1, 3], contradicts: 0 },
    offline: { attests: 0.99, leaves: 0.004, away: [30, 120], contradicts: 0 },
    equivocating: { attests: 0.99, leaves: 0.002, away: [1, 3], contradicts: 1 / 1_500 },
    colluding: { attests: 0.995, leaves: 0.002, away: [1, 3], contradicts: 0 },
};

function check(condition, what) {
    if (!condition) {
        throw new Error(`does not hold: ${what()}`);
    }
}

export class World {
    constructor(seed, scenario) {
        this.seed = seed;
        this.scenario = scenario;
        this.random = new Random(`${seed} ${scenario.name}`);
        this.ledger = new Ledger('genesis', SUPPLY);
        this.staking = new StakingModel(this.ledger, {
            exitStride: 12n,
            unbondingEpochs: 192n,
            minSelfStake: 100_000n * MEGA,
            minChurn: 2_000_000n * MEGA,
        });
        this.slasher = new SlasherModel(this.staking, { correlationEpochs: 24n, downtimeWindow: 24n });
        this.agents = new Map(); // validator -> {kind, account, awayUntil, joined, put, earned}
        this.earned = new Map(); // account -> rewards
        this.records = new Map(); // epoch -> {isOutage, isQuorate, members, served, silent}
        this.reserve = RESERVE;
        this.owed = 0n;
        this.feePrice = 1;
        this.counts = { epochs: 0, outages: 0, unattested: 0, takeovers: 0, falseFinality: 0, downtimes: 0, contradictions: 0, refused: 0 };
        this.series = [];
        this.foregoneBy = new Map(); // kind -> rewards for attesting that the last epoch did not bring
        this.wasAttested = true; // the last epoch
        this.#genesis();
    }

    #genesis() {
        this.ledger.move('genesis', 'rewards', RESERVE);
        this.ledger.move('genesis', 'treasury', 300_000_000n * MEGA);
        this.ledger.move('genesis', 'market', 150_000_000n * MEGA);
        for (const [kind, count, each] of this.scenario.validators) {
            for (let i = 0; i < count; ++i) {
                this.#join(kind, each * MEGA);
            }
        }
        this.delegators = Array.from({ length: 40 }, (_, i) => `delegator ${i}`);
        for (const account of this.delegators) {
            this.ledger.move('genesis', account, 4_000_000n * MEGA);
        }
        this.staking.epoch = 4n;
    }

    #join(kind, self) {
        const account = `operator ${this.staking.validators.size + 1}`;
        this.ledger.move('genesis', account, self);
        const id = this.staking.register(account, self);
        this.agents.set(id, { kind, account, awayUntil: 0n, put: self, joined: this.staking.epoch });
    }

    /** One epoch from its seed to its rewards. */
    step() {
        const epoch = this.staking.epoch;
        const { ids, stakes } = this.staking.table(epoch);
        const seed = f.keccakOf(['string', 'uint256'], [`${this.seed} ${this.scenario.name}`, epoch]);
        const committee = f.committeeOf(seed, ids, stakes, COMMITTEE);
        const record = {
            isOutage: this.random.chance(0.004),
            isQuorate: false,
            members: new Set(committee.ids),
            served: new Set(),
            silent: new Set(),
        };
        this.records.set(epoch, record);
        this.records.delete(epoch - 64n);
        this.#habits(epoch, committee);
        const attested = record.isOutage ? this.#nothing() : this.#attest(epoch, committee, record);
        const blocks = record.isOutage ? new Map() : this.#lead(seed, ids, stakes, record, epoch);
        this.#fees();
        this.#reward(committee, attested, blocks);
        this.#judge(epoch);
        this.slasher.settle();
        this.#churn(epoch);
        this.#count(record);
        this.#check();
        this.staking.epoch += 1n;
    }

    #nothing() {
        return { recorded: 0n, counts: new Map() };
    }

    #habits(epoch, committee) {
        for (const [id, agent] of this.agents) {
            const habit = HABITS[agent.kind];
            if (agent.awayUntil <= epoch && this.random.chance(habit.leaves)) {
                agent.awayUntil = epoch + BigInt(this.random.between(...habit.away));
            }
            if (habit.contradicts > 0 && this.random.chance(habit.contradicts) && committee.ids.includes(id)) {
                this.#contradict(id, epoch, WATCHER);
            }
        }
        if (this.counts.epochs === this.scenario.attackAt) {
            this.scenario.attack?.(this, epoch, committee);
        }
    }

    /** The colluders sign a block that is not true, and one of them reports them all: the best they can do afterwards. */
    signFalsely(epoch, committee) {
        const total = sum(committee.stakes);
        const guilty = committee.ids.filter((id) => this.agents.get(id).kind === 'colluding');
        const signed = sum(guilty.map((id) => committee.stakes[committee.ids.indexOf(id)]));
        this.attack = { share: Number((signed * 10_000n) / total) / 100, stake: signed, guilty };
        if (signed * 3n >= total * 2n) {
            ++this.counts.falseFinality;
        }
        for (const id of guilty) {
            this.#contradict(id, epoch, 'colluder');
        }
    }

    #contradict(id, epoch, reporter) {
        if (!this.slasher.isOut.has(id)) {
            ++this.counts.contradictions;
            this.slasher.contradiction(id, epoch, reporter);
        }
    }

    #isAway(id, epoch) {
        const agent = this.agents.get(id);
        const { withhold } = this.scenario;
        const now = this.counts.epochs;
        const isWithholding = withhold && agent.kind === 'colluding' && now >= withhold[0] && now < withhold[1];
        return isWithholding || agent.awayUntil > epoch;
    }

    #attest(epoch, committee, record) {
        const total = sum(committee.stakes);
        const counts = new Map();
        let recorded = 0n;
        for (let batch = 0; batch < BATCHES; ++batch) {
            const signers = committee.ids.filter(
                (id) => !this.#isAway(id, epoch) && !this.slasher.isOut.has(id) && this.random.chance(HABITS[this.agents.get(id).kind].attests),
            );
            const signed = sum(signers.map((id) => committee.stakes[committee.ids.indexOf(id)]));
            signers.forEach((id) => record.served.add(id));
            if (signed * 3n < total * 2n) {
                continue;
            }
            record.isQuorate = true;
            ++recorded;
            signers.forEach((id) => counts.set(id, (counts.get(id) ?? 0n) + 1n));
        }
        return { recorded, counts };
    }

    /** Blocks by validator; who is away is taken over from. */
    #lead(seed, ids, stakes, record, epoch) {
        const blocks = new Map();
        for (let slot = 0; slot < SLOTS; ++slot) {
            const isThere = (id) => this.staking.get(id).status === 'active' && !this.#isAway(id, epoch);
            let ranks = f.leadersOf(seed, slot, ids, stakes, 2);
            if (!ranks.some(isThere)) {
                ranks = f.leadersOf(seed, slot, ids, stakes);
            }
            const leader = ranks.find(isThere);
            for (const id of ranks.slice(0, leader === undefined ? ranks.length : ranks.indexOf(leader))) {
                if (this.staking.get(id).status === 'active') {
                    record.silent.add(id);
                    ++this.counts.takeovers;
                }
            }
            if (leader !== undefined) {
                blocks.set(leader, (blocks.get(leader) ?? 0n) + BLOCKS_A_SLOT);
            }
        }
        return blocks;
    }

    /** The price of fees wanders, falls to nearly nothing and comes back. */
    #fees() {
        const season = 1 + 0.9 * Math.sin((this.counts.epochs / 1_500) * 2 * Math.PI);
        this.feePrice = Math.min(8, Math.max(0.05, this.feePrice * Math.exp((this.random.next() - 0.5) * 0.2)));
        const fees = BigInt(Math.floor(600 * season * this.feePrice * 1e6)) * (MEGA / 1_000_000n);
        this.ledger.move('market', 'rewards', min(fees, this.ledger.of('market') / 1_000n));
    }

    #reward(committee, attested, blocks) {
        const fees = this.ledger.of('rewards') - this.reserve - this.owed;
        const limit = fees + f.emission(this.reserve, RATE_PPB, EMISSION_CAP);
        const totalStake = sum(committee.stakes);
        const allBlocks = sum([...blocks.values()]);
        let total = 0n;
        this.foregoneBy = new Map();
        for (const id of new Set([...committee.ids, ...blocks.keys()])) {
            const stake = committee.stakes[committee.ids.indexOf(id)] ?? 0n;
            const attesting = f.attesterReward(limit, stake, totalStake, attested.counts.get(id) ?? 0n, attested.recorded);
            total += this.#split(id, attesting + f.sequencerReward(limit, blocks.get(id) ?? 0n, allBlocks));
            const { kind } = this.agents.get(id);
            const foregone = f.attesterReward(limit, stake, totalStake, 1n, 1n) - attesting;
            this.foregoneBy.set(kind, (this.foregoneBy.get(kind) ?? 0n) + foregone);
        }
        check(total <= limit, () => `rewards ${total} <= pot ${limit}`);
        this.reserve -= total > fees ? total - fees : 0n;
    }

    #split(id, reward) {
        const v = this.staking.get(id);
        const commission = f.commissionOf(reward, COMMISSION_BPS);
        let paid = this.#pay(v.operator, commission);
        for (const [account, shares] of v.sharesOf) {
            paid += this.#pay(account, f.shareOf(reward - commission, shares, v.shares));
        }
        check(paid <= reward, () => `parts ${paid} <= reward ${reward}`);
        return paid;
    }

    #pay(account, amount) {
        // Rewards are sold again: fees have to come from somewhere.
        this.earned.set(account, (this.earned.get(account) ?? 0n) + amount);
        this.ledger.move('rewards', 'market', amount);
        return amount;
    }

    #judge(epoch) {
        const first = epoch - 27n;
        if (first < 4n) {
            return;
        }
        const isMissed = (at, id) => {
            const record = this.records.get(at);
            // As Epochs.isOutage: an epoch is excused when the next one was never opened, too.
            if (record.isOutage || this.records.get(at + 1n).isOutage) {
                return false;
            }
            return record.silent.has(id) || (record.members.has(id) && record.isQuorate && !record.served.has(id));
        };
        for (const [id, agent] of this.agents) {
            if (this.slasher.downtime(id, first, isMissed, WATCHER)) {
                ++this.counts.downtimes;
                // Withholding is excused where it succeeds; honest ones are never taken for absent.
                check(agent.kind !== 'honest', () => `honest validator ${id} was slashed for downtime`);
            }
            if (this.staking.get(id).status === 'jailed' && agent.awayUntil <= epoch) {
                this.#try(() => this.staking.unjail(id));
            }
        }
    }

    #churn(epoch) {
        const ids = [...this.agents.keys()];
        for (let i = 0; i < 2; ++i) {
            const account = this.random.pick(this.delegators);
            const id = this.random.pick(ids);
            const free = this.ledger.of(account);
            const part = BigInt(this.random.between(1, 100));
            if (this.random.chance(0.5)) {
                this.#try(() => this.staking.delegate(account, id, max(1n, (free * part) / 200n)));
            } else {
                const shares = this.staking.get(id).sharesOf.get(account) ?? 0n;
                this.#try(() => this.staking.undelegate(account, id, (shares * part) / 100n));
            }
        }
        if (epoch % 24n === 0n) {
            this.staking.requests.forEach((request, at) => request && this.#try(() => this.staking.withdraw(at)));
        }
        const seats = [...this.staking.validators.values()].filter((v) => ['active', 'jailed'].includes(v.status)).length;
        if (seats < SEATS && this.random.chance(0.01) && this.ledger.of('genesis') > 3_000_000n * MEGA) {
            this.#join('honest', BigInt(this.random.between(200_000, 2_000_000)) * MEGA);
        }
        if (seats > 30 && this.random.chance(0.006)) {
            const old = ids.filter((id) => this.agents.get(id).joined > 0n && this.staking.get(id).status === 'active');
            if (old.length > 0) {
                this.#try(() => this.staking.retire(this.random.pick(old)));
            }
        }
    }

    #try(run) {
        try {
            run();
        } catch (error) {
            if (!(error instanceof Refused)) {
                throw error;
            }
            ++this.counts.refused;
        }
    }

    #count(record) {
        ++this.counts.epochs;
        this.wasAttested = record.isQuorate || record.isOutage;
        this.counts.outages += record.isOutage ? 1 : 0;
        this.counts.unattested += record.isQuorate ? 0 : 1;
        if (this.counts.epochs % this.scenario.every === 0) {
            this.series.push({ epoch: this.counts.epochs, feePrice: this.feePrice, index: this.index() });
        }
    }

    #check() {
        const { ledger, staking } = this;
        check(ledger.sum() === SUPPLY, () => `supply ${ledger.sum()} is ${SUPPLY}`);
        check(
            ledger.of('staking') === staking.totalBonded + staking.totalUnbonding,
            () => `staking holds ${ledger.of('staking')}, not ${staking.totalBonded} + ${staking.totalUnbonding}`,
        );
        check(ledger.of('rewards') >= this.reserve + this.owed, () => 'rewards are covered');
        check(this.reserve >= 0n, () => 'the reserve is not overdrawn');
        for (const [id] of this.slasher.taken) {
            check(this.agents.get(id).kind !== 'honest', () => `validator ${id}, which was honest, lost stake`);
        }
    }

    /** What one MEGA that an operator put in at the start has become, stake and rewards, by kind. */
    index() {
        const put = {};
        const has = {};
        for (const [id, agent] of this.agents) {
            if (agent.joined > 0n) {
                continue;
            }
            put[agent.kind] = (put[agent.kind] ?? 0n) + agent.put;
            has[agent.kind] = (has[agent.kind] ?? 0n) + this.worth(id);
        }
        return Object.fromEntries(Object.keys(put).map((kind) => [kind, Number((has[kind] * 1_000_000n) / put[kind]) / 1e6]));
    }

    worth(id) {
        const { account } = this.agents.get(id);
        let worth = this.staking.stakeOf(id, account) + this.ledger.of(account) + (this.earned.get(account) ?? 0n);
        for (const request of this.staking.requests) {
            if (request?.account === account) {
                const pool = this.staking.get(request.id).exits.get(request.exitEpoch);
                worth += (request.shares * pool.stake) / pool.shares;
            }
        }
        return worth;
    }
}

export const sum = (values) => values.reduce((a, b) => a + b, 0n);
const min = (a, b) => (a < b ? a : b);
const max = (a, b) => (a > b ? a : b);
