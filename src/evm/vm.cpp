#include "evm/vm.hpp"

#include "base/assert.hpp"
#include "evm/forks/osaka.hpp"
#include "evm/run.hpp"

namespace mega::evm {

namespace {

using Run = void (*)(Frame&, int64_t);

struct ForkEntry {
    Run plain;
    Run traced;
};

template <class... Rules>
constexpr std::array<ForkEntry, sizeof...(Rules)> entries_of() {
    return {ForkEntry{&Interpreter<Rules, false>::run, &Interpreter<Rules, true>::run}...};
}

/// Indexed by Fork.
constexpr auto entries = entries_of<
    FrontierRules,
    HomesteadRules,
    TangerineWhistleRules,
    SpuriousDragonRules,
    ByzantiumRules,
    ConstantinopleRules,
    PetersburgRules,
    IstanbulRules,
    BerlinRules,
    LondonRules,
    ParisRules,
    ShanghaiRules,
    CancunRules,
    PragueRules,
    OsakaRules>();
static_assert(entries.size() == static_cast<size_t>(current_fork) + 1);

bool is_creation(const Message& message) {
    return message.kind == CallKind::create || message.kind == CallKind::create2;
}

}  // namespace

Vm::Vm() : frames_(std::make_unique<Frames>()) {}
Vm::~Vm() = default;

CallResult Vm::execute(Fork fork, Host& host, const Message& message, const Code& code) {
    MEGA_ASSERT(message.depth <= max_call_depth && message.gas >= 0);
    Frames& shared = *frames_;
    if (message.depth == 0) {
        shared.trim();
    }
    u256* const stack_base = shared.next_stack;
    MEGA_ASSERT(stack_base + stack_limit < shared.stacks_end);
    const MemoryRegion::Mark mark = shared.memory.mark();

    Frame frame{
        .code_begin = code.data(),
        .jump_destinations = code.jump_destinations(),
        .code_size = code.size(),
        .stack_base = stack_base,
        .message = message,
        .host = host,
        .calldata = is_creation(message) ? BytesView{} : message.input,
        .code = code,
        .shared = shared,
        .tracer = tracer_
    };
    const ForkEntry& entry = entries[static_cast<size_t>(fork)];
    const Run run = tracer_ == nullptr ? entry.plain : entry.traced;
    run(frame, message.gas);

    // The slice is free for the next frame, but what it holds stays in place until then: the output
    // may lie in it.
    shared.memory.release(mark);
    shared.next_stack = stack_base;
    return {
        .status = frame.status,
        .gas_left = frame.gas_left,
        .gas_refund = frame.status == Status::success ? frame.gas_refund : 0,
        .output = frame.output,
        .created = {}
    };
}

BytesView Vm::keep_output(BytesView output) { return frames_->keep_host_output(to_bytes(output)); }
BytesView Vm::keep_output(Bytes&& output) { return frames_->keep_host_output(std::move(output)); }
HashCache& Vm::hashes() { return frames_->hashes; }

}  // namespace mega::evm
