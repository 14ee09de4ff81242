// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {AddressAlias} from "../common/AddressAlias.sol";
import {Hashing} from "../common/Hashing.sol";
import {Refund} from "../common/Refund.sol";
import {SafeCall} from "../common/SafeCall.sol";
import {Deposit, OutputRootProof, WithdrawalTransaction} from "../common/Types.sol";
import {IDepositQueue} from "../interfaces/IDepositQueue.sol";
import {IPortal} from "../interfaces/IPortal.sol";
import {IStateClaims} from "../interfaces/IStateClaims.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";

/// The door between the layers.
///
/// - `escrowed` MEGA is at least what exists on L2: a deposit adds before L2 mints, a withdrawal was
///   burned on L2 before it takes away. The balance of the token here is at least `escrowed`.
/// - A withdrawal pays once: it is marked before anything is called.
/// - As it calls what withdrawals ask for, it must not call what trusts it: the queue takes its word
///   for senders, the token for its balance. It never approves anybody.
contract Portal is IPortal, Configured {
    using SafeERC20 for IERC20;
    using RateLimiter for RateLimiter.RefillingBucket;

    /// Kept aside for what follows the call to the target.
    uint256 private constant RESERVED_GAS = 10_000;
    bytes32 private constant LIMIT_KEY = 0;
    /// sentMessages is the first variable of the L2ToL1MessagePasser.
    uint256 private constant SENT_MESSAGES_SLOT = 0;

    struct ProvenWithdrawal {
        uint64 claim;
        uint64 provenAt;
        uint64 matureAt;
    }

    IDepositQueue public queue;
    IStateClaims public claims;
    address public token;
    uint256 public escrowed;
    mapping(bytes32 => bool) public finalizedWithdrawals;
    mapping(bytes32 => mapping(address => ProvenWithdrawal)) public provenWithdrawals;
    mapping(bytes32 => address[]) public proofSubmitters;
    RateLimiter.RefillingBucket private _limit;

    address transient public l2Sender;
    bytes32 transient public activeWithdrawal;
    uint256 transient public activeValue;

    function initialize(
        ISystemConfig config_,
        IDepositQueue queue_,
        IStateClaims claims_,
        address token_,
        uint208 limitCapacity,
        uint48 limitWindow
    ) external initializer {
        _setConfig(config_);
        queue = queue_;
        claims = claims_;
        token = token_;
        _setRateLimit(limitCapacity, limitWindow);
    }

    /// At most `capacity` MEGA leave at once, and so much again every `window` seconds. A withdrawal
    /// above the capacity waits until the owner raises it.
    function setRateLimit(uint208 capacity, uint48 window) external onlyOwner {
        _limit.sync(LIMIT_KEY);
        _setRateLimit(capacity, window);
    }

    /// Queues a call on L2. `mint` MEGA is taken from the caller into escrow and appears on L2 at the
    /// caller's address (the alias of a contract), and stays there should the call fail.
    /// msg.value pays for L2 gas: `depositFee(gasLimit)`; what is more comes back.
    function depositTransaction(
        address to,
        uint256 mint,
        uint256 value,
        uint64 gasLimit,
        bool isCreation,
        bytes calldata data
    ) external payable returns (uint64 index) {
        require(!isCreation || to == address(0), CreationWithTarget(to));
        require(l2Sender == address(0), Reentered());
        uint256 due = queue.fee(gasLimit);
        require(msg.value >= due, FeeNotPaid(due, msg.value));
        _take(mint);
        index = queue.append{value: due}(
            AddressAlias.l2Sender(msg.sender),
            Deposit(to, isCreation, mint, value, gasLimit, data)
        );
        Refund.surplus(msg.sender, msg.value, due);
    }

    /// Backs what the genesis of L2 allocates.
    function fundEscrow(uint256 amount) external {
        _take(amount);
        emit EscrowFunded(msg.sender, amount);
    }

    function depositFee(uint64 gasLimit) external view returns (uint256) {
        return queue.fee(gasLimit);
    }

    /// Shows that `withdrawal` was sent on L2 according to `claim`. Anybody may, and each proof
    /// matures on its own: nobody can hinder another by proving against a bad claim.
    function proveWithdrawalTransaction(
        WithdrawalTransaction calldata withdrawal,
        uint256 claim,
        OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external {
        require(_mayCall(withdrawal.target), BadTarget(withdrawal.target));
        uint64 claim_ = uint64(claim);
        bytes32 claimed = claim == claim_ ? claims.outputRoot(claim_) : bytes32(0);
        bytes32 given = Hashing.outputRoot(outputRootProof);
        require(claimed != 0 && given == claimed, WrongOutputRoot(given, claimed));
        require(!_isRejected(claim_), ClaimRejected(claim_));

        bytes32 hash = Hashing.withdrawal(withdrawal);
        require(!finalizedWithdrawals[hash], AlreadyFinalized(hash));
        ProvenWithdrawal storage proven = provenWithdrawals[hash][msg.sender];
        if (proven.provenAt == 0) proofSubmitters[hash].push(msg.sender);
        else require(_isRejected(proven.claim), AlreadyProven(hash, msg.sender));

        bytes32 slot = keccak256(abi.encode(hash, SENT_MESSAGES_SLOT));
        require(
            TrieProof.verify(
                hex"01", // RLP of true
                outputRootProof.messagePasserStorageRoot,
                abi.encodePacked(keccak256(abi.encodePacked(slot))),
                withdrawalProof
            ),
            WrongProof()
        );
        proven.claim = claim_;
        proven.provenAt = uint64(block.timestamp);
        proven.matureAt = uint64(block.timestamp) + config.windows().proofMaturity;
        emit WithdrawalProven(hash, withdrawal.sender, withdrawal.target);
        emit WithdrawalProvenExtension1(hash, msg.sender);
    }

    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external {
        finalizeWithdrawalTransactionExternalProof(withdrawal, msg.sender);
    }

    /// Pays a withdrawal: MEGA to the target, then the call. It is paid whether or not the call
    /// succeeds; who needs a second try sends through the messengers.
    function finalizeWithdrawalTransactionExternalProof(
        WithdrawalTransaction calldata withdrawal,
        address proofSubmitter
    ) public {
        require(!config.paused(), FinalisingPaused());
        require(l2Sender == address(0), Reentered());
        require(_mayCall(withdrawal.target), BadTarget(withdrawal.target));
        bytes32 hash = Hashing.withdrawal(withdrawal);
        require(!finalizedWithdrawals[hash], AlreadyFinalized(hash));
        ProvenWithdrawal memory proven = provenWithdrawals[hash][proofSubmitter];
        require(proven.provenAt != 0, NotProven(hash, proofSubmitter));
        require(block.timestamp >= proven.matureAt, NotMature(proven.matureAt));
        require(claims.isFinal(proven.claim), ClaimNotFinal(proven.claim));
        require(
            _limit.tryConsume(LIMIT_KEY, withdrawal.value),
            RateLimited(withdrawal.value, rateLimitAvailable())
        );

        finalizedWithdrawals[hash] = true;
        l2Sender = withdrawal.sender;
        activeWithdrawal = hash;
        activeValue = withdrawal.value;
        _pay(withdrawal.target, withdrawal.value);
        bool success = withdrawal.data.length == 0 || _call(withdrawal);
        l2Sender = address(0);
        activeWithdrawal = 0;
        activeValue = 0;
        emit WithdrawalFinalized(hash, success);
    }

    function numProofSubmitters(bytes32 hash) external view returns (uint256) {
        return proofSubmitters[hash].length;
    }

    function rateLimitAvailable() public view returns (uint256) {
        return _limit.available(LIMIT_KEY);
    }

    function _setRateLimit(uint208 capacity, uint48 window) private {
        _limit.updateSettings(window, capacity);
        emit RateLimitChanged(capacity, window);
    }

    function _take(uint256 amount) private {
        if (amount == 0) return;
        escrowed += amount;
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    function _pay(address to, uint256 amount) private {
        if (amount == 0) return;
        escrowed -= amount;
        IERC20(token).safeTransfer(to, amount);
    }

    function _call(WithdrawalTransaction calldata w) private returns (bool) {
        require(SafeCall.hasMinGas(w.gasLimit, RESERVED_GAS), NotEnoughGas());
        return SafeCall.call(w.target, gasleft() - RESERVED_GAS, 0, w.data);
    }

    function _mayCall(address target) private view returns (bool) {
        return target != address(this) && target != address(queue) && target != token
            && target != address(claims) && target != address(config);
    }

    function _isRejected(uint64 claim) private view returns (bool) {
        return claims.getClaim(claim).status == IStateClaims.Status.Rejected;
    }
}
