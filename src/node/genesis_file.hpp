#pragma once

// Genesis files in geth's format: "config" with the chain id, header fields, "alloc".

#include "base/result.hpp"
#include "execution/genesis.hpp"

#include <string_view>

namespace mega::node {

struct GenesisFile {
    uint64_t chain_id = 0;
    execution::GenesisSpec spec;
};

/// Fails with words that name the field.
[[nodiscard]] Result<GenesisFile> parse_genesis(std::string_view json);

}  // namespace mega::node
