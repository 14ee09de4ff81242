#pragma once

// Why the Slasher did not take evidence: for good, or for now (it is paused; its node is behind).
// Pure.

#include <optional>
#include <string>
#include <string_view>

namespace mega::staking {

/// The contract's name of what `words`, of a node that would not estimate a call, say that no later
/// call can change. Nothing when it may be otherwise another time.
[[nodiscard]] std::optional<std::string> lasting_refusal(std::string_view words);

}  // namespace mega::staking
