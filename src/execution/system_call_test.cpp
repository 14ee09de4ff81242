#include "execution/system_call.hpp"

#include "state/overlay.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mega::execution {

namespace {

/// Notes the accounts that are asked for.
class NotingView final : public state::StateView {
  public:
    explicit NotingView(const state::StateView& base) : base_(&base) {}
    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        asked.insert(address);
        return base_->account(address);
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        return base_->storage(address, slot);
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        return base_->code(code_hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        return base_->block_hash(number);
    }

    mutable std::set<Address> asked;

  private:
    const state::StateView* base_;
};

}  // namespace

// Other clients' witnesses do not have the system address, and EIP-4788 has nothing happen to it.
TEST(system_call, does_not_look_at_its_sender) {
    const Address target{{0x42}};
    const state::EmptyState nothing;
    state::Overlay state{nothing};
    state.set_code(target, Bytes{0x60, 0x01, 0x60, 0x02, 0x55});  // SSTORE(2, 1)
    const NotingView view{state};
    BlockEnv env;
    env.fork = Fork::prague;
    evm::Vm vm;
    const auto called = call_system_contract(vm, view, env, target, {});
    ASSERT_TRUE(called);
    EXPECT_EQ(called->status, evm::Status::success);
    EXPECT_EQ(called->diff.slots.size(), 1);
    EXPECT_EQ(view.asked, std::set<Address>{target});
}

}  // namespace mega::execution
