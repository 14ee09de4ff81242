// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Keys that sign mini-blocks of one chain and of no other.
///
/// A mini-block's signature covers no chain id, so the key must tell the chain. Of a base key
/// P = p*G the chain's key is P + t*G, with the tweak
///
///   t = keccak256("mega mini-block key" || P.x[32] || y parity u8 || L1 chain id u256
///                 || L2 chain id u64 || staking contract[20]) mod n
///
/// and secret p + t mod n. A registered key is always of this form. For a key to be registered on
/// two chains two base keys would have to solve P + t(P)*G = P' + t'(P')*G, where each t is a hash
/// of its own P: as hard as inverting the hash. What is signed on one chain is evidence on no other.
library ChainKeys {
    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    error BadBaseKey();

    function tweakOf(uint256 x, uint8 yParity, uint64 l2ChainId, address staking) internal view returns (uint256) {
        return uint256(
            keccak256(abi.encodePacked("mega mini-block key", x, yParity, block.chainid, l2ChainId, staking))
        ) % N;
    }

    /// The address of P + t*G. ecrecover(h, v, r, s) is r^-1 * (s*R - h*G) where R has the x
    /// coordinate r: with r = s = P.x and h = -t * P.x it is P + t*G.
    function chainKeyOf(uint256 x, uint8 yParity, uint64 l2ChainId, address staking) internal view returns (address) {
        if (x == 0 || x >= N || yParity > 1) {
            revert BadBaseKey();
        }
        uint256 tweak = tweakOf(x, yParity, l2ChainId, staking);
        uint256 hash = tweak == 0 ? 0 : N - mulmod(tweak, x, N);
        address key = ecrecover(bytes32(hash), 27 + yParity, bytes32(x), bytes32(x));
        if (key == address(0)) {
            revert BadBaseKey();
        }
        return key;
    }
}
