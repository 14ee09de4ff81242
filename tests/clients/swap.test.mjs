// Hash-time-locked swaps between a real L1 and the chain, through `mega swap` and the SDK: with the native currencies and with
// tokens, claimed, refunded, in every wrong order, from the mempool, and with the L1 lock reorganised away between the legs.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeFunctionData, parseEther, zeroAddress } from 'viem';
import { account, artifact, is_anvil, temporary_directory, wait_for } from './harness.mjs';
import { deploy_chain, mega, run_mega, start_chain, start_l1 } from './settlement_harness.mjs';
import { abi_of, clients_of, deploy, load_sdk, pass_time, refused, reorganise_from, succeed, write } from './two_layers.mjs';

const skip = is_anvil ? 'swaps between the layers are a part of mega' : false;
const [alice, bob, other] = [1, 2, 3];
const address = (index) => account(index).address;
const hour = 3600n;
const at_once = ['--finality', 'latest'];

describe('swaps between the layers', { skip }, () => {
    let sdk, l1, chain, node, clients, token, swap_abi;
    before(async () => {
        sdk = await load_sdk();
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('swap'));
        await l1.tick();
        node = await start_chain(chain, l1);
        clients = clients_of(sdk, l1, chain, node.url);
        swap_abi = abi_of('AtomicSwap');
        const parts = artifact('Token');
        token = {
            l1: await deploy(clients.l1(alice), parts, ['Apple', 'APL', parseEther('1000')]),
            l2: await deploy(clients.l2(bob), parts, ['Berry', 'BRY', parseEther('1000')]),
        };
    });
    after(async () => {
        await node?.stop('SIGKILL');
        await l1?.stop('SIGKILL');
    });

    // ---- through the program: each party with a directory of its own -------------------------------

    const arguments_of = (step, index, name, args) => {
        const directory = join(chain.directory, `party${index}`);
        mkdirSync(directory, { recursive: true });
        const key = step === 'status' ? [] : ['--key', join(chain.directory, `user${index}.key`)];
        return ['swap', step, join(directory, name), ...key, '--l1', l1.url, '--l2', node.url, '--rollup', chain.rollup, ...args];
    };
    const party = (index) => (step, name, ...args) => mega(arguments_of(step, index, name, args));
    const refused_party = (index) => async (pattern, step, name, ...args) => {
        const { code, stderr } = await run_mega(arguments_of(step, index, name, args));
        assert.equal(code, 1, `${step} is taken`);
        assert.match(stderr, pattern);
    };
    const hand_over = (name, to = bob) => {
        mkdirSync(join(chain.directory, `party${to}`), { recursive: true });
        copyFileSync(join(chain.directory, `party${alice}`, name), join(chain.directory, `party${to}`, name));
    };
    const terms_of = (name) => JSON.parse(readFileSync(join(chain.directory, `party${bob}`, name), 'utf8'));

    // ---- through the SDK -----------------------------------------------------------------------------

    const readers = () => ({ l1: clients.public_l1, l2: clients.public_l2 });
    const now = async (layer) => (await readers()[layer].getBlock()).timestamp;
    const at = (layer) => ({ address: layer === 'l2' ? sdk.predeploys.atomicSwap : chain.contracts.atomicSwap, abi: swap_abi });
    const status_of = async (layer, terms) => {
        const id = await readers()[layer].readContract({ ...at(layer), functionName: 'idOf', args: [terms] });
        return ['none', 'open', 'claimed', 'refunded'][await readers()[layer].readContract({ ...at(layer), functionName: 'status', args: [id] })];
    };
    const tokens_of = (layer, index) => readers()[layer].readContract({ address: token[layer], abi: abi_of('MegaToken'), functionName: 'balanceOf', args: [address(index)] });
    const lock = async (layer, index, terms) => succeed(readers()[layer], await clients[layer](index).lockSwap({ layer, targetChain: clients.target_chain, terms, publicClient: readers()[layer], allowUnsafe: true }));
    const claim = async (layer, index, terms, preimage) => succeed(readers()[layer], await clients[layer](index).claimSwap({ layer, targetChain: clients.target_chain, terms, preimage }));
    const refund = async (layer, index, terms) => succeed(readers()[layer], await clients[layer](index).refundSwap({ layer, targetChain: clients.target_chain, terms }));
    const claim_call = (layer, terms, preimage) => ({ ...at(layer), functionName: 'claim', args: [terms, preimage] });
    const refund_call = (layer, terms) => ({ ...at(layer), functionName: 'refund', args: [terms] });
    const lock_call = (layer, terms) => ({ ...at(layer), functionName: 'lock', args: [terms], value: terms.token === zeroAddress ? terms.amount : 0n });
    /// Alice's leg and Bob's, which ends earlier.
    const legs = async (first_layer, { first_s = 2n * hour, second_s = hour, tokens = false } = {}) => {
        const second_layer = first_layer === 'l1' ? 'l2' : 'l1';
        const { preimage, hashLock } = sdk.newPreimage();
        const leg = async (layer, from, to, amount, seconds) => ({
            sender: address(from), recipient: address(to), token: tokens ? token[layer] : zeroAddress, amount: parseEther(amount), hashLock, deadline: (await now(layer)) + seconds,
        });
        return { preimage, first: await leg(first_layer, alice, bob, '1', first_s), second: await leg(second_layer, bob, alice, '3', second_s) };
    };

    /// L1 without the lock that was last made there.
    const vanish = async () => {
        const event = swap_abi.find(({ type, name }) => type === 'event' && name === 'Locked');
        const logs = await clients.public_l1.getLogs({ address: chain.contracts.atomicSwap, event, fromBlock: 0n });
        await reorganise_from(l1, logs.at(-1).blockNumber);
    };

    it('tokens are locked through the program, and nobody claims (they go back below)', async () => {
        const offered = await party(alice)('offer', 'apples', '--give', '5', '--want', '7', '--to', address(bob), '--give-token', token.l1, '--want-token', token.l2, '--minutes', '1', '--margin-s', '5');
        assert.match(offered, /first leg is locked/);
        hand_over('apples');
        assert.match(await party(bob)('accept', 'apples', '--margin-s', '5', ...at_once), /second leg is locked/);
        assert.equal(await tokens_of('l1', alice), parseEther('995'));
        assert.equal(await tokens_of('l2', bob), parseEther('993'));
        await refused_party(alice)(/not before its deadline: \d+ s left/, 'refund', 'apples');
        await refused_party(bob)(/not before its deadline: \d+ s left/, 'refund', 'apples');
        await refused_party(alice)(/the second leg ends within 600 s/, 'claim', 'apples'); // the ordinary margin
    });

    it('ether on L1 against MEGA on L2, through the program, and nothing out of its turn', async () => {
        await refused_party(alice)(/ends? (less than|within)/, 'offer', 'short', '--give', '1', '--want', '3', '--to', address(bob), '--minutes', '15');
        await party(alice)('offer', 'ether', '--give', '1', '--want', '3', '--to', address(bob));
        hand_over('ether');
        assert.match(await party(bob)('status', 'ether'), /first leg, on L1: locked, \d+ s left\n.*second leg, on L2: not locked/);
        await refused_party(alice)(/the second leg is not locked/, 'claim', 'ether');
        await refused_party(bob)(/nobody has shown the preimage/, 'claim', 'ether');
        hand_over('ether', other);
        await refused_party(other)(/the offer is for/, 'accept', 'ether');
        await refused_party(bob)(/leg on L1 is not open in a block that is finalized/, 'accept', 'ether');
        const locked_at = await clients.public_l1.getBlockNumber();
        await wait_for(async () => (await clients.public_l1.getBlock({ blockTag: 'finalized' })).number >= locked_at, 60_000, 'the lock to be final');
        await party(bob)('accept', 'ether');
        await refused_party(bob)(/./, 'accept', 'ether');
        await refused_party(bob)(/nobody has shown the preimage/, 'claim', 'ether');
        const [ether, native] = [await clients.public_l1.getBalance({ address: address(bob) }), await clients.public_l2.getBalance({ address: address(alice) })];
        await refused_party(alice)(/leg on L2 is not open in a block that is finalized/, 'claim', 'ether');
        assert.match(await party(alice)('claim', 'ether', ...at_once), /second leg is yours/);
        assert.match(await party(bob)('claim', 'ether'), /first leg is yours/);
        const fees = parseEther('0.01');
        const gained = [(await clients.public_l1.getBalance({ address: address(bob) })) - ether, (await clients.public_l2.getBalance({ address: address(alice) })) - native];
        assert.ok(gained[0] > parseEther('1') - fees && gained[0] < parseEther('1'), `${gained[0]}`);
        assert.ok(gained[1] > parseEther('3') - fees && gained[1] < parseEther('3'), `${gained[1]}`);
        assert.match(await party(bob)('status', 'ether'), /on L1: claimed.*\n.*on L2: claimed/);
        await refused_party(alice)(/the second leg is claimed/, 'claim', 'ether');
        await refused_party(bob)(/./, 'claim', 'ether');
        await refused_party(alice)(/not before its deadline/, 'refund', 'ether');
    });

    it('tokens on both layers, through the SDK, and nothing but the terms and the preimage opens a lock', async () => {
        const { preimage, first, second } = await legs('l1', { tokens: true });
        const before_ = [await tokens_of('l1', bob), await tokens_of('l2', alice)];
        await lock('l1', alice, first);
        await lock('l2', bob, second);
        const wrong = `0x${'77'.repeat(32)}`;
        const [by_alice, by_bob] = [clients.l2(alice), clients.l1(bob)];
        await refused(
            by_alice,
            ['a wrong preimage', claim_call('l2', second, wrong), 'WrongPreimage'],
            ['another recipient', claim_call('l2', { ...second, recipient: address(other) }, preimage), 'WrongStatus'],
            ['another amount', claim_call('l2', { ...second, amount: second.amount + 1n }, preimage), 'WrongStatus'],
            ['another token', claim_call('l2', { ...second, token: zeroAddress }, preimage), 'WrongStatus'],
            ['a later deadline', claim_call('l2', { ...second, deadline: second.deadline + hour }, preimage), 'WrongStatus'],
            ['the leg of the other layer', claim_call('l2', first, preimage), 'WrongStatus'],
            ['the refund before its time', refund_call('l2', second), 'DeadlineAhead'],
        );
        await refused(
            clients.l1(alice),
            ['the same lock twice', lock_call('l1', first), 'WrongStatus'],
            ['her refund while Bob may claim', refund_call('l1', first), 'DeadlineAhead'],
        );
        // Who sends the claim does not matter: the recipient gets it.
        const claimed = await claim('l2', other, second, preimage);
        const revealed = sdk.revealedPreimage(claimed);
        assert.equal(revealed, preimage);
        await refused(
            clients.l1(alice),
            ['the refund of the first after the claim of the second', refund_call('l1', first), 'DeadlineAhead'],
        );
        await claim('l1', bob, first, revealed);
        assert.deepEqual([await tokens_of('l1', bob), await tokens_of('l2', alice)], [before_[0] + first.amount, before_[1] + second.amount]);
        await refused(by_alice, ['a second claim', claim_call('l2', second, preimage), 'WrongStatus'], ['a refund of what was claimed', refund_call('l2', second), 'WrongStatus']);
        await refused(by_bob, ['a second claim', claim_call('l1', first, preimage), 'WrongStatus'], ['a refund of what was claimed', refund_call('l1', first), 'WrongStatus']);
    });

    it('the preimage is read out of the mempool: the first leg is claimed before the second claim is mined', async () => {
        const { preimage, first, second } = await legs('l2');
        await lock('l2', alice, first);
        await lock('l1', bob, second);
        await l1.hold();
        try {
            const pending = await clients.l1(alice).claimSwap({ layer: 'l1', targetChain: clients.target_chain, terms: second, preimage });
            const seen = await pending_claim(l1, at('l1').address, swap_abi);
            assert.equal(seen, preimage);
            await claim('l2', bob, first, seen);
            assert.equal(await status_of('l2', first), 'claimed');
            assert.equal(await l1.rpc('eth_getTransactionReceipt', pending), null);
            assert.equal(await status_of('l1', second), 'open');
            await l1.tick();
            await succeed(clients.public_l1, pending);
        } finally {
            await l1.tick();
        }
        assert.equal(await status_of('l1', second), 'claimed');
    });

    it('the lock on L1 is reorganised away after the one on L2: each side is told, shows nothing, and gets its own back', async () => {
        // The first leg on L2, the second, on L1, vanishes: Alice must not show the preimage.
        await party(alice)('offer', 'berries', '--on', 'l2', '--give', '3', '--want', '1', '--to', address(bob), '--minutes', '1', '--margin-s', '5');
        hand_over('berries');
        await party(bob)('accept', 'berries', '--margin-s', '5', ...at_once);
        await refused_party(alice)(/leg on L1 is not open in a block that is finalized/, 'claim', 'berries', '--margin-s', '5');
        await vanish();
        assert.match(await party(alice)('status', 'berries'), /first leg, on L2: locked.*\n.*second leg, on L1: not locked/);
        await refused_party(alice)(/the second leg is not locked/, 'claim', 'berries', '--margin-s', '5');
        await refused_party(bob)(/nobody has shown the preimage/, 'claim', 'berries');
        const gone = await legs('l2', { first_s: 10n, second_s: 5n });
        await lock('l2', alice, gone.first);
        await lock('l1', bob, gone.second);
        await vanish();
        assert.equal(await status_of('l1', gone.second), 'none');

        // The first leg on L1 vanishes: whoever has not locked yet does not, and who has gets it back.
        await party(alice)('offer', 'cherries', '--give', '1', '--want', '3', '--to', address(bob));
        hand_over('cherries');
        await vanish();
        await refused_party(bob)(/the first leg is not locked/, 'accept', 'cherries');
        const { preimage, first, second } = await legs('l1', { second_s: 8n });
        await lock('l1', alice, first);
        await lock('l2', bob, second);
        await vanish();
        assert.equal(await status_of('l1', first), 'none');
        assert.equal(await status_of('l2', second), 'open');
        await refused(clients.l1(bob), ['a claim of a lock that is gone', claim_call('l1', first, preimage), 'WrongStatus']);
        await wait_for(async () => (await now('l2')) >= second.deadline, 20_000, 'the deadline on L2', node);
        await refused(clients.l2(alice), ['a claim after the deadline', claim_call('l2', second, preimage), 'DeadlinePassed']);
        const mine = await clients.public_l2.getBalance({ address: address(bob) });
        await refund('l2', other, second);
        assert.equal(await clients.public_l2.getBalance({ address: address(bob) }), mine + second.amount);
        await wait_for(async () => (await now('l2')) >= gone.first.deadline, 20_000, 'the deadline on L2', node);
        const hers = await clients.public_l2.getBalance({ address: address(alice) });
        await refund('l2', other, gone.first);
        assert.equal(await clients.public_l2.getBalance({ address: address(alice) }), hers + gone.first.amount);

    });

    it('refund and refund: no claim after a deadline, no lock is paid twice', async () => {
        const { preimage, first, second } = await legs('l1', { first_s: 2n * hour, second_s: 3n });
        await lock('l1', alice, first);
        await lock('l2', bob, second);
        await wait_for(async () => (await now('l2')) >= second.deadline, 20_000, 'the deadline on L2', node);
        await refused(clients.l2(alice), ['a claim on the second', claim_call('l2', second, preimage), 'DeadlinePassed']);
        await refund('l2', bob, second);
        await refused(clients.l2(alice), ['a claim of what was refunded', claim_call('l2', second, preimage), 'WrongStatus'], ['a second refund', refund_call('l2', second), 'WrongStatus']);
        await refused(clients.l1(alice), ['her refund before its deadline', refund_call('l1', first), 'DeadlineAhead']);

        await pass_time(l1, 2n * hour); // L1's clock alone: the chain takes no origin from now on
        await refused(clients.l1(bob), ['a claim on the first, with the right preimage', claim_call('l1', first, preimage), 'DeadlinePassed']);
        const hers = await clients.public_l1.getBalance({ address: address(alice) });
        await refund('l1', other, first);
        assert.equal(await clients.public_l1.getBalance({ address: address(alice) }), hers + first.amount);
        await refused(clients.l1(bob), ['a claim of what was refunded', claim_call('l1', first, preimage), 'WrongStatus'], ['a second refund', refund_call('l1', first), 'WrongStatus']);

        // The apples of the first test, through the program.
        const ends = BigInt(terms_of('apples').second.deadline);
        await wait_for(async () => (await now('l2')) >= ends, 40_000, 'the deadline of the apples on L2', node);
        await refused_party(alice)(/the second leg ends within/, 'claim', 'apples', '--margin-s', '5');
        const [apples, berries] = [await tokens_of('l1', alice), await tokens_of('l2', bob)];
        assert.match(await party(bob)('refund', 'apples'), /refunded/);
        assert.match(await party(alice)('refund', 'apples'), /refunded/);
        assert.deepEqual([await tokens_of('l1', alice), await tokens_of('l2', bob)], [apples + parseEther('5'), berries + parseEther('7')]);
        assert.match(await party(bob)('status', 'apples'), /on L1: refunded.*\n.*on L2: refunded/);
    });
});

/// The preimage in a claim that waits in L1's mempool.
async function pending_claim(l1, contract, abi) {
    const { pending } = await l1.rpc('txpool_content');
    for (const tx of Object.values(pending).flatMap((by_nonce) => Object.values(by_nonce))) {
        if (tx.to?.toLowerCase() !== contract.toLowerCase()) continue;
        const { functionName, args } = decodeFunctionData({ abi, data: tx.input });
        if (functionName === 'claim') return args[1];
    }
    return undefined;
}
