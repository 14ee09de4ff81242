// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAtomicSwap} from "../src/interfaces/IAtomicSwap.sol";
import {AtomicSwap} from "../src/common/AtomicSwap.sol";
import {Predeploys} from "../src/common/Predeploys.sol";
import {FeeToken, HookToken, SixDecimals} from "./support/Tokens.sol";
import {World} from "./support/World.sol";
import {vm, bounded} from "./support/Vm.sol";

/// Gets ether and tries to get it again.
contract Greedy {
    AtomicSwap private immutable _swap;
    IAtomicSwap.Lock private _lock;
    bytes32 private _preimage;
    bool public gotIn;

    constructor(AtomicSwap swap) {
        _swap = swap;
    }

    function aim(IAtomicSwap.Lock calldata l, bytes32 preimage) external {
        _lock = l;
        _preimage = preimage;
    }

    receive() external payable {
        try _swap.claim(_lock, _preimage) {
            gotIn = true;
        } catch {}
        try _swap.refund(_lock) {
            gotIn = true;
        } catch {}
    }
}

contract AtomicSwapTest is World {
    bytes32 private constant PREIMAGE = keccak256("preimage");
    SixDecimals private dollar;

    function setUp() public {
        _world();
        dollar = new SixDecimals();
        dollar.mint(ALICE, 1_000e6);
        vm.prank(ALICE);
        dollar.approve(address(swap), type(uint256).max);
    }

    function _terms(address token, uint256 amount)
        internal
        view
        returns (IAtomicSwap.Lock memory)
    {
        return IAtomicSwap.Lock(
            ALICE,
            BOB,
            token,
            amount,
            sha256(abi.encode(PREIMAGE)),
            uint64(block.timestamp + 1 hours)
        );
    }

    function _lock(IAtomicSwap.Lock memory l) internal returns (bytes32) {
        vm.prank(l.sender);
        return swap.lock{value: l.token == address(0) ? l.amount : 0}(l);
    }

    function test_recipientClaimsEther() public {
        IAtomicSwap.Lock memory l = _terms(address(0), 3 ether);
        bytes32 id = _lock(l);
        uint256 before = BOB.balance;
        vm.expectEmit();
        emit IAtomicSwap.Claimed(id, PREIMAGE);
        swap.claim(l, PREIMAGE); // anyone may: the recipient is paid
        vm.assertEq(BOB.balance - before, 3 ether);
        _assertOver(l);
    }

    function test_senderGetsTokensBack() public {
        IAtomicSwap.Lock memory l = _terms(address(dollar), 300e6);
        _lock(l);
        vm.assertEq(dollar.balanceOf(ALICE), 700e6);
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.DeadlineAhead.selector, l.deadline));
        swap.refund(l);
        vm.warp(l.deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.DeadlineAhead.selector, l.deadline));
        swap.refund(l);
        vm.warp(l.deadline);
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.DeadlinePassed.selector, l.deadline));
        swap.claim(l, PREIMAGE);
        swap.refund(l);
        vm.assertEq(dollar.balanceOf(ALICE), 1_000e6);
        _assertOver(l);
    }

    function test_claimsInTheLastSecond() public {
        IAtomicSwap.Lock memory l = _terms(address(dollar), 300e6);
        _lock(l);
        vm.warp(l.deadline - 1);
        swap.claim(l, PREIMAGE);
        vm.assertEq(dollar.balanceOf(BOB), 300e6);
        vm.warp(l.deadline);
        _assertOver(l);
    }

    function _assertOver(IAtomicSwap.Lock memory l) private {
        vm.expectPartialRevert(IAtomicSwap.WrongStatus.selector);
        swap.claim(l, PREIMAGE);
        vm.expectPartialRevert(IAtomicSwap.WrongStatus.selector);
        swap.refund(l);
        if (block.timestamp < l.deadline) {
            vm.prank(ALICE); // nor may the same terms be locked again
            vm.expectPartialRevert(IAtomicSwap.WrongStatus.selector);
            swap.lock(l);
        }
    }

    /// All orders of claims and refunds of two parties on two legs, at all times: each leg is paid
    /// exactly once, and to the sender only from its deadline on.
    function testFuzz_anyOrderPaysOnce(uint256 seed) public {
        IAtomicSwap.Lock memory a = _terms(address(0), 3 ether);
        IAtomicSwap.Lock memory b = IAtomicSwap.Lock(
            BOB, ALICE, address(0), 5 ether, a.hashLock, uint64(block.timestamp + 30 minutes)
        );
        _lock(a);
        _lock(b);
        uint256 aliceBefore = ALICE.balance;
        uint256 bobBefore = BOB.balance;
        uint8[2] memory paid; // 1 claimed, 2 refunded
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            IAtomicSwap.Lock memory l = seed % 2 == 0 ? a : b;
            bool isOpen = paid[seed % 2] == 0;
            if ((seed >> 8) % 2 == 0) {
                bool isDue = block.timestamp < l.deadline;
                try swap.claim(l, PREIMAGE) {
                    vm.assertTrue(isOpen && isDue);
                    paid[seed % 2] = 1;
                } catch {
                    vm.assertFalse(isOpen && isDue);
                }
            } else {
                bool isDue = block.timestamp >= l.deadline;
                try swap.refund(l) {
                    vm.assertTrue(isOpen && isDue);
                    paid[seed % 2] = 2;
                } catch {
                    vm.assertFalse(isOpen && isDue);
                }
            }
            if ((seed >> 16) % 2 == 0) vm.warp(block.timestamp + bounded(seed >> 24, 1, 25 minutes));
        }
        uint256 alice = (paid[0] == 2 ? 3 ether : 0) + (paid[1] == 1 ? 5 ether : 0);
        uint256 bob = (paid[0] == 1 ? 3 ether : 0) + (paid[1] == 2 ? 5 ether : 0);
        vm.assertEq(ALICE.balance - aliceBefore, alice);
        vm.assertEq(BOB.balance - bobBefore, bob);
        vm.assertEq(address(swap).balance, 8 ether - alice - bob);
    }

    function testFuzz_onlyThePreimageOpens(bytes32 guess) public {
        vm.assume(guess != PREIMAGE);
        IAtomicSwap.Lock memory l = _terms(address(0), 3 ether);
        _lock(l);
        vm.expectRevert(IAtomicSwap.WrongPreimage.selector);
        swap.claim(l, guess);
        vm.expectRevert(IAtomicSwap.WrongPreimage.selector);
        swap.claim(l, l.hashLock);
    }

    function testFuzz_everyTermCounts(uint256 field, uint256 delta) public {
        IAtomicSwap.Lock memory l = _terms(address(0), 3 ether);
        _lock(l);
        field = bounded(field, 0, 5);
        delta = bounded(delta, 1, 1 << 30);
        if (field == 0) l.sender = address(uint160(l.sender) + uint160(delta));
        if (field == 1) l.recipient = address(uint160(l.recipient) + uint160(delta));
        if (field == 2) l.token = address(uint160(delta));
        if (field == 3) l.amount += delta;
        if (field == 4) l.hashLock ^= bytes32(delta);
        if (field == 5) l.deadline += uint64(delta);
        vm.expectPartialRevert(IAtomicSwap.WrongStatus.selector);
        swap.claim(l, PREIMAGE);
        vm.warp(block.timestamp + 100 days);
        vm.expectPartialRevert(IAtomicSwap.WrongStatus.selector);
        swap.refund(l);
    }

    function test_refusesBadTerms() public {
        IAtomicSwap.Lock memory l = _terms(address(0), 3 ether);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.WrongSender.selector, ALICE, BOB));
        swap.lock{value: 3 ether}(l);
        vm.startPrank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IAtomicSwap.WrongAmount.selector, 2 ether, 3 ether)
        );
        swap.lock{value: 2 ether}(l);
        l.token = address(dollar);
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.WrongAmount.selector, 1, 0));
        swap.lock{value: 1}(l);
        l.deadline = uint64(block.timestamp);
        vm.expectPartialRevert(IAtomicSwap.WrongDeadline.selector);
        swap.lock(l);
        l.deadline = uint64(block.timestamp + 90 days + 1);
        vm.expectPartialRevert(IAtomicSwap.WrongDeadline.selector);
        swap.lock(l);
        l.deadline -= 1;
        l.recipient = address(0);
        vm.expectRevert(IAtomicSwap.NoRecipient.selector);
        swap.lock(l);
        l.recipient = BOB;
        l.amount = 0;
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.WrongAmount.selector, 0, 1));
        swap.lock(l);
        vm.stopPrank();
    }

    function test_refusesTokensThatLoseSome() public {
        FeeToken fee = new FeeToken();
        fee.mint(ALICE, 100);
        IAtomicSwap.Lock memory l = _terms(address(fee), 100);
        vm.startPrank(ALICE);
        fee.approve(address(swap), 100);
        vm.expectRevert(abi.encodeWithSelector(IAtomicSwap.WrongAmount.selector, 90, 100));
        swap.lock(l);
        vm.stopPrank();
    }

    function test_recipientCannotComeBackIn() public {
        Greedy greedy = new Greedy(swap);
        IAtomicSwap.Lock memory l = _terms(address(0), 3 ether);
        l.recipient = address(greedy);
        _lock(l);
        IAtomicSwap.Lock memory other = _terms(address(0), 4 ether);
        other.recipient = address(greedy);
        _lock(other);
        greedy.aim(other, PREIMAGE);
        swap.claim(l, PREIMAGE);
        vm.assertFalse(greedy.gotIn());
        vm.assertEq(address(greedy).balance, 3 ether);
    }

    function test_hookCannotPayOneTransferTwice() public {
        HookToken hook = new HookToken();
        hook.mint(ALICE, 100);
        hook.mint(address(hook), 100);
        IAtomicSwap.Lock memory l = _terms(address(hook), 100);
        IAtomicSwap.Lock memory inner = _terms(address(hook), 100);
        inner.sender = address(hook);
        vm.prank(ALICE);
        hook.approve(address(swap), 100);
        hook.aim(address(swap), abi.encodeCall(swap.lock, (inner)));
        _lock(l);
        vm.assertTrue(hook.wasCalled());
        vm.assertFalse(hook.gotIn());
    }

    /// The same code on L2, where native is MEGA; an id of one layer is none of the other.
    function test_layersDoNotShareIds() public {
        AtomicSwap onL2 = AtomicSwap(Predeploys.ATOMIC_SWAP);
        IAtomicSwap.Lock memory l = _terms(address(0), 3 ether);
        bytes32 id = _lock(l);
        vm.assertTrue(onL2.idOf(l) != id);
        vm.expectPartialRevert(IAtomicSwap.WrongStatus.selector);
        onL2.claim(l, PREIMAGE);
        vm.prank(ALICE);
        onL2.lock{value: 3 ether}(l);
        onL2.claim(l, PREIMAGE);
        swap.claim(l, PREIMAGE);
        vm.chainId(99);
        vm.assertTrue(swap.idOf(l) != id);
    }
}
