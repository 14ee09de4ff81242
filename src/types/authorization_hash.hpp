#pragma once

#include "types/transaction.hpp"

namespace mega {

/// What an authority signs (EIP-7702).
[[nodiscard]] Hash256 authorization_hash(const Authorization& authorization);

}  // namespace mega
