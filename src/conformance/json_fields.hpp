#pragma once

// Fields of the official tests' JSON. Readers of one field throw Malformed, naming the field and
// what it holds; the runner of a file catches it (and the JSON library's own exceptions), so that
// nothing leaves this library as an exception.

#include "execution/block.hpp"
#include "state/diff.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace mega::conformance {

using nlohmann::json;

struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[nodiscard]] u256 read_word(const json& text);  // hex or decimal, leading zeros allowed
[[nodiscard]] uint64_t read_u64(const json& text);
[[nodiscard]] Bytes read_data(const json& text);  // hex, with or without 0x
[[nodiscard]] Address read_address(const json& text);
[[nodiscard]] Hash256 read_hash(const json& text);
[[nodiscard]] AccessList read_access_list(const json& entries);

/// {"target", "max", "baseFeeUpdateFraction"}; one that can be. `fork` is for the message.
[[nodiscard]] execution::BlobSchedule read_blob_schedule(
    const json& fields, const std::string& fork
);

/// An allocation ("pre", "alloc", "postState") as the change from nothing, in canonical order.
[[nodiscard]] state::StateDiff read_alloc(const json& alloc);

}  // namespace mega::conformance
