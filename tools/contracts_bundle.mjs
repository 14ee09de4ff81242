// usage: node tools/contracts_bundle.mjs OUTPUT
//
// Gathers what the binary carries of build/contracts/out: one JSON file with the init code of the contracts that
// `mega l1 deploy` puts on L1, and the code and storage of the predeploys of L2 (contracts/predeploys.json).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const deployed_on_l1 = [
    'Timelock', 'TransparentUpgradeableProxy', 'Distributor', 'MegaToken', 'SystemConfig', 'DepositQueue', 'BatchInbox',
    'ForcedInclusion', 'StateClaims', 'Portal', 'L1Messenger', 'L1StandardBridge', 'L2ParameterRelay', 'FastExit', 'AtomicSwap',
    'Staking', 'Epochs', 'LeaderSchedule', 'Committee', 'CommitteeVerifier', 'DutyRecord', 'Slasher', 'Rewards', 'StakedVotes',
    'VotingPower', 'MegaGovernor', 'Guardian', 'Grants',
];
/// Where a contract shares a source file with another one.
const source_of = { DutyRecord: 'CommitteeVerifier' };

function artifact(name) {
    const found = JSON.parse(readFileSync(join(root, `build/contracts/out/${source_of[name] ?? name}.sol/${name}.json`), 'utf8'));
    for (const code of [found.bytecode, found.deployedBytecode]) {
        if (!/^0x([0-9a-f]{2})+$/.test(code.object)) throw new Error(`${name}: bytecode is missing or wants linking`);
    }
    return found;
}

const predeploys = JSON.parse(readFileSync(join(root, 'contracts/predeploys.json'), 'utf8'));
const bundle = {
    l1: Object.fromEntries(deployed_on_l1.map((name) => [name, artifact(name).bytecode.object])),
    l2: predeploys.map(({ name, address, artifact: code, storage }) => ({
        name, address, storage, code: artifact(code).deployedBytecode.object,
    })),
};
const output = process.argv[2];
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, JSON.stringify(bundle));
