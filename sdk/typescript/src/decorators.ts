// The actions as methods of viem's clients: client.extend(publicActionsL1()).

import { depositTransaction, waitForDeposit } from './deposit.js';
import { sendMessageToL1, sendMessageToL2 } from './message.js';
import { claimSwap, findPreimage, lockSwap, refundSwap } from './swap.js';
import {
    finalizeWithdrawal, getClaim, getWithdrawalStatus, initiateWithdrawal, proveWithdrawal,
    waitToFinalize, waitToProve,
} from './withdrawal.js';
import type { Reader, Wallet } from './clients.js';

type Rest<F> = F extends (client: never, parameters: infer P) => infer R
    ? (parameters: P) => R
    : never;

// viem passes clients whose exact type depends on their other extensions; the actions use only
// what Reader and Wallet name.
const reader = (client: unknown) => client as Reader;
const wallet = (client: unknown) => client as Wallet;

export type PublicActionsL1 = {
    getWithdrawalStatus: Rest<typeof getWithdrawalStatus>;
    getClaim: Rest<typeof getClaim>;
    waitToProve: Rest<typeof waitToProve>;
    waitToFinalize: Rest<typeof waitToFinalize>;
    findPreimage: Rest<typeof findPreimage>;
};

/** For a public client of L1. */
export function publicActionsL1() {
    return (client: unknown): PublicActionsL1 => ({
        getWithdrawalStatus: (parameters) => getWithdrawalStatus(reader(client), parameters),
        getClaim: (parameters) => getClaim(reader(client), parameters),
        waitToProve: (parameters) => waitToProve(reader(client), parameters),
        waitToFinalize: (parameters) => waitToFinalize(reader(client), parameters),
        findPreimage: (parameters) => findPreimage(reader(client), parameters),
    });
}

export type PublicActionsL2 = {
    waitForDeposit: Rest<typeof waitForDeposit>;
    findPreimage: Rest<typeof findPreimage>;
};

/** For a public client of mega. */
export function publicActionsL2() {
    return (client: unknown): PublicActionsL2 => ({
        waitForDeposit: (parameters) => waitForDeposit(reader(client), parameters),
        findPreimage: (parameters) => findPreimage(reader(client), parameters),
    });
}

type SwapActions = {
    lockSwap: Rest<typeof lockSwap>;
    claimSwap: Rest<typeof claimSwap>;
    refundSwap: Rest<typeof refundSwap>;
};

function swapActions(client: unknown): SwapActions {
    return {
        lockSwap: (parameters) => lockSwap(wallet(client), parameters),
        claimSwap: (parameters) => claimSwap(wallet(client), parameters),
        refundSwap: (parameters) => refundSwap(wallet(client), parameters),
    };
}

export type WalletActionsL1 = SwapActions & {
    depositTransaction: Rest<typeof depositTransaction>;
    proveWithdrawal: Rest<typeof proveWithdrawal>;
    finalizeWithdrawal: Rest<typeof finalizeWithdrawal>;
    sendMessageToL2: Rest<typeof sendMessageToL2>;
};

/** For a wallet client of L1. */
export function walletActionsL1() {
    return (client: unknown): WalletActionsL1 => ({
        ...swapActions(client),
        depositTransaction: (parameters) => depositTransaction(wallet(client), parameters),
        proveWithdrawal: (parameters) => proveWithdrawal(wallet(client), parameters),
        finalizeWithdrawal: (parameters) => finalizeWithdrawal(wallet(client), parameters),
        sendMessageToL2: (parameters) => sendMessageToL2(wallet(client), parameters),
    });
}

export type WalletActionsL2 = SwapActions & {
    initiateWithdrawal: Rest<typeof initiateWithdrawal>;
    sendMessageToL1: Rest<typeof sendMessageToL1>;
};

/** For a wallet client of mega; viem's own sendRawTransactionSync works as it is. */
export function walletActionsL2() {
    return (client: unknown): WalletActionsL2 => ({
        ...swapActions(client),
        initiateWithdrawal: (parameters) => initiateWithdrawal(wallet(client), parameters),
        sendMessageToL1: (parameters) => sendMessageToL1(wallet(client), parameters),
    });
}
