#pragma once

// What a block of mega's L2 must be before it is executed.

#include "stateless/mismatch.hpp"
#include "stateless/rules.hpp"

namespace mega::stateless {

/// The header beside its parent's.
[[nodiscard]] Result<void, Mismatch> check_mega_header(
    const MegaRules& rules, const BlockHeader& parent, const BlockHeader& header
);
/// Transactions root; nothing that the L2 has not.
[[nodiscard]] Result<void, Mismatch> check_mega_body(const Block& block);

}  // namespace mega::stateless
