// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {TokenMetadata} from "../common/Types.sol";
import {IL2Token} from "../interfaces/IL2Token.sol";

/// The L2 representation of an L1 token: an ERC-20 with permit (EIP-2612) that the bridge mints and
/// burns. A predeploy as template; each token is a clone of it (ERC-1167), and the L2 representation
/// of ether is the same code at its own address with its names set by the genesis.
contract L2Token is IL2Token, ERC20, Nonces, IERC20Permit {
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    // Slots 0 to 4 are ERC20's (its own names stay empty), 5 is Nonces'.
    string private _tokenName; // slot 6
    string private _tokenSymbol; // slot 7
    address public l1Token; // slot 8, lowest 160 bits; 0 for ether
    uint8 private _tokenDecimals; // slot 8, bits 160 to 167
    bool private _isInitialized; // slot 8, bits 168 to 175

    modifier onlyBridge() {
        require(msg.sender == Predeploys.L2_STANDARD_BRIDGE, NotBridge(msg.sender));
        _;
    }

    constructor() ERC20("", "") {}

    function initialize(address l1Token_, TokenMetadata calldata metadata) external {
        require(msg.sender == Predeploys.L2_TOKEN_FACTORY, NotFactory(msg.sender));
        require(!_isInitialized, AlreadyInitialized());
        _isInitialized = true;
        l1Token = l1Token_;
        _tokenName = metadata.name;
        _tokenSymbol = metadata.symbol;
        _tokenDecimals = metadata.decimals;
    }

    function mint(address to, uint256 amount) external onlyBridge {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external onlyBridge {
        _burn(from, amount);
    }

    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        require(block.timestamp <= deadline, PermitExpired(deadline));
        bytes32 hash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline)
        );
        address signer =
            ECDSA.recover(MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR(), hash), v, r, s);
        require(signer == owner, WrongSignature(signer, owner));
        _approve(owner, spender, value);
    }

    function name() public view override returns (string memory) {
        return _tokenName;
    }

    function symbol() public view override returns (string memory) {
        return _tokenSymbol;
    }

    function decimals() public view override returns (uint8) {
        return _tokenDecimals;
    }

    function nonces(address owner)
        public
        view
        override(Nonces, IERC20Permit)
        returns (uint256)
    {
        return Nonces.nonces(owner);
    }

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256(bytes(_tokenName)),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
    }
}
