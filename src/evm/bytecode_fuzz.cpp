// Any bytes are a program: under every fork, traced or not, it ends within its gas and both runs
// agree.

#include "base/assert.hpp"
#include "evm/test_host.hpp"

namespace mega::evm {
namespace {

constexpr int64_t gas_limit = 200'000;
constexpr uint32_t depth_limit = 8;

/// Bounds what the copying test world can cost.
class FuzzHost final : public TestHost {
  public:
    CallResult call(const Message& message) override {
        if (message.depth > depth_limit || ++call_count_ > 64) {
            CallResult refused;
            refused.status = Status::call_depth_exceeded;
            refused.gas_left = message.gas;
            return refused;
        }
        CallResult result = TestHost::call(message);
        MEGA_ASSERT(result.gas_left >= 0 && result.gas_left <= message.gas);
        return result;
    }

    /// An empty world on the same Vm, whose regions are slow to make under sanitizers.
    void reset(Fork rules) {
        fork = rules;
        call_count_ = 0;
        accounts.clear();
        warm_accounts.clear();
        warm_slots.clear();
        destroyed.clear();
        logs.clear();
        calls.clear();
    }

  private:
    int call_count_ = 0;
};

CallResult run_once(Fork fork, BytesView code, Tracer* tracer) {
    static FuzzHost host;
    host.reset(fork);
    host.vm.set_tracer(tracer);
    const Address self = u256{1000}.to_address();
    host.set_code(self, code);
    host.accounts[self].balance = 1000;
    CallResult result = host.run(self, gas_limit, code);
    MEGA_ASSERT(result.gas_left >= 0 && result.gas_left <= gas_limit);
    result.output = {};
    return result;
}

}  // namespace
}  // namespace mega::evm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace mega::evm;
    if (size == 0) {
        return 0;
    }
    const auto fork = static_cast<mega::Fork>(data[0] % (static_cast<int>(mega::current_fork) + 1));
    const mega::BytesView code{data + 1, size - 1};
    Tracer tracer;
    const CallResult plain = run_once(fork, code, nullptr);
    const CallResult traced = run_once(fork, code, &tracer);
    MEGA_ASSERT(plain.status == traced.status && plain.gas_left == traced.gas_left);
    MEGA_ASSERT(plain.gas_refund == traced.gas_refund);
    return 0;
}
