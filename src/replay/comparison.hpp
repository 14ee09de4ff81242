#pragma once

// Whether two executions of a block came to the same, bit for bit.

#include "replay/checks.hpp"

namespace mega::replay {

/// The first difference, in words that name `expected` and `actual` values where they are short.
/// Compared: the results of all transactions, encoded receipts, the encoded diff, gas, bloom,
/// requests and fault.
[[nodiscard]] Difference first_difference(
    const execution::BlockResult& expected, const execution::BlockResult& actual
);

}  // namespace mega::replay
