#include "rpc/json_writer.hpp"

#include <algorithm>

namespace mega::rpc {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

/// Length of the UTF-8 sequence at the start of `text` (RFC 3629), 0 when there is none.
size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const size_t length = first < 0xc2   ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) {
            return 0;
        }
    }
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    const unsigned second = byte(1);
    const bool is_forbidden = (first == 0xe0 && second < 0xa0) ||
                              (first == 0xed && second > 0x9f) ||
                              (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return is_forbidden ? 0 : length;
}

void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        const size_t length = utf8_length(text);
        if (length == 0) {
            out += "\\ufffd";
        } else if (byte == '"' || byte == '\\') {
            out.push_back('\\');
            out.push_back(text.front());
        } else if (byte < 0x20) {
            out += "\\u00";
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15]);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<size_t>(length, 1));
    }
}

void append_hex(std::string& out, BytesView bytes) {
    const size_t start = out.size();
    out.resize(start + 2 * bytes.size());
    for (size_t i = 0; i < bytes.size(); ++i) {
        out[start + 2 * i] = digits[bytes[i] >> 4];
        out[start + 2 * i + 1] = digits[bytes[i] & 15];
    }
}

}  // namespace

void JsonWriter::separate() {
    if (needs_comma_) {
        out_.push_back(',');
    }
    needs_comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    out_.push_back(bracket);
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_.push_back(bracket);
    needs_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    out_.push_back('"');
    out_ += name;
    out_ += "\":";
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    separate();
    out_.push_back('"');
    append_escaped(out_, text);
    out_.push_back('"');
    return *this;
}

JsonWriter& JsonWriter::data(BytesView bytes) {
    separate();
    out_ += "\"0x";
    append_hex(out_, bytes);
    out_.push_back('"');
    return *this;
}

JsonWriter& JsonWriter::quantity(uint64_t value) {
    separate();
    out_.push_back('"');
    out_ += to_hex_quantity(value);
    out_.push_back('"');
    return *this;
}

JsonWriter& JsonWriter::quantity(const u256& value) {
    separate();
    out_.push_back('"');
    out_ += to_hex_quantity(value);
    out_.push_back('"');
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

std::string quoted(std::string_view text) { return JsonWriter{}.string(text).take(); }
std::string quoted_hex(BytesView bytes) { return JsonWriter{}.data(bytes).take(); }
std::string quoted_quantity(uint64_t value) { return JsonWriter{}.quantity(value).take(); }
std::string quoted_quantity(const u256& value) { return JsonWriter{}.quantity(value).take(); }

}  // namespace mega::rpc
