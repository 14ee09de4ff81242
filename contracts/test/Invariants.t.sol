// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../src/common/Hashing.sol";
import {WithdrawalTransaction} from "../src/common/Types.sol";
import {IAtomicSwap} from "../src/interfaces/IAtomicSwap.sol";
import {IDepositQueue} from "../src/interfaces/IDepositQueue.sol";
import {IStateClaims} from "../src/interfaces/IStateClaims.sol";
import {World} from "./support/World.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

/// Deposits, withdraws, posts, claims, proves and finalises in any order, and keeps books of its own.
contract BridgeHandler is World {
    bytes32 public rolling;
    uint256 public l2Supply; // minted less burned
    uint256 public paid;
    /// What must not happen and did; a failed assertion in here would only be a call that reverts.
    uint256 public broken;
    uint64 public queued;

    WithdrawalTransaction[] private _withdrawals;
    Published[] private _published;
    mapping(uint256 => uint256) private _countAt; // withdrawals that a published state has

    constructor() {
        _world();
        vm.prank(TREASURY);
        mega.approve(address(portal), type(uint256).max);
        vm.prank(TREASURY);
        portal.fundEscrow(1_000 ether); // what the genesis of L2 allocates
        l2Supply = 1_000 ether;
    }

    function deposit(uint256 amount, uint256 gas_, bytes calldata data) external {
        amount = bounded(amount, 0, 10_000 ether);
        gas_ = bounded(gas_, 21_000, 3_000_000);
        address who = amount % 2 == 0 ? ALICE : BOB;
        if (mega.balanceOf(who) < amount || gas_ < queue.minimumGas(data.length, false)) return;
        vm.recordLogs();
        vm.prank(who, who);
        (bool success,) = address(portal).call{value: 1 ether}(
            abi.encodeCall(
                portal.depositTransaction, (BOB, amount, amount, uint64(gas_), false, data)
            )
        );
        if (success) _account(amount);
    }

    function _account(uint256 amount) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IDepositQueue.DepositQueued.selector) continue;
            _check(uint256(logs[i].topics[1]) == queued);
            (bytes memory envelope,) = abi.decode(logs[i].data, (bytes, bytes32));
            rolling = keccak256(abi.encodePacked(rolling, uint8(0), keccak256(envelope)));
            ++queued;
        }
        l2Supply += amount;
    }

    function withdraw(uint256 amount, bool withCall) external {
        amount = bounded(amount, 0, l2Supply);
        WithdrawalTransaction memory w = _withdraw(
            ALICE,
            withCall ? address(fastExit) : BOB,
            amount,
            withCall ? 100_000 : 0,
            withCall ? bytes("nonsense") : bytes("")
        );
        l2Supply -= amount;
        _withdrawals.push(w);
    }

    function publish() external {
        Published memory p = _publish();
        _countAt[_published.length] = sent.length;
        _published.push(p);
        _mine(1);
    }

    function prove(uint256 which, uint256 at_) external {
        if (_withdrawals.length == 0 || _published.length == 0) return;
        WithdrawalTransaction memory w = _withdrawals[which % _withdrawals.length];
        uint256 i = at_ % _published.length;
        if (_countAt[i] != sent.length) i = _published.length - 1;
        if (_countAt[i] != sent.length) return; // its tree is gone
        Published memory p = _published[i];
        bytes[] memory proof = _storageProof(Hashing.withdrawal(w));
        try portal.proveWithdrawalTransaction(w, p.claim, p.output, proof) {} catch {}
    }

    function finalizeClaim(uint256 which) external {
        if (_published.length == 0) return;
        try claims.finalize(_published[which % _published.length].claim) {} catch {}
    }

    function finalizeWithdrawal(uint256 which) external {
        if (_withdrawals.length == 0) return;
        WithdrawalTransaction memory w = _withdrawals[which % _withdrawals.length];
        bool wasPaid = portal.finalizedWithdrawals(Hashing.withdrawal(w));
        uint256 before = mega.balanceOf(address(portal));
        try portal.finalizeWithdrawalTransaction(w) {
            paid += w.value;
            _check(!wasPaid && !config.paused());
            _check(before - mega.balanceOf(address(portal)) == w.value);
        } catch {}
    }

    /// The whole way at once, which steps at random seldom go.
    function exit(uint256 which) external {
        if (_withdrawals.length == 0) return;
        WithdrawalTransaction memory w = _withdrawals[which % _withdrawals.length];
        bytes32 hash = Hashing.withdrawal(w);
        bool wasPaid = portal.finalizedWithdrawals(hash);
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(hash);
        try portal.proveWithdrawalTransaction(w, p.claim, p.output, proof) {} catch {}
        _skip(8 days);
        try claims.finalize(p.claim) {} catch {}
        try portal.finalizeWithdrawalTransaction(w) {
            paid += w.value;
            _check(!wasPaid && !config.paused());
        } catch {}
    }

    function _check(bool holds) private {
        if (!holds) ++broken;
    }

    function pass(uint256 seconds_) external {
        _skip(bounded(seconds_, 1, 4 days));
    }

    function pause(uint256 seconds_) external {
        vm.prank(GUARDIAN);
        try config.pause(uint64(bounded(seconds_, 1, 7 days))) {} catch {}
    }

    function state()
        external
        view
        returns (uint256 escrowed, uint256 balance, uint64 length, bytes32 hash)
    {
        return (
            portal.escrowed(),
            mega.balanceOf(address(portal)),
            queue.length(),
            queue.rollingHash(queue.length())
        );
    }
}

/// Proposes, challenges, decides and takes bonds in any order.
contract ClaimsHandler is World {
    Published[] private _published;
    address[3] private _actors = [ALICE, BOB, GUARDIAN];
    uint256 public put;
    uint256 public taken;
    uint256 public broken;

    constructor() {
        _world();
        _published.push(_publishOnly());
    }

    function _publishOnly() private returns (Published memory p) {
        (p.header, p.output, p.passerProof) =
            _block(inbox.lastBlock() + 1, uint64(block.timestamp));
        p.batch.header = _nextBatch();
        p.batch.header.lastBlockHash = p.output.latestBlockhash;
        p.batch = _post(p.batch.header);
    }

    function post() external {
        if (_published.length < 12) _published.push(_publishOnly());
        _mine(1);
    }

    function propose(uint256 which, uint256 parent, uint256 who) external {
        Published memory p = _published[which % _published.length];
        address actor = _actors[who % 3];
        vm.deal(actor, 0.5 ether);
        vm.prank(actor);
        try claims.propose{value: 0.5 ether}(
            uint64(parent % claims.claimCount()), p.batch, p.header, p.passerProof
        ) {
            put += 0.5 ether;
        } catch {}
    }

    function challenge(uint256 which, uint256 who) external {
        address actor = _actors[who % 3];
        vm.deal(actor, 0.25 ether);
        vm.prank(actor);
        try claims.challenge{value: 0.25 ether}(_pick(which)) {
            put += 0.25 ether;
        } catch {}
    }

    function resolve(uint256 which, bool isValid) external {
        vm.prank(address(timelock));
        try claims.resolve(_pick(which), isValid) {} catch {}
    }

    function finalize(uint256 which) external {
        try claims.finalize(_pick(which)) {} catch {}
    }

    function rejectOrphan(uint256 which) external {
        try claims.rejectOrphan(_pick(which)) {} catch {}
    }

    function withdrawBonds(uint256 who) external {
        address actor = _actors[who % 3];
        uint256 due = claims.credit(actor);
        uint256 before = FEES.balance;
        vm.prank(actor);
        try claims.withdrawBonds(FEES) {
            taken += FEES.balance - before;
            if (FEES.balance - before != due) ++broken;
        } catch {}
    }

    function pass(uint256 seconds_) external {
        _skip(bounded(seconds_, 1, 4 days));
    }

    function _pick(uint256 which) private view returns (uint64) {
        return uint64(which % claims.claimCount());
    }

    function sums()
        external
        view
        returns (uint256 balance, uint256 open, uint256 credits)
    {
        balance = address(claims).balance;
        for (uint64 i = 0; i < claims.claimCount(); ++i) {
            IStateClaims.Claim memory c = claims.getClaim(i);
            open += uint256(c.bond) + c.challengeBond;
        }
        for (uint256 i = 0; i < 3; ++i) credits += claims.credit(_actors[i]);
    }

    /// A final claim stands on final claims alone.
    function finalStandsOnFinal() external view returns (bool) {
        for (uint64 i = 1; i < claims.claimCount(); ++i) {
            if (claims.isFinal(i) && !claims.isFinal(claims.getClaim(i).parent)) return false;
        }
        return true;
    }
}

/// Locks, claims and refunds in any order.
contract SwapHandler is World {
    IAtomicSwap.Lock[] private _locks;

    constructor() {
        _world();
    }

    function lock(uint256 amount, uint256 duration, bytes32 preimage) external {
        amount = bounded(amount, 1, 1 ether);
        IAtomicSwap.Lock memory l = IAtomicSwap.Lock(
            ALICE,
            BOB,
            address(0),
            amount,
            sha256(abi.encode(_preimage(_locks.length))),
            uint64(block.timestamp + bounded(duration, 1, 10 days))
        );
        if (uint256(preimage) % 8 == 0) l.hashLock = preimage;
        vm.deal(ALICE, amount);
        vm.prank(ALICE);
        swap.lock{value: amount}(l);
        _locks.push(l);
    }

    function claim(uint256 which) external {
        if (_locks.length == 0) return;
        which %= _locks.length;
        try swap.claim(_locks[which], _preimage(which)) {} catch {}
    }

    function refund(uint256 which) external {
        if (_locks.length == 0) return;
        try swap.refund(_locks[which % _locks.length]) {} catch {}
    }

    function pass(uint256 seconds_) external {
        _skip(bounded(seconds_, 1, 4 days));
    }

    function _preimage(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("preimage", i));
    }

    function sums() external view returns (uint256 balance, uint256 open) {
        balance = address(swap).balance;
        for (uint256 i = 0; i < _locks.length; ++i) {
            if (swap.status(swap.idOf(_locks[i])) == IAtomicSwap.Status.Open) {
                open += _locks[i].amount;
            }
        }
    }
}

/// forge calls the functions of the handlers in random order and checks `invariant_` after each.
abstract contract Invariants {
    address[] private _targets;

    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function _aim(address handler) internal {
        _targets.push(handler);
    }
}

contract EscrowInvariants is Invariants {
    BridgeHandler private _handler;

    function setUp() public {
        _handler = new BridgeHandler();
        _aim(address(_handler));
    }

    function invariant_escrowCoversL2() public view {
        (uint256 escrowed, uint256 balance,,) = _handler.state();
        vm.assertGe(balance, escrowed, "tokens cover the books");
        vm.assertGe(escrowed, _handler.l2Supply(), "the books cover L2");
        vm.assertEq(_handler.broken(), 0);
    }

    /// The handler does not only try.
    function test_handlerPays() public {
        _handler.withdraw(77, false);
        _handler.exit(0);
        vm.assertEq(_handler.paid(), 77);
        vm.assertEq(_handler.broken(), 0);
    }

    function invariant_depositsStayInOrder() public view {
        (,, uint64 length, bytes32 hash) = _handler.state();
        vm.assertEq(length, _handler.queued());
        vm.assertEq(hash, _handler.rolling());
    }
}

contract BondInvariants is Invariants {
    ClaimsHandler private _handler;

    function setUp() public {
        _handler = new ClaimsHandler();
        _aim(address(_handler));
    }

    function invariant_bondsAreConserved() public view {
        (uint256 balance, uint256 open, uint256 credits) = _handler.sums();
        vm.assertEq(balance, open + credits);
        vm.assertEq(_handler.put(), balance + _handler.taken());
        vm.assertTrue(_handler.finalStandsOnFinal());
        vm.assertEq(_handler.broken(), 0);
    }
}

contract SwapInvariants is Invariants {
    SwapHandler private _handler;

    function setUp() public {
        _handler = new SwapHandler();
        _aim(address(_handler));
    }

    function invariant_holdsWhatIsOpen() public view {
        (uint256 balance, uint256 open) = _handler.sums();
        vm.assertEq(balance, open);
    }
}
