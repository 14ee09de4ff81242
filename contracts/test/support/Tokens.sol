// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Tokens as they are found in the wild.
abstract contract Mintable is ERC20 {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract SixDecimals is Mintable {
    constructor() ERC20("Six Decimals", "SIX") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}

/// A tenth of each transfer is lost.
contract FeeToken is Mintable {
    constructor() ERC20("Fee", "FEE") {}

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amount / 10);
    }
}

/// Calls somebody during each transfer, once.
contract HookToken is Mintable {
    address private _target;
    bytes private _call;
    bool public wasCalled;
    bool public gotIn;

    constructor() ERC20("Hook", "HOOK") {}

    receive() external payable {}

    function aim(address target, bytes calldata call_) external {
        _target = target;
        _call = call_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        address target = _target;
        _target = address(0);
        wasCalled = true;
        _approve(address(this), target, type(uint256).max);
        (gotIn,) = target.call{value: address(this).balance}(_call);
    }
}

/// name as bytes32, symbol of 200 bytes, decimals of 300.
contract BytesNameToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function name() external pure returns (bytes32) {
        return "Old";
    }

    function symbol() external pure returns (string memory) {
        return string(new bytes(200));
    }

    function decimals() external pure returns (uint256) {
        return 300;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Has no name, no symbol, no decimals.
contract SilentToken {
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// Says on L2 that it represents a token, and burns whatever it is told to.
contract Liar {
    address public immutable l1Token;

    constructor(address l1Token_) {
        l1Token = l1Token_;
    }

    function burn(address, uint256) external {}
}
