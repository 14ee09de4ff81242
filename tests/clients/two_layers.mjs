// What tests of both layers together say often: the SDK's clients, the contracts' own ABIs, and that a call is refused, by
// its error's name and by a transaction that reverts.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicClient, createWalletClient, defineChain, encodeDeployData, http, keccak256, publicActions, toRlp } from 'viem';
import { account, repository, rpc } from './harness.mjs';
import { l1_chain_id, l2_chain_id, message_passer } from './settlement_harness.mjs';

/// The SDK as its users get it.
export async function load_sdk() {
    execFileSync(join(repository, 'tools/sdk'), { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
    return import(join(repository, 'sdk/typescript/dist/index.js'));
}

/// ABI, or `{ abi, bytecode }`, of a contract of ours; load_sdk() compiles them.
export const compiled = (name) => {
    const { abi, bytecode } = JSON.parse(readFileSync(join(repository, `build/contracts/out/${name}.sol/${name}.json`), 'utf8'));
    return { abi, bytecode: bytecode.object };
};
export const abi_of = (name) => compiled(name).abi;

/// Clients of both layers; `l1(i)` and `l2(i)` are wallets of account i which also read.
export function clients_of(sdk, l1, chain, l2_url) {
    const target_chain = sdk.defineMegaChain({ id: l2_chain_id, rpcUrl: l2_url, l1ChainId: l1_chain_id, l1: chain.contracts });
    const l1_chain = defineChain({ id: l1_chain_id, name: 'l1', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [l1.url] } } });
    const options = (client_chain, url) => ({ chain: client_chain, transport: http(url), pollingInterval: 50, cacheTime: 0 });
    const public_l1 = createPublicClient(options(l1_chain, l1.url)).extend(sdk.publicActionsL1());
    const public_l2 = createPublicClient(options(target_chain, l2_url)).extend(sdk.publicActionsL2());
    const wallet = (client_options, index) => createWalletClient({ ...client_options, account: account(index) }).extend(publicActions);
    return {
        target_chain,
        public_l1,
        public_l2,
        l1: (index) => wallet(options(l1_chain, l1.url), index).extend(sdk.walletActionsL1()),
        l2: (index) => wallet(options(target_chain, l2_url), index).extend(sdk.walletActionsL2()),
    };
}

/// The receipt of a transaction that must succeed.
export async function succeed(client, hash) {
    const receipt = await client.waitForTransactionReceipt({ hash, timeout: 30_000 });
    assert.equal(receipt.status, 'success');
    return receipt;
}
export const write = async (wallet, call) => succeed(wallet, await wallet.writeContract(call));

/// Deploys; the address.
export async function deploy(wallet, { abi, bytecode }, args = []) {
    return (await succeed(wallet, await wallet.sendTransaction({ data: encodeDeployData({ abi, bytecode, args }) }))).contractAddress;
}

/// The name of the error that a call ends with.
async function error_of(wallet, call) {
    const error = await wallet.simulateContract({ account: wallet.account, ...call }).then(() => undefined, (thrown) => thrown);
    if (!error) return 'nothing: it is taken';
    const reverted = error.walk?.((cause) => cause.name === 'ContractFunctionRevertedError');
    return reverted?.data?.errorName ?? reverted?.signature ?? error.message;
}

/// Every call is refused with its error, and its transaction reverts. `calls`: [what, call, error's name or a pattern of it].
export async function refused(wallet, ...calls) {
    const sent = [];
    for (const [what, call, name] of calls) {
        assert.match(await error_of(wallet, call), name instanceof RegExp ? name : new RegExp(`^${name}$`), what);
        sent.push([what, await wallet.writeContract({ gas: 2_000_000n, ...call })]);
    }
    for (const [what, hash] of sent) {
        assert.equal((await wallet.waitForTransactionReceipt({ hash, timeout: 30_000 })).status, 'reverted', what);
    }
}

/// RLP of the header of a sealed block, as JSON-RPC tells it.
function encoded_header(block) {
    const number = (quantity) => (BigInt(quantity) === 0n ? '0x' : `0x${BigInt(quantity).toString(16).replace(/^(.(..)*)$/, '0$1')}`);
    const header = toRlp([
        block.parentHash, block.sha3Uncles, block.miner, block.stateRoot, block.transactionsRoot, block.receiptsRoot, block.logsBloom,
        ...[block.difficulty, block.number, block.gasLimit, block.gasUsed, block.timestamp].map(number), block.extraData, block.mixHash, block.nonce,
        number(block.baseFeePerGas), block.withdrawalsRoot, ...[block.blobGasUsed, block.excessBlobGas].map(number), block.parentBeaconBlockRoot, block.requestsHash,
    ]);
    assert.equal(keccak256(header), block.hash);
    return header;
}

/// The call that claims the state after a batch, as `node` knows it; `last_block` is the batch's own unless one wants to lie.
export async function proposal(client, chain, node, { header, kind, dataHashes }, last_block = header.lastBlock) {
    const number = `0x${last_block.toString(16)}`;
    const claims = { address: chain.contracts.stateClaims, abi: abi_of('StateClaims') };
    const { claim: value } = await client.readContract({ address: chain.contracts.systemConfig, abi: abi_of('SystemConfig'), functionName: 'bonds' });
    const parent = (await client.readContract({ ...claims, functionName: 'claimCount' })) - 1n;
    const { accountProof } = await node.rpc('eth_getProof', message_passer, [], number);
    const encoded = encoded_header(await node.rpc('eth_getBlockByNumber', number, false));
    return { ...claims, functionName: 'propose', args: [parent, { header, kind, dataHashes }, encoded, accountProof], value };
}

/// Makes claims final up to `last`, as anybody may once their windows have passed.
export async function finalize_claims(wallet, chain, last) {
    const claims = { address: chain.contracts.stateClaims, abi: abi_of('StateClaims') };
    for (let claim = 1n; claim <= last; ++claim) {
        const args = [claim];
        if (!(await wallet.readContract({ ...claims, functionName: 'isFinal', args }))) await write(wallet, { ...claims, functionName: 'finalize', args });
    }
}

/// L1's clock, ahead by `seconds`.
export async function pass_time(l1, seconds) {
    await rpc(l1.url, 'evm_increaseTime', [Number(seconds)]);
    await l1.mine(1);
}

/// L1 without block `number` and those after it; their transactions are gone, as if L1 had never seen them.
export async function reorganise_from(l1, number) {
    await l1.hold(); // a block more, and the depth would be another
    const depth = Number(await l1.rpc('eth_blockNumber')) - Number(number) + 1;
    await l1.rpc('anvil_reorg', depth, []);
    await l1.tick();
}
