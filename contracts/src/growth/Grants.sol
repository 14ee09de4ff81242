// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Grants of MEGA, paid by the treasury through governance. A grant is a list of milestones; the
/// owner approves a milestone when it has been met, and from then on it vests: nothing before the
/// cliff, then linearly. What has not vested can be clawed back; what has vested belongs to the grantee,
/// whatever happens.
contract Grants is Ownable2Step {
    using SafeERC20 for IERC20;

    struct Milestone {
        uint128 amount;
        uint64 approvedAt; // 0: not yet
    }

    struct Grant {
        address grantee;
        address treasury; // paid it, and gets back what is clawed back
        uint64 duration; // seconds from a milestone's approval to its last token
        uint64 cliff;
        uint64 endedAt; // of the clawback; 0 while it runs
        uint128 paid;
    }

    error BadGrant();
    error NotGrantee();
    error Ended();
    error AlreadyApproved();
    error NothingVested();

    event GrantMade(uint256 indexed id, address indexed grantee, uint256 amount, string purpose);
    event MilestoneApproved(uint256 indexed id, uint256 indexed milestone);
    event Paid(uint256 indexed id, address indexed grantee, uint256 amount);
    event ClawedBack(uint256 indexed id, uint256 amount);
    event GranteeChanged(uint256 indexed id, address indexed grantee);

    uint256 public constant MAX_MILESTONES = 32;

    IERC20 public immutable token;
    Grant[] public grants;
    mapping(uint256 => Milestone[]) private milestones;

    constructor(IERC20 token_, address owner_) Ownable(owner_) {
        token = token_;
    }

    /// Takes the whole amount from the caller, the timelock, so that a promise is always covered.
    function make(address grantee, uint128[] calldata amounts, uint64 duration, uint64 cliff, string calldata purpose)
        external
        onlyOwner
        returns (uint256 id)
    {
        if (grantee == address(0) || amounts.length == 0 || amounts.length > MAX_MILESTONES || cliff > duration) {
            revert BadGrant();
        }
        id = grants.length;
        grants.push(Grant(grantee, msg.sender, duration, cliff, 0, 0));
        uint256 sum;
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] == 0) {
                revert BadGrant();
            }
            milestones[id].push(Milestone(amounts[i], 0));
            sum += amounts[i];
        }
        emit GrantMade(id, grantee, sum, purpose);
        token.safeTransferFrom(msg.sender, address(this), sum);
    }

    function approveMilestone(uint256 id, uint256 index) external onlyOwner {
        if (grants[id].endedAt != 0) {
            revert Ended();
        }
        Milestone storage milestone = milestones[id][index];
        if (milestone.approvedAt != 0) {
            revert AlreadyApproved();
        }
        milestone.approvedAt = uint64(block.timestamp);
        emit MilestoneApproved(id, index);
    }

    /// Ends a grant: what has vested stays claimable, the rest goes back.
    function clawBack(uint256 id) external onlyOwner returns (uint256 amount) {
        Grant storage grant = grants[id];
        if (grant.endedAt != 0) {
            revert Ended();
        }
        grant.endedAt = uint64(block.timestamp);
        amount = totalOf(id) - vestedOf(id);
        emit ClawedBack(id, amount);
        token.safeTransfer(grant.treasury, amount);
    }

    /// Pays the grantee what has vested. Anyone may call it.
    function pay(uint256 id) external returns (uint256 amount) {
        Grant storage grant = grants[id];
        amount = vestedOf(id) - grant.paid;
        if (amount == 0) {
            revert NothingVested();
        }
        grant.paid += uint128(amount);
        emit Paid(id, grant.grantee, amount);
        token.safeTransfer(grant.grantee, amount);
    }

    function changeGrantee(uint256 id, address grantee) external {
        if (msg.sender != grants[id].grantee || grantee == address(0)) {
            revert NotGrantee();
        }
        grants[id].grantee = grantee;
        emit GranteeChanged(id, grantee);
    }

    function milestonesOf(uint256 id) external view returns (Milestone[] memory) {
        return milestones[id];
    }

    function totalOf(uint256 id) public view returns (uint256 sum) {
        Milestone[] storage list = milestones[id];
        for (uint256 i; i < list.length; ++i) {
            sum += list[i].amount;
        }
    }

    function vestedOf(uint256 id) public view returns (uint256 sum) {
        Grant storage grant = grants[id];
        uint256 until = grant.endedAt == 0 ? block.timestamp : grant.endedAt;
        Milestone[] storage list = milestones[id];
        for (uint256 i; i < list.length; ++i) {
            if (list[i].approvedAt == 0) {
                continue;
            }
            uint256 age = until - list[i].approvedAt;
            if (age >= grant.duration) {
                sum += list[i].amount;
            } else if (age >= grant.cliff) {
                sum += uint256(list[i].amount) * age / grant.duration;
            }
        }
    }
}
