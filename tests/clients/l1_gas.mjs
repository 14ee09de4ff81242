// What calls have cost on L1, from the receipts of everything that is on it.

import { numberToHex, toFunctionSelector } from 'viem';

/// Of `{ name: [contract, 'signature(...)'] }`: `name 123456` a line, the greatest of those that succeeded.
export async function l1_gas(l1, calls) {
    const wanted = Object.entries(calls).map(([name, [to, signature]]) => ({ name, to: to.toLowerCase(), selector: toFunctionSelector(signature) }));
    const most = new Map();
    const head = Number(await l1.rpc('eth_blockNumber'));
    for (let number = 1; number <= head; ++number) {
        const { transactions } = await l1.rpc('eth_getBlockByNumber', numberToHex(number), true);
        for (const { hash, to, input } of transactions) {
            const call = wanted.find((one) => one.to === to?.toLowerCase() && input.startsWith(one.selector));
            if (!call) continue;
            const { status, gasUsed } = await l1.rpc('eth_getTransactionReceipt', hash);
            if (Number(status) === 1) most.set(call.name, Math.max(most.get(call.name) ?? 0, Number(gasUsed)));
        }
    }
    return wanted.filter(({ name }) => most.has(name)).map(({ name }) => `L1 gas: ${name} ${most.get(name)}`);
}
