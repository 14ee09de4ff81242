// The least that an action needs of a client; those of viem fit.

import type { Account, Chain, PublicClient, Transport, WalletClient } from 'viem';

export type Reader = PublicClient<Transport, Chain | undefined>;
export type Wallet = WalletClient<Transport, Chain | undefined, Account>;

/** How often a waiting action looks again, and for how long. */
export type Polling = {
    pollingIntervalMs?: number | undefined;
    timeoutMs?: number | undefined;
};

export class TimeoutError extends Error {
    override name = 'TimeoutError';
}

/** Asks until the answer is not undefined. */
export async function poll<T>(
    what: string,
    ask: () => Promise<T | undefined>,
    { pollingIntervalMs = 1000, timeoutMs = 600_000 }: Polling = {},
): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
        const answer = await ask();
        if (answer !== undefined) return answer;
        if (Date.now() + pollingIntervalMs > deadline) {
            throw new TimeoutError(`${what}: not within ${timeoutMs} ms`);
        }
        await new Promise((resolve) => setTimeout(resolve, pollingIntervalMs));
    }
}
