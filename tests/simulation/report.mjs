// Tables and plot of docs/token-economics.md, out of finished runs.
import { readFileSync, writeFileSync } from 'node:fs';
import { EPOCHS_A_YEAR, MEGA, sum } from './world.mjs';

const whole = (wei) => Number(wei / MEGA).toLocaleString('en-US');
const percent = (value) => `${value.toFixed(2)} %`;

export function everydayRows(runs) {
    const run = runs.find((r) => r.scenario.name === 'everyday');
    if (!run) {
        return [];
    }
    const { world } = run;
    const index = world.index();
    const rows = ['| validators | number | a MEGA became | a year, in proportion | slashed of their pools |', '|---|---|---|---|---|'];
    for (const [kind, number] of run.scenario.validators) {
        const taken = sum([...world.slasher.taken].filter(([id]) => world.agents.get(id).kind === kind).map(([, t]) => t));
        const yearly = ((index[kind] - 1) * 100 * EPOCHS_A_YEAR) / world.counts.epochs;
        rows.push(`| ${kind} | ${number} | ${index[kind].toFixed(4)} | ${percent(yearly)} | ${whole(taken)} MEGA |`);
    }
    return rows;
}

export function attackRows(runs) {
    const rows = ['| attack | share of stake | it reaches | it costs the attackers |', '|---|---|---|---|'];
    for (const run of runs) {
        const { world, scenario } = run;
        if (world.attack) {
            const { guilty, share, stake } = world.attack;
            const lost = sum(guilty.map((id) => world.slasher.taken.get(id) ?? 0n));
            const back = world.slasher.rewards.get('colluder') ?? 0n;
            const reached = world.counts.falseFinality > 0 ? 'a false claim is final' : 'nothing: two thirds are needed';
            const price = percent(Number(((lost - back) * 10_000n) / stake) / 100);
            rows.push(`| ${scenario.name} | ${percent(share)} | ${reached} | ${whole(lost - back)} MEGA, ${price} of their stake (${whole(back)} back by reporting themselves) |`);
        } else if (scenario.withhold) {
            rows.push(withholdRow(run));
        }
    }
    return rows;
}

/** What the time of withholding brought, and cost each side. */
function withholdRow({ world, scenario, history }) {
    const [from, to] = scenario.withhold;
    const epochs = history.slice(from, to);
    const foregone = (kind) => sum(epochs.map((e) => e.foregone.get(kind) ?? 0n));
    const slashed = sum([...world.slasher.taken].filter(([id]) => world.agents.get(id).kind === 'colluding').map(([, t]) => t));
    const without = epochs.filter((e) => !e.wasAttested).length;
    const end = without < to - from ? 'until enough of them are jailed' : 'as long as it lasts';
    const share = percent((100 * scenario.validators[1][1]) / 30);
    return (
        `| ${scenario.name}, ${to - from} epochs long | ${share} | no early finality for ${without} epochs, ${end}; claims wait for the window ` +
        `| ${whole(foregone('colluding'))} MEGA of rewards and ${whole(slashed)} MEGA of stake; the honest forgo ${whole(foregone('honest'))} MEGA, which stay in the reserve |`
    );
}

export function writeDocs(runs, { epochs, seed }) {
    const root = new URL('../../docs/', import.meta.url);
    const page = new URL('token-economics.md', root);
    const text = readFileSync(page, 'utf8');
    const [open, close] = ['<!-- simulation -->', '<!-- /simulation -->'];
    const [before, rest] = text.split(open);
    const after = rest?.split(close)[1];
    if (after === undefined) {
        throw new Error(`docs/token-economics.md has no place between ${open} and ${close}`);
    }
    const body = [
        `\`make simulation\` (${epochs} epochs of an hour a scenario, seed \`${seed}\`):`, '',
        ...everydayRows(runs), '', ...attackRows(runs), '', '![what a MEGA becomes](token-economics.svg)',
    ].join('\n');
    writeFileSync(page, `${before}${open}\n${body}\n${close}${after}`);
    writeFileSync(new URL('token-economics.svg', root), plot(runs));
}

const COLOURS = { honest: '#1a7f37', lazy: '#bf8700', offline: '#8250df', equivocating: '#cf222e', 'a third, colluding': '#0969da' };

function plot(runs) {
    const everyday = runs.find((r) => r.scenario.name === 'everyday')?.world.series ?? [];
    const third = runs.find((r) => r.scenario.name === 'a third signs a false block')?.world.series ?? [];
    const lines = Object.keys(COLOURS).map((name) =>
        name.startsWith('a third')
            ? { name, points: third.map((p) => [p.epoch, p.index.colluding]) }
            : { name, points: everyday.map((p) => [p.epoch, p.index[name]]) },
    );
    const [width, height, left, top] = [860, 400, 60, 30];
    const last = Math.max(...lines.flatMap((l) => l.points.map(([x]) => x)), 1);
    const high = Math.ceil(Math.max(...lines.flatMap((l) => l.points.map(([, y]) => y)), 1) * 10 + 0.5) / 10;
    const x = (epoch) => left + (epoch / last) * (width - left - 170);
    const y = (value) => top + (1 - value / high) * (height - top - 50);
    const out = [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
        '<rect width="100%" height="100%" fill="white"/>',
        `<text x="${left}" y="18">What one MEGA, staked by an operator at the start, has become (stake and rewards)</text>`,
    ];
    for (let value = 0; value <= high + 1e-9; value += 0.2) {
        out.push(`<line x1="${left}" x2="${width - 170}" y1="${y(value)}" y2="${y(value)}" stroke="#d0d7de"/>`);
        out.push(`<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(1)}</text>`);
    }
    for (let part = 0; part <= 4; ++part) {
        const epoch = Math.round((last * part) / 4);
        out.push(`<text x="${x(epoch)}" y="${height - 28}" text-anchor="middle">${epoch}</text>`);
    }
    out.push(`<text x="${(width - 110) / 2}" y="${height - 10}" text-anchor="middle">epochs</text>`);
    lines.forEach(({ name, points }, i) => {
        const path = points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(' ');
        out.push(`<polyline fill="none" stroke="${COLOURS[name]}" stroke-width="2" points="${path}"/>`);
        out.push(`<rect x="${width - 160}" y="${top + 20 * i}" width="12" height="4" fill="${COLOURS[name]}"/>`);
        out.push(`<text x="${width - 142}" y="${top + 6 + 20 * i}">${name}</text>`);
    });
    out.push('</svg>');
    return `${out.join('\n')}\n`;
}
