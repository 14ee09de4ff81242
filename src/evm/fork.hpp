#pragma once

// The forks of Ethereum, oldest first. Rules are compile-time tables (one file a fork in
// evm/forks/), selected by `template <Fork>`; a run-time Fork is turned into a template argument
// once per transaction.

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mega {

enum class Fork : uint8_t {
    frontier,
    homestead,
    tangerine_whistle,  // EIP150
    spurious_dragon,    // EIP158
    byzantium,
    constantinople,
    petersburg,  // ConstantinopleFix
    istanbul,
    berlin,
    london,
    paris,
    shanghai,
    cancun,
    prague,
    osaka,
};

inline constexpr Fork current_fork = Fork::osaka;

/// "Osaka", … as the official tests spell it.
[[nodiscard]] std::string_view to_string(Fork fork);
[[nodiscard]] std::optional<Fork> fork_from_name(std::string_view name);

}  // namespace mega
