#pragma once

// Reading and writing of the compact form's pieces (witness/compact.hpp draws them).

#include "types/u256.hpp"

#include <optional>

namespace mega::witness {

enum class Tag : uint8_t { hash = 0, branch = 1, extension = 2, extension_of_hash = 3, leaf = 4 };

/// What an account leaf says of its storage and code.
enum class Part : uint8_t { none = 0, hash = 1, listed = 2 };

class BodyWriter {
  public:
    void byte(size_t value) { out_.push_back(static_cast<uint8_t>(value)); }
    void tag(Tag tag) { byte(static_cast<uint8_t>(tag)); }
    void word(uint16_t value) {
        byte(value >> 8);
        byte(value & 0xff);
    }
    void bytes(BytesView view) { append(out_, view); }
    void varint(uint64_t value) {
        while (value >= 0x80) {
            byte((value & 0x7f) | 0x80);
            value >>= 7;
        }
        byte(value);
    }
    void number(const u256& value) {
        const size_t size = value.byte_length();
        byte(size);
        bytes(value.to_hash().view().last(size));
    }
    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

/// The first error sticks; later reads give zeros.
class BodyReader {
  public:
    explicit BodyReader(BytesView body) : body_(body) {}

    [[nodiscard]] size_t offset() const { return at_; }
    [[nodiscard]] size_t left() const { return body_.size() - at_; }
    [[nodiscard]] bool is_short() const { return is_short_; }
    [[nodiscard]] bool has_bad_number() const { return has_bad_number_; }
    [[nodiscard]] bool has_failed() const { return is_short_ || has_bad_number_; }

    [[nodiscard]] BytesView bytes(size_t size) {
        if (size > left()) {
            is_short_ = true;
            return {};
        }
        at_ += size;
        return body_.subspan(at_ - size, size);
    }
    [[nodiscard]] uint8_t byte() {
        const BytesView view = bytes(1);
        return view.empty() ? 0 : view[0];
    }
    [[nodiscard]] uint16_t word() {
        const BytesView view = bytes(2);
        return view.empty() ? 0 : static_cast<uint16_t>(view[0] << 8 | view[1]);
    }
    [[nodiscard]] Hash256 hash() {
        const BytesView view = bytes(Hash256::size_bytes);
        return view.empty() ? Hash256{} : Hash256::from(view);
    }
    [[nodiscard]] uint64_t varint() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t next = byte();
            if (has_failed()) {
                return 0;
            }
            const bool is_idle = next == 0 && shift != 0;
            if (is_idle || (shift == 63 && next > 1)) {
                break;
            }
            value |= uint64_t{next & 0x7fu} << shift;
            if (next < 0x80) {
                return value;
            }
        }
        has_bad_number_ = true;
        return 0;
    }
    [[nodiscard]] u256 number() {
        const size_t size = byte();
        if (size > 32) {
            has_bad_number_ = true;
            return {};
        }
        const BytesView digits = bytes(size);
        if (!digits.empty() && digits[0] == 0) {
            has_bad_number_ = true;
        }
        return u256::from_be(digits);
    }

  private:
    BytesView body_;
    size_t at_ = 0;
    bool is_short_ = false;
    bool has_bad_number_ = false;
};

}  // namespace mega::witness
