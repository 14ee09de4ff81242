// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// One of everything that a client may want from a contract: state, events, ways to fail.
contract Playground {
    error TooLarge(uint256 given, uint256 limit);

    event NumberSet(address indexed by, uint256 indexed number, string note);
    event Received(address indexed from, uint256 amount);

    uint256 public number;
    mapping(address => uint256) public setsOf;
    bytes public blob;
    address public immutable deployer;

    constructor(uint256 initial) payable {
        number = initial;
        deployer = msg.sender;
    }

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    function setNumber(uint256 value, string calldata note) external {
        number = value;
        setsOf[msg.sender] += 1;
        emit NumberSet(msg.sender, value, note);
    }

    function emitMany(uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            emit NumberSet(msg.sender, i, "many");
        }
    }

    function failWithReason() external pure {
        require(false, "because I can");
    }

    function failWithError(uint256 given) external pure {
        revert TooLarge(given, 10);
    }

    function failWithPanic(uint256 a) external pure returns (uint256) {
        return 1 / a;
    }

    function failSilently() external pure {
        assembly {
            revert(0, 0)
        }
    }

    function burnAllGas() external pure {
        assembly {
            invalid()
        }
    }

    function setBlob(bytes calldata data) external {
        blob = data;
    }

    /// Cancun and Osaka in one: transient storage, MCOPY, CLZ, and the P-256 precompile's address.
    function modernOpcodes(uint256 value) external returns (uint256 zeros, uint256 kept, bytes32 copied) {
        assembly {
            zeros := clz(value)
            tstore(7, value)
            kept := tload(7)
            mstore(0x80, value)
            mcopy(0xa0, 0x80, 0x20)
            copied := mload(0xa0)
        }
    }

    function surroundings()
        external
        view
        returns (uint256 chain, uint256 height, uint256 time, uint256 baseFee, address origin)
    {
        return (block.chainid, block.number, block.timestamp, block.basefee, tx.origin);
    }
}

/// What an account may become for a while under EIP-7702.
contract Wallet {
    event Executed(address indexed self, uint256 calls);

    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    function execute(Call[] calldata calls) external payable {
        require(msg.sender == address(this), "not the owner");
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok,) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            require(ok, "call failed");
        }
        emit Executed(address(this), calls.length);
    }
}
