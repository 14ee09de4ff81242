// The network that hardhat.test.mjs starts; contracts come compiled, so no compiler is configured.
const path = require('node:path');
const build = path.resolve(__dirname, '../../../build/clients/hardhat');

module.exports = {
    solidity: '0.8.30',
    defaultNetwork: 'under_test',
    networks: {
        under_test: {
            url: process.env.MEGA_RPC_URL ?? 'http://127.0.0.1:8545',
            accounts: { mnemonic: 'test test test test test test test test test test test junk' },
        },
    },
    paths: { root: __dirname, tests: __dirname, cache: `${build}/cache`, artifacts: `${build}/artifacts` },
    mocha: { timeout: 30_000 },
};
