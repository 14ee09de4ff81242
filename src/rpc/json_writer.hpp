#pragma once

// Writes JSON text straight into a string: answers are built once, in order, and never read back.

#include "base/hex.hpp"
#include "types/u256.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mega::rpc {

class JsonWriter {
  public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    /// Inside an object, before a value.
    JsonWriter& key(std::string_view name);

    /// Escaped; bytes that are not UTF-8 become U+FFFD.
    JsonWriter& string(std::string_view text);
    JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
    JsonWriter& null() { return raw("null"); }
    JsonWriter& number(uint64_t value) { return raw(std::to_string(value)); }
    /// "0x…" of the bytes (DATA).
    JsonWriter& data(BytesView bytes);
    /// "0x…" without leading zeros (QUANTITY).
    JsonWriter& quantity(uint64_t value);
    JsonWriter& quantity(const u256& value);
    /// Text that is JSON already.
    JsonWriter& raw(std::string_view json);

    // key and value in one
    JsonWriter& field(std::string_view name, BytesView bytes) { return key(name).data(bytes); }
    JsonWriter& field_quantity(std::string_view name, uint64_t value) {
        return key(name).quantity(value);
    }
    JsonWriter& field_quantity(std::string_view name, const u256& value) {
        return key(name).quantity(value);
    }
    JsonWriter& field_string(std::string_view name, std::string_view text) {
        return key(name).string(text);
    }
    JsonWriter& field_boolean(std::string_view name, bool value) {
        return key(name).boolean(value);
    }
    JsonWriter& field_null(std::string_view name) { return key(name).null(); }
    JsonWriter& field_raw(std::string_view name, std::string_view json) {
        return key(name).raw(json);
    }

    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string out_;
    bool needs_comma_ = false;
};

/// `text` as a JSON string with its quotes.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] std::string quoted_hex(BytesView bytes);
[[nodiscard]] std::string quoted_quantity(uint64_t value);
[[nodiscard]] std::string quoted_quantity(const u256& value);

}  // namespace mega::rpc
