#pragma once

// What a large block took goes back to the system: a validator is to stay small, and one thread
// does its work. Of the whole process.

#include <cstddef>

namespace mega::validator {

/// Large pieces, when they are freed. Once, at the start.
void return_memory_at_once();
/// Declared before what a block takes, so that it goes last: then the small pieces are given back,
/// too, between which the large ones lay. Not after the blocks of every day: looking for what is
/// free takes time.
class BlockMemory {
  public:
    BlockMemory() = default;
    ~BlockMemory();
    BlockMemory(const BlockMemory&) = delete;
    BlockMemory& operator=(const BlockMemory&) = delete;

    /// As they came.
    void is_for(size_t block_and_witness_bytes) { bytes_ = block_and_witness_bytes; }

  private:
    size_t bytes_ = 0;
};

}  // namespace mega::validator
