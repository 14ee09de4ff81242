// Plain transfers through their own path against the general one, which a tracer selects: the same
// result or the same refusal, from the same reads.
//
//   MEGA_SEED   replays one run

#include "execution/transfer.hpp"

#include "base/seed_test.hpp"
#include "state/overlay.hpp"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace mega::execution {
namespace {

/// Notes which accounts were asked for.
class NotingView final : public state::StateView {
  public:
    explicit NotingView(const state::StateView& base) : base_(&base) {}

    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        read_.insert(address);
        return base_->account(address);
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        return base_->storage(address, slot);
    }
    [[nodiscard]] bool has_storage(const Address& address) const override {
        return base_->has_storage(address);
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        return base_->code(code_hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        return base_->block_hash(number);
    }
    [[nodiscard]] const std::set<Address>& read() const { return read_; }

  private:
    const state::StateView* base_;
    mutable std::set<Address> read_;
};

class WorldMaker {
  public:
    explicit WorldMaker(uint64_t seed) : random_(seed) {
        for (uint64_t i = 0; i < 12; ++i) {
            everyone_.push_back(u256{0xa0 + i}.to_address());
        }
        everyone_.push_back(u256{4}.to_address());  // a precompile
        everyone_.push_back(fee_vault_address);
    }

    void fill(state::Overlay& state) {
        for (const Address& address : everyone_) {
            switch (below(8)) {
                case 0:
                    break;  // does not exist
                case 1:
                    state.set_account(address, Account{});  // exists, and is empty
                    break;
                case 2:
                    state.set_balance(address, below(3'000'000));
                    break;
                case 3:
                    state.set_balance(address, u256{1} << static_cast<unsigned>(254 + below(2)));
                    break;
                case 4:
                    state.set_balance(address, 10'000'000);
                    state.set_code(address, below(2) == 0 ? contract() : delegation());
                    break;
                default:
                    state.set_balance(address, 1'000'000'000);
                    state.set_nonce(address, below(2));
                    break;
            }
        }
    }
    BlockEnv env() {
        BlockEnv env;
        constexpr std::array<Fork, 6> forks{
            current_fork,
            current_fork,
            current_fork,
            Fork::frontier,
            Fork::spurious_dragon,
            Fork::london
        };
        env.fork = forks[below(forks.size())];
        env.context.number = 5;
        env.context.gas_limit = 30'000'000;
        env.context.base_fee_per_gas = below(3) == 0 ? 0 : 7;
        env.context.beneficiary = below(3) == 0 ? anyone() : u256{0xbe}.to_address();
        if (below(2) == 0) {
            env.l2_fees = {below(3) * 10, env.context.base_fee_per_gas, 2500};
        }
        return env;
    }
    SignedTransaction transaction(const BlockEnv& env) {
        SignedTransaction tx;
        tx.sender = anyone();
        tx.tx.type = env.fork >= Fork::london ? TxType::dynamic_fee : TxType::legacy;
        tx.tx.chain_id = env.context.chain_id;
        tx.tx.nonce = below(8) == 0 ? below(3) : below(2);
        tx.tx.gas_limit = below(3) == 0 ? 21'000 : below(4) == 0 ? 20'999 : 50'000;
        tx.tx.max_fee_per_gas = below(8) == 0 ? below(10) : 20;
        tx.tx.max_priority_fee_per_gas =
            env.fork >= Fork::london ? u256{below(3)} : tx.tx.max_fee_per_gas;
        tx.tx.to = anyone();
        tx.tx.value = below(4) == 0   ? u256{}
                      : below(8) == 0 ? u256{1} << static_cast<unsigned>(250 + below(6))
                                      : u256{below(2'000'000)};
        if (below(10) == 0) {
            tx.tx.data = {1, 2, 3};
        }
        return tx;
    }
    ExecutionOptions options() {
        ExecutionOptions options;
        options.block_gas_left = below(10) == 0 ? 30'000 : UINT64_MAX;
        options.skip_balance_check = below(20) == 0;
        options.skip_nonce_check = below(20) == 0;
        return options;
    }

  private:
    uint64_t below(uint64_t bound) { return random_() % bound; }
    Address anyone() { return everyone_[below(everyone_.size())]; }
    static Bytes contract() { return {0x60, 0x01, 0x50, 0x00}; }
    static Bytes delegation() {
        Bytes code{0xef, 0x01, 0x00};
        append(code, u256{0xa3}.to_address());
        return code;
    }

    std::mt19937_64 random_;
    std::vector<Address> everyone_;
};

class QuietTracer final : public evm::Tracer {};

TEST(Transfer, ItsOwnPathIsTheGeneralOne) {
    const uint64_t first_seed = test_seed();
    size_t own = 0;
    size_t left_to_the_other = 0;
    for (uint64_t i = 0; i < 60'000; ++i) {
        const uint64_t seed = first_seed + i;
        WorldMaker maker{seed};
        const state::EmptyState nothing;
        state::Overlay state{nothing};
        maker.fill(state);
        const BlockEnv env = maker.env();
        const SignedTransaction tx = maker.transaction(env);
        const ExecutionOptions options = maker.options();

        evm::Vm vm;
        QuietTracer tracer;
        vm.set_tracer(&tracer);
        const NotingView general_view{state};
        const auto general = execute_transaction(vm, general_view, env, tx, options);
        const NotingView own_view{state};
        const auto transfer = execute_transfer(own_view, env, tx, options);
        if (!transfer) {
            ++left_to_the_other;
            continue;
        }
        ++own;
        ASSERT_TRUE(general.has_value()) << general.error().message << " MEGA_SEED=" << seed;
        EXPECT_EQ(transfer->status, general->status);
        EXPECT_EQ(transfer->gas_used, general->gas_used);
        EXPECT_EQ(transfer->data_gas, general->data_gas);
        EXPECT_EQ(transfer->gas_refunded, general->gas_refunded);
        EXPECT_EQ(transfer->effective_gas_price, general->effective_gas_price);
        EXPECT_EQ(transfer->logs, general->logs);
        EXPECT_EQ(transfer->output, general->output);
        EXPECT_EQ(transfer->created, general->created);
        EXPECT_EQ(transfer->diff, general->diff);
        EXPECT_EQ(own_view.read(), general_view.read());  // a witness is made of these
        ASSERT_FALSE(HasFailure()) << "MEGA_SEED=" << seed;

        // And it is what execute_transaction gives.
        vm.set_tracer(nullptr);
        const auto chosen = execute_transaction(vm, state, env, tx, options);
        ASSERT_TRUE(chosen.has_value());
        ASSERT_EQ(chosen->diff, general->diff);
    }
    EXPECT_GT(own, 3000U);
    EXPECT_GT(left_to_the_other, 3000U);
}

}  // namespace
}  // namespace mega::execution
