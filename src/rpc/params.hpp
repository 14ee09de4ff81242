#pragma once

// Reads parameters out of JSON, with errors that name the parameter and what is wrong with it.
// geth's leniency where clients rely on it (missing optional parameters, null), strictness
// elsewhere.

#include "rpc/error.hpp"
#include "types/u256.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace mega::rpc {

template <class T>
using Read = Result<T, RpcError>;

/// params[index], or null when there are fewer.
[[nodiscard]] const nlohmann::json& param(const nlohmann::json& params, size_t index);

[[nodiscard]] Read<Address> read_address(const nlohmann::json& value, std::string_view name);
[[nodiscard]] Read<Hash256> read_hash(const nlohmann::json& value, std::string_view name);
[[nodiscard]] Read<Bytes> read_data(const nlohmann::json& value, std::string_view name);
/// "0x…"; a JSON number and padding zeros are accepted, too.
[[nodiscard]] Read<uint64_t> read_u64(const nlohmann::json& value, std::string_view name);
[[nodiscard]] Read<u256> read_u256(const nlohmann::json& value, std::string_view name);
/// A storage slot: "0x" and up to 64 digits, leading zeros allowed.
[[nodiscard]] Read<u256> read_slot(const nlohmann::json& value, std::string_view name);
[[nodiscard]] Read<bool> read_bool(const nlohmann::json& value, std::string_view name);

}  // namespace mega::rpc
