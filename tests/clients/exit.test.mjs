// The way out, with the windows of a public chain (12 h, 7 days, 1 day; anvil's clock is moved): a withdrawal pays once and as it
// was made or not at all, a pause holds it up and ends by itself, and whoever has L1 gets out when every server of ours is gone.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeFunctionData, parseEther } from 'viem';
import { account, is_anvil, temporary_directory, wait_for } from './harness.mjs';
import { batches, deploy_chain, l2_chain_id, message_passer, start_chain, start_follower_from_l1, start_l1, wait_for_block } from './settlement_harness.mjs';
import { abi_of, clients_of, finalize_claims, load_sdk, pass_time, proposal, refused, succeed, write } from './two_layers.mjs';

const skip = is_anvil ? 'the way out is a part of mega' : false;
const stranger = (n) => `0x${(0x20000 + n).toString(16).padStart(40, '0')}`;
const hour = 3600;
const day = 24 * hour;
const windows = { forcedInclusionDelay: 12 * hour, challengeWindow: 7 * day, proofMaturity: day };
const guardian = 15;

/// One with each field changed.
const mutants = (withdrawal) => [
    ['nonce', { nonce: withdrawal.nonce + 1n }],
    ['sender', { sender: stranger(90) }],
    ['target', { target: stranger(91) }],
    ['value', { value: withdrawal.value + 1n }],
    ['gas limit', { gasLimit: withdrawal.gasLimit + 1n }],
    ['data', { data: `${withdrawal.data}00` }],
].map(([what, change]) => [what, { ...withdrawal, ...change }]);

describe('the way out', { skip }, () => {
    let sdk, l1, chain, node, clients, portal, claims, config, inbox, forced_inclusion;
    before(async () => {
        sdk = await load_sdk();
        l1 = await start_l1();
        chain = await deploy_chain(l1, temporary_directory('exit'), { ...windows, guardian: account(guardian).address, staking: { epochLength: day, unbondingEpochs: 14 } });
        await l1.tick();
        node = await start_chain(chain, l1, { auto_relay: false });
        clients = clients_of(sdk, l1, chain, node.url);
        const at = (address, name) => ({ address, abi: abi_of(name) });
        portal = at(chain.contracts.portal, 'Portal');
        claims = at(chain.contracts.stateClaims, 'StateClaims');
        config = at(chain.contracts.systemConfig, 'SystemConfig');
        inbox = at(chain.contracts.batchInbox, 'BatchInbox');
        forced_inclusion = at(chain.contracts.forcedInclusion, 'ForcedInclusion');
    });
    after(async () => {
        await node?.stop('SIGKILL');
        await l1?.stop('SIGKILL');
    });

    const read = (contract, functionName, args = []) => clients.public_l1.readContract({ ...contract, functionName, args });
    const mega_of = (address) => read({ address: chain.contracts.token, abi: abi_of('MegaToken') }, 'balanceOf', [address]);
    const finalize = (withdrawal, prover) => ({ ...portal, functionName: 'finalizeWithdrawalTransactionExternalProof', args: [withdrawal, prover] });

    let paid; // the withdrawal that the first tests are about: { receipt, built, withdrawal }

    it('proves a withdrawal as it was made, and with no field changed', async () => {
        const [user, other] = [clients.l1(1), clients.l1(2)];
        const hash = await clients.l2(1).initiateWithdrawal({ request: { to: stranger(1), value: parseEther('2'), gas: 50_000n, data: '0x1234' } });
        const receipt = await succeed(clients.public_l2, hash);
        await clients.public_l1.waitToProve({ receipt, targetChain: clients.target_chain, pollingIntervalMs: 100, timeoutMs: 60_000 });
        const built = await sdk.buildProveWithdrawal({ publicClient: clients.public_l1, l2Client: clients.public_l2, receipt, targetChain: clients.target_chain });
        const { withdrawal, claim, outputRootProof, withdrawalProof } = built;
        const prove = (...args) => ({ ...portal, functionName: 'proveWithdrawalTransaction', args });
        const other_hash = `0x${'5a'.repeat(32)}`;
        const roots = ['version', 'stateRoot', 'messagePasserStorageRoot', 'latestBlockhash'].map((field) => [
            field, prove(withdrawal, claim, { ...outputRootProof, [field]: other_hash }, withdrawalProof), 'WrongOutputRoot',
        ]);
        const last_byte_changed = (node_) => `${node_.slice(0, -1)}${node_.endsWith('0') ? '1' : '0'}`;
        const wrong_proof = /^(WrongProof|RLPInvalidEncoding)$/; // by where the path to a key that is not there ends
        await refused(
            user,
            ...mutants(withdrawal).map(([field, mutant]) => [field, prove(mutant, claim, outputRootProof, withdrawalProof), wrong_proof]),
            ...roots,
            ['no proof', prove(withdrawal, claim, outputRootProof, []), wrong_proof],
            ['a proof with a byte changed', prove(withdrawal, claim, outputRootProof, [...withdrawalProof.slice(0, -1), last_byte_changed(withdrawalProof.at(-1))]), wrong_proof],
            ['the claim of the genesis', prove(withdrawal, 0n, outputRootProof, withdrawalProof), 'WrongOutputRoot'],
            ['a claim that nobody made', prove(withdrawal, 10_000n, outputRootProof, withdrawalProof), 'WrongOutputRoot'],
        );
        await write(user, prove(withdrawal, claim, outputRootProof, withdrawalProof));
        await refused(user, ['a second proof by the same', prove(withdrawal, claim, outputRootProof, withdrawalProof), 'AlreadyProven']);
        await refused(
            other,
            ['finalising without a proof of its own', finalize(withdrawal, other.account.address), 'NotProven'],
            ['finalising before its time', finalize(withdrawal, user.account.address), 'NotMature'],
        );
        // A claim after it, which is still open when this one is final.
        await wait_for(async () => (await read(claims, 'claimCount')) > claim + 1n, 60_000, 'a claim after it', node);
        paid = { receipt, built, withdrawal };
    });

    it('finalises nothing while the guardian pauses, and pays once when the pause has ended by itself', async () => {
        const { withdrawal, built } = paid;
        const [user, other, watch] = [clients.l1(1), clients.l1(2), clients.l1(guardian)];
        const proof = finalize(withdrawal, user.account.address);
        const pause = (duration) => ({ ...config, functionName: 'pause', args: [BigInt(duration)] });
        await node.stop('SIGKILL'); // L1's clock leaves the chain's behind
        await l1.rpc('evm_setAutomine', true); // a block a transaction, now that nobody lives by L1's clock
        await pass_time(l1, day);
        await refused(other, ['a mature proof against an open claim', proof, 'ClaimNotFinal']);
        await pass_time(l1, 6 * day);
        await finalize_claims(other, chain, built.claim);

        await refused(other, ['a pause by anybody', pause(day), 'NotGuardian']);
        await refused(watch, ['a pause of more than a week', pause(7 * day + 1), 'PauseTooLong']);
        await write(watch, pause(7 * day));
        await refused(
            other,
            ['paying while paused', proof, 'FinalisingPaused'],
            ['a claim while paused', { ...claims, functionName: 'finalize', args: [built.claim + 1n] }, 'FinalisingPaused'],
        );
        await pass_time(l1, 7 * day - hour);
        await refused(other, ['paying an hour before the end', proof, 'FinalisingPaused']);
        await refused(watch, ['a pause upon a pause', pause(day), 'PauseTooSoon']);
        await pass_time(l1, hour);
        await refused(watch, ['a pause right after a pause', pause(day), 'PauseTooSoon']);

        await refused(other, ...mutants(withdrawal).map(([field, mutant]) => [field, finalize(mutant, user.account.address), 'NotProven']));
        const escrow = await read(portal, 'escrowed');
        assert.equal(await mega_of(stranger(1)), 0n);
        await write(other, proof);
        await refused(
            user,
            ['a second time', proof, 'AlreadyFinalized'],
            ['a second time by its prover', { ...portal, functionName: 'finalizeWithdrawalTransaction', args: [withdrawal] }, 'AlreadyFinalized'],
        );
        await refused(other, ['another proof of it', {
            ...portal, functionName: 'proveWithdrawalTransaction', args: [withdrawal, built.claim, built.outputRootProof, built.withdrawalProof],
        }, 'AlreadyFinalized']);
        assert.equal(await mega_of(stranger(1)), parseEther('2'));
        assert.equal(await read(portal, 'escrowed'), escrow - parseEther('2'));
    });

    it('lets a user out with every server of ours dead: forced, claimed, proven and paid over L1 alone', async () => {
        assert.ok(node.exit, 'the sequencer, batcher and proposer are gone');
        const [user, anyone] = [clients.l1(3), clients.l1(4)];
        const amount = parseEther('1234');
        const own = await start_follower_from_l1(chain, l1, join(chain.directory, 'own'));
        try {
            const last_posted = (await batches(l1, chain)).at(-1);
            await wait_for_block(own, Number(last_posted.header.lastBlock), 'safe', 60_000);
            const view = clients_of(sdk, l1, chain, own.url);
            // Nothing that they know comes from a server of ours.
            const envelope = await account(3).signTransaction({
                chainId: l2_chain_id, type: 'eip1559', nonce: await view.public_l2.getTransactionCount({ address: account(3).address }),
                to: message_passer, value: amount, gas: 300_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n,
                data: encodeFunctionData({ abi: sdk.abis.l2ToL1MessagePasserAbi, functionName: 'initiateWithdrawal', args: [stranger(2), 0n, '0x'] }),
            });
            const fee = await read(forced_inclusion, 'fee', [300_000n]);
            await write(user, { ...forced_inclusion, functionName: 'forceTransaction', args: [envelope], value: fee * 2n });
            const submit = { ...inbox, functionName: 'submitForced', args: [] };
            await refused(anyone, ['a forced batch before its time', submit, 'NothingOverdue']);
            await pass_time(l1, windows.forcedInclusionDelay + 1);
            await write(anyone, submit);
            const forced = (await batches(l1, chain)).at(-1);
            assert.equal(forced.kind, 2);

            await wait_for_block(own, Number(forced.header.lastBlock), 'safe', 60_000);
            await refused(anyone, ['a claim with the block before', await proposal(anyone, chain, own, forced, forced.header.lastBlock - 1n), 'HeaderContradictsBatch']);
            await write(anyone, await proposal(anyone, chain, own, forced));

            const block = await view.public_l2.getBlock({ blockNumber: forced.header.lastBlock });
            const receipt = await view.public_l2.getTransactionReceipt({ hash: block.transactions.at(-1) });
            assert.equal(receipt.status, 'success');
            assert.equal(receipt.from.toLowerCase(), account(3).address.toLowerCase());
            const [withdrawal] = sdk.getWithdrawals(receipt);
            assert.equal(withdrawal.value, amount);
            await succeed(user, await user.proveWithdrawal({ publicClient: view.public_l1, l2Client: view.public_l2, receipt, targetChain: view.target_chain }));
            await pass_time(l1, windows.challengeWindow);
            await finalize_claims(anyone, chain, (await read(claims, 'claimCount')) - 1n);
            await succeed(anyone, await anyone.finalizeWithdrawal({ publicClient: view.public_l1, receipt, targetChain: view.target_chain }));
            assert.equal(await mega_of(stranger(2)), amount);
            assert.equal(await view.public_l1.getWithdrawalStatus({ receipt, targetChain: view.target_chain }), 'finalized');
        } finally {
            await own.stop('SIGKILL');
        }
    });
});
