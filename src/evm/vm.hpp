#pragma once

// The virtual machine: one object per thread, reused for every transaction. It owns the memory that
// frames live in (one region for all stacks, one for all memories), so that entering a frame
// allocates nothing.

#include "evm/fork.hpp"
#include "evm/host.hpp"
#include "evm/tracer.hpp"

#include <memory>

namespace mega::evm {

struct Frames;
class HashCache;

class Vm {
  public:
    Vm();
    ~Vm();
    Vm(const Vm&) = delete;
    Vm& operator=(const Vm&) = delete;

    /// Runs `code` as the frame `message` of a transaction under the rules of `fork`. Re-entered
    /// through Host::call. For a creation `message.input` is what runs and the calldata is empty;
    /// storing the result is the host's business. A tracer, when given, selects the traced instance
    /// of the interpreter; the other one carries no trace of tracing.
    [[nodiscard]] CallResult execute(
        Fork fork, Host& host, const Message& message, const Code& code
    );

    void set_tracer(Tracer* tracer) { tracer_ = tracer; }
    [[nodiscard]] Tracer* tracer() const { return tracer_; }

    /// Of KECCAK256.
    [[nodiscard]] HashCache& hashes();

    /// A buffer of the frame region for output that a host or precompile produces; replaced by the
    /// next call.
    [[nodiscard]] BytesView keep_output(BytesView output);
    [[nodiscard]] BytesView keep_output(Bytes&& output);

  private:
    std::unique_ptr<Frames> frames_;
    Tracer* tracer_ = nullptr;
};

}  // namespace mega::evm
