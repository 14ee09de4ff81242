#pragma once

// The compiled contracts that the binary carries: init code of what goes to L1, runtime code and
// storage of the predeploys of L2. Made by tools/contracts and tools/contracts_bundle.mjs when the
// binary is built.

#include "base/bytes.hpp"
#include "types/u256.hpp"

#include <map>
#include <string>
#include <vector>

namespace mega::settlement {

struct Predeploy {
    std::string name;
    Address address{};
    Bytes code;
    /// Slot to a word, or to "$name" of an L1 address.
    std::vector<std::pair<u256, std::string>> storage;
};

struct ContractBundle {
    std::map<std::string, Bytes, std::less<>> init_code;
    std::vector<Predeploy> predeploys;

    /// Parsed on first use. Any thread.
    [[nodiscard]] static const ContractBundle& embedded();
    /// Must be there: a name that is not is a bug.
    [[nodiscard]] const Bytes& init_code_of(std::string_view name) const;
};

}  // namespace mega::settlement
