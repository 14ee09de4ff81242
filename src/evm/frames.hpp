#pragma once

// Where frames live. One region holds all stacks of a transaction, each frame's beginning where its
// caller's ends; memory is one sequence of chunks, of which a frame's memory is a slice. Entering a
// frame allocates nothing once warm.
//
//   stacks:  | frame 0 ....|frame 1 .........|frame 2 ..   -> 1025 frames of at most 1024 words,
//   pages touched on use memory:  | frame 0 ..|frame 1 ...|                     -> the running
//   frame, the last one, grows in place or, when the
//                                                             chunk is full, moves to the next; the
//                                                             others stay where they are, so views
//                                                             into a caller's memory remain valid

#include "evm/hash_cache.hpp"
#include "evm/vm.hpp"
#include "types/u256_modulus.hpp"

#include <array>
#include <memory>
#include <vector>

namespace mega::evm {

inline constexpr uint32_t max_call_depth = 1024;
inline constexpr size_t stack_limit = 1024;
/// Beyond this a memory access is out of gas, whatever the gas: 4 GiB would cost more than any
/// block holds.
inline constexpr uint64_t max_memory_bytes = uint64_t{1} << 32;

class MemoryRegion {
  public:
    struct Mark {
        size_t chunk = 0;
        size_t used = 0;
    };

    /// Where the next frame's memory will start.
    [[nodiscard]] Mark mark() const { return {chunk_, used_}; }
    void release(Mark mark) {
        chunk_ = mark.chunk;
        used_ = mark.used;
    }
    /// Makes the last slice, `old_size` bytes at `slice`, `size` bytes long; the added bytes are
    /// zero. Returns its place.
    [[nodiscard]] uint8_t* grow(uint8_t* slice, size_t old_size, size_t size);
    /// Gives back what an unusually large transaction took. No slice may be in use.
    void trim();

  private:
    struct Chunk {
        std::unique_ptr<uint8_t[]> bytes;
        size_t size = 0;
    };
    static constexpr size_t first_chunk_bytes = size_t{1} << 20;
    static constexpr size_t kept_bytes = size_t{16} << 20;

    void open_chunk(size_t index, size_t least_bytes);

    std::vector<Chunk> chunks_;
    size_t chunk_ = 0;  // the one in use
    size_t used_ = 0;   // of it
};

/// A grow-only byte buffer whose contents are replaced as a whole.
class OutputBuffer {
  public:
    BytesView assign(BytesView output);
    [[nodiscard]] size_t capacity() const { return capacity_; }
    void free();

  private:
    std::unique_ptr<uint8_t[]> bytes_;
    size_t capacity_ = 0;
};

struct Frames {
    Frames();

    /// Copies what the callee of the frame at `depth` returned to where that frame can keep it.
    BytesView keep_return_data(uint32_t depth, BytesView output);
    BytesView keep_host_output(Bytes&& output);
    /// Frees what exceeds the steady state; called before a transaction's first frame.
    void trim();

    struct FreeStacks {
        void operator()(u256* stacks) const;
    };
    std::unique_ptr<u256, FreeStacks> stacks;
    u256* stacks_end;  // behind the last slot
    u256* next_stack;  // where the next frame's stack begins
    MemoryRegion memory;
    std::array<OutputBuffer, max_call_depth + 1>
        return_data;  // by depth of the frame that reads it
    Bytes host_output;
    ModulusCache modulus;  // of MULMOD
    HashCache hashes;      // of KECCAK256
    bool has_large_buffer = false;
    int64_t refund_above = 0;  // of the frames above the running one; kept only while tracing
};

}  // namespace mega::evm
