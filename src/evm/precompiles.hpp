#pragma once

// The precompiled contracts 0x01 to 0x11 and 0x100 with their gas.

#include "evm/fork.hpp"
#include "evm/host.hpp"

namespace mega::evm {

/// True when `address` is a precompile under `fork`.
[[nodiscard]] bool is_precompile(Fork fork, const Address& address);

struct PrecompileResult {
    Status status =
        Status::success;  // success, out_of_gas or precompile_failure (both take all gas)
    int64_t gas_left = 0;
    Bytes output;
};

/// Runs the precompile at `address`, which must be one.
[[nodiscard]] PrecompileResult run_precompile(
    Fork fork, const Address& address, BytesView input, int64_t gas
);

/// Addresses that a transaction starts with as warm (EIP-2929).
[[nodiscard]] std::span<const Address> precompile_addresses(Fork fork);

}  // namespace mega::evm
