#include "evm/fork.hpp"

#include <array>

namespace mega {

namespace {

constexpr std::array<std::string_view, 15> names{
    "Frontier",
    "Homestead",
    "EIP150",
    "EIP158",
    "Byzantium",
    "Constantinople",
    "ConstantinopleFix",
    "Istanbul",
    "Berlin",
    "London",
    "Paris",
    "Shanghai",
    "Cancun",
    "Prague",
    "Osaka"
};
static_assert(names.size() == static_cast<size_t>(current_fork) + 1);

}  // namespace

std::string_view to_string(Fork fork) { return names[static_cast<size_t>(fork)]; }

std::optional<Fork> fork_from_name(std::string_view name) {
    if (name == "Merge") {
        return Fork::paris;
    }
    for (size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) {
            return static_cast<Fork>(i);
        }
    }
    return std::nullopt;
}

}  // namespace mega
