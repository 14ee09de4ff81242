#include "rpc/params.hpp"

#include "base/hex.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

Err<RpcError> invalid(std::string_view name, std::string_view what) {
    return fail(invalid_params, "invalid argument " + std::string(name) + ": " + std::string(what));
}

template <size_t N>
Read<FixedBytes<N>> read_fixed(const json& value, std::string_view name) {
    if (!value.is_string()) {
        return invalid(name, value.is_null() ? "missing" : "not a string");
    }
    auto bytes = fixed_from_hex<N>(value.get_ref<const std::string&>());
    if (!bytes) {
        const std::string expected =
            bytes.error() == HexError::wrong_length ? ", want " + std::to_string(N) + " bytes" : "";
        return invalid(name, std::string(to_string(bytes.error())) + expected);
    }
    return *bytes;
}

Read<u256> read_hex_number(const json& value, std::string_view name) {
    if (value.is_number_unsigned()) {
        return u256{value.get<uint64_t>()};
    }
    if (!value.is_string()) {
        return invalid(name, value.is_null() ? "missing" : "not a hex string");
    }
    const auto& text = value.get_ref<const std::string&>();
    if (!text.starts_with("0x") && !text.starts_with("0X")) {
        return invalid(name, "hex string without 0x prefix");
    }
    if (text.size() == 2) {
        return invalid(name, "empty hex string");
    }
    if (text.size() > 66) {
        return invalid(name, "hex number > 256 bits");
    }
    const auto number = u256_from_text(text);
    if (!number) {
        return invalid(name, "invalid hex digit");
    }
    return *number;
}

}  // namespace

const json& param(const json& params, size_t index) {
    static const json missing;
    return index < params.size() ? params[index] : missing;
}

Read<Address> read_address(const json& value, std::string_view name) {
    return read_fixed<20>(value, name);
}
Read<Hash256> read_hash(const json& value, std::string_view name) {
    return read_fixed<32>(value, name);
}

Read<Bytes> read_data(const json& value, std::string_view name) {
    if (!value.is_string()) {
        return invalid(name, value.is_null() ? "missing" : "not a hex string");
    }
    auto bytes = from_hex(value.get_ref<const std::string&>());
    if (!bytes) {
        return invalid(name, to_string(bytes.error()));
    }
    return std::move(*bytes);
}

Read<uint64_t> read_u64(const json& value, std::string_view name) {
    auto number = read_u256(value, name);
    if (!number) {
        return Err{number.error()};
    }
    if (!number->fits_u64()) {
        return invalid(name, "hex number > 64 bits");
    }
    return number->low64();
}

// Clients do send padded quantities; geth refuses them, others accept: accepting breaks nobody.
Read<u256> read_u256(const json& value, std::string_view name) {
    return read_hex_number(value, name);
}
Read<u256> read_slot(const json& value, std::string_view name) {
    return read_hex_number(value, name);
}

Read<bool> read_bool(const json& value, std::string_view name) {
    if (!value.is_boolean()) {
        return invalid(name, value.is_null() ? "missing" : "not a boolean");
    }
    return value.get<bool>();
}

}  // namespace mega::rpc
