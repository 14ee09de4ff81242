// Executions whose origins were tracked, repeated with other values of the slots: within the ranges
// that were found everything must come out the same, sums moved along with their starts.
//
//   MEGA_SEED   replays one run

#include "parallel/origins.hpp"

#include "base/seed_test.hpp"
#include "parallel/lanes.hpp"
#include "parallel/test_programs.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>

namespace mega::parallel {
namespace {

using test::address_of;
using test::Assembler;
using test::Scenario;
using enum evm::Opcode;
using test::DUP4;

const Address contract = address_of(0xc0de);
const Address sender = address_of(0x5e4de5);
const Address recipient = address_of(0x4ec1);

using Slots = std::map<u256, u256>;

/// One execution over a world of its own, and what it left.
class Execution final : public EstimateWaiter {
  public:
    Execution(const Bytes& code, const Bytes& data, const Slots& slots, bool is_tracked) {
        scenario_.fund(sender);
        scenario_.state.set_code(contract, code);
        for (const auto& [slot, value] : slots) {
            scenario_.state.set_storage(contract, slot, value);
        }
        scenario_.call(sender, contract, data);
        memory_.begin(scenario_.state, 1, true);
        lane_.view.begin_round(fee_addresses(scenario_.env));
        lane_.view.begin(0, record_, *this);
        RoundContext round;
        round.env = &scenario_.env;
        run_general(lane_, round, scenario_.transactions.front(), record_, is_tracked);
    }
    void wait_for(uint32_t /*tx*/) override {}

    [[nodiscard]] const execution::TxResult& result() const { return record_.result; }
    [[nodiscard]] std::map<u256, SlotRange> ranges() const {
        std::map<u256, SlotRange> found;
        for (const SlotRead& read : record_.slot_reads) {
            if (read.has_range) {
                found[read.location->key.slot] = read.range;
            }
        }
        return found;
    }
    /// Slots by what they hold afterwards; sums by what was added.
    [[nodiscard]] std::map<u256, u256> writes(const std::map<u256, SlotRange>& sums) const {
        std::map<u256, u256> found;
        for (const SlotWrite& write : record_.slot_writes) {
            const state::SlotChange& change = write.change;
            found[change.slot] =
                sums.contains(change.slot) ? change.after - change.before : change.after;
        }
        return found;
    }
    [[nodiscard]] size_t sums() const {
        return static_cast<size_t>(std::count_if(
            record_.slot_writes.begin(),
            record_.slot_writes.end(),
            [](const SlotWrite& write) { return write.is_sum; }
        ));
    }

  private:
    Scenario scenario_;
    std::atomic<size_t> bytes_{0};
    MultiVersionMemory memory_;
    Lane lane_{memory_, bytes_};
    Record record_;
};

std::map<u256, SlotRange> ranges_of(const Assembler& code, const Slots& slots) {
    return Execution{code.code(), {}, slots, true}.ranges();
}

constexpr SlotRange from(const u256& least, const u256& most = u256::max()) {
    return {least, most};
}

TEST(Origins, AnErc20TransferNeedsEnoughAndMoreThanZero) {
    const u256 payer = test::mapping_slot(sender, 0);
    const u256 payee = test::mapping_slot(recipient, 0);
    const Execution done{
        test::token_code(), test::token_transfer(recipient, 5), {{payer, 100}, {payee, 7}}, true
    };
    EXPECT_TRUE(done.result().success());
    EXPECT_EQ(done.sums(), 2U);
    const std::map<u256, SlotRange> expected{
        // At 5 nothing would be left, which refunds gas; from -5 on the sum wraps.
        {payer, from(6)},
        {payee, from(1, u256::max() - u256{5})}
    };
    EXPECT_EQ(done.ranges(), expected);
}

TEST(Origins, TheFirstCreditOfAnAccountIsExact) {
    const u256 payer = test::mapping_slot(sender, 0);
    const Execution done{
        test::token_code(), test::token_transfer(recipient, 5), {{payer, 100}}, true
    };
    EXPECT_EQ(done.sums(), 1U);
    EXPECT_TRUE(done.ranges().contains(payer));
}

TEST(Origins, ARefusedPaymentHoldsForAllWhoHaveTooLittle) {
    const u256 payer = test::mapping_slot(sender, 0);
    const Execution done{
        test::token_code(), test::token_transfer(recipient, 5), {{payer, 4}}, true
    };
    EXPECT_FALSE(done.result().success());
    const std::map<u256, SlotRange> expected{{payer, from(0, 4)}};
    EXPECT_EQ(done.ranges(), expected);
}

TEST(Origins, OnlyLoadedIsNotLookedAt) {
    const std::map<u256, SlotRange> expected{{1, from(0)}};
    EXPECT_EQ(ranges_of(Assembler{}.push(1).op({SLOAD, POP}), {{1, 9}}), expected);
}

TEST(Origins, ZeroIsTellApart) {
    const Assembler code = Assembler{}.push(1).op({SLOAD, ISZERO, POP});
    const std::map<u256, SlotRange> expected{{1, from(1)}};
    EXPECT_EQ(ranges_of(code, {{1, 9}}), expected);
}

/// c = a + b; require(c >= a): how addition was checked before Solidity 0.8.
TEST(Origins, AnOverflowCheckIsARange) {
    Assembler code;
    code.push(1).op({SLOAD, DUP1}).push(10).op({ADD, LT, POP});
    const std::map<u256, SlotRange> expected{{1, from(0, u256::max() - u256{10})}};
    EXPECT_EQ(ranges_of(code, {{1, 9}}), expected);
}

TEST(Origins, WhatIsUsedAtItsValueIsExact) {
    const std::vector<Assembler> programs{
        Assembler{}.push(1).op({SLOAD}).push(0).op({MSTORE}),
        Assembler{}.push(1).op({SLOAD}).push(0).push(0).op({LOG1}),
        Assembler{}.push(1).op({SLOAD}).push(2).op({SSTORE}),  // another slot's value
        Assembler{}.push(2).push(1).op({SLOAD, SSTORE}),       // a slot's number
        Assembler{}.push(1).op({SLOAD, SLOAD, POP}),           // as well
        Assembler{}.push(1).op({SLOAD}).push(3).op({MUL, POP}),
        Assembler{}.push(1).op({SLOAD}).push(3).op({SUB, POP}),             // 3 - start
        Assembler{}.push(1).op({SLOAD}).push(7).push(1).op({SSTORE, POP}),  // set, not added to
        Assembler{}.push(1).op({SLOAD, CALLER, AND, POP}),
        Assembler{}.push(1).op({SLOAD}).push(2).op({SLOAD, LT, POP}),   // two slots compared
        Assembler{}.push(1).op({SLOAD}).push(2).op({SLOAD, ADD, POP}),  // two slots added
        Assembler{}.add_to_slot(1, 1).op({INVALID}),                    // a fault
        Assembler{}.add_to_slot(1, 1).push(0).push(0).push(0).op({CREATE}),
        Assembler{}.add_to_slot(1, 1).op({CALLER, SELFDESTRUCT}),
    };
    for (size_t i = 0; i < programs.size(); ++i) {
        const auto ranges = ranges_of(programs[i], {{1, 9}, {2, 5}});
        EXPECT_FALSE(ranges.contains(1)) << "program " << i;
    }
}

/// Following costs what there is to follow: not more than a little.
TEST(Origins, ManyWordsAtATimeEndTheTracking) {
    for (const size_t copies : {size_t{20}, size_t{60}}) {
        Assembler code;
        code.push(1).op({SLOAD});
        for (size_t i = 0; i < copies; ++i) {
            code.op({DUP1});
        }
        EXPECT_EQ(ranges_of(code, {{1, 9}}).contains(1), copies == 20);
    }
}

TEST(Origins, AStackThatHoldsTooLittleIsAFault) {
    const std::vector<Assembler> programs{
        Assembler{}.push(1).op({SLOAD, ADD}),
        Assembler{}.push(1).op({SLOAD, LT}),
        Assembler{}.push(1).op({SLOAD, SSTORE}),
        Assembler{}.push(1).op({SLOAD, POP, SLOAD}),
        Assembler{}.push(1).op({SLOAD, evm::Opcode::SWAP1}),
        Assembler{}.push(1).op({SLOAD, DUP4}),
    };
    for (const Assembler& program : programs) {
        EXPECT_TRUE(ranges_of(program, {{1, 9}}).empty());
    }
}

TEST(Origins, MoreSlotsThanAreFollowedAreExact) {
    Assembler code;
    Slots slots;
    for (uint8_t i = 0; i < 40; ++i) {
        code.push(i).op({SLOAD, POP});
        slots[i] = 9;
    }
    const auto ranges = ranges_of(code, slots);
    EXPECT_EQ(ranges.size(), 16U);
    EXPECT_FALSE(ranges.contains(39));
}

// -----------------------------------------------------------------------------------------------
// random programs

constexpr uint64_t slot_count = 3;

class ProgramMaker {
  public:
    explicit ProgramMaker(uint64_t seed) : random_(seed) {}

    Bytes make() {
        Assembler code;
        const size_t count = 1 + below(12);
        for (size_t i = 0; i < count; ++i) {
            add(code);
        }
        return code.code();
    }
    Slots slots() {
        Slots made;
        for (uint64_t i = 0; i < slot_count; ++i) {
            made[i] = value();
        }
        return made;
    }
    u256 value() {
        switch (below(4)) {
            case 0:
                return below(3);
            case 1:
                return u256::max() - u256{below(300)};
            case 2:
                return u256{1} << static_cast<unsigned>(below(256));
            default:
                return below(300);
        }
    }
    u256 within(const SlotRange& range) {
        switch (below(4)) {
            case 0:
                return range.least;
            case 1:
                return range.most;
            default: {
                const u256 width = range.most - range.least;
                const u256 step = width == u256::max() ? value() : value() % (width + u256{1});
                return below(2) == 0 ? range.least + step : range.most - step;
            }
        }
    }
    uint64_t below(uint64_t bound) { return random_() % bound; }

  private:
    uint8_t slot() { return static_cast<uint8_t>(below(slot_count)); }
    void add_constant(Assembler& code) {
        if (below(2) == 0) {
            code.push(value());
        } else {
            code.push(static_cast<uint8_t>(below(20)));
        }
    }
    /// Leaves a word that comes from a slot, more often than not.
    void add_word(Assembler& code) {
        code.push(slot()).op({SLOAD});
        for (uint64_t i = below(3); i > 0; --i) {
            add_constant(code);
            constexpr std::array<evm::Opcode, 6> operations{ADD, ADD, ADD, SUB, MUL, XOR};
            if (below(2) == 0) {
                code.op({SWAP1});
            }
            code.op({operations[below(20) < 18 ? below(4) : 4 + below(2)]});
        }
    }
    void add(Assembler& code) {
        if (code.size() > 150) {
            return;  // jumps reach 255
        }
        constexpr std::array<evm::Opcode, 4> comparisons{LT, GT, EQ, ISZERO};
        switch (below(7)) {
            case 0:
            case 1:
            case 2: {  // a guarded change
                add_word(code);
                const uint64_t which = below(comparisons.size());
                code.op({DUP1});
                if (which != 3) {
                    add_constant(code);
                    if (below(2) == 0) {
                        code.op({SWAP1});
                    }
                }
                code.op({comparisons[which]});
                const size_t place = code.jump_if();
                if (below(4) == 0) {
                    code.op({POP}).push(0).push(0).op({REVERT});
                } else {
                    code.store_top(slot()).op({GAS, POP});
                    code.push(0);  // as many words as at the jump
                }
                code.land(place);
                return;
            }
            case 3:
            case 4: {  // to the slot it came from
                const uint8_t place = slot();
                code.push(place).op({SLOAD});
                add_constant(code);
                code.op({ADD}).store_top(place);
                return;
            }
            case 5: {  // the sum is compared with the start
                code.push(slot()).op({SLOAD, DUP1});
                add_constant(code);
                code.op({ADD, comparisons[below(3)]});
                code.store_top(7);
                return;
            }
            default:  // observes gas, which stores and refunds decide
                code.op({GAS}).store_top(8);
                return;
        }
    }

    std::mt19937_64 random_;
};

TEST(Origins, WithinItsRangesAnExecutionIsTheSame) {
    const uint64_t first_seed = test_seed();
    size_t ranges_found = 0;
    size_t sums_found = 0;
    size_t repeated = 0;
    for (uint64_t i = 0; i < 3000; ++i) {
        const uint64_t seed = first_seed + i;
        ProgramMaker maker{seed};
        const Bytes code = maker.make();
        const Slots slots = maker.slots();
        const Execution tracked{code, {}, slots, true};
        const auto ranges = tracked.ranges();
        ranges_found += ranges.size();
        sums_found += tracked.sums();
        for (int turn = 0; turn < 6; ++turn) {
            Slots others = slots;
            for (const auto& [slot, range] : ranges) {
                ASSERT_TRUE(range.least <= slots.at(slot) && slots.at(slot) <= range.most);
                others[slot] = maker.within(range);
            }
            const Execution other{code, {}, others, false};
            repeated += others != slots ? 1 : 0;
            ASSERT_EQ(tracked.result().status, other.result().status) << "MEGA_SEED=" << seed;
            ASSERT_EQ(tracked.result().gas_used, other.result().gas_used) << "MEGA_SEED=" << seed;
            ASSERT_EQ(tracked.result().gas_refunded, other.result().gas_refunded);
            ASSERT_EQ(tracked.result().logs, other.result().logs);
            ASSERT_EQ(tracked.writes(ranges), other.writes(ranges)) << "MEGA_SEED=" << seed;
        }
    }
    EXPECT_GT(ranges_found, 1000U);
    EXPECT_GT(sums_found, 300U);
    EXPECT_GT(repeated, 3000U);
}

}  // namespace
}  // namespace mega::parallel
