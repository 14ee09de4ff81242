#!/usr/bin/env node
// usage: node tests/simulation/run.mjs [--epochs N] [--seed TEXT] [--scenario NAME] [--write]
//
// Plays the economy of MEGA for N epochs in each scenario and fails when something that must hold does not. The same seed
// plays the same run. --write puts table and plot into docs/token-economics.md and docs/token-economics.svg.
import { parseArgs } from 'node:util';
import { attackRows, everydayRows, writeDocs } from './report.mjs';
import { scenarios } from './scenarios.mjs';
import { World } from './world.mjs';

const { values } = parseArgs({
    options: {
        epochs: { type: 'string', default: '4000' },
        seed: { type: 'string', default: 'mega' },
        scenario: { type: 'string' },
        write: { type: 'boolean', default: false },
    },
});
const epochs = Number(values.epochs);
if (!Number.isSafeInteger(epochs) || epochs < 100 || epochs > 1_000_000) {
    console.error(`simulation: --epochs wants a number from 100 to 1,000,000, not ${values.epochs}`);
    process.exit(2);
}
const chosen = scenarios(epochs).filter((s) => !values.scenario || s.name === values.scenario);
if (chosen.length === 0) {
    console.error(`simulation: no scenario "${values.scenario}"`);
    process.exit(2);
}

console.log(`seed ${values.seed}, ${epochs} epochs a scenario`);
const runs = [];
for (const scenario of chosen) {
    const started = performance.now();
    const world = new World(values.seed, scenario);
    const history = [];
    try {
        for (let i = 0; i < epochs; ++i) {
            world.step();
            history.push({ foregone: world.foregoneBy, wasAttested: world.wasAttested });
        }
    } catch (error) {
        console.error(`simulation: "${scenario.name}", epoch ${world.counts.epochs}: ${error.message}`);
        console.error(`replay: node tests/simulation/run.mjs --seed ${values.seed} --epochs ${epochs} --scenario "${scenario.name}"`);
        process.exit(1);
    }
    runs.push({ scenario, world, history });
    const { counts } = world;
    console.log(
        `${scenario.name}: ${((performance.now() - started) / 1000).toFixed(1)} s, ${counts.outages} outages of L1, ` +
            `${counts.unattested} epochs unattested, ${counts.takeovers} takeovers, ${counts.downtimes} slashed for downtime, ` +
            `${counts.contradictions} for contradictions, ${counts.falseFinality} false blocks final`,
    );
}
console.log(everydayRows(runs).join('\n'));
console.log(attackRows(runs).join('\n'));
if (values.write) {
    writeDocs(runs, { epochs, seed: values.seed });
}
