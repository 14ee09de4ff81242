#!/usr/bin/env node
// Writes the bytecode that `mega bench parallel` executes: bench/contracts compiled against
// OpenZeppelin's sources by solc, and Uniswap v2 as its npm packages publish it.
//
//   node bench/compile_contracts.mjs FILE      {"Coin": {"init": "0x..", "runtime": "0x.."}, ...}

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, '../node_modules');
const solc = createRequire(import.meta.url)('solc');

const with_prefix = (code) => (code.startsWith('0x') ? code : `0x${code}`);

function compiled() {
    const folder = join(here, 'contracts');
    const names = readdirSync(folder).filter((name) => name.endsWith('.sol'));
    const input = {
        language: 'Solidity',
        sources: Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, name), 'utf8') }])),
        settings: {
            optimizer: { enabled: true, runs: 200 },
            evmVersion: 'cancun',
            outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.deployedBytecode.object'] } },
        },
    };
    const find = (path) => ({ contents: readFileSync(join(modules, path), 'utf8') });
    const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
    const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
    return names.map((file) => {
        const name = file.slice(0, -'.sol'.length);
        const { bytecode, deployedBytecode } = output.contracts[file][name].evm;
        return [name, { init: with_prefix(bytecode.object), runtime: with_prefix(deployedBytecode.object) }];
    });
}

function published(package_name, name) {
    const path = join(modules, `@uniswap/${package_name}/build/${name}.json`);
    const { bytecode, evm } = JSON.parse(readFileSync(path, 'utf8'));
    return [name, { init: with_prefix(bytecode ?? evm.bytecode.object) }];
}

const file = process.argv[2];
if (file === undefined) {
    console.error('usage: compile_contracts.mjs FILE');
    process.exit(2);
}
const contracts = Object.fromEntries([
    ...compiled(),
    published('v2-core', 'UniswapV2Factory'),
    published('v2-periphery', 'UniswapV2Router02'),
]);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(contracts, null, 1)}\n`);
