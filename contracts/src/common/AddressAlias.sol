// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The L2 address of an L1 contract. Two contracts of one address on both layers need not have the
/// same owner; without the offset one could act as the other.
library AddressAlias {
    uint160 private constant OFFSET = uint160(0x1111000000000000000000000000000000001111);

    function toL2(address l1) internal pure returns (address l2) {
        unchecked {
            l2 = address(uint160(l1) + OFFSET);
        }
    }

    function toL1(address l2) internal pure returns (address l1) {
        unchecked {
            l1 = address(uint160(l2) - OFFSET);
        }
    }

    /// Whether `who` is an account of a key and not a contract. A contract under construction has
    /// no code but is not the origin of the transaction; an account with an EIP-7702 delegation has
    /// the 23 bytes 0xef0100 || address, which no contract can have (EIP-3541).
    function isAccount(address who) internal view returns (bool) {
        if (who == tx.origin) return true;
        if (who.code.length != 23) return false;
        bytes32 head;
        assembly ("memory-safe") {
            extcodecopy(who, 0, 0, 32)
            head := mload(0)
        }
        return bytes3(head) == 0xef0100;
    }

    /// Who `caller` of the Portal is on L2.
    function l2Sender(address caller) internal view returns (address) {
        return isAccount(caller) ? caller : toL2(caller);
    }
}
