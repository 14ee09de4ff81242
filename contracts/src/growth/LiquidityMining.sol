// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// Rewards for those who provide liquidity: stake tokens of a Uniswap v2 pair, earn MEGA by the
/// second in proportion. A programme runs for a fixed time at a fixed rate and is covered before it
/// begins. Seconds in which nobody staked are not paid; what they would have cost goes back to the
/// funder at the end.
contract LiquidityMining is Ownable2Step, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    error ProgrammeRuns(uint64 until);
    error BadProgramme();
    error NothingStaked();

    event ProgrammeStarted(uint256 rate, uint64 until);
    event Staked(address indexed account, uint256 amount);
    event Unstaked(address indexed account, uint256 amount);
    event Paid(address indexed account, uint256 amount);
    event Returned(address indexed to, uint256 amount);

    uint256 private constant SCALE = 1e18;

    IERC20 public immutable pair;
    IERC20 public immutable token;

    uint64 public endsAt;
    uint64 public updatedAt;
    uint256 public rate; // wei of MEGA a second
    uint256 public perShare; // times SCALE
    uint256 public totalStaked;
    uint256 public unspent; // of seconds without stake, and of rounding
    mapping(address => uint256) public staked;
    mapping(address => uint256) private paidPerShare;
    mapping(address => uint256) private accrued;

    constructor(IERC20 pair_, IERC20 token_, address owner_) Ownable(owner_) {
        if (address(pair_) == address(token_)) {
            revert BadProgramme();
        }
        pair = pair_;
        token = token_;
    }

    function start(uint256 amount, uint64 duration) external onlyOwner {
        if (block.timestamp < endsAt) {
            revert ProgrammeRuns(endsAt);
        }
        if (duration == 0 || amount / duration == 0) {
            revert BadProgramme();
        }
        _update();
        rate = amount / duration;
        unspent += amount - rate * duration;
        updatedAt = uint64(block.timestamp);
        endsAt = uint64(block.timestamp) + duration;
        emit ProgrammeStarted(rate, endsAt);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function stake(uint256 amount) external nonReentrant {
        _accrue(msg.sender);
        staked[msg.sender] += amount;
        totalStaked += amount;
        emit Staked(msg.sender, amount);
        pair.safeTransferFrom(msg.sender, address(this), amount);
    }

    function unstake(uint256 amount) external nonReentrant {
        if (amount == 0 || amount > staked[msg.sender]) {
            revert NothingStaked();
        }
        _accrue(msg.sender);
        staked[msg.sender] -= amount;
        totalStaked -= amount;
        emit Unstaked(msg.sender, amount);
        pair.safeTransfer(msg.sender, amount);
    }

    /// Pays `account`, whoever calls.
    function pay(address account) external nonReentrant returns (uint256 amount) {
        _accrue(account);
        amount = accrued[account];
        accrued[account] = 0;
        emit Paid(account, amount);
        token.safeTransfer(account, amount);
    }

    /// After the end: what nobody can have earned goes to the owner.
    function returnUnspent() external onlyOwner returns (uint256 amount) {
        if (block.timestamp < endsAt) {
            revert ProgrammeRuns(endsAt);
        }
        _update();
        amount = unspent;
        unspent = 0;
        emit Returned(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    function earned(address account) external view returns (uint256) {
        (uint256 present,) = _present();
        return accrued[account] + Math.mulDiv(staked[account], present - paidPerShare[account], SCALE);
    }

    function _accrue(address account) private {
        _update();
        accrued[account] += Math.mulDiv(staked[account], perShare - paidPerShare[account], SCALE);
        paidPerShare[account] = perShare;
    }

    function _update() private {
        uint256 idle;
        (perShare, idle) = _present();
        unspent += idle;
        updatedAt = _until();
    }

    function _until() private view returns (uint64) {
        return block.timestamp < endsAt ? uint64(block.timestamp) : endsAt;
    }

    function _present() private view returns (uint256 present, uint256 idle) {
        uint256 amount = _until() > updatedAt ? (_until() - updatedAt) * rate : 0;
        if (totalStaked == 0) {
            return (perShare, amount);
        }
        return (perShare + Math.mulDiv(amount, SCALE, totalStaked), 0);
    }
}
