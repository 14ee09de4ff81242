#pragma once

// Contract code, analysed once per code hash: a padded copy, the jump-destination bitmap, and
// whatever else the interpreter wants to know ahead. Immutable after construction, shared by all
// threads.
//
//   padded_: [ 32 zero bytes ][ code ][ 40 zero bytes ]
//
// The zeros in front let a PUSH load the 32 bytes that end with its operand; those behind are what
// instructions past the end read: the rest of a cut operand, then STOP.

#include "base/bytes.hpp"

#include <memory>
#include <optional>

namespace mega::evm {

class Code {
  public:
    explicit Code(BytesView bytes);

    [[nodiscard]] BytesView bytes() const { return {data(), size_}; }
    [[nodiscard]] size_t size() const { return size_; }
    /// Followed by at least 33 zero bytes, so that a PUSH32 at the end reads inside the buffer, and
    /// preceded by 32.
    [[nodiscard]] const uint8_t* data() const { return padded_.data() + front_padding; }
    [[nodiscard]] bool is_jump_destination(uint64_t offset) const {
        return offset < size_ && ((jump_destinations_[offset / 64] >> (offset % 64)) & 1) != 0;
    }
    /// One bit a byte of code, set where a jump may land.
    [[nodiscard]] const uint64_t* jump_destinations() const { return jump_destinations_.data(); }
    /// The target when the code is a delegation designator 0xef0100 ‖ address (EIP-7702).
    [[nodiscard]] std::optional<Address> delegation() const;

    static const Code& empty();

  private:
    static constexpr size_t front_padding = 32;
    static constexpr size_t back_padding = 40;

    size_t size_;
    Bytes padded_;
    std::vector<uint64_t> jump_destinations_;
};

/// Shared, because a cache may drop code that a running transaction still executes.
using CodePtr = std::shared_ptr<const Code>;

}  // namespace mega::evm
