// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What can be paused for a while (SystemConfig, Slasher): it bounds the time itself.
interface IPausable {
    function pause(uint64 duration) external;
}

/// The emergency guardian: some of a few members together may pause, and that is all they may do.
/// How long, and how soon again, the paused contract bounds. Governance names members and targets;
/// an approval that has not led to a pause within a day is void.
contract Guardian {
    error NotMember(address caller);
    error NotOwner(address caller);
    error NotTarget(address target);
    error AlreadyApproved();
    error BadMembers();

    event Approved(address indexed member, address indexed target, uint64 duration, uint256 approvals);
    event PauseCalled(address indexed target, uint64 duration);
    event MembersSet(address[] members, uint256 threshold);
    event TargetSet(address indexed target, bool isTarget);

    struct Motion {
        uint64 expires;
        uint256 approvals; // bit i: member i
    }

    uint64 public constant MOTION_LIFETIME = 1 days;
    uint256 public constant MAX_MEMBERS = 16;

    address public immutable owner; // the timelock
    address[] public members;
    uint256 public threshold;
    uint256 private term; // approvals of members of another term do not count
    mapping(address => bool) public isTarget;
    mapping(bytes32 => Motion) private motions;

    constructor(address owner_, address[] memory members_, uint256 threshold_) {
        owner = owner_;
        _setMembers(members_, threshold_);
    }

    modifier onlyOwner() {
        if (msg.sender != owner) {
            revert NotOwner(msg.sender);
        }
        _;
    }

    function approvePause(address target, uint64 duration) external {
        uint256 member = _memberOf(msg.sender);
        if (!isTarget[target]) {
            revert NotTarget(target);
        }
        Motion storage motion = motions[keccak256(abi.encode(term, target, duration))];
        if (block.timestamp >= motion.expires) {
            motion.expires = uint64(block.timestamp) + MOTION_LIFETIME;
            motion.approvals = 0;
        }
        if (motion.approvals >> member & 1 == 1) {
            revert AlreadyApproved();
        }
        motion.approvals |= 1 << member;
        uint256 count = _countBits(motion.approvals);
        emit Approved(msg.sender, target, duration, count);
        if (count >= threshold) {
            motion.expires = 0;
            emit PauseCalled(target, duration);
            IPausable(target).pause(duration);
        }
    }

    function setMembers(address[] calldata members_, uint256 threshold_) external onlyOwner {
        _setMembers(members_, threshold_);
    }

    function setTarget(address target, bool isTarget_) external onlyOwner {
        isTarget[target] = isTarget_;
        emit TargetSet(target, isTarget_);
    }

    function _setMembers(address[] memory members_, uint256 threshold_) private {
        if (members_.length > MAX_MEMBERS || threshold_ == 0 || threshold_ > members_.length) {
            revert BadMembers();
        }
        for (uint256 i; i < members_.length; ++i) {
            for (uint256 j; j < i; ++j) {
                if (members_[i] == members_[j]) {
                    revert BadMembers();
                }
            }
        }
        members = members_;
        threshold = threshold_;
        ++term;
        emit MembersSet(members_, threshold_);
    }

    function _memberOf(address account) private view returns (uint256 i) {
        for (; i < members.length; ++i) {
            if (members[i] == account) {
                return i;
            }
        }
        revert NotMember(account);
    }

    function _countBits(uint256 word) private pure returns (uint256 count) {
        for (; word != 0; word &= word - 1) {
            ++count;
        }
    }
}
