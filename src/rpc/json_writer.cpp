#include "rpc/json_writer.hpp"

namespace mega::rpc {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (byte < 0x20) {
            out += "\\u00";
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15]);
        } else {
            out.push_back(c);
        }
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
