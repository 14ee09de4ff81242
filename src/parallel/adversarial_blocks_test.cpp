// Blocks made to hurt, executed in parallel and one by one: everybody at one pool, gas that ends at
// every boundary, nonces that race, transactions that only become valid on the way, a beneficiary
// that is looked at and spends at every position, workers that stall. The seeds choose who comes
// when.
//
//   MEGA_SEED             replays one run
//   MEGA_PARALLEL_BLOCKS  blocks of each kind for each number of threads (6 by default)

#include "base/seed_test.hpp"
#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

#include <random>

namespace mega::parallel {
namespace {

using test::address_of;
using test::Assembler;
using test::Scenario;
using enum evm::Opcode;

constexpr uint64_t first_sender = 0x1'0000'0000;
const Address contract = address_of(0x3'0000'0000);

size_t block_count() {
    const char* named = std::getenv("MEGA_PARALLEL_BLOCKS");
    return named == nullptr ? 6 : std::strtoull(named, nullptr, 10);
}

Address sender(uint64_t index) { return address_of(first_sender + index); }

/// A block in the making, with dice.
struct Maker {
    explicit Maker(uint64_t seed) : random(seed) {}
    [[nodiscard]] uint64_t below(uint64_t bound) { return random() % bound; }

    Scenario scenario;
    std::mt19937_64 random;
};

using MakeBlock = void (*)(Maker&);

class AdversarialBlocks : public testing::TestWithParam<uint32_t> {
  protected:
    static ExecutorOptions options(uint64_t seed) {
        ExecutorOptions options;
        options.threads = GetParam();
        options.is_always_parallel = seed % 3 != 0;
        options.min_threads_for_sums = 1;
        options.starts_together = true;
        options.round.window = seed % 2 == 0 ? 128 : 8;
        options.round.gives_up = seed % 5 != 0;
        if (seed % 2 == 1) {
            options.round.hook = [seed](Moment moment, size_t tx) {
                const uint64_t dice = mix64(seed + tx, static_cast<uint64_t>(moment) + 1);
                if (dice % 8 == 0) {
                    std::this_thread::sleep_for(std::chrono::microseconds(dice % 61));
                }
            };
        }
        return options;
    }

    static void check(MakeBlock make) {
        const uint64_t first_seed = test_seed();
        for (uint64_t seed = first_seed; seed < first_seed + block_count(); ++seed) {
            Maker maker{seed};
            make(maker);
            const Scenario& scenario = maker.scenario;
            ParallelExecutor executor{options(seed)};
            const Batch batch{
                .env = scenario.env,
                .transactions = scenario.transactions,
                .policy = RefusalPolicy::skip
            };
            for (int round = 0; round < 2; ++round) {  // the second time with profiles learned
                ASSERT_TRUE(test::expect_sameness(executor, scenario.state, batch))
                    << "MEGA_SEED=" << seed << " round " << round;
            }
        }
    }
};

TEST_P(AdversarialBlocks, SwapStormsOnOnePool) {
    check([](Maker& maker) {
        Scenario& scenario = maker.scenario;
        scenario.state.set_code(contract, test::pool_code());
        scenario.state.set_storage(contract, 2, 1'000'000'000'000);
        scenario.state.set_storage(contract, 3, 3'000'000'000'000);
        for (uint64_t i = 0; i < 20; ++i) {
            scenario.fund(sender(i));
            scenario.state.set_storage(contract, test::mapping_slot(sender(i), 0), 100'000);
        }
        for (size_t i = 0; i < 120; ++i) {
            // Some ask for more than they have left, and fail.
            scenario.call(
                sender(maker.below(20)), contract, test::pool_swap(1 + maker.below(40'000))
            );
        }
    });
}

TEST_P(AdversarialBlocks, GasEndsAtEveryBoundary) {
    check([](Maker& maker) {
        Scenario& scenario = maker.scenario;
        scenario.state.set_code(contract, test::pool_code());
        scenario.state.set_storage(contract, 2, 1'000'000'000'000);
        scenario.state.set_storage(contract, 3, 3'000'000'000'000);
        constexpr uint64_t intrinsic = 21'000;
        constexpr uint64_t most = 110'000;  // more than a swap takes
        const uint64_t step = 600 + maker.below(100);
        uint64_t i = 0;
        for (uint64_t gas = intrinsic + maker.below(step); gas < most; gas += step, ++i) {
            scenario.fund(sender(i));
            scenario.state.set_storage(contract, test::mapping_slot(sender(i), 0), 1'000'000);
            scenario.call(sender(i), contract, test::pool_swap(1000 + i)).tx.gas_limit = gas;
        }
        std::shuffle(scenario.transactions.begin(), scenario.transactions.end(), maker.random);
    });
}

TEST_P(AdversarialBlocks, NoncesRace) {
    check([](Maker& maker) {
        Scenario& scenario = maker.scenario;
        for (uint64_t i = 0; i < 3; ++i) {
            scenario.fund(sender(i));
        }
        for (size_t i = 0; i < 100; ++i) {
            // Too early, too late, or just right.
            auto& tx =
                scenario.add(sender(maker.below(3)), sender(maker.below(3)), maker.below(1000));
            tx.tx.nonce = maker.below(i / 6 + 1);
        }
    });
}

TEST_P(AdversarialBlocks, WhatFailsBecomesValid) {
    check([](Maker& maker) {
        Scenario& scenario = maker.scenario;
        // Open to who asks for no more than the count; of the others every second one fails, and
        // the count goes back with it.
        const Address gate = address_of(0x3'0000'0001);
        Assembler guarded;
        guarded.push(0).op({CALLDATALOAD}).push(0).op({SLOAD, LT, ISZERO});  // count >= wanted
        const size_t open = guarded.jump_if();
        guarded.push(0).op({SLOAD}).push(1).op({AND});
        const size_t odd = guarded.jump_if();
        guarded.add_to_slot(0, 1).push(0).push(0).op({REVERT});
        guarded.land(odd).add_to_slot(0, 1).op({STOP});
        guarded.land(open).add_to_slot(0, 1).add_to_slot(1, 1).op({STOP});
        scenario.state.set_code(gate, guarded.code());
        scenario.state.set_storage(gate, 0, 1);
        const u256 price = u256{21'000} * u256{20};
        scenario.fund(sender(0));
        for (uint64_t i = 1; i < 120; ++i) {
            if (maker.below(3) == 0) {
                scenario.fund(sender(i));
                scenario.call(sender(i), gate, to_bytes(u256{maker.below(40)}.to_hash().view()));
            } else {
                // Paid for by a transaction that may or may not come before.
                const uint64_t to = 1 + maker.below(119);
                scenario.add(sender(0), sender(to), price + u256{maker.below(3)});
                scenario.add(sender(to), sender(maker.below(120)), maker.below(3));
            }
        }
    });
}

/// Fees are added up at commit: whoever looks must see all of them.
TEST_P(AdversarialBlocks, TheBeneficiaryIsLookedAtAndSpendsAtEveryPosition) {
    check([](Maker& maker) {
        Scenario& scenario = maker.scenario;
        const Address beneficiary = sender(0);
        scenario.env.context.beneficiary = beneficiary;
        if (maker.below(2) == 0) {
            scenario.state.set_balance(beneficiary, maker.below(100'000'000));
        }
        // Remembers the beneficiary's balance, code hash and a payment to it.
        Assembler code;
        code.op({COINBASE, BALANCE}).push(0).op({CALLDATALOAD, SSTORE});
        code.op({COINBASE, EXTCODEHASH}).push(0).op({CALLDATALOAD, NOT, SSTORE});
        code.push(0).push(0).push(0).push(0).push(3).op({COINBASE, GAS, CALL, POP, STOP});
        scenario.state.set_code(contract, code.code());
        scenario.state.set_balance(contract, 100);
        for (uint64_t i = 1; i < 100; ++i) {
            scenario.fund(sender(i));
            switch (maker.below(5)) {
                case 0:
                    scenario.call(sender(i), contract, to_bytes(u256{i}.to_hash().view()));
                    break;
                case 1:
                    scenario.add(beneficiary, sender(i), maker.below(2000));
                    break;
                case 2:
                    scenario.add(sender(i), beneficiary, maker.below(2000));
                    break;
                default:
                    scenario.add(sender(i), sender(i + 1000), 1).tx.max_priority_fee_per_gas =
                        maker.below(3);
                    break;
            }
        }
    });
}

TEST_P(AdversarialBlocks, AStalledWorkerHoldsNothingUpForever) {
    constexpr std::array moments{
        Moment::before_execution,
        Moment::before_publication,
        Moment::after_publication,
        Moment::before_check,
        Moment::before_commit
    };
    for (const Moment stalled : moments) {
        Maker maker{static_cast<uint64_t>(stalled)};
        Scenario& scenario = maker.scenario;
        scenario.state.set_code(contract, test::counter_code());
        for (uint64_t i = 0; i < 200; ++i) {
            scenario.fund(sender(i));
            if (maker.below(3) == 0) {
                scenario.call(sender(i), contract, {});
            } else {
                scenario.add(sender(i), sender(maker.below(200)), 1);
            }
        }
        ExecutorOptions options;
        options.threads = GetParam();
        options.is_always_parallel = true;
        options.starts_together = true;
        std::atomic<int> stalls{0};
        options.round.hook = [&](Moment moment, size_t tx) {
            if (moment == stalled && tx % 50 == 7 && stalls.fetch_add(1) < 3) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        };
        ParallelExecutor executor{options};
        EXPECT_TRUE(test::expect_sameness(
            executor, scenario.state, {.env = scenario.env, .transactions = scenario.transactions}
        ));
    }
}

/// One that runs as long as its gas lets it, among many that could be done by then.
TEST_P(AdversarialBlocks, ALongOneHoldsNothingUpForever) {
    using enum evm::Opcode;
    const Address spinning = address_of(0x5b1);
    const Bytes loop = test::Assembler{}.op({JUMPDEST}).push(0).op({JUMP}).code();
    for (const size_t place : {size_t{0}, size_t{1}, size_t{150}, size_t{299}}) {
        Maker maker{place};
        Scenario& scenario = maker.scenario;
        scenario.state.set_code(contract, test::counter_code());
        scenario.state.set_code(spinning, loop);
        for (uint64_t i = 0; i < 300; ++i) {
            scenario.fund(sender(i));
            if (i == place) {
                scenario.call(sender(i), spinning, {}).tx.gas_limit = 16'000'000;
            } else if (maker.below(3) == 0) {
                scenario.call(sender(i), contract, {});
            } else {
                scenario.add(sender(i), sender(maker.below(300)), 1);
            }
        }
        ExecutorOptions options;
        options.threads = GetParam();
        options.is_always_parallel = true;
        options.starts_together = true;
        options.round.window = 32;
        ParallelExecutor executor{options};
        EXPECT_TRUE(test::expect_sameness(
            executor, scenario.state, {.env = scenario.env, .transactions = scenario.transactions}
        ));
    }
}

INSTANTIATE_TEST_SUITE_P(Threads, AdversarialBlocks, testing::Values(1, 2, 3, 4, 8, 16));

}  // namespace
}  // namespace mega::parallel
