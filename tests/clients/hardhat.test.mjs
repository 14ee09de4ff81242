// Hardhat 2 as a client: `hardhat test` in its own process, on a network that is our node.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build_contracts, repository, start_node } from './harness.mjs';

let node;
before(async () => {
    build_contracts();
    node = await start_node();
});
after(() => node?.stop());

function hardhat(...args) {
    const cli = join(repository, 'node_modules/hardhat/internal/cli/bootstrap.js');
    const env = {
        ...process.env,
        MEGA_RPC_URL: node.http_url,
        HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true',
        HARDHAT_EXPERIMENTAL_ALLOW_NON_LOCAL_INSTALLATION: 'true',
        NO_COLOR: '1',
    };
    delete env.NODE_OPTIONS;
    const cwd = join(repository, 'tests/clients/hardhat');
    return new Promise((done) => {
        execFile(process.execPath, [cli, ...args], { cwd, env, timeout: 120_000 }, (error, stdout, stderr) =>
            done({ code: error ? (error.code ?? 1) : 0, output: stdout + stderr }),
        );
    });
}

describe('hardhat', () => {
    it('drives the node as its network', async () => {
        const { code, output } = await hardhat('test', '--no-compile', 'network.cjs');
        const passing = Number(output.match(/(\d+) passing/)?.[1] ?? 0);
        const failing = Number(output.match(/(\d+) failing/)?.[1] ?? 0);
        console.log(`# hardhat: ${passing} passing, ${failing} failing`);
        assert.equal(code, 0, output);
        assert.equal(failing, 0, output);
        assert.ok(passing >= 11, output);
    });
});
