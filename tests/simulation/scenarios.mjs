// Who is there, and what they try. [kind, how many, MEGA that each puts in itself]
const EVERYBODY = [
    ['honest', 28, 2_000_000n],
    ['lazy', 4, 2_000_000n],
    ['offline', 4, 2_000_000n],
    ['equivocating', 4, 2_000_000n],
];
// Of the stake at the start; delegators spread theirs evenly, so the share stays about the same.
const collusion = (colluding) => [
    ['honest', 30 - colluding, 2_000_000n],
    ['colluding', colluding, 2_000_000n],
];
const falsely = (world, epoch, committee) => world.signFalsely(epoch, committee);

export const scenarios = (epochs) => {
    const every = Math.max(1, Math.floor(epochs / 200));
    const attackAt = Math.floor(epochs * 0.4);
    const withhold = [attackAt, attackAt + Math.min(100, Math.floor(epochs / 5))];
    return [
        { name: 'everyday', every, validators: EVERYBODY },
        { name: 'a third signs a false block', every, validators: collusion(10), attackAt, attack: falsely },
        { name: 'half signs a false block', every, validators: collusion(15), attackAt, attack: falsely },
        { name: 'a third signs nothing', every, validators: collusion(11), withhold },
        { name: 'half signs nothing', every, validators: collusion(15), withhold },
    ];
};
