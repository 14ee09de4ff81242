// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IStaking} from "./IStaking.sol";
import {RewardMath} from "./lib/RewardMath.sol";

/// Pays an epoch's rewards out of fees and of a reserve that was set aside at genesis.
///
/// What everybody gets is computed off chain, from L1 and L2 data, by formulas that anyone can follow
/// (docs/staking.md). An operator proposes the Merkle root of an epoch with a bond; when nobody
/// objects in time it is final. An objection costs a bond too; governance decides and the loser's bond
/// goes to the winner. A root cannot pay more than emission and fees of its epoch, whatever it says.
///
///   leaf = keccak256(keccak256(abi.encode(uint48 epoch, address account, uint256 amount)))
///
/// An account has one leaf an epoch. Always: balance >= reserve + owed + bonds; the rest is fees that
/// no epoch has been given yet.
contract Rewards is Ownable2Step {
    using SafeERC20 for IERC20;

    enum Status {
        None,
        Proposed,
        Disputed,
        Final
    }

    struct EpochRewards {
        bytes32 root;
        uint128 total;
        uint128 claimed;
        Status status;
        uint64 finalizableAt;
        address proposer;
        address objector;
        uint128 emitted; // part of total that comes out of the reserve
        uint128 bond; // of each side
    }

    error NotAnOperator();
    error WrongEpoch(uint48 given, uint48 expected);
    error EpochNotClosed(uint48 epoch);
    error WrongStatus(Status status);
    error TooMuch(uint256 given, uint256 limit);
    error WindowOpen(uint64 until);
    error WindowClosed(uint64 since);
    error AlreadyClaimed();
    error BadProof();
    error BadParameters();

    event ReserveAdded(address indexed from, uint256 amount, uint256 reserve);
    event Proposed(uint48 indexed epoch, bytes32 root, uint256 total, uint256 emitted, address indexed proposer);
    event Objected(uint48 indexed epoch, address indexed objector);
    event Finalized(uint48 indexed epoch, bytes32 root, uint256 total);
    event Rejected(uint48 indexed epoch, address indexed proposer);
    event Skipped(uint48 indexed epoch);
    event Claimed(uint48 indexed epoch, address indexed account, uint256 amount);
    event ParametersSet(uint64 objectionWindow, uint128 bond, uint256 ratePpb, uint256 emissionCap);

    /// Epochs after which everything that an epoch's report needs is on L1.
    uint48 public constant CLOSING = 3;
    uint256 public constant MAX_RATE_PPB = 1e7; // 1 % of what is left, an epoch

    IERC20 public immutable token;
    IStaking public immutable staking;

    uint64 public objectionWindow;
    uint128 public bond;
    uint256 public ratePpb;
    uint256 public emissionCap;

    uint256 public reserve;
    uint256 public owed;
    uint256 public bonds;
    uint48 public nextEpoch;
    mapping(uint48 => EpochRewards) public epochs;
    mapping(uint48 => mapping(address => bool)) public hasClaimed;

    constructor(
        IERC20 token_,
        IStaking staking_,
        uint64 objectionWindow_,
        uint128 bond_,
        uint256 ratePpb_,
        uint256 emissionCap_,
        address owner_
    ) Ownable(owner_) {
        token = token_;
        staking = staking_;
        _set(objectionWindow_, bond_, ratePpb_, emissionCap_);
    }

    /// Sets stake-reward money aside, for good: it leaves as emission and in no other way.
    function addReserve(uint256 amount) external {
        reserve += amount;
        emit ReserveAdded(msg.sender, amount, reserve);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// Takes what the balance holds beyond all obligations into the reserve. For the genesis
    /// distribution, which pays here by transfer; fees that have not been given out go the same way.
    function absorb() external onlyOwner {
        uint256 amount = unassigned();
        reserve += amount;
        emit ReserveAdded(msg.sender, amount, reserve);
    }

    /// Fees that came in by transfer and belong to no epoch yet.
    function unassigned() public view returns (uint256) {
        return token.balanceOf(address(this)) - reserve - owed - bonds;
    }

    function emissionNow() public view returns (uint256) {
        return RewardMath.emission(reserve, ratePpb, emissionCap);
    }

    /// `total` is what the leaves add up to; fees pay first, the reserve the rest.
    function propose(uint48 epoch, bytes32 root, uint128 total) external {
        _checkOperator();
        if (epoch != nextEpoch) {
            revert WrongEpoch(epoch, nextEpoch);
        }
        if (staking.currentEpoch() < epoch + CLOSING) {
            revert EpochNotClosed(epoch);
        }
        EpochRewards storage e = epochs[epoch];
        if (e.status != Status.None) {
            revert WrongStatus(e.status);
        }
        uint256 fees = unassigned();
        uint256 limit = fees + emissionNow();
        if (total > limit || root == 0) {
            revert TooMuch(total, limit);
        }
        uint128 emitted = total > fees ? uint128(total - fees) : 0;
        epochs[epoch] = EpochRewards({
            root: root,
            total: total,
            claimed: 0,
            status: Status.Proposed,
            finalizableAt: uint64(block.timestamp) + objectionWindow,
            proposer: msg.sender,
            objector: address(0),
            emitted: emitted,
            bond: bond
        });
        nextEpoch = epoch + 1;
        reserve -= emitted;
        owed += total;
        bonds += bond;
        emit Proposed(epoch, root, total, emitted, msg.sender);
        token.safeTransferFrom(msg.sender, address(this), bond);
    }

    function object(uint48 epoch) external {
        _checkOperator();
        EpochRewards storage e = epochs[epoch];
        if (e.status != Status.Proposed) {
            revert WrongStatus(e.status);
        }
        if (block.timestamp >= e.finalizableAt) {
            revert WindowClosed(e.finalizableAt);
        }
        e.status = Status.Disputed;
        e.objector = msg.sender;
        bonds += e.bond;
        emit Objected(epoch, msg.sender);
        token.safeTransferFrom(msg.sender, address(this), e.bond);
    }

    function finalize(uint48 epoch) external {
        EpochRewards storage e = epochs[epoch];
        if (e.status != Status.Proposed) {
            revert WrongStatus(e.status);
        }
        if (block.timestamp < e.finalizableAt) {
            revert WindowOpen(e.finalizableAt);
        }
        _finalize(epoch, e, e.bond);
    }

    /// Governance decides a dispute. A rejected epoch gets its root from `settle`.
    function resolve(uint48 epoch, bool isRight) external onlyOwner {
        EpochRewards storage e = epochs[epoch];
        if (e.status != Status.Disputed) {
            revert WrongStatus(e.status);
        }
        uint256 both = 2 * uint256(e.bond);
        if (isRight) {
            _finalize(epoch, e, both);
            return;
        }
        address objector = e.objector;
        reserve += e.emitted;
        owed -= e.total;
        bonds -= both;
        emit Rejected(epoch, e.proposer);
        delete epochs[epoch];
        token.safeTransfer(objector, both);
    }

    /// A root for an epoch whose proposal was rejected, from governance itself.
    function settle(uint48 epoch, bytes32 root, uint128 total) external onlyOwner {
        EpochRewards storage e = epochs[epoch];
        if (epoch >= nextEpoch || e.status != Status.None) {
            revert WrongStatus(e.status);
        }
        uint256 fees = unassigned();
        uint256 limit = fees + emissionNow();
        if (total > limit || root == 0) {
            revert TooMuch(total, limit);
        }
        uint128 emitted = total > fees ? uint128(total - fees) : 0;
        reserve -= emitted;
        owed += total;
        e.root = root;
        e.total = total;
        e.emitted = emitted;
        e.proposer = msg.sender;
        _finalize(epoch, e, 0);
    }

    /// An epoch in which nothing was earned.
    function skip(uint48 epoch) external onlyOwner {
        if (epoch != nextEpoch || staking.currentEpoch() < epoch + CLOSING) {
            revert WrongEpoch(epoch, nextEpoch);
        }
        nextEpoch = epoch + 1;
        emit Skipped(epoch);
    }

    /// Pays `account`, whoever calls.
    function claim(uint48 epoch, address account, uint256 amount, bytes32[] calldata proof) public {
        EpochRewards storage e = epochs[epoch];
        if (e.status != Status.Final) {
            revert WrongStatus(e.status);
        }
        if (hasClaimed[epoch][account]) {
            revert AlreadyClaimed();
        }
        if (!MerkleProof.verifyCalldata(proof, e.root, leafOf(epoch, account, amount))) {
            revert BadProof();
        }
        if (amount > e.total - e.claimed) {
            revert TooMuch(amount, e.total - e.claimed);
        }
        hasClaimed[epoch][account] = true;
        e.claimed += uint128(amount);
        owed -= amount;
        emit Claimed(epoch, account, amount);
        token.safeTransfer(account, amount);
    }

    function claimMany(uint48[] calldata epochs_, address account, uint256[] calldata amounts, bytes32[][] calldata proofs)
        external
    {
        for (uint256 i; i < epochs_.length; ++i) {
            claim(epochs_[i], account, amounts[i], proofs[i]);
        }
    }

    function leafOf(uint48 epoch, address account, uint256 amount) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(epoch, account, amount))));
    }

    function setParameters(uint64 objectionWindow_, uint128 bond_, uint256 ratePpb_, uint256 emissionCap_)
        external
        onlyOwner
    {
        _set(objectionWindow_, bond_, ratePpb_, emissionCap_);
    }

    function _checkOperator() private view {
        uint32 id = staking.idOfOperator(msg.sender);
        if (id == 0 || staking.isBarred(id)) {
            revert NotAnOperator();
        }
    }

    function _finalize(uint48 epoch, EpochRewards storage e, uint256 payout) private {
        e.status = Status.Final;
        bonds -= payout;
        emit Finalized(epoch, e.root, e.total);
        if (payout > 0) {
            token.safeTransfer(e.proposer, payout);
        }
    }

    function _set(uint64 objectionWindow_, uint128 bond_, uint256 ratePpb_, uint256 emissionCap_) private {
        if (objectionWindow_ == 0 || bond_ == 0 || ratePpb_ > MAX_RATE_PPB) {
            revert BadParameters();
        }
        objectionWindow = objectionWindow_;
        bond = bond_;
        ratePpb = ratePpb_;
        emissionCap = emissionCap_;
        emit ParametersSet(objectionWindow_, bond_, ratePpb_, emissionCap_);
    }
}
