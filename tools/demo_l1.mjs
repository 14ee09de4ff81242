// usage: node tools/demo_l1.mjs     (make demo-l1)
//
// The whole way through both layers, to watch: a deposit, a receipt within a mini-block, a batch in a blob, the sequencer
// killed and L1 reorganised on the way, a second node rebuilt from L1 alone, a withdrawal paid.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keccak256 } from 'viem';
import { account, open_websocket } from '../tests/clients/harness.mjs';
import {
    abi, batches, block_number, deploy_chain, deposit, l1_chain_id, l2_chain_id, queue_entries, reader, run_mega, sleep, start_chain, start_l1,
    start_follower_from_l1, wait_for, wait_for_block, wallet,
} from '../tests/clients/settlement_harness.mjs';

const began = performance.now();
const say = (text) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);
const mega_text = (wei) => `${Number(wei) / 1e18} MEGA`;
const directory = mkdtempSync(join(tmpdir(), 'mega-demo-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const someone = '0x00000000000000000000000000000000000a11ce';

say('L1: anvil with the limits of mainnet (Osaka)');
const l1 = await start_l1();
const chain = await deploy_chain(l1, directory);
say(`contracts deployed: portal ${chain.contracts.portal}, batch inbox ${chain.contracts.batchInbox}`);
await l1.tick();
let node = await start_chain(chain, l1);
say(`L2: the sequencer answers at ${node.url}`);

const sent = await deposit(l1, chain, 1, someone, 5n * 10n ** 18n);
const [{ envelope }] = (await queue_entries(l1, chain)).slice(-1);
say(`deposit: L1 block ${sent.blockNumber}, L2 hash ${keccak256(envelope)} known from the log alone`);
const on_l2 = await wait_for(() => node.rpc('eth_getTransactionReceipt', keccak256(envelope)), 20_000, 'the deposit');
say(`deposit: in L2 block ${Number(on_l2.blockNumber)}, ${someone} has ${mega_text(await node.rpc('eth_getBalance', someone, 'latest'))}`);

const socket = await open_websocket(node.url.replace('http', 'ws'));
const subscription = await socket.call('eth_subscribe', 'miniBlocks');
const sender = wallet(node.url, l2_chain_id, 2);
const request = await sender.prepareTransactionRequest({ to: someone, value: 10n ** 18n });
const raw = await sender.signTransaction(request);
const sent_at = performance.now();
const receipt = await node.rpc('eth_sendRawTransactionSync', raw);
say(`transfer: receipt (status ${Number(receipt.status)}) after ${(performance.now() - sent_at).toFixed(1)} ms`);
await wait_for(() => socket.notifications(subscription).some(({ transactions }) => JSON.stringify(transactions).includes(receipt.transactionHash)), 5_000, 'its mini-block');
say('transfer: in a signed mini-block');
socket.close();

await wait_for(async () => (await batches(l1, chain)).at(-1)?.header.lastBlock >= BigInt(receipt.blockNumber), 60_000, 'its batch');
const batch = (await batches(l1, chain)).at(-1);
say(`batch ${batch.index}: blocks up to ${batch.header.lastBlock} in blob ${batch.dataHashes[0]}`);

say('kill -9 of the sequencer');
await node.stop('SIGKILL');
await deposit(l1, chain, 2, someone, 3n * 10n ** 18n);
say('a deposit while nobody is there');
node = await start_chain(chain, l1);
say(`the sequencer is back at block ${await block_number(node)}`);
await l1.rpc('anvil_reorg', 3, []);
say('L1 reorganised: three blocks replaced, their transactions gone');
await deposit(l1, chain, 3, someone, 2n * 10n ** 18n);
await sleep(3_000);
const safe = await block_number(node, 'safe');
await wait_for_block(node, safe + 3, 'safe', 60_000);
say(`the chain goes on: latest ${await block_number(node)}, safe ${await block_number(node, 'safe')}`);

const follower = await start_follower_from_l1(chain, l1, join(directory, 'second'));
if (follower) {
    const target = await block_number(node, 'safe');
    await wait_for_block(follower, target, 'latest', 120_000);
    const number = `0x${target.toString(16)}`;
    const [ours, theirs] = await Promise.all([node, follower].map((one) => one.rpc('eth_getBlockByNumber', number, false)));
    if (ours.hash !== theirs.hash) throw new Error(`block ${target} is ${ours.hash} here and ${theirs.hash} from L1`);
    say(`a second node, rebuilt from L1 alone: block ${target} is ${theirs.hash} on both`);
    await follower.stop();
} else {
    say('this binary cannot rebuild a node from L1 alone');
}

const before = await reader(l1.url, l1_chain_id).readContract({ address: chain.contracts.token, abi, functionName: 'balanceOf', args: [someone] });
const { stdout, stderr, code } = await run_mega(['bridge', 'withdraw', '1.25', '--to', someone, '--key', join(directory, 'user4.key'), '--l1', l1.url, '--l2', node.url, '--rollup', chain.rollup]);
if (code !== 0) throw new Error(stdout + stderr);
stdout.trim().split('\n').forEach((line) => say(`withdrawal: ${line}`));
const paid = await reader(l1.url, l1_chain_id).readContract({ address: chain.contracts.token, abi, functionName: 'balanceOf', args: [someone] });
say(`withdrawal: ${someone} has ${mega_text(paid - before)} more on L1`);
await node.stop();
await l1.stop();
say('done');
process.exit(0);
