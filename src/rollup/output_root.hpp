#pragma once

// What a claim on L1 states: keccak256(abi.encode(bytes32(0), state root, storage root of the
// message passer, block hash)), as version 0 of the OP Stack.

#include "base/bytes.hpp"

namespace mega::rollup {

/// Predeploy L2ToL1MessagePasser.
inline constexpr Address message_passer_address{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                 0,    0, 0, 0, 0, 0, 0, 0, 0, 0x16}};

[[nodiscard]] Hash256 output_root(
    const Hash256& state_root, const Hash256& message_passer_root, const Hash256& block_hash
);

}  // namespace mega::rollup
