export { type L1Addresses, type MegaChain, defineMegaChain, predeploys } from './chain.js';
export { TimeoutError } from './clients.js';
export * from './decorators.js';
export { getL2TransactionHashes, waitForDeposit } from './deposit.js';
export type { DepositRequest } from './deposit.js';
export { buildProveWithdrawal, getWithdrawals } from './withdrawal.js';
export type { Claim, Withdrawal, WithdrawalRequest, WithdrawalStatus } from './withdrawal.js';
export {
    type MiniBlock, type StateChange, recoverMiniBlockSigner, watchMiniBlocks, watchStateChanges,
} from './realtime.js';
export {
    type SwapTerms, UnsafeSwapError, findPreimage, newPreimage, problemOfLegs, problemOfLocking, revealedPreimage,
    safeTimeouts,
} from './swap.js';
export * as abis from './generated/abis.js';
