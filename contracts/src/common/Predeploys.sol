// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Addresses that hold a contract in the genesis of L2; contracts/predeploys.json lists their code
/// and storage.
library Predeploys {
    address internal constant WRAPPED_MEGA = 0x4200000000000000000000000000000000000006;
    address internal constant L2_MESSENGER = 0x4200000000000000000000000000000000000007;
    address internal constant L2_STANDARD_BRIDGE = 0x4200000000000000000000000000000000000010;
    address internal constant L2_TOKEN_FACTORY = 0x4200000000000000000000000000000000000012;
    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
    address internal constant MESSAGE_PASSER = 0x4200000000000000000000000000000000000016;
    address internal constant FEE_VAULT = 0x420000000000000000000000000000000000001A;
    address internal constant ATOMIC_SWAP = 0x4200000000000000000000000000000000000020;
    address internal constant L2_ETH = 0x4200000000000000000000000000000000000021;
    address internal constant L2_TOKEN_TEMPLATE = 0x4200000000000000000000000000000000000022;
    address internal constant L2_CONFIG = 0x4200000000000000000000000000000000000023;

    /// Sends the L1 attributes at the head of a block; has no key.
    address internal constant DEPOSITOR = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;
}
