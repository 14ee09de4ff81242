// What crosses between a real L1 and the chain, in both directions: ether and tokens over the bridges, messages that call contracts,
// exits that a provider pays at once; and what `mega bridge status` says of a withdrawal on its way. Nobody claims, proves or
// finalises here but the tests, so that each stage lasts until it was looked at.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeFunctionData, encodeAbiParameters, encodeFunctionData, getAddress, parseEther, zeroAddress } from 'viem';
import { account, artifact, is_anvil, temporary_directory, wait_for } from './harness.mjs';
import { batches, deploy_chain, mega, start_l1, start_sequencer } from './settlement_harness.mjs';
import { abi_of, clients_of, deploy, finalize_claims, load_sdk, proposal, refused, succeed, write } from './two_layers.mjs';

const skip = is_anvil ? 'the bridges are a part of mega' : false;
const stranger = (n) => `0x${(0x50000 + n).toString(16).padStart(40, '0')}`;
const windows = { challengeWindow: 20, proofMaturity: 4 };
const [user, provider, anyone] = [1, 2, 3];
const word = (n) => `0x${n.toString(16).padStart(64, '0')}`;
const order_type = { type: 'tuple', components: [{ name: 'recipient', type: 'address' }, { name: 'fee', type: 'uint256' }, { name: 'deadline', type: 'uint64' }] };

describe('crossing between the layers', { skip }, () => {
    let sdk, l1, chain, node, clients, bridge, fast_exit, token, l2_token, listener, far;
    before(async () => {
        sdk = await load_sdk();
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('crossing'), windows);
        await l1.tick();
        node = await start_sequencer(chain, l1, { data: join(chain.directory, 'data'), key: join(chain.directory, 'sequencer.json'), batcher: chain.key_files.batcher });
        clients = clients_of(sdk, l1, chain, node.url);
        bridge = { address: chain.contracts.l1StandardBridge, abi: abi_of('L1StandardBridge') };
        far = { address: sdk.predeploys.l2StandardBridge, abi: abi_of('L2StandardBridge') };
        fast_exit = { address: chain.contracts.fastExit, abi: abi_of('FastExit') };
        listener = { l1: await deploy(clients.l1(user), artifact('Listener')), l2: await deploy(clients.l2(user), artifact('Listener')) };
        token = await deploy(clients.l1(user), artifact('Token'), ['Apple', 'APL', parseEther('1000')]);
        l2_token = await clients.public_l1.readContract({ ...bridge, functionName: 'l2TokenOf', args: [token] });
    });
    after(async () => {
        await node?.stop('SIGKILL');
        await l1?.stop('SIGKILL');
    });

    const erc20 = () => abi_of('MegaToken');
    const held = (client, of, who) => client.readContract({ address: of, abi: erc20(), functionName: 'balanceOf', args: [who] });
    const mega_on_l1 = (who) => held(clients.public_l1, chain.contracts.token, who);
    const heard = async (client, at) => Object.fromEntries(await Promise.all(['calls', 'messenger', 'sender', 'value', 'word'].map(async (name) =>
        [name, await client.readContract({ address: at, abi: artifact('Listener').abi, functionName: name })])));
    const hear = (n) => encodeFunctionData({ abi: artifact('Listener').abi, functionName: 'hear', args: [word(n)] });
    const on_l2 = async (receipt) => {
        const [hash] = sdk.getL2TransactionHashes(receipt);
        assert.equal((await clients.public_l2.waitForDeposit({ hash, timeoutMs: 30_000 })).status, 'success');
    };
    const now = async () => (await clients.public_l1.getBlock()).timestamp;

    it('ether and a token go to L2 over the bridges', async () => {
        const wallet = clients.l1(user);
        const fee = (of) => clients.public_l1.readContract({ ...bridge, functionName: 'bridgeFee', args: [of, 0, 0n] });
        const ether = parseEther('3');
        await refused(wallet, ['ether without the fee', { ...bridge, functionName: 'bridgeETH', args: [ether, 0, '0x'], value: ether }, 'FeeNotPaid']);
        await on_l2(await write(wallet, { ...bridge, functionName: 'bridgeETH', args: [ether, 0, '0x'], value: ether + (await fee(zeroAddress)) * 2n }));
        assert.equal(await held(clients.public_l2, sdk.predeploys.l2Eth, account(user).address), ether);

        await write(wallet, { address: token, abi: erc20(), functionName: 'approve', args: [bridge.address, parseEther('100')] });
        await on_l2(await write(wallet, { ...bridge, functionName: 'bridgeERC20', args: [token, parseEther('100'), 0, '0x'], value: (await fee(token)) * 2n }));
        assert.equal(await held(clients.public_l2, l2_token, account(user).address), parseEther('100'));
        const called = (name) => clients.public_l2.readContract({ address: l2_token, abi: erc20(), functionName: name });
        assert.deepEqual([await called('name'), await called('symbol'), await called('totalSupply')], ['Apple', 'APL', parseEther('100')]);
        assert.equal(await held(clients.public_l1, token, bridge.address), parseEther('100'));
        await refused(wallet, ['MEGA, which is native there', { ...bridge, functionName: 'bridgeERC20', args: [chain.contracts.token, 1n, 0, '0x'], value: ether }, 'MegaIsNative']);
    });

    it('a message to L2 calls its target there, once, in the name of its sender', async () => {
        const hash = await clients.l1(user).sendMessageToL2({ publicClient: clients.public_l1, targetChain: clients.target_chain, target: listener.l2, message: hear(7) });
        await on_l2(await succeed(clients.public_l1, hash));
        assert.deepEqual(await heard(clients.public_l2, listener.l2), { calls: 1n, messenger: sdk.predeploys.l2Messenger, sender: account(user).address, value: 0n, word: word(7) });
    });

    const left = {}; // what has left L2: name -> receipt there
    const orders = {};

    it('leaves L2: tokens, a message, exits that a provider pays at once', async () => {
        const wallet = clients.l2(user);
        const start = async (name, hash) => (left[name] = await succeed(clients.public_l2, await hash));
        const back = (of, to, amount, extra = '0x') => wallet.writeContract({ ...far, functionName: 'bridgeERC20To', args: [of, to, amount, 0, extra] });
        const exit = (order, amount) => wallet.initiateWithdrawal({
            request: { to: fast_exit.address, value: amount, gas: 200_000n, data: encodeFunctionData({ abi: fast_exit.abi, functionName: 'onWithdrawal', args: [order] }) },
        });
        const deadline = (await now()) + 3600n;
        orders.filled = { recipient: stranger(1), fee: parseEther('0.5'), deadline };
        orders.ether = { recipient: stranger(2), fee: parseEther('0.1'), deadline };
        orders.unfilled = { recipient: stranger(3), fee: parseEther('0.5'), deadline };
        await start('filled', exit(orders.filled, parseEther('10')));
        await start('ether exit', back(sdk.predeploys.l2Eth, fast_exit.address, parseEther('1'), encodeAbiParameters([order_type], [orders.ether])));
        await start('unfilled', exit(orders.unfilled, parseEther('4')));
        await start('ether', back(sdk.predeploys.l2Eth, stranger(4), parseEther('2')));
        await start('token', back(l2_token, stranger(5), parseEther('40')));
        await start('message', wallet.sendMessageToL1({ target: listener.l1, message: hear(9), value: parseEther('6') }));
        assert.equal(await held(clients.public_l2, sdk.predeploys.l2Eth, account(user).address), 0n);
        assert.equal(await held(clients.public_l2, l2_token, account(user).address), parseEther('60'));

        const lender = clients.l1(provider);
        await write(lender, { address: chain.contracts.token, abi: erc20(), functionName: 'approve', args: [fast_exit.address, parseEther('100')] });
        const [{ withdrawalHash: _, ...withdrawal }] = sdk.getWithdrawals(left.filled);
        const fill = { ...fast_exit, functionName: 'fillWithdrawal', args: [withdrawal] };
        await write(lender, fill);
        assert.equal(await mega_on_l1(stranger(1)), parseEther('9.5'));
        await refused(clients.l1(anyone), ['a second provider', fill, 'AlreadyFilled']);
        const message = relayed(left['ether exit']);
        const fill_message = { ...fast_exit, functionName: 'fillMessage', args: [message.nonce, message.minGasLimit, message.message] };
        await refused(lender, ['less ether than the order says', { ...fill_message, value: parseEther('0.9') - 1n }, 'WrongValue']);
        await write(lender, { ...fill_message, value: parseEther('0.9') });
        assert.equal(await clients.public_l1.getBalance({ address: stranger(2) }), parseEther('0.9'));
        await refused(lender, ['a withdrawal that is no order', { ...fast_exit, functionName: 'fillWithdrawal', args: [{ ...withdrawal, target: stranger(9) }] }, 'NotForFastExit']);
    });

    it('says where a withdrawal stands at each stage, and the time left', async () => {
        const places = ['--l1', l1.url, '--l2', node.url, '--rollup', chain.rollup];
        await l1.hold();
        const hash = await clients.l2(user).initiateWithdrawal({ request: { to: stranger(6), value: parseEther('2') } });
        left.plain = await succeed(clients.public_l2, hash);
        const status = () => mega(['bridge', 'status', hash, ...places]);
        const seconds_left = async (words) => Number((await status()).match(new RegExp(`${words}.* (\\d+) s left`))?.[1] ?? NaN);
        assert.match(await status(), new RegExp(`block ${left.plain.blockNumber} is executed; waits for its batch on L1`));

        await l1.tick();
        await wait_for(async () => (await batches(l1, chain)).at(-1)?.header.lastBlock >= left.plain.blockNumber, 90_000, 'its batch', node);
        assert.match(await status(), /is in a batch on L1; waits for a claim on its state/);

        // The batch that holds it is claimed, and with it all that left before.
        const batch = (await batches(l1, chain)).at(-1);
        await wait_for(async () => (await node.rpc('eth_getBlockByNumber', `0x${batch.header.lastBlock.toString(16)}`, false))?.hash === batch.header.lastBlockHash, 10_000, 'the last block of the batch', node);
        const helper = clients.l1(anyone);
        await write(helper, await proposal(helper, chain, node, batch));
        const before_proof = await seconds_left('can be proven against claim 1, payable then:');
        assert.ok(before_proof > 0 && before_proof <= windows.challengeWindow, `${before_proof} s`);

        const parameters = (receipt) => ({ publicClient: clients.public_l1, l2Client: clients.public_l2, receipt, targetChain: clients.target_chain });
        await succeed(clients.public_l1, await helper.proveWithdrawal(parameters(left.plain)));
        const first = await seconds_left('proven against claim 1; challenge window and proof ripen:');
        assert.ok(first > 0 && first <= windows.challengeWindow, `${first} s`);
        await wait_for(async () => {
            const later = await seconds_left('ripen:');
            return Number.isNaN(later) || later < first;
        }, 20_000, 'less time to be left');
        const others = Object.values(left).filter((receipt) => receipt !== left.plain);
        for (const receipt of others) await succeed(clients.public_l1, await helper.proveWithdrawal(parameters(receipt)));
        await wait_for(async () => /ripe: can be finalised now/.test(await status()), 40_000, 'it to be ripe');
        await finalize_claims(helper, chain, 1n);
        for (const receipt of Object.values(left)) await succeed(clients.public_l1, await helper.finalizeWithdrawal(parameters(receipt)));
        assert.match(await status(), /paid\s*$/);
        assert.equal(await mega_on_l1(stranger(6)), parseEther('2'));
    });

    it('has arrived on L1: ether, tokens, the message, and what the provider laid out', async () => {
        assert.equal(await clients.public_l1.getBalance({ address: stranger(4) }), parseEther('2'));
        assert.equal(await held(clients.public_l1, token, stranger(5)), parseEther('40'));
        const escrowed = (of) => clients.public_l1.readContract({ ...bridge, functionName: 'escrowed', args: [of] });
        assert.deepEqual([await escrowed(zeroAddress), await escrowed(token)], [0n, parseEther('60')]);
        assert.deepEqual(await heard(clients.public_l1, listener.l1), { calls: 1n, messenger: getAddress(chain.contracts.l1Messenger), sender: account(user).address, value: 0n, word: word(9) }, 'the value came as tokens');
        assert.equal(await mega_on_l1(listener.l1), parseEther('6'));

        assert.equal(await mega_on_l1(stranger(1)), parseEther('9.5'), 'paid once');
        assert.equal(await clients.public_l1.getBalance({ address: stranger(2) }), parseEther('0.9'), 'paid once');
        assert.equal(await mega_on_l1(stranger(3)), parseEther('4'), 'who was not paid at once gets all');
        const settled = await clients.public_l1.getLogs({ address: fast_exit.address, event: fast_exit.abi.find(({ name }) => name === 'Settled'), fromBlock: 0n });
        const to = account(provider).address;
        assert.deepEqual(settled.map(({ args }) => [args.to, args.token.toLowerCase(), args.amount]), [
            [to, chain.contracts.token.toLowerCase(), parseEther('10')], [to, zeroAddress, parseEther('1')], [getAddress(stranger(3)), chain.contracts.token.toLowerCase(), parseEther('4')],
        ]);
        const [{ withdrawalHash: _, ...withdrawal }] = sdk.getWithdrawals(left.unfilled);
        await refused(
            clients.l1(provider),
            ['an order that is settled', { ...fast_exit, functionName: 'fillWithdrawal', args: [withdrawal] }, 'AlreadySettled'],
            ['a second settlement', { ...fast_exit, functionName: 'settleWithdrawal', args: [withdrawal] }, 'AlreadySettled'],
        );
        assert.equal(await mega_on_l1(fast_exit.address), 0n);
        assert.equal(await clients.public_l1.getBalance({ address: fast_exit.address }), 0n);
    });

    /// What the L2 messenger sent in a transaction.
    const relayed = (receipt) => {
        const [{ data }] = sdk.getWithdrawals(receipt);
        const { args } = decodeFunctionData({ abi: sdk.abis.crossDomainMessengerAbi, data });
        return { nonce: args[0], minGasLimit: args[4], message: args[5] };
    };
});
