#pragma once

// Recursive Length Prefix (Yellow Paper appendix B). Decoding is strict: lengths are canonical,
// single bytes below 0x80 stand for themselves, integers have no leading zeros, nothing trails.
// Nesting depth is bounded by the caller's code, since a Reader is opened list by list.

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "types/u256.hpp"

#include <string_view>

namespace mega::rlp {

enum class DecodeError : uint8_t {
    input_too_short,
    non_canonical_length,
    non_canonical_integer,
    integer_too_large,
    expected_list,
    expected_string,
    wrong_length,
    trailing_bytes,
    unexpected_value,
};

[[nodiscard]] std::string_view to_string(DecodeError error);

/// Appends RLP items to a buffer. Lists are written by `begin_list`/`end_list`, which move the
/// payload once to make room for the header.
class Writer {
  public:
    Writer() = default;
    explicit Writer(size_t expected_size_bytes) { out_.reserve(expected_size_bytes); }

    void write(BytesView string);
    void write(uint64_t integer);
    void write(const u256& integer);
    /// Bytes that are already RLP.
    void write_raw(BytesView encoded);
    /// Returns a mark for end_list.
    [[nodiscard]] size_t begin_list() const { return out_.size(); }
    void end_list(size_t mark);

    [[nodiscard]] BytesView view() const { return out_; }
    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

/// Reads the items of one list (or of a bare sequence) in order.
class Reader {
  public:
    explicit Reader(BytesView items) : rest_(items) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] bool next_is_list() const { return !rest_.empty() && rest_[0] >= 0xc0; }
    [[nodiscard]] BytesView rest() const { return rest_; }

    [[nodiscard]] Result<BytesView, DecodeError> read_string();
    [[nodiscard]] Result<Reader, DecodeError> read_list();
    /// The next item, header included.
    [[nodiscard]] Result<BytesView, DecodeError> read_item();
    [[nodiscard]] Result<uint64_t, DecodeError> read_u64();
    [[nodiscard]] Result<u256, DecodeError> read_u256();
    template <size_t N>
    [[nodiscard]] Result<FixedBytes<N>, DecodeError> read_fixed() {
        auto string = read_string();
        if (!string) {
            return Err{string.error()};
        }
        if (string->size() != N) {
            return Err{DecodeError::wrong_length};
        }
        return FixedBytes<N>::from(*string);
    }
    /// DecodeError::trailing_bytes unless everything was read.
    [[nodiscard]] Result<void, DecodeError> expect_end() const;

  private:
    BytesView rest_;
};

}  // namespace mega::rlp
