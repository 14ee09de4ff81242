// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IStakedVotes, IStaking} from "./IStaking.sol";
import {KeyProofs, ValidatorKeys} from "./ValidatorKeys.sol";
import {PublicKey} from "./lib/Bls12381.sol";
import {ChurnQueue} from "./lib/ChurnQueue.sol";
import {StakeHistory, StakePoint} from "./lib/StakeHistory.sol";

/// Validators and sequencer candidates put MEGA at stake; others delegate to them.
///
/// Time is counted in epochs of L1 time. The stake table of an epoch stands before the epoch begins
/// and never changes after: what is bonded takes effect two epochs ahead or later (activation
/// queue), what leaves counts until its exit epoch (exit queue) and is paid `unbondingEpochs` after
/// it. Until then it answers for everything done before the exit epoch. A slash shows in the table
/// of the next epoch.
///
/// Always: the contract's balance = what is bonded + what is unbonding (+ what was sent by mistake).
/// Shares are rounded for the pool and against who moves.
contract Staking is IStaking, Ownable2Step, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using StakeHistory for StakePoint[];

    enum Status {
        None,
        Active,
        Jailed, // missed duties; the operator may come back after `jailedUntil`
        Retired, // left or was outbid; takes no more stake
        Tombstoned // equivocated; never comes back
    }

    struct Validator {
        address operator;
        Status status;
        bool isFrozen; // nothing is paid out until the last of its penalties is settled
        uint16 commissionBps;
        uint16 nextCommissionBps;
        uint48 nextCommissionEpoch;
        uint48 jailedUntil;
        uint96 stake;
        uint128 shares;
    }

    struct ExitPool {
        uint96 stake;
        uint128 shares;
        uint128 selfShares;
    }

    struct ExitRequest {
        address account;
        uint32 id;
        uint48 exitEpoch;
        uint128 shares;
    }

    struct Config {
        IERC20 token;
        address treasury; // where slashed stake goes
        uint64 l2ChainId;
        uint48 genesisTime;
        uint48 epochLength; // seconds
        uint48 exitStride; // exits fall on multiples of so many epochs
        uint48 unbondingEpochs;
        uint48 challengeWindow; // seconds; of StateClaims
        uint96 minSelfStake;
        uint96 minDelegation;
        uint96 minChurn; // stake that may enter in an epoch, or leave in a stride, at the least
        uint32 maxValidators;
    }

    error BadConfig(string what);
    error NotOperator();
    error NotSlasher();
    error NotActive(uint32 id);
    error AlreadyOperator(uint32 id);
    error TooLittle(uint256 amount, uint256 least);
    error NoSeat();
    error BadCommission();
    error NotYourRequest();
    error StillUnbonding(uint48 until);
    error StakeFrozen(uint32 id);
    error StillJailed(uint48 until);
    error NotDelistable(uint32 id);
    error NotOutbid();

    event Registered(uint32 indexed id, address indexed operator, address signer, bytes blsKey, uint16 commissionBps);
    event Bonded(uint32 indexed id, address indexed account, uint256 amount, uint256 shares, uint48 fromEpoch);
    event Unbonding(
        uint32 indexed id, address indexed account, uint256 indexed request, uint256 amount, uint256 shares, uint48 exitEpoch
    );
    event Withdrawn(uint256 indexed request, address indexed account, uint256 amount);
    event CommissionSet(uint32 indexed id, uint16 commissionBps, uint48 fromEpoch);
    event StatusSet(uint32 indexed id, Status status);
    event Slashed(
        uint32 indexed id, uint48 infractionEpoch, uint256 ppm, uint256 amount, address indexed reporter, uint256 reward
    );
    event Thawed(uint32 indexed id);
    event ParametersSet(uint96 minSelfStake, uint96 minDelegation, uint96 minChurn, uint32 maxValidators);
    event WiringSet(address slasher, address treasury, address votes);

    uint48 public constant ACTIVATION_DELAY = 2;
    uint256 public constant CHURN_DIVISOR = 8;
    uint16 public constant MAX_COMMISSION_BPS = 5000;
    uint16 public constant MAX_COMMISSION_RISE_BPS = 500;
    uint32 public constant SEATS_LIMIT = 256;
    /// A reporter gets 5 % of what is slashed, and never more than a quarter of what the operator
    /// itself loses: reporting oneself loses money, however much others have delegated.
    uint256 public constant REPORTER_PPM = 50_000;
    uint256 public constant REPORTER_SELF_CAP_PPM = 250_000;

    IERC20 public immutable token;
    ValidatorKeys public immutable keys;
    uint64 public immutable l2ChainId;
    uint48 public immutable genesisTime;
    uint48 public immutable epochLength;
    uint48 public immutable exitStride;
    uint48 public immutable unbondingEpochs;

    address public slasher;
    address public treasury;
    IStakedVotes public votes;
    uint96 public minDelegation;
    uint96 public minChurn;
    uint32 public maxValidators;

    uint32 public validatorCount;
    uint32 public seatsTaken;
    uint256 public totalBonded;
    uint256 public totalUnbonding;

    mapping(uint32 => Validator) public validators;
    mapping(address => uint32) public idOfOperator;
    mapping(uint32 => mapping(address => uint128)) public sharesOf;
    mapping(uint32 => mapping(uint48 => ExitPool)) public exitPools;
    ExitRequest[] public requests;

    uint32[] private listed; // ascending
    mapping(uint32 => StakePoint[]) private history;
    mapping(uint32 => uint48[]) private exitEpochs; // ascending
    mapping(uint32 => uint256) private firstLiveExit;
    StakePoint[] private selfStakeFloor; // `self`: the least an operator must have itself, by epoch
    ChurnQueue.Cursor private activationQueue;
    ChurnQueue.Cursor private exitQueue;

    constructor(Config memory config, address owner_) Ownable(owner_) {
        if (config.epochLength == 0 || config.exitStride == 0 || config.genesisTime > block.timestamp) {
            revert BadConfig("epochs");
        }
        if (uint256(config.unbondingEpochs) * config.epochLength <= config.challengeWindow) {
            revert BadConfig("unbonding must outlast the challenge window");
        }
        if (config.unbondingEpochs / config.exitStride > 64) {
            revert BadConfig("too many exits in flight");
        }
        token = config.token;
        treasury = config.treasury;
        l2ChainId = config.l2ChainId;
        genesisTime = config.genesisTime;
        epochLength = config.epochLength;
        exitStride = config.exitStride;
        unbondingEpochs = config.unbondingEpochs;
        keys = new ValidatorKeys(config.l2ChainId);
        _setParameters(config.minSelfStake, config.minDelegation, config.minChurn, config.maxValidators, 0);
    }

    // ---------------------------------------------------------------- time

    function currentEpoch() public view returns (uint48) {
        return epochOf(block.timestamp);
    }

    function epochOf(uint256 timestamp) public view returns (uint48) {
        return timestamp < genesisTime ? 0 : uint48((timestamp - genesisTime) / epochLength);
    }

    function epochStart(uint48 epoch) external view returns (uint256) {
        return uint256(genesisTime) + uint256(epoch) * epochLength;
    }

    // ---------------------------------------------------------------- validators

    /// Takes a seat. When none is free, `outbid` names a validator with less stake than
    /// `selfStake`, which loses its seat.
    function register(KeyProofs calldata proofs, uint16 commissionBps, uint96 selfStake, uint32 outbid)
        external
        nonReentrant
        returns (uint32 id)
    {
        if (idOfOperator[msg.sender] != 0) {
            revert AlreadyOperator(idOfOperator[msg.sender]);
        }
        if (selfStake < minSelfStake()) {
            revert TooLittle(selfStake, minSelfStake());
        }
        if (commissionBps > MAX_COMMISSION_BPS) {
            revert BadCommission();
        }
        if (seatsTaken >= maxValidators) {
            _outbid(outbid, selfStake);
        }
        if (listed.length >= SEATS_LIMIT) {
            revert NoSeat();
        }
        id = ++validatorCount;
        ++seatsTaken;
        listed.push(id);
        Validator storage validator = validators[id];
        validator.operator = msg.sender;
        validator.status = Status.Active;
        validator.commissionBps = commissionBps;
        validator.nextCommissionBps = commissionBps;
        idOfOperator[msg.sender] = id;
        keys.register(id, msg.sender, proofs);
        emit Registered(id, msg.sender, keys.signerOf(id), proofs.blsKey, commissionBps);
        _bond(id, msg.sender, selfStake);
    }

    /// Takes effect after the activation delay, so that delegators see it come.
    function setCommission(uint16 commissionBps) external {
        uint32 id = _ownId();
        Validator storage validator = validators[id];
        uint16 present = commissionOf(id, currentEpoch());
        if (commissionBps > MAX_COMMISSION_BPS || commissionBps > present + MAX_COMMISSION_RISE_BPS) {
            revert BadCommission();
        }
        validator.commissionBps = present;
        validator.nextCommissionBps = commissionBps;
        validator.nextCommissionEpoch = currentEpoch() + ACTIVATION_DELAY;
        emit CommissionSet(id, commissionBps, validator.nextCommissionEpoch);
    }

    /// Gives the seat back and undelegates all that the operator has.
    function retire() external nonReentrant returns (uint256 request) {
        uint32 id = _ownId();
        if (validators[id].status == Status.Tombstoned) {
            revert NotActive(id);
        }
        _leaveSeat(id);
        request = _unbond(id, msg.sender, sharesOf[id][msg.sender]);
    }

    function unjail() external {
        uint32 id = _ownId();
        Validator storage validator = validators[id];
        if (validator.status != Status.Jailed) {
            revert NotActive(id);
        }
        if (currentEpoch() < validator.jailedUntil) {
            revert StillJailed(validator.jailedUntil);
        }
        _setStatus(id, Status.Active);
        _checkpoint(id, currentEpoch() + ACTIVATION_DELAY, false);
    }

    /// Frees the listing of a validator that has been out for as long as evidence counts.
    function delist(uint32 id) external {
        StakePoint memory point = history[id].last();
        Status status = validators[id].status;
        bool isOut = status == Status.Retired || status == Status.Tombstoned;
        if (!isOut || uint256(point.epoch) + unbondingEpochs + 1 >= currentEpoch()) {
            revert NotDelistable(id);
        }
        uint256 count = listed.length;
        uint256 at;
        while (at < count && listed[at] != id) {
            ++at;
        }
        if (at == count) {
            revert NotDelistable(id);
        }
        for (; at + 1 < count; ++at) {
            listed[at] = listed[at + 1];
        }
        listed.pop();
        delete idOfOperator[validators[id].operator];
    }

    // ---------------------------------------------------------------- stake

    /// The operator's own stake, when the operator calls.
    function delegate(uint32 id, uint96 amount) external nonReentrant {
        if (amount < minDelegation) {
            revert TooLittle(amount, minDelegation);
        }
        if (validators[id].status != Status.Active && validators[id].status != Status.Jailed) {
            revert NotActive(id);
        }
        _bond(id, msg.sender, amount);
    }

    function undelegate(uint32 id, uint128 shares) external nonReentrant returns (uint256 request) {
        return _unbond(id, msg.sender, shares);
    }

    function withdraw(uint256 request) external nonReentrant returns (uint256 amount) {
        ExitRequest memory exit = requests[request];
        if (exit.account != msg.sender) {
            revert NotYourRequest();
        }
        if (currentEpoch() < exit.exitEpoch + unbondingEpochs) {
            revert StillUnbonding(exit.exitEpoch + unbondingEpochs);
        }
        if (validators[exit.id].isFrozen) {
            revert StakeFrozen(exit.id);
        }
        delete requests[request];
        ExitPool storage pool = exitPools[exit.id][exit.exitEpoch];
        amount = Math.mulDiv(exit.shares, pool.stake, pool.shares);
        pool.stake -= uint96(amount);
        pool.shares -= exit.shares;
        if (msg.sender == validators[exit.id].operator) {
            pool.selfShares -= exit.shares;
        }
        totalUnbonding -= amount;
        emit Withdrawn(request, msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    // ---------------------------------------------------------------- the Slasher's part

    function slash(uint32 id, uint48 infractionEpoch, uint256 ppm, address reporter, uint48 jailEpochs)
        external
        nonReentrant
        returns (uint256 slashed, uint256 reward)
    {
        if (msg.sender != slasher) {
            revert NotSlasher();
        }
        if (ppm > 1e6) {
            ppm = 1e6;
        }
        uint256 selfSlashed;
        (slashed, selfSlashed) = _cutBonded(id, ppm);
        (uint256 exiting, uint256 selfExiting) = _cutUnbonding(id, infractionEpoch, ppm);
        slashed += exiting;
        selfSlashed += selfExiting;
        _bar(id, jailEpochs);
        history[id].cut(currentEpoch() + 1, ppm, true);

        if (reporter != address(0)) {
            reward = Math.min(slashed * REPORTER_PPM, selfSlashed * REPORTER_SELF_CAP_PPM) / 1e6;
        }
        emit Slashed(id, infractionEpoch, ppm, slashed, reporter, reward);
        if (reward > 0) {
            token.safeTransfer(reporter, reward);
        }
        if (slashed > reward) {
            token.safeTransfer(treasury, slashed - reward);
        }
    }

    /// The owner may, too, for what a Slasher that has been replaced left frozen.
    function thaw(uint32 id) external {
        if (msg.sender != slasher && msg.sender != owner()) {
            revert NotSlasher();
        }
        validators[id].isFrozen = false;
        emit Thawed(id);
    }

    // ---------------------------------------------------------------- governance

    /// The floor of self stake takes effect after the activation delay; the rest at once.
    function setParameters(uint96 minSelfStake_, uint96 minDelegation_, uint96 minChurn_, uint32 maxValidators_)
        external
        onlyOwner
    {
        _setParameters(minSelfStake_, minDelegation_, minChurn_, maxValidators_, currentEpoch() + ACTIVATION_DELAY);
    }

    function setWiring(address slasher_, address treasury_, IStakedVotes votes_) external onlyOwner {
        if (treasury_ == address(0)) {
            revert BadConfig("treasury");
        }
        slasher = slasher_;
        treasury = treasury_;
        votes = votes_;
        emit WiringSet(slasher_, treasury_, address(votes_));
    }

    // ---------------------------------------------------------------- views

    function stakeTable(uint48 epoch) external view returns (uint32[] memory ids, uint96[] memory stakes) {
        uint256 count = listed.length;
        uint96 floor = selfStakeFloor.at(epoch).self;
        ids = new uint32[](count);
        stakes = new uint96[](count);
        uint256 filled;
        for (uint256 i; i < count; ++i) {
            uint32 id = listed[i];
            StakePoint memory point = history[id].at(epoch);
            if (_counts(point, floor)) {
                ids[filled] = id;
                stakes[filled++] = point.stake;
            }
        }
        assembly ("memory-safe") {
            mstore(ids, filled)
            mstore(stakes, filled)
        }
    }

    /// 0 when it has no part in the epoch.
    function stakeAt(uint32 id, uint48 epoch) external view returns (uint96) {
        StakePoint memory point = history[id].at(epoch);
        return _counts(point, selfStakeFloor.at(epoch).self) ? point.stake : 0;
    }

    function historyOf(uint32 id) external view returns (StakePoint[] memory) {
        return history[id];
    }

    function listedValidators() external view returns (uint32[] memory) {
        return listed;
    }

    function exitEpochsOf(uint32 id) external view returns (uint48[] memory) {
        return exitEpochs[id];
    }

    function requestCount() external view returns (uint256) {
        return requests.length;
    }

    function minSelfStake() public view returns (uint96) {
        return selfStakeFloor.last().self;
    }

    function operatorOf(uint32 id) external view returns (address) {
        return validators[id].operator;
    }

    function signerOf(uint32 id) external view returns (address) {
        return keys.signerOf(id);
    }

    function blsKeyOf(uint32 id) external view returns (PublicKey memory) {
        return keys.blsKeyOf(id);
    }

    function isBarred(uint32 id) external view returns (bool) {
        return validators[id].status != Status.Active;
    }

    /// What an account's shares are worth; what is unbonding is not in it.
    function stakeOf(uint32 id, address account) public view returns (uint256) {
        Validator storage validator = validators[id];
        uint128 shares = sharesOf[id][account];
        return shares == 0 ? 0 : Math.mulDiv(shares, validator.stake, validator.shares);
    }

    /// Of the present epoch, of the next ones, and of past ones since the last change.
    function commissionOf(uint32 id, uint48 epoch) public view returns (uint16) {
        Validator storage validator = validators[id];
        return epoch >= validator.nextCommissionEpoch ? validator.nextCommissionBps : validator.commissionBps;
    }

    // ---------------------------------------------------------------- inside

    function _ownId() private view returns (uint32 id) {
        id = idOfOperator[msg.sender];
        if (id == 0) {
            revert NotOperator();
        }
    }

    function _counts(StakePoint memory point, uint96 floor) private pure returns (bool) {
        return !point.isJailed && point.stake > 0 && point.self >= floor;
    }

    function _churn() private view returns (uint256) {
        return Math.max(minChurn, totalBonded / CHURN_DIVISOR);
    }

    function _bond(uint32 id, address account, uint96 amount) private {
        Validator storage validator = validators[id];
        uint256 shares =
            validator.shares == 0 ? amount : Math.mulDiv(amount, validator.shares, validator.stake);
        uint256 budget = _churn();
        validator.stake += amount;
        validator.shares += SafeCast.toUint128(shares);
        sharesOf[id][account] += SafeCast.toUint128(shares);
        totalBonded += amount;
        uint48 epoch = ChurnQueue.take(activationQueue, currentEpoch() + ACTIVATION_DELAY, 1, amount, budget);
        epoch = _checkpoint(id, epoch, history[id].last().isJailed);
        emit Bonded(id, account, amount, shares, epoch);
        token.safeTransferFrom(account, address(this), amount);
        _syncVotes(id, account);
    }

    function _unbond(uint32 id, address account, uint128 shares) private returns (uint256 request) {
        Validator storage validator = validators[id];
        uint256 amount = validator.shares == 0 ? 0 : Math.mulDiv(shares, validator.stake, validator.shares);
        if (amount == 0) {
            revert TooLittle(0, 1);
        }
        sharesOf[id][account] -= shares; // reverts when there are not so many
        uint256 budget = _churn();
        validator.stake -= uint96(amount);
        validator.shares -= shares;
        totalBonded -= amount;
        totalUnbonding += amount;

        uint48 epoch =
            ChurnQueue.take(exitQueue, currentEpoch() + ACTIVATION_DELAY, exitStride, amount, budget);
        epoch = ChurnQueue.roundUp(_later(epoch, history[id].last().epoch), exitStride);
        _checkpoint(id, epoch, history[id].last().isJailed);
        uint128 exitShares = _joinExit(id, epoch, uint96(amount), account == validator.operator);
        request = requests.length;
        requests.push(ExitRequest(account, id, epoch, exitShares));
        emit Unbonding(id, account, request, amount, exitShares, epoch);
        _syncVotes(id, account);
    }

    function _joinExit(uint32 id, uint48 epoch, uint96 amount, bool isSelf) private returns (uint128 shares) {
        uint48[] storage epochs = exitEpochs[id];
        if (epochs.length == 0 || epochs[epochs.length - 1] != epoch) {
            epochs.push(epoch);
        }
        ExitPool storage pool = exitPools[id][epoch];
        shares = pool.shares == 0 ? amount : SafeCast.toUint128(Math.mulDiv(amount, pool.shares, pool.stake));
        if (shares == 0) {
            revert TooLittle(amount, uint256(pool.stake) / pool.shares + 1);
        }
        pool.stake += amount;
        pool.shares += shares;
        if (isSelf) {
            pool.selfShares += shares;
        }
    }

    /// Writes what the validator has from an epoch on, or from its last checkpoint, the later one.
    function _checkpoint(uint32 id, uint48 epoch, bool isJailed) private returns (uint48) {
        Validator storage validator = validators[id];
        epoch = _later(epoch, history[id].last().epoch);
        history[id].record(StakePoint(epoch, isJailed, validator.stake, uint96(stakeOf(id, validator.operator))));
        return epoch;
    }

    function _cutBonded(uint32 id, uint256 ppm) private returns (uint256 amount, uint256 selfAmount) {
        Validator storage validator = validators[id];
        amount = uint256(validator.stake) * ppm / 1e6;
        if (validator.shares > 0) {
            selfAmount = Math.mulDiv(amount, sharesOf[id][validator.operator], validator.shares);
        }
        validator.stake -= uint96(amount);
        totalBonded -= amount;
    }

    /// What left before the infraction does not answer for it.
    function _cutUnbonding(uint32 id, uint48 infractionEpoch, uint256 ppm)
        private
        returns (uint256 amount, uint256 selfAmount)
    {
        uint48[] storage epochs = exitEpochs[id];
        uint256 first = firstLiveExit[id];
        uint256 count = epochs.length;
        uint48 present = currentEpoch();
        while (first < count && uint256(epochs[first]) + unbondingEpochs <= present && !validators[id].isFrozen) {
            ++first;
        }
        firstLiveExit[id] = first;
        for (uint256 i = count; i > first && epochs[i - 1] > infractionEpoch; --i) {
            ExitPool storage pool = exitPools[id][epochs[i - 1]];
            uint256 cut = uint256(pool.stake) * ppm / 1e6;
            if (cut > 0) {
                selfAmount += Math.mulDiv(cut, pool.selfShares, pool.shares);
                amount += cut;
                pool.stake -= uint96(cut);
            }
        }
        totalUnbonding -= amount;
    }

    function _bar(uint32 id, uint48 jailEpochs) private {
        Validator storage validator = validators[id];
        if (jailEpochs == type(uint48).max) {
            if (validator.status == Status.Active || validator.status == Status.Jailed) {
                --seatsTaken;
            }
            validator.isFrozen = true;
            _setStatus(id, Status.Tombstoned);
        } else if (validator.status == Status.Active || validator.status == Status.Jailed) {
            validator.jailedUntil = _later(validator.jailedUntil, currentEpoch() + jailEpochs);
            _setStatus(id, Status.Jailed);
        }
    }

    function _outbid(uint32 id, uint96 selfStake) private {
        Status status = validators[id].status;
        if ((status != Status.Active && status != Status.Jailed) || validators[id].stake >= selfStake) {
            revert NotOutbid();
        }
        _leaveSeat(id);
    }

    function _leaveSeat(uint32 id) private {
        Status status = validators[id].status;
        if (status == Status.Active || status == Status.Jailed) {
            --seatsTaken;
            _setStatus(id, Status.Retired);
            _checkpoint(id, currentEpoch() + ACTIVATION_DELAY, true);
        }
    }

    function _setStatus(uint32 id, Status status) private {
        validators[id].status = status;
        emit StatusSet(id, status);
    }

    function _setParameters(
        uint96 minSelfStake_,
        uint96 minDelegation_,
        uint96 minChurn_,
        uint32 maxValidators_,
        uint48 fromEpoch
    ) private {
        if (minSelfStake_ == 0 || minDelegation_ == 0 || minChurn_ == 0) {
            revert BadConfig("least amounts");
        }
        if (maxValidators_ == 0 || maxValidators_ > SEATS_LIMIT / 2) {
            revert BadConfig("maxValidators");
        }
        selfStakeFloor.record(StakePoint(fromEpoch, false, 0, minSelfStake_));
        minDelegation = minDelegation_;
        minChurn = minChurn_;
        maxValidators = maxValidators_;
        emit ParametersSet(minSelfStake_, minDelegation_, minChurn_, maxValidators_);
    }

    function _syncVotes(uint32 id, address account) private {
        if (address(votes) != address(0)) {
            votes.sync(id, account);
        }
    }

    function _later(uint48 a, uint48 b) private pure returns (uint48) {
        return a > b ? a : b;
    }
}
