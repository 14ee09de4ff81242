#include "evm/instructions/calls.hpp"

namespace mega::evm::instructions {

CallResult enter(Frame& frame, const Message& message, u256* free_stack) {
    Frames& shared = frame.shared;
    shared.next_stack = free_stack;
    shared.refund_above += frame.gas_refund;
    CallResult result = frame.host.call(message);
    shared.refund_above -= frame.gas_refund;
    if (result.status == Status::success) {
        frame.gas_refund += result.gas_refund;
    }
    frame.return_data = shared.keep_return_data(frame.message.depth, result.output);
    result.output = frame.return_data;
    return result;
}

}  // namespace mega::evm::instructions
