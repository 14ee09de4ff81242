// Blocks of random transactions over a small world of senders and contracts made of random
// statements, executed in parallel and one by one. Everything that may go wrong between two
// transactions meets everything else: hot slots, payments that only earlier credits cover,
// self-destruct and re-creation at one address, delegations that change within the block,
// transient storage, reads of lazily credited accounts, the beneficiary as anything, invalid
// transactions, every fork.
//
//   MEGA_SEED             replays one run
//   MEGA_PARALLEL_BLOCKS  blocks for each number of threads (40 by default)

#include "base/hex.hpp"
#include "base/seed_test.hpp"
#include "execution/host.hpp"
#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

namespace mega::parallel {
namespace {

using test::address_of;
using test::Assembler;
using enum evm::Opcode;

constexpr size_t sender_count = 8;
constexpr size_t contract_count = 6;
constexpr size_t stranger_count = 4;
constexpr uint64_t salt_count = 2;

size_t block_count() {
    const char* named = std::getenv("MEGA_PARALLEL_BLOCKS");
    return named == nullptr ? 40 : std::strtoull(named, nullptr, 10);
}

/// Makes a world and a block from a seed.
class BlockMaker {
  public:
    explicit BlockMaker(uint64_t seed) : random_(seed) {}

    void make(test::Scenario& scenario);

  private:
    [[nodiscard]] uint64_t below(uint64_t bound) { return random_() % bound; }
    [[nodiscard]] bool one_in(uint64_t n) { return below(n) == 0; }
    [[nodiscard]] Address anyone() { return universe_[below(universe_.size())]; }
    [[nodiscard]] bool has(Fork fork) const { return fork_ >= fork; }
    [[nodiscard]] uint8_t slot() { return static_cast<uint8_t>(below(3)); }

    void make_environment(test::Scenario& scenario);
    void make_universe();
    void make_accounts(test::Scenario& scenario);
    [[nodiscard]] Bytes program(size_t statements);
    void add_statement(Assembler& code);
    void add_payment(Assembler& code);
    void add_look(Assembler& code);
    void add_call(Assembler& code);
    void add_creation(Assembler& code);
    void add_end(Assembler& code);
    [[nodiscard]] Bytes child_init_code();
    void add_transaction(test::Scenario& scenario);
    void add_authorizations(SignedTransaction& tx, test::Scenario& scenario);

    std::mt19937_64 random_;
    Fork fork_ = current_fork;
    std::vector<Address> senders_;
    std::vector<Address> contracts_;
    std::vector<Address> universe_;
};

crypto::SecretKey key_of(size_t sender) { return u256{sender + 77}.to_hash(); }

void BlockMaker::make(test::Scenario& scenario) {
    make_environment(scenario);
    make_universe();
    make_accounts(scenario);
    const size_t count = 1 + below(60);
    for (size_t i = 0; i < count; ++i) {
        add_transaction(scenario);
    }
}

void BlockMaker::make_environment(test::Scenario& scenario) {
    constexpr auto fork_count = static_cast<uint64_t>(current_fork) + 1;
    fork_ = one_in(2) ? current_fork : static_cast<Fork>(below(fork_count));
    scenario.env.fork = fork_;
    scenario.env.max_blobs = 6;
    scenario.env.context.blob_base_fee = 1;
    scenario.env.context.base_fee_per_gas = one_in(8) ? 0 : 7;
    if (one_in(6)) {
        scenario.env.context.gas_limit = 3'000'000;
    }
}

void BlockMaker::make_universe() {
    for (size_t i = 0; i < sender_count; ++i) {
        senders_.push_back(*crypto::address_of(key_of(i)));
    }
    for (uint64_t i = 0; i < contract_count; ++i) {
        contracts_.push_back(address_of(0xc000 + i));
    }
    universe_ = senders_;
    universe_.insert(universe_.end(), contracts_.begin(), contracts_.end());
    for (uint64_t i = 0; i < stranger_count; ++i) {
        universe_.push_back(address_of(0xe000 + i));
    }
    universe_.push_back(address_of(one_in(2) ? 3 : 4));  // precompiles; 3 is a special one
}

void BlockMaker::make_accounts(test::Scenario& scenario) {
    for (const Address& sender : senders_) {
        // Some can pay for little, and live on what others send.
        scenario.state.set_balance(
            sender, one_in(3) ? u256{below(8'000'000)} : u256{1'000'000'000'000'000}
        );
    }
    // What contracts may create is part of the world before it exists.
    std::vector<Address> children;
    for (const Address& contract : contracts_) {
        for (uint64_t salt = 0; salt < salt_count; ++salt) {
            children.push_back(execution::create2_address(contract, salt, child_init_code()));
        }
        children.push_back(execution::create_address(contract, 1));
    }
    universe_.insert(universe_.end(), children.begin(), children.begin() + 6);
    for (const Address& contract : contracts_) {
        scenario.state.set_code(contract, program(1 + below(6)));
        scenario.state.set_nonce(contract, 1);
        scenario.state.set_balance(contract, below(1000));
        for (uint8_t i = 0; i < 3; ++i) {
            scenario.state.set_storage(contract, i, one_in(2) ? below(3) : 10 + below(100));
        }
    }
    scenario.env.context.beneficiary = one_in(2) ? anyone() : address_of(0xfee);
    if (one_in(3)) {
        scenario.env.l2_fees = {
            below(3) * 10, scenario.env.context.base_fee_per_gas, static_cast<uint16_t>(below(5000))
        };
    }
    if (one_in(4)) {
        scenario.state.set_account(address_of(0xe000), Account{});  // exists, but empty
    }
}

// --- contracts ---

Bytes BlockMaker::program(size_t statements) {
    Assembler code;
    for (size_t i = 0; i < statements; ++i) {
        add_statement(code);
    }
    add_end(code);
    return code.code();
}

void BlockMaker::add_statement(Assembler& code) {
    switch (below(8)) {
        case 0:
            if (one_in(2)) {
                code.add_to_slot(slot(), static_cast<uint8_t>(1 + below(3)));
            } else {
                add_payment(code);
            }
            return;
        case 1:
            add_look(code);
            return;
        case 2:
        case 3:
            add_call(code);
            return;
        case 4:
            add_creation(code);
            return;
        case 5:
            code.push(0).op({CALLDATALOAD, CALLER, SSTORE});
            return;
        case 6:
            if (has(Fork::cancun)) {
                code.push(slot()).op({TLOAD}).store_top(slot());
                code.push(static_cast<uint8_t>(below(5))).push(slot()).op({TSTORE});
            } else {
                code.push(0).store_top(slot());
            }
            return;
        default:
            code.push(slot()).op({SLOAD}).push(32).push(0).op({LOG1});
            return;
    }
}

/// Takes something from a slot that holds enough, as tokens do.
void BlockMaker::add_payment(Assembler& code) {
    if (code.size() > 200) {
        return;  // a jump reaches no further
    }
    const uint8_t from = slot();
    code.push(static_cast<uint8_t>(below(20))).push(from).op({SLOAD});
    code.op({test::DUP2, test::DUP2, one_in(2) ? LT : GT});
    const size_t refusal = code.jump_if();
    code.op({SUB}).store_top(from);
    code.land(refusal);
}

/// Looks at an account and remembers what it saw.
void BlockMaker::add_look(Assembler& code) {
    const Address whom = anyone();
    switch (below(5)) {
        case 0:
            code.push(whom).op({EXTCODESIZE});
            break;
        case 1:
            if (has(Fork::constantinople)) {
                code.push(whom).op({EXTCODEHASH});
                break;
            }
            [[fallthrough]];
        case 2:
            code.op({COINBASE, BALANCE});
            break;
        case 3:
            if (has(Fork::istanbul)) {
                code.op({SELFBALANCE});
                break;
            }
            [[fallthrough]];
        default:
            code.push(whom).op({BALANCE});
            break;
    }
    code.store_top(slot());
}

void BlockMaker::add_call(Assembler& code) {
    const bool is_delegate = has(Fork::homestead) && one_in(5);
    const bool is_static = !is_delegate && has(Fork::byzantium) && one_in(5);
    code.push(0).push(0).push(one_in(2) ? 32 : 0).push(0);
    if (!is_delegate && !is_static) {
        // Sometimes all it has.
        if (one_in(4)) {
            code.op({ADDRESS, BALANCE});
        } else {
            code.push(static_cast<uint8_t>(one_in(2) ? 0 : below(200)));
        }
    }
    code.push(anyone()).push(u256{20'000 + below(60'000)});
    code.op({is_delegate ? DELEGATECALL : is_static ? STATICCALL : CALL});
    if (one_in(3)) {
        code.store_top(slot());
    } else {
        code.op({POP});
    }
}

/// Ends itself at once, or lives to end itself when it is called, or stores and stays.
Bytes BlockMaker::child_init_code() {
    const Address heir = universe_[senders_.size()];
    const Bytes runtime = Assembler{}.push(heir).op({SELFDESTRUCT}).code();
    return Assembler{}
        .add_to_slot(1, 2)
        .push_bytes(runtime)
        .push(0)
        .op({MSTORE})
        .push(static_cast<uint8_t>(runtime.size()))
        .push(static_cast<uint8_t>(32 - runtime.size()))
        .op({RETURN})
        .code();
}

void BlockMaker::add_creation(Assembler& code) {
    const bool ends_at_once = one_in(3);
    const Bytes init =
        ends_at_once ? Assembler{}.push(anyone()).op({SELFDESTRUCT}).code() : child_init_code();
    // The init code fits two words; MSTORE writes them from the left.
    Bytes padded = init;
    padded.resize(64);
    code.push_bytes(BytesView{padded}.first(32)).push(0).op({MSTORE});
    code.push_bytes(BytesView{padded}.subspan(32)).push(32).op({MSTORE});
    const auto size = static_cast<uint8_t>(init.size());
    const auto value = static_cast<uint8_t>(one_in(2) ? 0 : below(20));
    if (has(Fork::constantinople) && one_in(2)) {
        code.push(u256{below(salt_count)}).push(size).push(0).push(value).op({CREATE2});
    } else {
        code.push(size).push(0).push(value).op({CREATE});
    }
    if (one_in(2)) {
        code.store_top(slot());
    } else {
        code.op({POP});
    }
}

void BlockMaker::add_end(Assembler& code) {
    switch (below(6)) {
        case 0:
            code.push(anyone()).op({SELFDESTRUCT});
            return;
        case 1: {  // fails while a slot says so
            code.push(slot()).op({SLOAD});
            code.push(1).op({AND});
            const size_t fine = code.size() < 200 ? code.jump_if() : 0;
            if (fine != 0) {
                code.push(0).push(0).op({has(Fork::byzantium) ? REVERT : INVALID});
                code.land(fine);
            }
            code.op({STOP});
            return;
        }
        default:
            code.op({STOP});
            return;
    }
}

// --- transactions ---

void BlockMaker::add_transaction(test::Scenario& scenario) {
    const size_t sender = below(sender_count);
    auto& nonce = scenario.nonces[senders_[sender]];
    SignedTransaction tx;
    tx.sender = senders_[sender];
    tx.tx.nonce = one_in(60) ? below(4) : nonce++;
    tx.tx.chain_id = scenario.env.context.chain_id;
    tx.tx.max_fee_per_gas = one_in(40) ? 3 : 20;
    tx.tx.max_priority_fee_per_gas = has(Fork::london) ? u256{below(4)} : tx.tx.max_fee_per_gas;
    tx.tx.gas_limit = one_in(3) ? 21000 : 21000 + below(400'000);
    tx.tx.to = anyone();
    tx.tx.value = one_in(3) ? 0 : one_in(10) ? below(1'000'000'000) : below(5000);
    if (has(Fork::london)) {
        tx.tx.type = TxType::dynamic_fee;
        tx.tx.max_priority_fee_per_gas =
            std::min(tx.tx.max_priority_fee_per_gas, tx.tx.max_fee_per_gas);
    } else {
        tx.tx.max_priority_fee_per_gas = tx.tx.max_fee_per_gas;
    }
    switch (below(8)) {
        case 0:
            tx.tx.to.reset();
            tx.tx.data = one_in(2) ? child_init_code() : program(2);
            tx.tx.gas_limit += 100'000;
            break;
        case 1:
        case 2:
        case 3:
            tx.tx.to = contracts_[below(contract_count)];
            tx.tx.data = to_bytes(u256{below(3)}.to_hash().view());
            tx.tx.gas_limit += 60'000;
            break;
        case 4:
            if (has(Fork::prague)) {
                add_authorizations(tx, scenario);
            }
            break;
        case 5:
            if (has(Fork::berlin) && one_in(2)) {
                tx.tx.access_list.push_back({anyone(), {u256{slot()}.to_hash()}});
                tx.tx.gas_limit += 5000;
            } else if (one_in(4)) {
                tx.tx = Transaction{};
                tx.tx.type = TxType::deposit;
                tx.tx.from = tx.sender;
                tx.tx.mint = below(10'000'000);
                tx.tx.gas_limit = 100'000;
                tx.tx.to = anyone();
                tx.tx.value = below(100);
            }
            break;
        default:
            break;
    }
    scenario.transactions.push_back(std::move(tx));
}

void BlockMaker::add_authorizations(SignedTransaction& tx, test::Scenario& scenario) {
    tx.tx.type = TxType::set_code;
    const size_t count = 1 + below(2);
    for (size_t i = 0; i < count; ++i) {
        const size_t authority = below(sender_count);
        auto& nonce = scenario.nonces[senders_[authority]];
        Authorization authorization;
        authorization.chain_id = scenario.env.context.chain_id;
        authorization.address = one_in(3) ? Address{} : contracts_[below(contract_count)];
        authorization.nonce = one_in(5) ? below(3) : nonce++;
        sign_authorization(authorization, key_of(authority));
        tx.tx.authorization_list.push_back(authorization);
        tx.tx.gas_limit += 25'000;
    }
}

// --- the test ---

/// Keeps a worker from its work for a while that nobody can foresee.
void disturb(uint64_t seed, Moment moment, size_t tx) {
    static std::atomic<uint64_t> turn{0};
    const uint64_t dice = mix64(seed ^ turn.fetch_add(1), static_cast<uint64_t>(moment) + 8 * tx);
    if (dice % 4 == 0) {
        std::this_thread::yield();
    } else if (dice % 32 == 1) {
        std::this_thread::sleep_for(std::chrono::microseconds(dice % 97));
    }
}

ExecutorOptions options_for(uint32_t threads, uint64_t seed, bool is_disturbed) {
    ExecutorOptions options;
    options.threads = threads;
    options.is_always_parallel = seed % 4 != 0;
    options.starts_together = true;
    options.min_threads_for_sums = 1 + seed % 3;
    options.min_transfers = seed % 2 == 0 ? 2 : ExecutorOptions::never;
    constexpr std::array<uint32_t, 4> windows{512, 1, 4, 16};
    options.round.window = windows[seed / 4 % windows.size()];
    options.round_limit = seed % 5 == 0 ? 7 : 1 << 14;
    options.round.records_spans = seed % 3 == 0;
    options.round.tracks_all = seed / 16 % 2 == 0;
    if (is_disturbed) {
        options.round.hook = [seed](Moment moment, size_t tx) { disturb(seed, moment, tx); };
    }
    return options;
}

class RandomBlocks : public testing::TestWithParam<uint32_t> {
  protected:
    static void check(bool is_disturbed) {
        const uint64_t first_seed = test_seed();
        for (uint64_t i = 0; i < block_count(); ++i) {
            const uint64_t seed = first_seed + i;
            test::Scenario scenario;
            BlockMaker{seed}.make(scenario);
            ParallelExecutor executor{options_for(GetParam(), seed, is_disturbed)};
            const auto policy = seed % 2 == 0 ? RefusalPolicy::skip : RefusalPolicy::stop;
            const Batch batch{
                .env = scenario.env, .transactions = scenario.transactions, .policy = policy
            };
            // The second time with profiles learned.
            for (int round = 0; round < 2; ++round) {
                ASSERT_TRUE(test::expect_sameness(executor, scenario.state, batch))
                    << "MEGA_SEED=" << seed << " round " << round << " fork "
                    << static_cast<int>(scenario.env.fork);
            }
        }
    }
};

/// A proof over blocks in which nothing happens would prove nothing.
TEST(RandomWorld, IsEventful) {
    size_t accepted = 0;
    size_t failed = 0;
    size_t refused = 0;
    size_t cleared = 0;
    size_t gone = 0;
    size_t codes = 0;
    size_t slots = 0;
    size_t aborts = 0;
    for (uint64_t seed = 1; seed <= 100; ++seed) {
        test::Scenario scenario;
        BlockMaker{seed}.make(scenario);
        ParallelExecutor executor{options_for(4, 1, true)};
        const auto result = executor.execute(
            scenario.state,
            {.env = scenario.env,
             .transactions = scenario.transactions,
             .policy = RefusalPolicy::skip}
        );
        accepted += result.results.size();
        refused += result.refusals.size();
        aborts += executor.report().aborts;
        for (const execution::TxResult& tx : result.results) {
            failed += tx.success() ? 0 : 1;
            codes += tx.diff.codes.size();
            slots += tx.diff.slots.size();
            for (const state::AccountChange& change : tx.diff.accounts) {
                cleared += change.storage_cleared ? 1 : 0;
                gone += change.before && !change.after ? 1 : 0;
            }
        }
    }
    EXPECT_GT(accepted, 1000U);
    EXPECT_GT(failed, 100U);
    EXPECT_GT(refused, 100U);
    EXPECT_GT(cleared, 10U);
    EXPECT_GT(gone, 10U);
    EXPECT_GT(codes, 100U);
    EXPECT_GT(slots, 500U);
    EXPECT_GT(aborts, 0U);
}

TEST_P(RandomBlocks, ParallelIsSequential) { check(false); }
TEST_P(RandomBlocks, DisturbedWorkersChangeNothing) { check(true); }

INSTANTIATE_TEST_SUITE_P(Threads, RandomBlocks, testing::Values(1, 2, 3, 4, 8, 16));

}  // namespace
}  // namespace mega::parallel
