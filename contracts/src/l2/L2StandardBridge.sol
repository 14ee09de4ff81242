// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {L2TokenAddress} from "../common/L2TokenAddress.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {TokenMetadata} from "../common/Types.sol";
import {ICrossDomainMessenger} from "../interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../interfaces/IL1StandardBridge.sol";
import {IL2StandardBridge} from "../interfaces/IL2StandardBridge.sol";
import {IL2Token} from "../interfaces/IL2Token.sol";
import {IL2TokenFactory} from "../interfaces/IL2TokenFactory.sol";

/// Mints and burns on L2 what the L1 bridge keeps; a predeploy.
contract L2StandardBridge is IL2StandardBridge {
    /// Gas of the payment on L1, where a recipient may be FastExit with its own bookkeeping.
    uint32 private constant FINALIZE_GAS = 250_000;
    uint256 private constant MAX_EXTRA_DATA = 10_000;

    address public otherBridge; // slot 0: L1StandardBridge, set by the genesis

    modifier onlyOtherBridge() {
        require(
            msg.sender == Predeploys.L2_MESSENGER
                && ICrossDomainMessenger(msg.sender).xDomainMessageSender() == otherBridge,
            NotOtherBridge()
        );
        _;
    }

    function bridgeERC20(
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _bridge(l2Token, msg.sender, amount, minGasLimit, extraData);
    }

    function bridgeERC20To(
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _bridge(l2Token, to, amount, minGasLimit, extraData);
    }

    function finalizeBridgeETH(
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external onlyOtherBridge {
        IL2Token(Predeploys.L2_ETH).mint(to, amount);
        emit ERC20BridgeFinalized(Predeploys.L2_ETH, address(0), from, to, amount, extraData);
    }

    function finalizeBridgeERC20(
        address l1Token,
        TokenMetadata calldata metadata,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external onlyOtherBridge {
        address l2Token =
            IL2TokenFactory(Predeploys.L2_TOKEN_FACTORY).ensure(l1Token, metadata);
        IL2Token(l2Token).mint(to, amount);
        emit ERC20BridgeFinalized(l2Token, l1Token, from, to, amount, extraData);
    }

    function _bridge(
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) private {
        require(amount != 0, NothingToBridge());
        require(to != address(0), BadRecipient(to));
        require(
            extraData.length <= MAX_EXTRA_DATA, ExtraDataTooLong(extraData.length, MAX_EXTRA_DATA)
        );
        // Anything can say that it represents a token; only one address does.
        require(l2Token.code.length != 0, NotBridged(l2Token));
        address l1Token = IL2Token(l2Token).l1Token();
        require(L2TokenAddress.compute(l1Token) == l2Token, NotBridged(l2Token));
        IL2Token(l2Token).burn(msg.sender, amount);
        bytes memory message = l1Token == address(0)
            ? abi.encodeCall(
                IL1StandardBridge.finalizeBridgeETH, (msg.sender, to, amount, extraData)
            )
            : abi.encodeCall(
                IL1StandardBridge.finalizeBridgeERC20,
                (l1Token, msg.sender, to, amount, extraData)
            );
        ICrossDomainMessenger(Predeploys.L2_MESSENGER).sendMessage(
            otherBridge, message, minGasLimit > FINALIZE_GAS ? minGasLimit : FINALIZE_GAS
        );
        emit ERC20BridgeInitiated(l2Token, l1Token, msg.sender, to, amount, extraData);
    }
}
