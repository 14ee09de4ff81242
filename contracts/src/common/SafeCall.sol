// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Calls whose gas was promised on the other layer. The caller of a relay chooses its gas: without a
/// check it could starve the call inside while what surrounds it succeeds (EIP-150 keeps 1/64).
library SafeCall {
    /// Gas that a call with value to an empty account and cold access may take before the callee's
    /// first instruction: 9,000 + 25,000 + 2,600, rounded up.
    uint256 internal constant CALL_OVERHEAD = 40_000;

    /// Whether a call made now would start with at least `minGas`, if `reserved` is kept aside.
    function hasMinGas(uint256 minGas, uint256 reserved) internal view returns (bool) {
        // gas - overhead - reserved is what EIP-150 divides; 63/64 of it must reach minGas.
        uint256 available = gasleft();
        uint256 aside = CALL_OVERHEAD + reserved;
        if (available <= aside || minGas > type(uint256).max / 64) return false;
        return (available - aside) * 63 >= minGas * 64;
    }

    /// A call that copies nothing back: what the callee returns cannot cost the caller memory.
    function call(address target, uint256 gas_, uint256 value, bytes memory data)
        internal
        returns (bool success)
    {
        assembly ("memory-safe") {
            success := call(gas_, target, value, add(data, 0x20), mload(data), 0, 0)
        }
    }
}
