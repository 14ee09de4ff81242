// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Configured} from "./Configured.sol";
import {IL2Config} from "../interfaces/IL2Config.sol";
import {IPortal} from "../interfaces/IPortal.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";

/// Carries SystemConfig's parameters of the chain, and the prices of data that it holds itself, to
/// L2Config by a deposit: they take effect in the block after the one that includes it. Anyone may
/// push what governance has decided.
contract L2ParameterRelay is Configured {
    struct Fees {
        uint32 baseFeeScalar;
        uint32 blobBaseFeeScalar;
        uint16 baseFeeShareBps;
        uint256 megaPerEth;
    }

    uint64 public constant PUSH_GAS = 200_000;
    uint16 public constant ALL_BPS = 10_000;

    IPortal public portal;
    address public l2Config;
    Fees internal _fees;

    event FeesChanged(Fees fees);
    event Pushed(uint64 indexed depositIndex, IL2Config.Parameters parameters);

    error ShareAboveAll(uint16 bps);

    function initialize(
        ISystemConfig config_,
        IPortal portal_,
        address l2Config_,
        Fees calldata fees_
    ) external initializer {
        _setConfig(config_);
        portal = portal_;
        l2Config = l2Config_;
        _setFees(fees_);
    }

    function setFees(Fees calldata fees_) external onlyOwner {
        _setFees(fees_);
    }

    function fees() external view returns (Fees memory) {
        return _fees;
    }

    /// What a push would say.
    function parameters() public view returns (IL2Config.Parameters memory) {
        ISystemConfig.ChainParameters memory chain = config.chainParameters();
        return IL2Config.Parameters({
            gasLimit: chain.gasLimit,
            elasticity: chain.elasticity,
            baseFeeDenominator: chain.baseFeeDenominator,
            baseFeeScalar: _fees.baseFeeScalar,
            blobBaseFeeScalar: _fees.blobBaseFeeScalar,
            baseFeeShareBps: _fees.baseFeeShareBps,
            miniBlockMillis: chain.miniBlockMillis,
            minBaseFee: chain.minBaseFee,
            megaPerEth: _fees.megaPerEth
        });
    }

    /// Costs Portal.depositFee(PUSH_GAS); what is paid beyond comes back.
    function push() external payable returns (uint64 index) {
        IL2Config.Parameters memory p = parameters();
        index = portal.depositTransaction{value: portal.depositFee(PUSH_GAS)}(
            l2Config, 0, 0, PUSH_GAS, false, abi.encodeCall(IL2Config.setParameters, (p))
        );
        emit Pushed(index, p);
        uint256 rest = address(this).balance;
        if (rest != 0) {
            (bool paid,) = msg.sender.call{value: rest}("");
            require(paid);
        }
    }

    function _setFees(Fees calldata fees_) private {
        require(fees_.baseFeeShareBps <= ALL_BPS, ShareAboveAll(fees_.baseFeeShareBps));
        _fees = fees_;
        emit FeesChanged(fees_);
    }
}
