#pragma once

// Contract code, analysed once per code hash: a padded copy, the jump-destination bitmap, and whatever else the
// interpreter wants to know ahead. Immutable after construction, shared by all threads.

#include "base/bytes.hpp"

#include <memory>
#include <optional>

namespace mega::evm {

class Code {
  public:
    explicit Code(BytesView bytes);

    [[nodiscard]] BytesView bytes() const { return {padded_.data(), size_}; }
    [[nodiscard]] size_t size() const { return size_; }
    /// Followed by at least 33 zero bytes, so that a PUSH32 at the end reads inside the buffer.
    [[nodiscard]] const uint8_t* data() const { return padded_.data(); }
    [[nodiscard]] bool is_jump_destination(uint64_t offset) const {
        return offset < size_ && ((jump_destinations_[offset / 64] >> (offset % 64)) & 1) != 0;
    }
    /// The target when the code is a delegation designator 0xef0100 ‖ address (EIP-7702).
    [[nodiscard]] std::optional<Address> delegation() const;

    static const Code& empty();

  private:
    size_t size_;
    Bytes padded_;
    std::vector<uint64_t> jump_destinations_;
};

/// Shared, because a cache may drop code that a running transaction still executes.
using CodePtr = std::shared_ptr<const Code>;

}  // namespace mega::evm
