#pragma once

// What a block of mega's L2 must be before it is executed.

#include "execution/l2_parameters.hpp"
#include "stateless/mismatch.hpp"
#include "stateless/rules.hpp"

namespace mega::stateless {

/// The header beside its parent's.
[[nodiscard]] Result<void, Mismatch> check_mega_header(
    const MegaRules& rules, const BlockHeader& parent, const BlockHeader& header
);
/// What follows from the parent and from `parameters`, read from the parent's state: base fee, and
/// the gas limit where governance sets it.
[[nodiscard]] Result<void, Mismatch> check_mega_fees(
    const execution::L2Parameters& parameters, const BlockHeader& parent, const BlockHeader& header
);
/// Transactions root; nothing that the L2 has not.
[[nodiscard]] Result<void, Mismatch> check_mega_body(const Block& block);

}  // namespace mega::stateless
