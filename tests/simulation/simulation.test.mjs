// usage: node --test tests/simulation/simulation.test.mjs
//
// A short run of each scenario from a fixed seed, that the same seed plays the same run, and that the vectors which forge
// checks against the contracts are those of the formulas used here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { scenarios } from './scenarios.mjs';
import { Ledger, Refused, StakingModel } from './staking_model.mjs';
import { MEGA, sum, World } from './world.mjs';

const EPOCHS = 160;
const SEED = 'make test';
const fixtures = fileURLToPath(new URL('../../contracts/test/fixtures/', import.meta.url));

function play(scenario, seed = SEED) {
    const world = new World(seed, scenario);
    for (let i = 0; i < EPOCHS; ++i) {
        world.step(); // checks supply, cover, and that nobody honest loses
    }
    return world;
}

for (const scenario of scenarios(EPOCHS)) {
    test(`${scenario.name} (seed "${SEED}", ${EPOCHS} epochs)`, () => {
        const world = play(scenario);
        assert.equal(world.counts.falseFinality, 0);
        if (world.attack) {
            const lost = sum(world.attack.guilty.map((id) => world.slasher.taken.get(id)));
            const back = world.slasher.rewards.get('colluder');
            assert.ok(lost - back > (world.attack.stake * 9n) / 10n, 'a third or more lose nearly all');
        }
        if (scenario.withhold) {
            assert.ok(world.counts.unattested > 0, 'a third can withhold early finality');
            assert.ok(world.counts.downtimes > 0, 'and is jailed for it');
        }
    });
}

test('the same seed plays the same run, another one another', () => {
    const [everyday] = scenarios(EPOCHS);
    const tail = (world) => JSON.stringify([world.counts, world.series.at(-1)]);
    const first = tail(play(everyday));
    assert.equal(tail(play(everyday)), first);
    assert.notEqual(tail(play(everyday, 'another')), first);
});

test('honest work pays better than laziness, absence and contradiction', () => {
    const [everyday] = scenarios(EPOCHS);
    const index = play(everyday).index();
    for (const kind of ['lazy', 'offline']) {
        assert.ok(index.honest > index[kind], `${kind}: ${index[kind]} against ${index.honest}`);
    }
});

test('the ledger and the model refuse what the contract refuses', () => {
    const ledger = new Ledger('all', 10n * MEGA);
    assert.throws(() => ledger.move('nobody', 'all', 1n), Refused);
    assert.throws(() => ledger.move('all', 'nobody', -1n), Refused);
    const model = new StakingModel(ledger, { exitStride: 12n, unbondingEpochs: 192n, minSelfStake: 1n, minChurn: MEGA });
    model.register('all', 5n * MEGA);
    assert.throws(() => model.undelegate('all', 1, 6n * MEGA), Refused);
    const request = model.undelegate('all', 1, 2n * MEGA);
    assert.throws(() => model.withdraw(request), Refused);
    model.epoch = 400n;
    assert.equal(model.withdraw(request), 2n * MEGA);
    assert.throws(() => model.withdraw(request), Refused);
});

for (const [script, file] of [
    ['make_leader_schedule.mjs', 'leader_schedule.json'],
    ['make_economics.mjs', 'economics.json'],
    ['make_staking_trace.mjs', 'staking_trace.json'],
]) {
    test(`${file} is what ${script} makes`, () => {
        const made = execFileSync(process.execPath, [fixtures + script], { encoding: 'utf8', maxBuffer: 1 << 24 });
        assert.equal(made, readFileSync(fixtures + file, 'utf8'));
    });
}

test('the genesis distribution adds up, and one that does not is refused', () => {
    const tool = fileURLToPath(new URL('../../tools/check-distribution', import.meta.url));
    assert.match(execFileSync(tool, { encoding: 'utf8' }), /list hash 0x[0-9a-f]{64}/);
    assert.throws(() => execFileSync(tool, [fixtures + 'economics.json'], { stdio: 'pipe' }));
});
