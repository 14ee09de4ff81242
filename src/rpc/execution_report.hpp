#pragma once

// The JSON of what the execution of a block was like: of mega_getExecutionReport and of a replay.

#include "parallel/report.hpp"

#include <nlohmann/json.hpp>

namespace mega::rpc {

/// Times in nanoseconds, plain numbers.
[[nodiscard]] nlohmann::ordered_json execution_json(const parallel::Report& report);

}  // namespace mega::rpc
