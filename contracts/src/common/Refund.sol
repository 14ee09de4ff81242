// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Gives back the ether that a payable function did not need. Called last, after all effects.
library Refund {
    error RefundFailed(address to, uint256 amount);

    function surplus(address to, uint256 paid, uint256 due) internal {
        if (paid == due) return;
        (bool success,) = to.call{value: paid - due}("");
        require(success, RefundFailed(to, paid - due));
    }
}
