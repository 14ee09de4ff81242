#pragma once

#include <string_view>

namespace mega::node {

inline constexpr std::string_view client_version = "mega/v0.1.0";

}  // namespace mega::node
