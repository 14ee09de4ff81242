#pragma once

// Calls that the protocol itself makes at the borders of a block: from the system address, with
// their own gas, free.

#include "execution/transaction.hpp"

namespace mega::execution {

/// 0xff…fe, the sender of system calls (EIP-4788).
inline constexpr Address system_address{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}
};
inline constexpr int64_t system_call_gas = 30'000'000;

struct SystemCallResult {
    evm::Status status = evm::Status::success;
    Bytes output;
    state::StateDiff diff;
};

/// Nothing when there is no code at `target`.
[[nodiscard]] std::optional<SystemCallResult> call_system_contract(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const Address& target,
    BytesView input
);

}  // namespace mega::execution
