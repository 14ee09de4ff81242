#pragma once

// The way into the interpreter, for those who need not see its instructions.

#include "evm/frame.hpp"

namespace mega::evm {

/// Defined in interpreter.hpp and instantiated once per fork, in evm/forks/.
template <class Rules, bool traced>
struct Interpreter {
    /// Runs `frame` to its end with `gas`; status, gas left, refund and output are in the frame
    /// then.
    static void run(Frame& frame, int64_t gas);
};

}  // namespace mega::evm
