#pragma once

// Memory of trie nodes: blocks of a few sizes out of large chunks, named by 32-bit references.
//
// A reference counts units of 8 bytes, so one arena holds at most 32 GiB. Chunks never move: a
// pointer from `at` stays good until its block is released. Released blocks are reused for blocks
// of the same size only; `StateTree::evict` copies the live nodes into another arena when too much
// lies idle.

#include "base/assert.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mega::trie {

/// A block of a NodeArena; 0 is none.
using Ref = uint32_t;

class NodeArena {
  public:
    static constexpr size_t unit_bytes = 8;
    static constexpr size_t max_block_bytes = 640;

    /// At most max_block_bytes; aligned to 8; contents unspecified.
    [[nodiscard]] Ref allocate(size_t size_bytes);
    /// `size_bytes` as it was allocated.
    void release(Ref ref, size_t size_bytes);

    [[nodiscard]] uint8_t* at(Ref ref) const {
        return chunks_[ref >> chunk_shift].get() + (ref & (chunk_units - 1)) * unit_bytes;
    }

    /// Hides the wait for memory when the block is read a little later.
    void prefetch(Ref ref) const {
        const uint8_t* block = at(ref);
        __builtin_prefetch(block);
        __builtin_prefetch(block + cache_line_bytes);
    }

    /// Bytes of blocks in use, and of all chunks.
    [[nodiscard]] size_t live_bytes() const { return live_units_ * unit_bytes; }
    [[nodiscard]] size_t capacity_bytes() const {
        return chunks_.size() * chunk_units * unit_bytes;
    }

  private:
    static constexpr size_t cache_line_bytes = 64;
    static constexpr unsigned chunk_shift = 15;
    static constexpr uint32_t chunk_units = 1u << chunk_shift;  // 256 KiB
    static constexpr size_t max_units = max_block_bytes / unit_bytes;

    std::vector<std::unique_ptr<uint8_t[]>> chunks_;
    std::array<Ref, max_units + 1> free_{
    };  // by units: head of the list threaded through idle blocks
    uint32_t next_unit_ = chunk_units;  // within the last chunk
    size_t live_units_ = 0;
};

}  // namespace mega::trie
