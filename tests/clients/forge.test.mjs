// forge: creates one contract, deploys a system by script, and the system then governs itself:
// OpenZeppelin's ERC-20, ERC-721 and Governor.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, keccak256, toHex } from 'viem';
import { account, artifact, build_contracts, forge_compiler_flags, run_tool, start_node, tool } from './harness.mjs';

const member = '0x00000000000000000000000000000000deadbeef';
const day_s = 24 * 3600;
let node;
let client;
let writer;
const deployed = {};

const network_flags = () => ['--rpc-url', node.http_url, '--private-key', account(0).private_key, '--broadcast'];
const read = (address, name, functionName, args = []) =>
    client.readContract({ address, abi: artifact(name).abi, functionName, args });
async function write(address, name, functionName, args) {
    const hash = await writer.writeContract({ address, abi: artifact(name).abi, functionName, args });
    return client.waitForTransactionReceipt({ hash });
}

before(async () => {
    build_contracts();
    node = await start_node();
    const chain = defineChain({
        id: Number(await node.rpc('eth_chainId')),
        name: 'under test',
        nativeCurrency: { name: 'MEGA', symbol: 'MEGA', decimals: 18 },
        rpcUrls: { default: { http: [node.http_url] } },
    });
    client = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 });
    writer = createWalletClient({ chain, account: account(0), transport: http() });
});
after(() => node?.stop());

describe('forge create', () => {
    it('deploys an ERC-20 with constructor arguments', async () => {
        const contract = 'tests/clients/contracts/Token.sol:Token';
        const answer = await tool('forge', [
            'create', ...forge_compiler_flags, ...network_flags(), '--json', contract,
            '--constructor-args', 'Created', 'CRT', '1000',
        ]);
        const { deployedTo, transactionHash, deployer } = JSON.parse(answer.slice(answer.indexOf('{')));
        assert.equal(deployer, account(0).address);
        assert.equal(await read(deployedTo, 'Token', 'symbol'), 'CRT');
        assert.equal(await read(deployedTo, 'Token', 'balanceOf', [account(0).address]), 1000n);
        const receipt = await client.getTransactionReceipt({ hash: transactionHash });
        assert.equal(receipt.contractAddress, deployedTo.toLowerCase());
    });

    it('reports a constructor that fails', async () => {
        const { code, stderr } = await run_tool('forge', [
            'create', ...forge_compiler_flags, ...network_flags(), 'tests/clients/contracts/Collectible.sol:Collectible',
            '--constructor-args', '0x0000000000000000000000000000000000000000',
        ]);
        assert.notEqual(code, 0);
        assert.match(stderr, /revert/i);
    });
});

describe('forge script', () => {
    it('deploys token, council and collectible', async () => {
        const answer = await tool('forge', [
            'script', ...forge_compiler_flags, ...network_flags(), '--slow', '--json',
            'tests/clients/script/Deploy.s.sol:Deploy',
        ]);
        const lines = answer.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
        const { returns } = lines.find((line) => line.returns);
        for (const name of ['token', 'collectible', 'council']) deployed[name] = returns[name].value;
        const { token, collectible, council } = deployed;
        assert.equal(await read(token, 'Token', 'totalSupply'), 10n ** 24n);
        assert.equal(await read(token, 'Token', 'getVotes', [account(0).address]), 10n ** 24n);
        assert.equal((await read(council, 'Council', 'token')).toLowerCase(), token.toLowerCase());
        assert.equal((await read(collectible, 'Collectible', 'owner')).toLowerCase(), council.toLowerCase());
    });

    it('verifies on chain what it compiled', async () => {
        const { deployedBytecode } = JSON.parse(
            await tool('forge', ['inspect', ...forge_compiler_flags, '--json', 'Token', 'deployedBytecode'])
                .then((code) => JSON.stringify({ deployedBytecode: code.replaceAll('"', '') })),
        );
        // Immutables differ, so only the length and the beginning are compared.
        const code = await client.getCode({ address: deployed.token });
        assert.equal(code.length, deployedBytecode.length);
        assert.equal(code.slice(0, 100), deployedBytecode.slice(0, 100));
    });
});

describe('a governance proposal', () => {
    const description = 'Mint the first collectible';
    const proposal = () => {
        const data = encodeFunctionData({ abi: artifact('Collectible').abi, functionName: 'mint', args: [member] });
        return [[deployed.collectible], [0n], [data]];
    };
    const state_of = (id) => read(deployed.council, 'Council', 'state', [id]);
    async function travel(seconds) {
        await node.rpc('evm_increaseTime', seconds);
        await node.rpc('anvil_mine', '0x1');
    }

    it('is refused to whoever does not own the collectible', async () => {
        await assert.rejects(
            write(deployed.collectible, 'Collectible', 'mint', [member]),
            /OwnableUnauthorizedAccount/,
        );
    });

    it('passes through delay, vote and time to its execution', async () => {
        const [targets, values, datas] = proposal();
        // Votes count as of the second before the proposal: the delegation must be older than that.
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        await write(deployed.council, 'Council', 'propose', [targets, values, datas, description]);
        const id = await read(deployed.council, 'Council', 'hashProposal', [
            targets, values, datas, keccak256(toHex(description)),
        ]);
        assert.equal(await state_of(id), 0, 'pending');
        await assert.rejects(write(deployed.council, 'Council', 'castVote', [id, 1]), /GovernorUnexpectedProposalState/);

        const time = async () => Number((await client.getBlock()).timestamp);
        const before_travel = await time();
        await travel(day_s + 2);
        assert.ok((await time()) >= before_travel + day_s + 2);
        assert.equal(await state_of(id), 1, 'active');
        await write(deployed.council, 'Council', 'castVote', [id, 1]);
        const [against, in_favour] = await read(deployed.council, 'Council', 'proposalVotes', [id]);
        assert.equal(against, 0n);
        assert.equal(in_favour, 10n ** 24n);

        await travel(7 * day_s + 2);
        assert.equal(await state_of(id), 4, 'succeeded');
        const receipt = await write(deployed.council, 'Council', 'execute', [
            targets, values, datas, keccak256(toHex(description)),
        ]);
        assert.equal(receipt.status, 'success');
        assert.equal(await state_of(id), 7, 'executed');
        assert.equal((await read(deployed.collectible, 'Collectible', 'ownerOf', [1n])).toLowerCase(), member);
    });

    it('mines the blocks and the time that anvil_mine names', async () => {
        const start = await client.getBlock();
        await node.rpc('anvil_mine', '0x5', '0xe10'); // five blocks, an hour apart
        const end = await client.getBlock();
        assert.ok(end.number >= start.number + 5n);
        assert.ok(end.timestamp >= start.timestamp + 4n * 3600n);
    });
});
